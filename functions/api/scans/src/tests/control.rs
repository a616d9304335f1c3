//! Stopping scans and having them begin again: what is answered, and to whom.

use super::*;

async fn begun(house: &House, token: &str, kind: &str) -> String {
    let (status, body) = house.trigger(token, &json!({ "type": kind })).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    body["data"]["id"].as_str().unwrap().to_owned()
}

async fn control(house: &House, token: &str, id: &str, what: &str) -> (StatusCode, Value) {
    let uri = format!("/api/v1/scans/{id}/{what}");
    house.send(Method::POST, &uri, token, "{}").await
}

#[tokio::test]
async fn a_scan_is_stopped_and_begins_again() {
    let house = House::build().await;
    let (user, token) = house.woman("ana@example.net").await;
    let id = begun(&house, &token, "IMAGE_SCAN").await;
    for _ in 0..2 {
        let (status, body) = control(&house, &token, &id, "cancel").await;
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
    assert_eq!(house.get(ACTIVE, &token).await["data"]["scans"], json!([]));
    assert_eq!(
        house.get(LAST, &token).await["data"]["scans"][0]["id"],
        json!(id)
    );

    let (status, body) = control(&house, &token, &id, "retry").await;
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
    assert_eq!(house.cloud.told("SendMessage").len(), 2);
    assert_eq!(
        house.get(ACTIVE, &token).await["data"]["scans"][0]["id"],
        json!(id)
    );
    assert_eq!(house.get(LAST, &token).await["data"]["scans"], json!([]));

    house.end(user, &id).await;
    for (what, code) in [("cancel", "SCAN_OVER"), ("retry", "SCAN_NOT_RETRYABLE")] {
        let (status, body) = control(&house, &token, &id, what).await;
        assert_eq!(
            (status, &body["error"]["code"]),
            (StatusCode::CONFLICT, &json!(code))
        );
    }
}

#[tokio::test]
async fn one_that_runs_does_not_begin_again() {
    let house = House::build().await;
    let (_, token) = house.woman("ana@example.net").await;
    let first = begun(&house, &token, "FULL_SCAN").await;
    let running = control(&house, &token, &first, "retry").await;
    control(&house, &token, &first, "cancel").await;
    begun(&house, &token, "FULL_SCAN").await;
    for (status, body) in [running, control(&house, &token, &first, "retry").await] {
        assert_eq!(
            (status, &body["error"]["code"]),
            (StatusCode::CONFLICT, &json!("SCAN_ALREADY_RUNNING"))
        );
    }
}

#[tokio::test]
async fn only_she_does() {
    let house = House::build().await;
    let (_, ana) = house.woman("ana@example.net").await;
    let (_, eve) = house.woman("eve@example.net").await;
    let id = begun(&house, &ana, "IMAGE_SCAN").await;
    for what in ["cancel", "retry"] {
        let (status, body) = control(&house, &eve, &id, what).await;
        assert_eq!(
            (status, &body["error"]["code"]),
            (StatusCode::NOT_FOUND, &json!("SCAN_NOT_FOUND"))
        );
        assert_eq!(
            control(&house, "null", &id, what).await.0,
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(
            control(&house, &ana, "x", what).await.0,
            StatusCode::BAD_REQUEST
        );
    }
    assert_eq!(
        house.get(ACTIVE, &ana).await["data"]["scans"][0]["status"],
        "PENDING"
    );
}

/// What follows from a request is found by the name it was answered with, which may be the caller's.
#[tokio::test]
async fn the_message_has_the_name_of_the_request() {
    let house = House::build().await;
    let (_, token) = house.woman("ana@example.net").await;
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
        let reply = house.routes.clone().oneshot(request).await.unwrap();
        let told = reply.headers()["x-correlation-id"].to_str().unwrap();
        assert!(asked.is_none_or(|it| it == told));
        let sent = house.cloud.told("SendMessage").pop().unwrap();
        let message: Value = serde_json::from_str(sent["MessageBody"].as_str().unwrap()).unwrap();
        assert_eq!(message["correlationId"], told);
    }
}
