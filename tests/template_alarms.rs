//! Rules about alarms: what must ring, who hears it, and where it says what to do.

use serde_json::Value;
use vara::metrics;

use crate::template_model::{Faults, Template, attribute, pattern, reference, root};

/// The alarms on one metric of one thing.
fn alarms<'a>(
    template: &'a Template,
    metric: &'a str,
    of: &'a str,
) -> impl Iterator<Item = &'a Value> {
    let about = move |it: &&Value| {
        let value = &it["Dimensions"][0]["Value"];
        attribute(value, "QueueName").or_else(|| reference(value)) == Some(of)
    };
    template
        .of_type("AWS::CloudWatch::Alarm")
        .map(|(_, it)| &it["Properties"])
        .filter(move |it| it["MetricName"] == metric)
        .filter(about)
}

/// One dead letter rings.
pub(crate) fn dead_letters(template: &Template, faults: &mut Faults) {
    for queue in template.work_queues() {
        let dead = template.dead_letter_queue(queue).unwrap_or_default();
        let rings = alarms(template, "ApproximateNumberOfMessagesVisible", dead)
            .any(|it| it["Threshold"] == 0 && it["ComparisonOperator"] == "GreaterThanThreshold");
        faults.expect(rings, format!("dead letters of {queue} go unnoticed"));
    }
}

/// Work that waits too long rings, whichever queue it waits in.
pub(crate) fn ages(template: &Template, faults: &mut Faults) {
    for queue in template.work_queues() {
        let rings = alarms(template, "ApproximateAgeOfOldestMessage", queue)
            .any(|it| it["ComparisonOperator"] == "GreaterThanThreshold");
        faults.expect(rings, format!("{queue} may stand still unnoticed"));
    }
}

/// Every function that fails rings; so do the limit all share, the gateway, and a
/// tick that stopped.
pub(crate) fn functions(template: &Template, faults: &mut Faults) {
    for function in template.functions() {
        let rings =
            alarms(template, "Errors", &function.id).any(|it| it["Namespace"] == "AWS/Lambda");
        faults.expect(rings, format!("{} fails unnoticed", function.id));
        if function.package().starts_with("schedule-") {
            let silent = alarms(template, "Invocations", &function.id).any(|it| {
                it["ComparisonOperator"] == "LessThanThreshold"
                    && it["TreatMissingData"] == "breaching"
            });
            faults.expect(silent, format!("{} may stop unnoticed", function.id));
        }
    }
    let throttles = template.of_type("AWS::CloudWatch::Alarm").any(|(_, it)| {
        it["Properties"]["MetricName"] == "Throttles" && it["Properties"]["Dimensions"].is_null()
    });
    faults.expect(throttles, "throttling goes unnoticed");
    faults.expect(
        alarms(template, "5xx", "Api").next().is_some(),
        "the gateway fails unnoticed",
    );
    let uploads = &template.properties("UploadFailuresAlarm");
    let dimension = &uploads["Dimensions"][0];
    let rings = uploads["MetricName"] == "5XXError"
        && uploads["Namespace"] == "AWS/ApiGateway"
        && dimension["Name"] == "ApiName"
        && dimension["Value"] == template.properties("UploadApi")["Name"];
    faults.expect(rings, "large uploads fail unnoticed");
}

/// What we measure ourselves rings where it means trouble.
pub(crate) fn measures(template: &Template, faults: &mut Faults) {
    for metric in [
        "EngineErrors",
        "EngineSpent",
        "ScansFailed",
        "UnreadableRows",
        "BrokenRecords",
    ] {
        let rings =
            alarms(template, metric, "Stage").any(|it| it["Namespace"] == metrics::NAMESPACE);
        faults.expect(rings, format!("{metric} goes unnoticed"));
    }
}

/// The dashboard shows every measurement of ours and every queue, and what it names is there.
pub(crate) fn dashboard(template: &Template, faults: &mut Faults) {
    let body = pattern(&template.properties("Dashboard")["DashboardBody"]);
    let drawn: Value = serde_json::from_str(body).unwrap_or_default();
    let count = drawn["widgets"].as_array().map_or(0, Vec::len);
    faults.expect(count > 0, "the dashboard is no JSON with widgets");
    for metric in metrics::NAMES {
        faults.expect(body.contains(metric), format!("{metric} is not shown"));
    }
    for queue in template.work_queues() {
        let dead = template.dead_letter_queue(queue).unwrap_or_default();
        for queue in [queue, dead] {
            let shown = body.contains(&format!("${{{queue}.QueueName}}"));
            faults.expect(shown, format!("{queue} is not shown"));
        }
    }
}

/// Every alarm reaches the topic, by itself or as a part of one that does, and its text names a runbook
/// that exists.
pub(crate) fn runbooks(template: &Template, faults: &mut Faults) {
    let composites: Vec<_> = template
        .of_type("AWS::CloudWatch::CompositeAlarm")
        .collect();
    let is_part = |id: &str| {
        let part = format!("ALARM(\"${{{id}}}\")");
        let mut rules = composites
            .iter()
            .map(|(_, it)| &it["Properties"]["AlarmRule"]);
        rules.any(|it| pattern(it).contains(&part))
    };
    let single = template.of_type("AWS::CloudWatch::Alarm");
    for (id, resource) in single.chain(composites.iter().copied()) {
        let alarm = &resource["Properties"];
        let rings = reference(&alarm["AlarmActions"][0]) == Some("AlarmTopic");
        let heard = rings || is_part(id);
        faults.expect(heard, format!("nobody hears {id}"));
        let text = alarm["AlarmDescription"].as_str().unwrap_or_default();
        let page = text
            .split_once("See ")
            .map(|(_, page)| page)
            .unwrap_or_default();
        let exists = page.starts_with("infra/runbooks/") && root().join(page).is_file();
        faults.expect(exists, format!("{id} does not say what to do: {text:?}"));
    }
    let subscription = template.properties("AlarmSubscription");
    let told = reference(&subscription["TopicArn"]) == Some("AlarmTopic")
        && reference(&subscription["Endpoint"]) == Some("AlarmEmail");
    faults.expect(told, "nobody can subscribe to the alarms");
}
