//! From properties to the model: queues, tables, buckets, secrets and the API.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Map, Value, json};

use super::{
    error::TemplateError,
    functions,
    intrinsics::Evaluator,
    model::{
        Api, ApiCors, Bucket, CorsRule, MailRule, Notification, Queue, Route, Secret, SecretValue,
        System, Table,
    },
    names::function_arn,
    place::Place,
    properties::{Properties, check_keys},
    rules, sockets, uploads,
};

/// Types that mean nothing on one machine: permissions, encryption, logs, alarms.
const LEFT_OUT: [&str; 37] = [
    // Read through the distribution that leads to them.
    "AWS::ApiGateway::Authorizer",
    "AWS::ApiGateway::Deployment",
    "AWS::ApiGateway::GatewayResponse",
    "AWS::ApiGateway::Method",
    "AWS::ApiGateway::Resource",
    "AWS::ApiGateway::RestApi",
    "AWS::ApiGateway::Stage",
    "AWS::Backup::BackupPlan",
    "AWS::Backup::BackupSelection",
    "AWS::Backup::BackupVault",
    "AWS::Budgets::Budget",
    "AWS::CloudFront::Function",
    "AWS::CloudFront::ResponseHeadersPolicy",
    "AWS::ApiGatewayV2::Integration", // read through the routes that point to it
    "AWS::ApiGatewayV2::RouteResponse", // read with the WebSocket API
    "AWS::ApiGatewayV2::Stage",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::CompositeAlarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::Events::Rule",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::KMS::Alias",
    "AWS::KMS::Key",
    "AWS::Lambda::Permission",
    "AWS::Logs::LogGroup",
    "AWS::Logs::MetricFilter",
    "AWS::S3::BucketPolicy",
    "AWS::SES::ConfigurationSet",
    "AWS::SES::ConfigurationSetEventDestination",
    "AWS::SES::EmailIdentity",
    "AWS::SES::ReceiptRuleSet",
    "AWS::SNS::Subscription",
    "AWS::SNS::Topic",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
];

const SECTIONS: [&str; 10] = [
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Globals",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
];

const ATTRIBUTES: [&str; 7] = [
    "Condition",
    "DeletionPolicy",
    "DependsOn",
    "Metadata",
    "Properties",
    "Type",
    "UpdateReplacePolicy",
];

/// Builds the model of a whole template.
pub(super) fn system(template: &Value, place: &Place) -> Result<System, TemplateError> {
    let evaluator = Evaluator { template, place };
    check_keys(template, "template", &SECTIONS)?;
    rules::check(&evaluator)?;
    let mut system = System {
        functions: Vec::new(),
        queues: Vec::new(),
        tables: Vec::new(),
        buckets: Vec::new(),
        secrets: Vec::new(),
        api: Api::default(),
        sockets: None,
        mails: None,
    };
    let mut socket_routes = Vec::new();
    let none = Map::new();
    let resources = template
        .get("Resources")
        .and_then(Value::as_object)
        .unwrap_or(&none);
    for (logical, resource) in resources {
        check_keys(resource, logical, &ATTRIBUTES)?;
        if let Some(condition) = resource.get("Condition").and_then(Value::as_str)
            && !evaluator.condition(condition)?
        {
            continue;
        }
        if is_of_sockets(&evaluator, resource) {
            socket_routes.extend(socket_route(&evaluator, logical, resource)?);
            continue;
        }
        add(&evaluator, &mut system, logical, resource)?;
    }
    system.sockets = sockets::socket_api(&evaluator, &socket_routes)?;
    Ok(system)
}

/// Whether a resource is the WebSocket API or a route of it.
fn is_of_sockets(evaluator: &Evaluator<'_>, resource: &Value) -> bool {
    let properties = &resource["Properties"];
    match resource["Type"].as_str() {
        Some("AWS::ApiGatewayV2::Api") => properties["ProtocolType"] == "WEBSOCKET",
        Some("AWS::ApiGatewayV2::Route") => sockets::is_socket_api(evaluator, &properties["ApiId"]),
        _ => false,
    }
}

/// The route of the WebSocket API that a resource is, or nothing for the API itself.
fn socket_route(
    evaluator: &Evaluator<'_>,
    logical: &str,
    resource: &Value,
) -> Result<Option<Route>, TemplateError> {
    let properties = &resource["Properties"];
    if resource["Type"] == "AWS::ApiGatewayV2::Api" {
        sockets::check_api(evaluator, logical, properties)?;
        return Ok(None);
    }
    route(evaluator, logical, properties).map(Some)
}

fn add(
    evaluator: &Evaluator<'_>,
    system: &mut System,
    logical: &str,
    resource: &Value,
) -> Result<(), TemplateError> {
    let properties = resource.get("Properties").unwrap_or(&Value::Null);
    let kind = resource
        .get("Type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    match kind {
        "AWS::Serverless::Function" => {
            system
                .functions
                .push(functions::function(evaluator, logical, properties)?);
        }
        "AWS::SQS::Queue" => system.queues.push(queue(evaluator, logical, properties)?),
        "AWS::DynamoDB::Table" => system.tables.push(table(evaluator, logical, properties)?),
        "AWS::S3::Bucket" => system.buckets.push(bucket(evaluator, logical, properties)?),
        "AWS::SES::ReceiptRule" => {
            system.mails = Some(mail_rule(evaluator, logical, properties)?);
        }
        "AWS::SecretsManager::Secret" => {
            system.secrets.push(secret(evaluator, logical, properties)?);
        }
        "AWS::CloudFront::Distribution" => {
            let found = uploads::large_uploads(evaluator, logical, properties)?;
            system.api.large_uploads = Some(found);
        }
        "AWS::ApiGatewayV2::Api" => {
            system.api.cors = api_cors(evaluator, logical, properties)?;
        }
        "AWS::ApiGatewayV2::Route" => {
            system
                .api
                .routes
                .push(route(evaluator, logical, properties)?);
        }
        kind if LEFT_OUT.contains(&kind) => {}
        kind => {
            return Err(TemplateError::UnknownType {
                resource: logical.to_owned(),
                kind: kind.to_owned(),
            });
        }
    }
    Ok(())
}

fn queue(
    evaluator: &Evaluator<'_>,
    logical: &str,
    properties: &Value,
) -> Result<Queue, TemplateError> {
    const ATTRIBUTES: [&str; 7] = [
        "DelaySeconds",
        "MaximumMessageSize",
        "MessageRetentionPeriod",
        "ReceiveMessageWaitTimeSeconds",
        "RedriveAllowPolicy",
        "RedrivePolicy",
        "VisibilityTimeout",
    ];
    let used: Vec<&str> = ATTRIBUTES.into_iter().chain(["QueueName"]).collect();
    let ignored = [
        "KmsDataKeyReusePeriodSeconds",
        "KmsMasterKeyId",
        "SqsManagedSseEnabled",
        "Tags",
    ];
    let properties = Properties::new(evaluator, logical, properties, &used, &ignored)?;
    let mut attributes = BTreeMap::new();
    for name in ATTRIBUTES {
        let value = match properties.get(name)? {
            None => continue,
            Some(Value::Object(policy)) => Value::Object(policy).to_string(),
            Some(value) => evaluator.text(&value)?,
        };
        attributes.insert(name.to_owned(), value);
    }
    Ok(Queue {
        logical: logical.to_owned(),
        name: evaluator.physical(logical, "QueueName")?,
        arn: evaluator.attribute_of(logical, "Arn")?,
        url: evaluator.reference_to(logical)?,
        attributes,
    })
}

fn table(
    evaluator: &Evaluator<'_>,
    logical: &str,
    properties: &Value,
) -> Result<Table, TemplateError> {
    const CREATE: [&str; 5] = [
        "AttributeDefinitions",
        "BillingMode",
        "GlobalSecondaryIndexes",
        "KeySchema",
        "LocalSecondaryIndexes",
    ];
    let used: Vec<&str> = CREATE
        .into_iter()
        .chain(["TableName", "TimeToLiveSpecification"])
        .collect();
    let ignored = [
        "ContributorInsightsSpecification",
        "DeletionProtectionEnabled",
        "PointInTimeRecoverySpecification",
        "SSESpecification",
        "TableClass",
        "Tags",
    ];
    let properties = Properties::new(evaluator, logical, properties, &used, &ignored)?;
    let name = evaluator.physical(logical, "TableName")?;
    let mut create = json!({ "TableName": name });
    for key in CREATE {
        if let Some(value) = properties.get(key)? {
            create[key] = value;
        }
    }
    let ttl = properties.part(
        "TimeToLiveSpecification",
        &["AttributeName", "Enabled"],
        &[],
    )?;
    let enabled = ttl.text("Enabled")?.as_deref() == Some("true");
    Ok(Table {
        name,
        create,
        ttl: ttl.text("AttributeName")?.filter(|_| enabled),
    })
}

fn bucket(
    evaluator: &Evaluator<'_>,
    logical: &str,
    properties: &Value,
) -> Result<Bucket, TemplateError> {
    let properties = Properties::new(
        evaluator,
        logical,
        properties,
        &[
            "BucketName",
            "CorsConfiguration",
            "NotificationConfiguration",
        ],
        &[
            "BucketEncryption",
            "LifecycleConfiguration",
            "OwnershipControls",
            "PublicAccessBlockConfiguration",
            "Tags",
            "VersioningConfiguration",
        ],
    )?;
    Ok(Bucket {
        name: evaluator.physical(logical, "BucketName")?,
        notifications: notifications(&properties)?,
        cors: bucket_cors(&properties)?,
    })
}

/// A rule that stores what comes in; it has no other action.
fn mail_rule(
    evaluator: &Evaluator<'_>,
    logical: &str,
    properties: &Value,
) -> Result<MailRule, TemplateError> {
    let properties = Properties::new(evaluator, logical, properties, &["Rule"], &["RuleSetName"])?;
    let ignored = ["Enabled", "Name", "Recipients", "ScanEnabled", "TlsPolicy"];
    let rule = properties.part("Rule", &["Actions"], &ignored)?;
    let actions = rule.parts("Actions", &["S3Action"], &[])?;
    let [action] = &actions[..] else {
        let written = properties.get("Rule")?.unwrap_or_default();
        return Err(TemplateError::unusable(logical, &written));
    };
    let stored = action.part("S3Action", &["BucketName", "ObjectKeyPrefix"], &[])?;
    Ok(MailRule {
        bucket: stored.needed("BucketName")?,
        prefix: stored.text("ObjectKeyPrefix")?.unwrap_or_default(),
    })
}

fn notifications(bucket: &Properties<'_>) -> Result<Vec<Notification>, TemplateError> {
    bucket
        .part("NotificationConfiguration", &["QueueConfigurations"], &[])?
        .parts("QueueConfigurations", &["Event", "Filter", "Queue"], &[])?
        .iter()
        .map(|configuration| {
            let mut notification = Notification {
                event: configuration.needed("Event")?,
                queue_arn: configuration.needed("Queue")?,
                prefix: String::new(),
                suffix: String::new(),
            };
            let rules = configuration
                .part("Filter", &["S3Key"], &[])?
                .part("S3Key", &["Rules"], &[])?
                .parts("Rules", &["Name", "Value"], &[])?;
            for rule in rules {
                rule.must_be("Name", &["prefix", "suffix"])?;
                let value = rule.needed("Value")?;
                match rule.needed("Name")?.as_str() {
                    "prefix" => notification.prefix = value,
                    _ => notification.suffix = value,
                }
            }
            Ok(notification)
        })
        .collect()
}

fn bucket_cors(bucket: &Properties<'_>) -> Result<Vec<CorsRule>, TemplateError> {
    bucket
        .part("CorsConfiguration", &["CorsRules"], &[])?
        .parts(
            "CorsRules",
            &[
                "AllowedHeaders",
                "AllowedMethods",
                "AllowedOrigins",
                "ExposedHeaders",
                "MaxAge",
            ],
            &["Id"],
        )?
        .iter()
        .map(|rule| {
            Ok(CorsRule {
                origins: rule.texts("AllowedOrigins")?,
                methods: rule.texts("AllowedMethods")?,
                headers: rule.texts("AllowedHeaders")?,
                exposed: rule.texts("ExposedHeaders")?,
                max_age: rule.number("MaxAge")?.unwrap_or(0),
            })
        })
        .collect()
}

fn secret(
    evaluator: &Evaluator<'_>,
    logical: &str,
    properties: &Value,
) -> Result<Secret, TemplateError> {
    let properties = Properties::new(
        evaluator,
        logical,
        properties,
        &["GenerateSecretString", "SecretString"],
        &["Description", "KmsKeyId", "Name", "Tags"],
    )?;
    let named = |value| {
        Ok(Secret {
            arn: evaluator.reference_to(logical)?,
            logical: logical.to_owned(),
            value,
        })
    };
    if let Some(text) = properties.text("SecretString")? {
        return named(SecretValue::Written(text));
    }
    // What is generated is lower-case hexadecimal, so every exclusion but that of
    // digits or letters is kept.
    let length = properties
        .part(
            "GenerateSecretString",
            &["PasswordLength"],
            &["ExcludePunctuation", "IncludeSpace", "ExcludeUppercase"],
        )?
        .number("PasswordLength")?
        .unwrap_or(32);
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    named(SecretValue::Generated(length))
}

fn api_cors(
    evaluator: &Evaluator<'_>,
    logical: &str,
    properties: &Value,
) -> Result<Option<ApiCors>, TemplateError> {
    let properties = Properties::new(
        evaluator,
        logical,
        properties,
        &["CorsConfiguration", "ProtocolType"],
        &["Description", "DisableExecuteApiEndpoint", "Name", "Tags"],
    )?;
    properties.must_be("ProtocolType", &["HTTP"])?;
    // Preflight is left to the functions, so what only serves it is not used here.
    let cors = properties.part(
        "CorsConfiguration",
        &["AllowCredentials", "AllowOrigins", "ExposeHeaders"],
        &["AllowHeaders", "AllowMethods", "MaxAge"],
    )?;
    if cors.keys().next().is_none() {
        return Ok(None);
    }
    Ok(Some(ApiCors {
        origins: cors.texts("AllowOrigins")?,
        exposed: cors.texts("ExposeHeaders")?,
        credentials: cors.text("AllowCredentials")?.as_deref() == Some("true"),
    }))
}

fn route(
    evaluator: &Evaluator<'_>,
    logical: &str,
    properties: &Value,
) -> Result<Route, TemplateError> {
    let properties = Properties::new(
        evaluator,
        logical,
        properties,
        &["AuthorizationType", "RouteKey", "Target"],
        &["ApiId", "OperationName", "RouteResponseSelectionExpression"],
    )?;
    // Authentication is inside the functions.
    properties.must_be("AuthorizationType", &["NONE"])?;
    let target = properties.needed("Target")?;
    let integration = target.strip_prefix("integrations/").unwrap_or(&target);
    let written = evaluator
        .template
        .pointer(&format!("/Resources/{integration}/Properties"))
        .ok_or_else(|| TemplateError::UnknownReference(target.clone()))?;
    let integration = Properties::new(
        evaluator,
        integration,
        written,
        &[
            "IntegrationType",
            "IntegrationUri",
            "PayloadFormatVersion",
            "TimeoutInMillis",
        ],
        &["ApiId", "Description", "IntegrationMethod"],
    )?;
    integration.must_be("IntegrationType", &["AWS_PROXY"])?;
    integration.must_be("PayloadFormatVersion", &["2.0"])?;
    let uri = integration.needed("IntegrationUri")?;
    Ok(Route {
        key: properties.needed("RouteKey")?,
        function_arn: function_arn(&uri).to_owned(),
        timeout: Duration::from_millis(integration.number("TimeoutInMillis")?.unwrap_or(30_000)),
    })
}
