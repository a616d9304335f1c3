//! From properties to the model: functions and what starts them.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Map, Value};

use super::{
    error::TemplateError,
    intrinsics::Evaluator,
    model::{Function, QueueSource, Schedule},
    names,
    properties::Properties,
};

const USED: [&str; 7] = [
    "CodeUri",
    "Environment",
    "Events",
    "FunctionName",
    "Handler",
    "LoggingConfig",
    "MemorySize",
];

const USED_WITH_CARE: [&str; 3] = ["PackageType", "Runtime", "Timeout"];

/// Permissions, the processor, tracing and concurrency have no counterpart here.
const IGNORED: [&str; 13] = [
    "Architectures",
    "AutoPublishAlias",
    "DeadLetterQueue",
    "Description",
    "EphemeralStorage",
    "EventInvokeConfig",
    "Metadata",
    "Policies",
    "ReservedConcurrentExecutions",
    "Role",
    "RuntimeManagementConfig",
    "Tags",
    "Tracing",
];

/// One function, with the template's `Globals` beneath its own properties.
pub(super) fn function(
    evaluator: &Evaluator<'_>,
    logical: &str,
    properties: &Value,
) -> Result<Function, TemplateError> {
    let merged = with_globals(evaluator.template, properties);
    let used: Vec<&str> = USED.into_iter().chain(USED_WITH_CARE).collect();
    let properties = Properties::new(evaluator, logical, &merged, &used, &IGNORED)?;
    properties.must_be("PackageType", &["Zip"])?;
    properties.must_be("Runtime", &["provided.al2023"])?;
    let code = properties.needed("CodeUri")?;
    let package = code.trim_end_matches('/').rsplit('/').next();
    let (sources, schedules) = events(&properties, logical)?;
    Ok(Function {
        logical: logical.to_owned(),
        name: evaluator.physical(logical, "FunctionName")?,
        package: package.unwrap_or(&code).to_owned(),
        arn: evaluator.attribute_of(logical, "Arn")?,
        handler: properties.needed("Handler")?,
        timeout: Duration::from_secs(properties.number("Timeout")?.unwrap_or(3)),
        memory: properties.number("MemorySize")?.unwrap_or(128),
        environment: environment(&properties)?,
        sources,
        schedules,
    })
}

/// SAM's rule: maps are merged, everything else is the function's own word.
fn with_globals(template: &Value, own: &Value) -> Value {
    let global = template.pointer("/Globals/Function");
    merge(global.unwrap_or(&Value::Null), own)
}

fn merge(below: &Value, above: &Value) -> Value {
    match (below, above) {
        (Value::Object(below), Value::Object(above)) => {
            let mut merged: Map<String, Value> = below.clone();
            for (key, value) in above {
                let value = merged
                    .get(key)
                    .map_or_else(|| value.clone(), |under| merge(under, value));
                merged.insert(key.clone(), value);
            }
            Value::Object(merged)
        }
        (below, Value::Null) => below.clone(),
        (_, above) => above.clone(),
    }
}

fn environment(function: &Properties<'_>) -> Result<BTreeMap<String, String>, TemplateError> {
    let mut environment = BTreeMap::new();
    let variables = function.part("Environment", &["Variables"], &[])?;
    if let Some(Value::Object(variables)) = variables.get("Variables")? {
        for (name, value) in variables {
            let text = match value {
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                Value::Bool(flag) => flag.to_string(),
                other => return Err(TemplateError::unusable(&name, &other)),
            };
            environment.insert(name, text);
        }
    }
    let logging = function.part(
        "LoggingConfig",
        &["ApplicationLogLevel", "LogFormat", "LogGroup"],
        &["SystemLogLevel"],
    )?;
    for (property, variable) in [
        ("ApplicationLogLevel", "AWS_LAMBDA_LOG_LEVEL"),
        ("LogFormat", "AWS_LAMBDA_LOG_FORMAT"),
        ("LogGroup", "AWS_LAMBDA_LOG_GROUP_NAME"),
    ] {
        if let Some(value) = logging.text(property)? {
            environment.insert(variable.to_owned(), value);
        }
    }
    Ok(environment)
}

fn events(
    function: &Properties<'_>,
    logical: &str,
) -> Result<(Vec<QueueSource>, Vec<Schedule>), TemplateError> {
    let (mut sources, mut schedules) = (Vec::new(), Vec::new());
    let names: Vec<String> = match function.get("Events")? {
        Some(Value::Object(events)) => events.keys().cloned().collect(),
        _ => Vec::new(),
    };
    let used: Vec<&str> = names.iter().map(String::as_str).collect();
    let events = function.part("Events", &used, &[])?;
    for name in &names {
        let event = events.part(name, &["Properties", "Type"], &[])?;
        match event.needed("Type")?.as_str() {
            "SQS" => sources.push(queue_source(&event)?),
            "Schedule" => {
                let rule = format!("{}-{logical}{name}", names::STACK);
                schedules.extend(schedule(&event, rule, "Schedule")?);
            }
            "ScheduleV2" => {
                let rule = format!("{}-{logical}{name}", names::STACK);
                schedules.extend(schedule(&event, rule, "ScheduleExpression")?);
            }
            other => {
                return Err(TemplateError::UnknownType {
                    resource: format!("{logical}.Events.{name}"),
                    kind: other.to_owned(),
                });
            }
        }
    }
    Ok((sources, schedules))
}

/// Without a maximum, Lambda starts with five readers and grows; five is plenty here.
const READERS: u64 = 5;

fn queue_source(event: &Properties<'_>) -> Result<QueueSource, TemplateError> {
    let properties = event.part(
        "Properties",
        &[
            "BatchSize",
            "Enabled",
            "FunctionResponseTypes",
            "MaximumBatchingWindowInSeconds",
            "Queue",
            "ScalingConfig",
        ],
        &[],
    )?;
    properties.must_be("Enabled", &["true"])?;
    let scaling = properties.part("ScalingConfig", &["MaximumConcurrency"], &[])?;
    let reports = properties.texts("FunctionResponseTypes")?;
    if let Some(unknown) = reports
        .iter()
        .find(|name| *name != "ReportBatchItemFailures")
    {
        return Err(TemplateError::unusable(
            "FunctionResponseTypes",
            &Value::String(unknown.clone()),
        ));
    }
    let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    Ok(QueueSource {
        queue_arn: properties.needed("Queue")?,
        batch_size: count(properties.number("BatchSize")?.unwrap_or(10)),
        window: Duration::from_secs(
            properties
                .number("MaximumBatchingWindowInSeconds")?
                .unwrap_or(0),
        ),
        reports_failures: !reports.is_empty(),
        maximum_concurrency: count(scaling.number("MaximumConcurrency")?.unwrap_or(READERS)),
    })
}

/// `None` for a schedule that is switched off.
fn schedule(
    event: &Properties<'_>,
    rule: String,
    expression: &str,
) -> Result<Option<Schedule>, TemplateError> {
    let properties = event.part(
        "Properties",
        &[expression, "Enabled", "Input", "Name", "State"],
        &["Description", "RetryPolicy", "DeadLetterConfig", "RoleArn"],
    )?;
    if properties.text("Enabled")?.as_deref() == Some("false")
        || properties.text("State")?.as_deref() == Some("DISABLED")
    {
        return Ok(None);
    }
    let written = properties.needed(expression)?;
    let every = rate(&written)
        .ok_or_else(|| TemplateError::unusable(expression, &Value::String(written)))?;
    let input = properties
        .text("Input")?
        .map(|text| {
            serde_json::from_str(&text)
                .map_err(|_| TemplateError::unusable("Input", &Value::String(text.clone())))
        })
        .transpose()?;
    Ok(Some(Schedule {
        name: properties.text("Name")?.unwrap_or(rule),
        every,
        input,
    }))
}

/// `rate(5 minutes)`; the unit is singular for one and plural for more, as
/// EventBridge insists.
pub(super) fn rate(expression: &str) -> Option<Duration> {
    let (number, unit) = expression
        .strip_prefix("rate(")?
        .strip_suffix(')')?
        .split_once(' ')?;
    let number: u64 = number.parse().ok().filter(|number| *number > 0)?;
    let seconds = match unit.strip_suffix('s').unwrap_or(unit) {
        "minute" => 60,
        "hour" => 3600,
        "day" => 86_400,
        _ => return None,
    };
    (unit.ends_with('s') == (number > 1)).then(|| Duration::from_secs(number * seconds))
}
