//! Rules about queues, the functions that read them, and schedules.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::template_model::{
    Faults, Function, Template, attribute, list, pattern, reference, words,
};

const DAY: u64 = 24 * 60 * 60;

/// The functions that read a queue, with the event source.
fn readers<'a>(functions: &'a [Function], queue: &str) -> Vec<(&'a Function, &'a Value)> {
    let sources = functions
        .iter()
        .flat_map(|it| it.events("SQS").into_iter().map(move |e| (it, e)));
    sources
        .filter(|(_, event)| attribute(&event["Queue"], "Arn") == Some(queue))
        .collect()
}

/// A message stays hidden for at least six times as long as its reader may take.
pub(crate) fn visibility(template: &Template, faults: &mut Faults) {
    let functions = template.functions();
    for queue in template.work_queues() {
        let hidden = template.properties(queue)["VisibilityTimeout"]
            .as_u64()
            .unwrap_or(30);
        let readers = readers(&functions, queue);
        faults.expect(
            readers.len() == 1,
            format!("{queue} has {} readers", readers.len()),
        );
        for (reader, _) in readers {
            let timeout = reader.get("Timeout").as_u64().unwrap_or(u64::MAX / 6);
            faults.expect(
                hidden >= 6 * timeout,
                format!("{queue} shows messages too early for {}", reader.id),
            );
        }
    }
}

/// Three attempts, then a dead-letter queue of the queue's own that only it may use.
pub(crate) fn dead_letters(template: &Template, faults: &mut Faults) {
    let mut used = BTreeSet::new();
    for queue in template.work_queues() {
        let properties = template.properties(queue);
        let Some(dead) = template.dead_letter_queue(queue) else {
            faults.expect(false, format!("{queue} has no dead-letter queue"));
            continue;
        };
        faults.expect(used.insert(dead), format!("{dead} serves two queues"));
        let attempts = &properties["RedrivePolicy"]["maxReceiveCount"];
        faults.expect(attempts == 3, format!("{queue} gives {attempts} attempts"));
        let dead_properties = template.properties(dead);
        let days = dead_properties["MessageRetentionPeriod"]
            .as_u64()
            .unwrap_or_default()
            / DAY;
        faults.expect(days == 14, format!("{dead} forgets after {days} days"));
        let allow = &dead_properties["RedriveAllowPolicy"];
        let name = pattern(&properties["QueueName"]);
        let source = pattern(&allow["sourceQueueArns"][0]);
        faults.expect(
            allow["redrivePermission"] == "byQueue"
                && !name.is_empty()
                && source.ends_with(&format!(":{name}")),
            format!("{dead} takes messages from others than {queue}"),
        );
    }
}

/// Messages are encrypted at rest.
pub(crate) fn encrypted(template: &Template, faults: &mut Faults) {
    for (id, resource) in template.of_type("AWS::SQS::Queue") {
        faults.expect(
            resource["Properties"]["SqsManagedSseEnabled"] == true,
            format!("{id} is not encrypted"),
        );
    }
}

/// One bad message fails alone, batches are as AWS allows, concurrency is bounded.
pub(crate) fn batches(template: &Template, faults: &mut Faults) {
    for function in template.functions() {
        for event in function.events("SQS") {
            let id = &function.id;
            let named = words(&event["FunctionResponseTypes"]).contains("ReportBatchItemFailures");
            faults.expect(named, format!("{id} fails whole batches"));
            let size = event["BatchSize"].as_u64().unwrap_or_default();
            let window = event["MaximumBatchingWindowInSeconds"]
                .as_u64()
                .unwrap_or_default();
            let allowed = (1..=10).contains(&size) || (size <= 10_000 && window > 0);
            faults.expect(
                allowed,
                format!("{id}: a batch of {size} with a window of {window} s"),
            );
            let at_once = reference(&event["ScalingConfig"]["MaximumConcurrency"]);
            let queue = attribute(&event["Queue"], "Arn").unwrap_or_default();
            let parameter = queue.replace("Queue", "Workers");
            let allowed = &template.0["Parameters"][&parameter]["AllowedPattern"];
            faults.expect(
                at_once == Some(parameter.as_str()) && *allowed == "^([2-9]|[1-9][0-9]{1,2}|1000)$",
                format!("{id} runs any number at once, or fewer than two"),
            );
        }
        // A scan takes most of its timeout: two in one batch would not fit.
        if function.package() == "queue-image-scan" {
            let alone = function
                .events("SQS")
                .iter()
                .all(|event| event["BatchSize"] == 1);
            faults.expect(alone, "scans share a batch");
        }
    }
}

/// Only our bucket may tell the ingest queue of arrivals, and never over plain HTTP.
pub(crate) fn arrivals(template: &Template, faults: &mut Faults) {
    let notice =
        &template.properties("Bucket")["NotificationConfiguration"]["QueueConfigurations"][0];
    let is_upload = notice["Filter"]["S3Key"]["Rules"][0]["Value"] == "uploads/";
    let queue = attribute(&notice["Queue"], "Arn").unwrap_or_default();
    faults.expect(
        is_upload && queue == "ImageIngestQueue" && notice["Event"] == "s3:ObjectCreated:*",
        "uploads do not start ingest",
    );
    let policy = template.properties("ImageIngestQueuePolicy");
    let statements = list(&policy["PolicyDocument"]["Statement"]);
    let (allow, deny): (Vec<_>, Vec<_>) = statements
        .into_iter()
        .partition(|it| it["Effect"] == "Allow");
    // A name of our own would block the next stack once a failed one has left its bucket behind.
    let named = template.properties("Bucket").get("BucketName").is_some();
    faults.expect(!named, "the bucket has a fixed name");
    let only_ours = |it: &&Value| {
        it["Principal"]["Service"] == "s3.amazonaws.com"
            && it["Action"] == "sqs:SendMessage"
            && pattern(&it["Condition"]["ArnLike"]["aws:SourceArn"])
                .ends_with(":::${AWS::StackName}-bucket-*")
            && it["Condition"]["StringEquals"]["aws:SourceAccount"]["Ref"] == "AWS::AccountId"
    };
    faults.expect(
        !allow.is_empty() && allow.iter().all(only_ours),
        "others than our bucket may send arrivals",
    );
    let tls = deny
        .iter()
        .any(|it| it["Condition"]["Bool"]["aws:SecureTransport"] == "false");
    faults.expect(tls, "the ingest queue takes plain HTTP");
    // S3 tries the queue when it is told to notify it: the permission must come first.
    let after = template.0["Resources"]["Bucket"]["DependsOn"] == "ImageIngestQueuePolicy";
    faults.expect(
        after,
        "the bucket may be made before it is allowed to notify",
    );
}

/// Every schedule is one AWS accepts.
pub(crate) fn schedules(template: &Template, faults: &mut Faults) {
    let functions = template.functions();
    let mut ticks = 0;
    for function in &functions {
        for event in function.events("Schedule") {
            ticks += 1;
            let expression = event["Schedule"].as_str().unwrap_or_default();
            faults.expect(
                is_schedule(expression),
                format!("{} never runs: {expression:?}", function.id),
            );
            // A tick that is late is followed by another.
            let config = function.properties.get("EventInvokeConfig");
            let age = config.map(|it| &it["MaximumEventAgeInSeconds"]);
            faults.expect(
                age.is_some_and(|it| *it == 60),
                format!("{}: old ticks run after new ones", function.id),
            );
        }
    }
    let scheduled = functions
        .iter()
        .filter(|it| it.package().starts_with("schedule-"))
        .count();
    faults.expect(
        ticks == scheduled,
        "a scheduled function has no schedule, or two",
    );
}

/// Whether AWS takes this `rate()` or `cron()`. It wants `1 minute` and
/// `2 minutes`, and refuses `1 minutes`; cron has six fields, exactly one of
/// day-of-month and day-of-week being `?`.
pub(crate) fn is_schedule(expression: &str) -> bool {
    let Some((kind, inside)) = expression
        .strip_suffix(')')
        .and_then(|it| it.split_once('('))
    else {
        return false;
    };
    let fields: Vec<_> = inside.split(' ').collect();
    match (kind, fields.as_slice()) {
        ("rate", [number, unit]) => match number.parse::<u32>() {
            Ok(1) => ["minute", "hour", "day"].contains(unit),
            Ok(2..) => ["minutes", "hours", "days"].contains(unit),
            _ => false,
        },
        ("cron", [_, _, day_of_month, _, day_of_week, _]) => {
            let plain = |it: &&str| {
                !it.is_empty()
                    && it
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || "*?,-/#".contains(c))
            };
            fields.iter().all(plain) && (*day_of_month == "?") != (*day_of_week == "?")
        }
        _ => false,
    }
}
