//! Stopping a scan and having it begin again; what was given up on, seen and sent back.

use reqwest::Method;
use serde_json::{Value, json};
use vara::domain::Role;
use vara_tests::pictures::mine_and_found;
use vara_tests::world::eventually;
use vara_tests::{Woman, World};

use crate::faults::{send, trigger};
use crate::flows::first_scan_is_over;

async fn scan(her: &Woman<'_>, id: &str) -> Value {
    let reply = her.get(&format!("/api/v1/scans/{id}")).await;
    reply.expect(200).data().clone()
}

/// A scan that waits for a slow engine is stopped; its worker leaves it so, and at her word it is done
/// after all, once.
pub(crate) async fn stopped_and_begun_again(world: &World) {
    let _broken = world.broken().await;
    let (mine, found) = mine_and_found();
    let her = world.woman().await;
    let image = her.upload(mine).await;
    first_scan_is_over(&her, &image).await;
    world.plant(found).await;
    world
        .fault(json!({ "engine": "tineye", "mode": "off", "delay_ms": 2000 }))
        .await;
    let id = trigger(&her).await;
    eventually("a worker has it", async || {
        (scan(&her, &id).await["status"] == "RUNNING").then_some(())
    })
    .await;
    let stop = format!("/api/v1/scans/{id}/cancel");
    let reply = her.post(&stop, json!({})).await;
    assert!(!reply.header("x-correlation-id").is_empty());
    let stopped = reply.expect(200).data().clone();
    assert_eq!(
        (&stopped["status"], &stopped["result"]["cancelled"]),
        (&json!("FAILED"), &json!(true))
    );
    her.post("/api/v1/scans/trigger", json!({ "type": "BREACH_CHECK" }))
        .await
        .expect(202);
    tokio::time::sleep(std::time::Duration::from_secs(4)).await;
    assert_eq!(scan(&her, &id).await, stopped, "its worker has left it so");
    assert_eq!(
        her.post(&stop, json!({})).await.expect(200).data(),
        &stopped
    );

    world.repair().await;
    let retry = format!("/api/v1/scans/{id}/retry");
    let waiting = her.post(&retry, json!({})).await.expect(202).data().clone();
    assert_eq!(
        (&waiting["status"], &waiting["retryCount"]),
        (&json!("PENDING"), &json!(1))
    );
    let ended = her.ended(&id).await;
    assert_eq!(
        (&ended["status"], &ended["result"]["matchesFound"]),
        (&json!("COMPLETED"), &json!(1)),
        "{ended}"
    );
    her.alerts(1).await;
    her.post(&retry, json!({}))
        .await
        .refused(409, "SCAN_NOT_RETRYABLE");
    her.post(&stop, json!({})).await.refused(409, "SCAN_OVER");
}

/// An admin sees what a queue has given up on, and sends it back to be done with.
pub(crate) async fn dead_letters_are_seen_and_sent_back(world: &World) {
    const LIST: &str = "/api/v1/admin/dead-letters";
    let _whole = world.whole().await;
    let her = world.woman().await;
    let admin = world.behind().token_as(&her.id, Role::Admin).await;
    let wanted = json!({ "type": "BREACH_CHECK" });
    let reply = her.post("/api/v1/scans/trigger", wanted).await;
    let id = reply.expect(202).data()["id"].as_str().unwrap().to_owned();
    her.ended(&id).await;
    let message = json!({ "scanJobId": id, "userId": her.id });
    send(world, "BreachCheckDeadLetterQueue", &message.to_string(), 0).await;
    let seen = async || {
        let reply = world.call_as(Some(&admin), Method::GET, LIST, None).await;
        let queues = reply.expect(200).data().as_array().unwrap().clone();
        let queue = queues.into_iter().find(|it| it["name"] == "breach-check");
        let messages = queue.unwrap()["messages"].as_array().unwrap().clone();
        messages.into_iter().find(|it| it["about"] == message)
    };
    let letter = eventually("it is seen", &seen).await;
    assert_eq!(letter["reason"], "COMPLETED: nothing is noted");
    // An answer of just before may be given again.
    eventually("it is counted", async || {
        let reply = world.call(Method::GET, "/metrics", None).await;
        let gauges = String::from_utf8(reply.expect(200).bytes.clone()).unwrap();
        assert!(gauges.ends_with("\n# EOF\n"), "{gauges}");
        let dead = r#"vara_dead_letters{queue="breach-check"} "#;
        let count = gauges.lines().find_map(|it| it.strip_prefix(dead))?;
        (count != "0").then_some(())
    })
    .await;
    let redrive = format!("{LIST}/breach-check/redrive");
    let reply = world
        .call_as(Some(&admin), Method::POST, &redrive, None)
        .await;
    assert!(reply.expect(200).data()["moved"].as_u64() >= Some(1));
    eventually("it is done with", async || {
        seen().await.is_none().then_some(())
    })
    .await;
}
