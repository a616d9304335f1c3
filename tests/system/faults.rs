//! What goes wrong: engines, messages, workers. Nothing is lost and nothing is doubled.

use std::process::Command;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use vara_tests::pictures::mine_and_found;
use vara_tests::world::eventually;
use vara_tests::{Woman, World};

use crate::flows::first_scan_is_over;

/// The queues, by their names in the template.
const SCANS: &str = "ImageScanQueue";
const DEAD_SCANS: &str = "ImageScanDeadLetterQueue";

/// A call of the queue service.
async fn sqs(world: &World, action: &str, body: Value) -> Value {
    let request = world
        .http
        .post(world.stack().endpoint("sqs").unwrap())
        .body(body.to_string());
    let request = request
        .header("x-amz-target", format!("AmazonSQS.{action}"))
        .header("content-type", "application/x-amz-json-1.0");
    let reply = request.send().await.unwrap();
    let (status, text) = (reply.status(), reply.text().await.unwrap());
    assert!(status.is_success(), "{action}: {text}");
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

pub(crate) async fn send(world: &World, queue: &str, body: &str, seconds: u32) {
    let url = world.stack().queue_url(queue).unwrap();
    sqs(
        world,
        "SendMessage",
        json!({ "QueueUrl": url, "MessageBody": body, "DelaySeconds": seconds }),
    )
    .await;
}

/// Takes a message that says this out of a queue, without leaving it there; `None` if there is none.
async fn take(world: &World, queue: &str, needle: &str) -> Option<String> {
    let url = world.stack().queue_url(queue).unwrap();
    let ask = json!({ "QueueUrl": url, "MaxNumberOfMessages": 10, "VisibilityTimeout": 1 });
    let messages = sqs(world, "ReceiveMessage", ask).await["Messages"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let found = messages.iter().find(|it| {
        it["Body"]
            .as_str()
            .is_some_and(|body| body.contains(needle))
    })?;
    sqs(
        world,
        "DeleteMessage",
        json!({ "QueueUrl": url, "ReceiptHandle": found["ReceiptHandle"] }),
    )
    .await;
    found["Body"].as_str().map(str::to_owned)
}

fn message(her: &Woman<'_>, scan: &str) -> String {
    json!({ "scanJobId": scan, "userId": her.id }).to_string()
}

pub(crate) async fn trigger(her: &Woman<'_>) -> String {
    let reply = her
        .post("/api/v1/scans/trigger", json!({ "type": "IMAGE_SCAN" }))
        .await;
    reply.expect(202).data()["id"].as_str().unwrap().to_owned()
}

/// The same scan told five times, early and late: one scan, one alert a page.
pub(crate) async fn duplicate_and_late_messages(world: &World) {
    let _whole = world.whole().await;
    let (mine, found) = mine_and_found();
    let her = world.woman().await;
    let image = her.upload(mine).await;
    first_scan_is_over(&her, &image).await;
    for _ in 0..3 {
        world.plant(found.clone()).await;
    }
    let scan = trigger(&her).await;
    for delay in [0, 0, 1, 2] {
        send(world, SCANS, &message(&her, &scan), delay).await;
    }
    let ended = her.ended(&scan).await;
    assert_eq!(
        (&ended["status"], &ended["result"]["matchesFound"]),
        (&json!("COMPLETED"), &json!(3))
    );
    // After the late ones as well.
    tokio::time::sleep(Duration::from_secs(4)).await;
    her.alerts(3).await;
    assert_eq!(her.ended(&scan).await, ended);
    let unknown = message(&her, "0e7d5c2f-7a51-4b0b-9f1c-3a865a1f6d02");
    send(world, SCANS, &unknown, 0).await;
    eventually("a message of no scan is done with", async || {
        let url = world.stack().queue_url(SCANS).unwrap();
        let ask = json!({ "QueueUrl": url, "AttributeNames": ["All"] });
        let left = sqs(world, "GetQueueAttributes", ask).await;
        (left["Attributes"]["ApproximateNumberOfMessages"] == "0").then_some(())
    })
    .await;
}

/// Breaks every engine that is asked for pictures.
async fn break_all(world: &World, how: &Value) {
    for engine in ["tineye", "vision", "serpapi"] {
        let mut fault = how.clone();
        fault["engine"] = json!(engine);
        world.fault(fault).await;
    }
}

/// Engines that are down fail the scan only after its last attempt; when they are back, the scan's
/// message comes back from the dead-letter queue and finishes it.
pub(crate) async fn engine_fails_and_recovers(world: &World) {
    let _broken = world.broken().await;
    let (mine, found) = mine_and_found();
    let her = world.woman().await;
    let image = her.upload(mine).await;
    first_scan_is_over(&her, &image).await;
    world.plant(found).await;

    // Down for two attempts: she never hears of it.
    break_all(world, &json!({ "mode": "garbage" })).await;
    let scan = trigger(&her).await;
    eventually("an attempt has failed", async || {
        let scan = her
            .get(&format!("/api/v1/scans/{scan}"))
            .await
            .data()
            .clone();
        assert_ne!(
            scan["status"], "FAILED",
            "only the last attempt may fail a scan"
        );
        (scan["retryCount"].as_u64() >= Some(1)).then_some(())
    })
    .await;
    world.repair().await;
    let ended = her.ended(&scan).await;
    assert_eq!(
        (&ended["status"], &ended["result"]["matchesFound"]),
        (&json!("COMPLETED"), &json!(1)),
        "{ended}"
    );

    // Down for good: FAILED with a reason, and the message kept.
    break_all(world, &json!({ "mode": "error", "status": 503 })).await;
    let scan = trigger(&her).await;
    let failed = her.ended(&scan).await;
    assert_eq!(failed["status"], "FAILED");
    assert!(
        failed["errorMessage"]
            .as_str()
            .is_some_and(|it| !it.is_empty())
    );
    world.repair().await;
    let kept = eventually("the message is in the dead-letter queue", async || {
        take(world, DEAD_SCANS, &scan).await
    })
    .await;
    send(world, SCANS, &kept, 0).await;
    eventually("the scan is finished after all", async || {
        let reply = her.get(&format!("/api/v1/scans/{scan}")).await;
        (reply.data()["status"] == "COMPLETED").then_some(())
    })
    .await;
    her.alerts(1).await;
}

/// A message nobody can read goes to the dead-letter queue and holds nothing up.
pub(crate) async fn poison_message_and_redrive(world: &World) {
    let _whole = world.whole().await;
    let poison = format!("not a scan {}", uuid::Uuid::new_v4());
    send(world, SCANS, &poison, 0).await;
    let her = world.woman().await;
    assert_eq!(her.scan().await["status"], "COMPLETED", "others go on");
    let found = eventually("it is in the dead-letter queue", async || {
        take(world, DEAD_SCANS, &poison).await
    })
    .await;
    assert_eq!(found, poison);
    // Sent back, it comes to the same end.
    send(world, SCANS, &poison, 0).await;
    eventually("it is there again", async || {
        take(world, DEAD_SCANS, &poison).await
    })
    .await;
}

/// `kill -9` of the workers again and again while a scan runs: it ends once, with every finding once.
pub(crate) async fn worker_killed_mid_scan(world: &World) {
    let _broken = world.broken().await;
    let her = world.woman().await;
    let mut pages = 0;
    for _ in 0..3 {
        let (mine, found) = mine_and_found();
        let image = her.upload(mine).await;
        first_scan_is_over(&her, &image).await;
        for _ in 0..2 {
            world.plant(found.clone()).await;
            pages += 1;
        }
    }
    // Slow enough that the kills hit searches, fetches and writes.
    world
        .fault(json!({ "engine": "web", "mode": "off", "delay_ms": 150 }))
        .await;
    let scan = trigger(&her).await;
    for round in 0..3 {
        tokio::time::sleep(Duration::from_millis(120 + 230 * round)).await;
        for pid in world.stack().process_ids("queue-image-scan") {
            Command::new("kill")
                .args(["-9", &pid.to_string()])
                .status()
                .unwrap();
        }
        eventually(
            "the reconciler has set it going again, or it has ended",
            async || {
                world
                    .stack()
                    .invoke("schedule-due", json!({}))
                    .await
                    .unwrap();
                tokio::time::sleep(Duration::from_secs(2)).await;
                let shown = her
                    .get(&format!("/api/v1/scans/{scan}"))
                    .await
                    .data()
                    .clone();
                let busy = !world.stack().process_ids("queue-image-scan").is_empty();
                (busy || shown["completedAt"].is_string()).then_some(())
            },
        )
        .await;
    }
    world.repair().await;
    let ended = eventually("the scan ends", async || {
        world
            .stack()
            .invoke("schedule-due", json!({}))
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        let shown = her
            .get(&format!("/api/v1/scans/{scan}"))
            .await
            .data()
            .clone();
        shown["completedAt"].is_string().then_some(shown)
    })
    .await;
    // Her time may have run out over the kills: then a scan of ours goes on with the rest.
    if ended["result"]["continues"] == false {
        assert_eq!(
            (&ended["status"], &ended["result"]["matchesFound"]),
            (&json!("COMPLETED"), &json!(pages)),
            "{ended}"
        );
    }
    her.alerts(pages).await;
    assert_eq!(her.scan().await["result"]["matchesFound"], pages);
    her.alerts(pages).await;
}

/// A scan whose message was lost is set going again by the schedule.
pub(crate) async fn stuck_scan_is_ended(world: &World) {
    let _whole = world.whole().await;
    let her = world.woman().await;
    let (mine, found) = mine_and_found();
    let image = her.upload(mine).await;
    first_scan_is_over(&her, &image).await;
    world.plant(found).await;
    let scan = trigger(&her).await;
    world
        .stack()
        .invoke("schedule-due", json!({}))
        .await
        .unwrap();
    assert_eq!(her.ended(&scan).await["status"], "COMPLETED");
    let reply = world.call(Method::GET, "/ready", None).await;
    reply.expect(200);
}
