//! What a collector of traces is told of a scan.

use serde_json::{Value, json};
use vara_tests::pictures::mine_and_found;
use vara_tests::world::eventually;
use vara_tests::{Woman, World};

pub(crate) async fn a_scan_is_one_trace(world: &World) {
    let _whole = world.whole().await;
    let her = world.woman().await;
    let (mine, found) = mine_and_found();
    let page = world.plant(found.clone()).await;
    her.upload(mine).await;
    her.alerts(1).await;
    // The page that is known is as it was, and is not compared again.
    world.plant(found).await;
    let scan = her
        .post("/api/v1/scans/trigger", json!({ "type": "IMAGE_SCAN" }))
        .await;
    let id = scan.expect(202).data()["id"].as_str().unwrap().to_owned();
    her.ended(&id).await;
    let spans = eventually("the scan is told to the collector", async || {
        let all = spans(world, "").await;
        let trace = all.iter().find(|it| it["attributes"]["scan.id"] == id)?["traceId"].clone();
        Some(spans(world, &format!("?trace={}", trace.as_str()?)).await)
    })
    .await;

    let asked = named(&spans, "POST /api/v1/scans/trigger");
    assert_eq!(
        (&asked["kind"], &asked["parentSpanId"]),
        (&json!(2), &Value::Null)
    );
    assert_eq!(asked["attributes"]["http.response.status_code"], "202");
    // What the request set going has its name, in another function.
    let scan = named(&spans, "scan");
    assert_eq!(
        scan["attributes"]["correlation"],
        asked["attributes"]["correlation"]
    );
    assert!(scan["function"] != asked["function"]);
    let message = named(&spans, "message");
    assert_eq!(
        (&message["kind"], &scan["parentSpanId"]),
        (&json!(5), &message["spanId"])
    );
    for (part, kind) in [
        ("engine tineye", 3),
        ("fetch", 3),
        ("DynamoDB.Query", 3),
        ("compare", 1),
    ] {
        let part = spans
            .iter()
            .find(|it| it["name"] == part && it["function"] == scan["function"]);
        let part = part.unwrap_or_else(|| panic!("{spans:#?}"));
        assert_eq!(part["kind"], kind, "{part}");
        assert!(is_within(&spans, part, scan), "{part}");
    }
    says_nothing_of_her(&spans, &her, &page);
}

async fn spans(world: &World, query: &str) -> Vec<Value> {
    let reply = world.http.get(format!("{}/_traces{query}", world.engines));
    let text = reply.send().await.unwrap().text().await.unwrap();
    serde_json::from_str(&text).unwrap()
}

fn named<'a>(spans: &'a [Value], name: &str) -> &'a Value {
    let found = spans.iter().find(|it| it["name"] == name);
    found.unwrap_or_else(|| panic!("there is no {name} in {spans:#?}"))
}

fn is_within(spans: &[Value], part: &Value, whole: &Value) -> bool {
    let mut at = part;
    while let Some(parent) = spans.iter().find(|it| it["spanId"] == at["parentSpanId"]) {
        if parent == whole {
            return true;
        }
        at = parent;
    }
    false
}

/// Ids, and nothing that tells who she is or where her picture was found.
fn says_nothing_of_her(spans: &[Value], her: &Woman<'_>, page: &str) {
    let host = page.split('/').nth(2).unwrap();
    let told = json!(spans).to_string();
    for secret in [her.email.as_str(), host, her.token.as_str()] {
        assert!(!told.contains(secret), "{secret}");
    }
}
