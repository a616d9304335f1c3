//! Appending to notes and deleting them.

use super::*;

#[tokio::test]
async fn what_she_writes_she_reads_and_nobody_else() {
    let api = api().await;
    let (_, token) = api.woman("ana@example.net").await;
    let (_, other) = api.woman("eve@example.net").await;
    let uri = note();
    let body = json!({ "events": [written("He wrote to my sister.")], "expectedVersion": "none" });
    let reply = call(&api, (Method::POST, &uri, &token), &[], &body).await;
    assert_eq!(reply.status(), 201);
    assert_eq!(reply.headers()["location"], format!("{uri}/0"));
    let page = api.send(Method::GET, &uri, &token, "").await;
    assert_eq!(page.1["meta"]["head"], 0);
    let event = &TestApi::data(page, 200)[0];
    assert_eq!(event["data"]["text"], "He wrote to my sister.");
    assert_eq!(event["actor"]["kind"], "USER");
    assert_eq!(event["prev"], "0".repeat(64));
    let one = TestApi::data(
        api.send(Method::GET, &format!("{uri}/0"), &token, "").await,
        200,
    );
    assert_eq!(&one, event);
    for path in [uri.clone(), format!("{uri}/0")] {
        let reply = api.send(Method::GET, &path, &other, "").await;
        assert_eq!(reply.0, 404, "{path}");
    }
    let streams = api
        .send(Method::GET, "/api/v1/events/streams", &token, "")
        .await;
    assert_eq!(TestApi::data(streams, 200)[0]["events"], 1);
    let verified = api
        .send(Method::GET, "/api/v1/events/verify", &token, "")
        .await;
    assert_eq!(
        TestApi::data(verified, 200),
        json!({ "ok": true, "checked": 1, "streams": 1 })
    );
}

#[tokio::test]
async fn the_same_sent_again_is_stored_once() {
    let api = api().await;
    let (_, token) = api.woman("ana@example.net").await;
    let (uri, event) = (note(), written("a"));
    let send = async |event: &Value| {
        let body = json!([event]).to_string();
        api.send(Method::POST, &uri, &token, &body).await
    };
    let first = TestApi::data(send(&event).await, 201);
    assert_eq!(TestApi::data(send(&event).await, 201), first);
    let mut other = event.clone();
    other["data"]["text"] = "b".into();
    TestApi::refused(&send(&other).await, 409, "EVENT_ID_REUSED");
}

#[tokio::test]
async fn only_notes_and_their_types_are_hers_to_append() {
    let api = api().await;
    let (_, token) = api.woman("ana@example.net").await;
    let send = async |uri: &str, body: &Value| {
        api.send(Method::POST, uri, &token, &body.to_string()).await
    };
    let good = json!([written("a")]);
    let access = "/api/v1/events/streams/access";
    TestApi::refused(&send(access, &good).await, 403, "STREAM_IS_READ_ONLY");
    let deleted = api.send(Method::DELETE, access, &token, "").await;
    TestApi::refused(&deleted, 403, "STREAM_IS_READ_ONLY");
    let nowhere = "/api/v1/events/streams/Note-1";
    TestApi::refused(&send(nowhere, &good).await, 404, "STREAM_NOT_FOUND");
    let typed = |kind: &str| json!([{ "eventType": kind, "data": {} }]);
    let twice = written("a");
    let many: Vec<Value> = (0..21).map(|_| written("a")).collect();
    for wrong in [
        json!([]),
        json!(many),
        json!([twice, twice]),
        typed("access.read"),
        typed("his name"),
        json!([{ "eventType": "note.written" }]),
        json!([{ "eventType": "note.written", "data": "text" }]),
        json!([{ "eventType": "note.written", "data": {}, "eventId": "1" }]),
        json!({ "events": good, "expectedVersion": "newest" }),
        json!({}),
        json!("x"),
    ] {
        TestApi::refused(&send(&note(), &wrong).await, 400, "VALIDATION_ERROR");
    }
    let long = json!([written(&"x".repeat(33_000))]);
    TestApi::refused(&send(&note(), &long).await, 413, "EVENT_TOO_LARGE");
    let fits = json!([written(&"x".repeat(24_000))]);
    TestApi::data(send(&note(), &fits).await, 201);
}

#[tokio::test]
async fn a_deleted_note_is_gone() {
    let api = api().await;
    let (_, token) = api.woman("ana@example.net").await;
    let uri = note();
    fill(&api, &uri, &token, 3).await;
    let delete = async || api.send(Method::DELETE, &uri, &token, "").await;
    assert_eq!(TestApi::data(delete().await, 200)["deleted"], true);
    TestApi::refused(&delete().await, 404, "STREAM_NOT_FOUND");
    let read = api.send(Method::GET, &uri, &token, "").await;
    TestApi::refused(&read, 404, "STREAM_NOT_FOUND");
    let streams = api
        .send(Method::GET, "/api/v1/events/streams", &token, "")
        .await;
    assert_eq!(TestApi::data(streams, 200), json!([]));
}

#[tokio::test]
async fn more_than_sixty_appends_a_minute_are_too_many() {
    vara::testing::in_one_window().await;
    let api = api().await;
    let (_, token) = api.woman("ana@example.net").await;
    let uri = note();
    for _ in 0..60 {
        fill(&api, &uri, &token, 1).await;
    }
    let body = json!([written("a")]);
    let reply = call(&api, (Method::POST, &uri, &token), &[], &body).await;
    assert_eq!(reply.status(), 429);
    assert!(reply.headers().contains_key("retry-after"));
}

#[tokio::test]
async fn without_the_key_service_nothing_is_taken_and_what_needs_no_key_is_answered() {
    let api = api_with_keys_at("http://127.0.0.1:9").await;
    let (_, token) = api.woman("ana@example.net").await;
    let body = json!([written("a")]).to_string();
    let reply = api.send(Method::POST, &note(), &token, &body).await;
    TestApi::refused(&reply, 503, "SERVICE_UNAVAILABLE");
    for path in ["streams", "verify", "types"] {
        let uri = format!("/api/v1/events/{path}");
        TestApi::data(api.send(Method::GET, &uri, &token, "").await, 200);
    }
}
