//! Sensitive acts ask for the password again.

use reqwest::Method;
use serde_json::{Value, json};
use vara_tests::World;
use vara_tests::world::PASSWORD;

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

/// Refused where the password was entered long ago, and let through right after it was entered again.
pub(crate) async fn every_operation_with_step_up_asks_for_the_password(world: &World) {
    let document = world.call(Method::GET, "/api/v1/openapi.json", None).await;
    let operations = operations(&document.expect(200).json);
    assert!(operations.len() >= 5, "{operations:?}");
    for (method, path, body) in operations {
        let her = world.woman().await;
        let letter = json!({ "kind": "LETTER", "language": "en", "body": "a" });
        let letter = her.post("/api/v1/documents", letter).await;
        let letter = letter.expect(201).data().clone();
        let is_signed = path.ends_with("/sign");
        let signing = json!({ "version": 1, "sha256": letter["sha256"], "signedName": "Ana" });
        let body = if is_signed { Some(signing) } else { body };
        let path = path.replace("{id}", letter["id"].as_str().unwrap());
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
