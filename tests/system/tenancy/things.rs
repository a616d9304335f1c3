//! Things of hers of each kind, and what is sent to each route.

use serde_json::{Value, json};
use vara_tests::world::{PASSWORD, eventually};
use vara_tests::{Woman, World};

use crate::evidence::{captured, finding};

/// An append of one entry.
pub(super) fn note() -> Value {
    json!({ "events": [{ "eventType": "note.written", "data": { "text": "a" } }] })
}

pub(super) async fn append(her: &Woman<'_>, stream: &str) {
    let path = format!("/api/v1/events/streams/{stream}");
    her.post(&path, note()).await.expect(201);
}

/// The id of a new request to remove this finding.
pub(super) async fn takedown(her: &Woman<'_>, found: &str) -> String {
    let new = json!({ "findingId": found, "recipientId": "google-search", "law": "TERMS", "facts": FACTS.clone() });
    let made = her.post("/api/v1/takedowns", new).await;
    made.expect(201).data()["id"].as_str().unwrap().to_owned()
}

/// What she tells for a request.
static FACTS: std::sync::LazyLock<Value> = std::sync::LazyLock::new(|| {
    json!({
        "harm": "PRIVATE", "name": "Ana", "email": "ana@example.org", "reason": "It shows me.",
        "wasAdult": true, "evidenceSkipped": true,
    })
});

/// The id of a new document.
pub(super) async fn document(her: &Woman<'_>) -> String {
    let body = asked("/api/v1/documents", &Value::Null);
    let made = her.post("/api/v1/documents", body).await;
    made.expect(201).data()["id"].as_str().unwrap().to_owned()
}

/// The id of a file of a document, once it is made.
pub(super) async fn download(her: &Woman<'_>, document: &str) -> String {
    let path = format!("/api/v1/documents/{document}/export?format=docx");
    eventually("a file is made", || async {
        let file = her.get(&path).await;
        let file = file.expect(202).data();
        let id = file["id"].as_str().map(str::to_owned);
        id.filter(|_| file["state"] == "READY")
    })
    .await
}

/// The ids of a captured record and of a pack of it that is ready.
pub(crate) async fn evidence(world: &World, her: &Woman<'_>) -> (String, String) {
    let found = finding(world, her).await;
    let record = captured(her, &found, "FULL").await;
    let asked = json!({ "ids": [record["id"]] });
    let made = her.post("/api/v1/evidence/exports", asked).await;
    let export = made.expect(202).data()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/evidence/exports/{export}");
    eventually("a pack is ready", || async {
        let export = her.get(&path).await.expect(200).data().clone();
        (export["state"] == "READY").then_some(())
    })
    .await;
    (record["id"].as_str().unwrap().to_owned(), export)
}

/// An address that nobody in this run has.
pub(crate) fn fresh_address() -> String {
    format!("new-{}@example.org", uuid::Uuid::new_v4().simple())
}

/// What is sent to a route.
pub(super) fn asked(route: &str, image: &Value) -> Value {
    match route {
        "/api/v1/auth/confirm" => json!({ "password": PASSWORD }),
        "/api/v1/auth/address" => json!({ "email": fresh_address() }),
        "/api/v1/auth/address/confirm" => json!({ "code": "not-six-digits" }),
        "/api/v1/auth/sessions/ID" => json!({ "name": "My phone" }),
        "/api/v1/accounts/connect/ID" => json!({ "handle": "ana.of.the.owners" }),
        "/api/v1/accounts/ID/verify" => json!({ "code": "AAAAAAAA" }),
        "/api/v1/events/streams/ID" => note(),
        "/api/v1/documents" => json!({ "kind": "NOTE", "language": "en", "body": "a" }),
        "/api/v1/documents/ID" => json!({ "body": "b" }),
        "/api/v1/documents/ID/fields" => json!({ "fields": {} }),
        "/api/v1/documents/ID/sign" => json!({ "version": 1, "sha256": "", "signedName": "Ana" }),
        "/api/v1/takedowns/proposals" => {
            json!({ "findingIds": [image["findingId"]], "harm": "PRIVATE" })
        }
        "/api/v1/takedowns" => json!({
            "findingId": image["findingId"], "recipientId": "bing", "law": "TERMS", "route": 1, "facts": FACTS.clone(),
        }),
        "/api/v1/takedowns/ID/approve" => json!({ "textHash": "0" }),
        "/api/v1/takedowns/ID/answer" => json!({ "kind": "REFUSED" }),
        "/api/v1/takedowns/ID/escalate" => json!({ "step": "FOLLOW_UP" }),
        "/api/v1/alerts/ID/status" => json!({ "status": "VIEWED" }),
        "/api/v1/alerts/ID/action" => json!({ "action": "MARK_SAFE" }),
        "/api/v1/onboarding/responses" => json!({ "responses": [] }),
        "/api/v1/protection-plan/items/ID" => json!({ "status": "COMPLETED" }),
        "/api/v1/proxy/tokens" => json!({ "imageId": image["id"] }),
        "/api/v1/scans/trigger" => json!({ "type": "IMAGE_SCAN" }),
        _ => json!({}),
    }
}
