//! Sensitive acts ask for the password again.

use reqwest::Method;
use serde_json::{Value, json};
use vara_tests::world::PASSWORD;
use vara_tests::{Woman, World};

use crate::evidence::finding;
use crate::takedowns::{approval, facts};
use crate::tenancy::things::{evidence, fresh_address};

const CONFIRM: &str = "/api/v1/auth/confirm";

/// An operation that carries `x-step-up`, and a call of it that needs the password.
fn operations(document: &Value) -> Vec<(Method, String, Option<Value>)> {
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if operation["x-step-up"].is_null() {
                continue;
            }
            let method: Method = method.to_uppercase().parse().unwrap();
            let (path, body) = match path.as_str() {
                "/api/v1/auth/sessions" => (format!("{path}?scope=others"), None),
                "/api/v1/auth/address" => (path.clone(), Some(json!({ "email": fresh_address() }))),
                "/api/v1/users/me/preferences" => {
                    let webhook = "https://hooks.example.org/her";
                    let channels = json!({ "channels": { "webhook": webhook } });
                    (path.clone(), Some(channels))
                }
                _ => (path.clone(), None),
            };
            found.push((method, path, body));
        }
    }
    found
}

/// The call, about a thing of hers with which it can be done.
async fn of_hers(
    world: &World,
    her: &Woman<'_>,
    path: String,
    body: Option<Value>,
) -> (String, Option<Value>) {
    if path.starts_with("/api/v1/documents/") {
        let letter = json!({ "kind": "LETTER", "language": "en", "body": "a" });
        let letter = her.post("/api/v1/documents", letter).await;
        let letter = letter.expect(201).data().clone();
        let signing = json!({ "version": 1, "sha256": letter["sha256"], "signedName": "Ana" });
        let body = path.ends_with("/sign").then_some(signing);
        return (path.replace("{id}", letter["id"].as_str().unwrap()), body);
    }
    if path.starts_with("/api/v1/evidence") {
        let (record, pack) = evidence(world, her).await;
        let id = if path.contains("/exports/") {
            pack
        } else {
            record.clone()
        };
        let body = match path.rsplit('/').next() {
            Some("exports") => Some(json!({ "ids": [record] })),
            Some("reveal") => Some(json!({ "role": "IMAGE" })),
            _ => None,
        };
        return (path.replace("{id}", &id).replace("{part}", "1"), body);
    }
    if path.starts_with("/api/v1/takedowns/") {
        let found = finding(world, her).await;
        // A recipient of no other case: a host gets one mail a minute.
        let new = json!({ "findingId": found["id"], "recipientId": "medium", "law": "EU_DSA", "facts": facts(her) });
        let made = her.post("/api/v1/takedowns", new).await;
        let one = made.expect(201).header("location").to_owned();
        let id = made.data()["id"].as_str().unwrap();
        return (path.replace("{id}", id), Some(approval(her, &one).await));
    }
    (path, body)
}

/// Refused where the password was entered long ago, and let through right after it was entered again.
pub(crate) async fn every_operation_with_step_up_asks_for_the_password(world: &World) {
    let _whole = world.whole().await;
    let document = world.call(Method::GET, "/api/v1/openapi.json", None).await;
    let operations = operations(&document.expect(200).json);
    assert!(operations.len() >= 5, "{operations:?}");
    for (method, path, body) in operations {
        let her = world.woman().await;
        let (path, body) = of_hers(world, &her, path, body).await;
        world.behind().signed_in_long_ago(&her.id).await;
        let late = her.call(method.clone(), &path, body.clone()).await;
        late.refused(403, "STEP_UP_REQUIRED");
        let wanted = json!({ "needs": "recent", "maxAgeSeconds": 900, "methods": ["password"] });
        assert_eq!(late.json["error"]["details"], wanted, "{path}");
        let wrong = her
            .post(CONFIRM, json!({ "password": "Wrong1horse" }))
            .await;
        wrong.refused(400, "AUTH_CONFIRM_FAILED");
        let late = her.call(method.clone(), &path, body.clone()).await;
        late.refused(403, "STEP_UP_REQUIRED");
        let right = her.post(CONFIRM, json!({ "password": PASSWORD })).await;
        assert!(right.expect(200).data()["accessToken"].is_string());
        let let_in = her.call(method, &path, body).await;
        assert!(
            (200..300).contains(&let_in.status),
            "{path}: {}",
            let_in.json
        );
    }
}
