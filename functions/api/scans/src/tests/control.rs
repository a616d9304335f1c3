//! Stopping scans and having them begin again: what is answered, and to whom.

use axum::body::Body;
use axum::http::{Request, header};

use super::*;

async fn begun(harness: &Harness, token: &str, kind: &str) -> String {
    let (status, body) = harness.trigger(token, &json!({ "type": kind })).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    body["data"]["id"].as_str().unwrap().to_owned()
}

async fn control(harness: &Harness, token: &str, id: &str, what: &str) -> (StatusCode, Value) {
    let uri = format!("/api/v1/scans/{id}/{what}");
    harness.send(Method::POST, &uri, token, "{}").await
}

#[tokio::test]
async fn a_scan_is_stopped_and_begins_again() {
    let harness = Harness::build().await;
    let (user, token) = harness.woman("ana@example.net").await;
    let id = begun(&harness, &token, "IMAGE_SCAN").await;
    for _ in 0..2 {
        let (status, body) = control(&harness, &token, &id, "cancel").await;
        let scan = &body["data"];
        assert_eq!(
            (
                status,
                &scan["id"],
                &scan["status"],
                &scan["result"]["cancelled"]
            ),
            (StatusCode::OK, &json!(id), &json!("FAILED"), &json!(true))
        );
        assert!(scan["errorMessage"].is_string() && scan["completedAt"].is_string());
    }
    assert_eq!(
        harness.get(ACTIVE, &token).await["data"]["scans"],
        json!([])
    );
    assert_eq!(
        harness.get(LAST, &token).await["data"]["scans"][0]["id"],
        json!(id)
    );

    let (status, body) = control(&harness, &token, &id, "retry").await;
    let scan = &body["data"];
    assert_eq!(
        (
            status,
            &scan["status"],
            &scan["retryCount"],
            &scan["result"]
        ),
        (
            StatusCode::ACCEPTED,
            &json!("PENDING"),
            &json!(1),
            &Value::Null
        )
    );
    assert_eq!(harness.cloud.told("SendMessage").len(), 2);
    assert_eq!(
        harness.get(ACTIVE, &token).await["data"]["scans"][0]["id"],
        json!(id)
    );
    assert_eq!(harness.get(LAST, &token).await["data"]["scans"], json!([]));

    harness.end(user, &id).await;
    for (what, code) in [("cancel", "SCAN_OVER"), ("retry", "SCAN_NOT_RETRYABLE")] {
        let (status, body) = control(&harness, &token, &id, what).await;
        assert_eq!(
            (status, &body["error"]["code"]),
            (StatusCode::CONFLICT, &json!(code))
        );
    }
}

#[tokio::test]
async fn one_that_runs_does_not_begin_again() {
    let harness = Harness::build().await;
    let (_, token) = harness.woman("ana@example.net").await;
    let first = begun(&harness, &token, "FULL_SCAN").await;
    let running = control(&harness, &token, &first, "retry").await;
    control(&harness, &token, &first, "cancel").await;
    begun(&harness, &token, "FULL_SCAN").await;
    for (status, body) in [running, control(&harness, &token, &first, "retry").await] {
        assert_eq!(
            (status, &body["error"]["code"]),
            (StatusCode::CONFLICT, &json!("SCAN_ALREADY_RUNNING"))
        );
    }
}

#[tokio::test]
async fn only_she_does() {
    let harness = Harness::build().await;
    let (_, ana) = harness.woman("ana@example.net").await;
    let (_, eve) = harness.woman("eve@example.net").await;
    let id = begun(&harness, &ana, "IMAGE_SCAN").await;
    for what in ["cancel", "retry"] {
        let (status, body) = control(&harness, &eve, &id, what).await;
        assert_eq!(
            (status, &body["error"]["code"]),
            (StatusCode::NOT_FOUND, &json!("SCAN_NOT_FOUND"))
        );
        assert_eq!(
            control(&harness, "null", &id, what).await.0,
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(
            control(&harness, &ana, "x", what).await.0,
            StatusCode::BAD_REQUEST
        );
    }
    assert_eq!(
        harness.get(ACTIVE, &ana).await["data"]["scans"][0]["status"],
        "PENDING"
    );
}

/// What follows from a request is found by the name it was answered with, which may be the caller's.
#[tokio::test]
async fn the_message_has_the_name_of_the_request() {
    let harness = Harness::build().await;
    let (_, token) = harness.woman("ana@example.net").await;
    for (kind, asked) in [("IMAGE_SCAN", Some("mine-1")), ("BREACH_CHECK", None)] {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri("/api/v1/scans/trigger")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(asked) = asked {
            request = request.header("x-correlation-id", asked);
        }
        let body = Body::from(json!({ "type": kind }).to_string());
        let request = request.body(body).unwrap();
        let reply = harness.reply(request).await;
        let told = reply.headers()["x-correlation-id"].to_str().unwrap();
        assert!(asked.is_none_or(|it| it == told));
        let sent = harness.cloud.told("SendMessage").pop().unwrap();
        let message: Value = serde_json::from_str(sent["MessageBody"].as_str().unwrap()).unwrap();
        assert_eq!(message["correlationId"], told);
    }
}
