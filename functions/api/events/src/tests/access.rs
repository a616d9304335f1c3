//! Her access log.

use super::*;

const LOG: &str = "/api/v1/events/access";

#[tokio::test]
async fn looking_at_the_log_is_in_it_once_for_a_session_and_hour() {
    let api = api().await;
    let (_, token) = api.woman("ana@example.net").await;
    for _ in 0..3 {
        let log = TestApi::data(api.send(Method::GET, LOG, &token, "").await, 200);
        let entries = log.as_array().unwrap();
        // Two where the hour ends in between.
        assert!((1..=2).contains(&entries.len()), "{log}");
        let sentence = entries[0]["sentence"].as_str().unwrap();
        assert!(sentence.ends_with("you looked at this list."), "{sentence}");
        assert_eq!(entries[0]["purpose"], "OWN");
    }
}

#[tokio::test]
async fn entries_are_filtered() {
    let api = api().await;
    let (_, token) = api.woman("ana@example.net").await;
    let count = async |query: &str| {
        let uri = format!("{LOG}?{query}");
        let log = TestApi::data(api.send(Method::GET, &uri, &token, "").await, 200);
        log.as_array().unwrap().len()
    };
    assert!(count("kind=read").await > 0);
    assert!(count("kind=access.read&actor=USER").await > 0);
    assert_eq!(count("kind=shared").await, 0);
    assert_eq!(count("actor=STAFF").await, 0);
    assert_eq!(count("to=2020-01-01T00:00:00Z").await, 0);
    assert_eq!(count("from=2100-01-01T00:00:00Z").await, 0);
    assert!(count("from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z").await > 0);
    for wrong in ["actor=HIM", "from=yesterday", "limit=0", "before=x"] {
        let reply = api
            .send(Method::GET, &format!("{LOG}?{wrong}"), &token, "")
            .await;
        TestApi::refused(&reply, 400, "VALIDATION_ERROR");
    }
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_shown() {
    let api = api_with_keys_at("http://127.0.0.1:9").await;
    let (_, token) = api.woman("ana@example.net").await;
    for uri in [LOG, "/api/v1/events/export"] {
        let reply = api.send(Method::GET, uri, &token, "").await;
        TestApi::refused(&reply, 503, "SERVICE_UNAVAILABLE");
    }
}
