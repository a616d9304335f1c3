//! Pages, waiting, `CloudEvents`, types, export.

use super::*;

#[tokio::test]
async fn a_full_page_never_changes_and_the_last_one_does() {
    let api = api().await;
    let (_, token) = api.woman("ana@example.net").await;
    let uri = note();
    fill(&api, &uri, &token, 5).await;
    let tag = async |query: &str| {
        let uri = format!("{uri}{query}");
        let reply = call(&api, (Method::GET, &uri, &token), &[], &Value::Null).await;
        assert_eq!(reply.status(), 200);
        reply.headers()["etag"].to_str().unwrap().to_owned()
    };
    let (full, last) = (tag("?limit=3").await, tag("?from=3&limit=3").await);
    fill(&api, &uri, &token, 4).await;
    assert_eq!(tag("?limit=3").await, full);
    assert_ne!(tag("?from=3&limit=3").await, last);
    let had = [("if-none-match", full.as_str())];
    let path = format!("{uri}?limit=3");
    let again = call(&api, (Method::GET, &path, &token), &had, &Value::Null).await;
    assert_eq!(again.status(), 304);
    let numbers = async |query: &str| {
        let page = api
            .send(Method::GET, &format!("{uri}{query}"), &token, "")
            .await;
        let numbers = page.1["data"].as_array().unwrap().clone();
        (
            numbers
                .iter()
                .map(|it| it["number"].as_u64().unwrap())
                .collect::<Vec<_>>(),
            page.1,
        )
    };
    let (seen, page) = numbers("?direction=backward&limit=2").await;
    assert_eq!((seen, &page["meta"]["next"]), (vec![8, 7], &json!(6)));
    let (seen, page) = numbers("?from=6&limit=200").await;
    assert_eq!(
        (seen, &page["meta"]["endOfStream"]),
        (vec![6, 7, 8], &json!(true))
    );
    for wrong in [
        "limit=0",
        "limit=201",
        "from=-1",
        "direction=up",
        "wait=21",
        "from=x",
    ] {
        let reply = api
            .send(Method::GET, &format!("{uri}?{wrong}"), &token, "")
            .await;
        TestApi::refused(&reply, 400, "VALIDATION_ERROR");
    }
}

#[tokio::test]
async fn who_waits_is_told_at_once_or_that_there_is_nothing() {
    let api = api().await;
    let (_, token) = api.woman("ana@example.net").await;
    let uri = note();
    let wait = async |query: &str| {
        let uri = format!("{uri}{query}");
        call(&api, (Method::GET, &uri, &token), &[], &Value::Null).await
    };
    assert_eq!(wait("?wait=0").await.status(), 304);
    let (waited, ()) = tokio::join!(wait("?wait=20"), fill(&api, &uri, &token, 2));
    assert_eq!(waited.status(), 200);
    assert_eq!(wait("?from=1&wait=20").await.status(), 200);
    assert_eq!(wait("?from=2&wait=0").await.status(), 304);
}

#[tokio::test]
async fn events_are_cloud_events_for_who_asks_for_them() {
    let api = api().await;
    let (user, token) = api.woman("ana@example.net").await;
    let uri = note();
    fill(&api, &uri, &token, 2).await;
    let accept = [("accept", "application/cloudevents-batch+json")];
    let reply = call(&api, (Method::GET, &uri, &token), &accept, &Value::Null).await;
    assert_eq!(reply.headers()["content-type"], accept[0].1);
    let events: Value = serde_json::from_str(&text(reply).await).unwrap();
    let stream = uri.rsplit('/').next().unwrap();
    let event = &events[1];
    assert_eq!(event["specversion"], "1.0");
    assert_eq!(event["type"], "vara.note.written.v1");
    assert_eq!(event["source"], format!("/users/{user}/streams/{stream}"));
    assert_eq!(event["sequence"], "00000000000000000001");
    assert_eq!(event["data"]["text"], "entry 1");
    let accept = [("accept", "application/cloudevents+json")];
    let one = format!("{uri}/1");
    let reply = call(&api, (Method::GET, &one, &token), &accept, &Value::Null).await;
    let one: Value = serde_json::from_str(&text(reply).await).unwrap();
    assert_eq!(&one, event);
}

#[tokio::test]
async fn an_export_has_every_event_with_its_link_and_is_recorded() {
    let api = api().await;
    let (_, token) = api.woman("ana@example.net").await;
    fill(&api, &note(), &token, 3).await;
    let uri = "/api/v1/events/export";
    let reply = call(&api, (Method::GET, uri, &token), &[], &Value::Null).await;
    assert_eq!(reply.headers()["content-type"], "application/x-ndjson");
    let lines: Vec<Value> = text(reply)
        .await
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    let events: Vec<&Value> = lines
        .iter()
        .map(|it| &it["event"])
        .filter(|it| it.is_object())
        .collect();
    let types: Vec<&str> = events
        .iter()
        .map(|it| it["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        types,
        [
            "access.read",
            "note.written",
            "note.written",
            "note.written"
        ]
    );
    assert_eq!(events[2]["prev"], events[1]["link"]);
    assert_eq!(lines.last().unwrap()["end"], true);
}

#[tokio::test]
async fn the_catalogue_is_told() {
    let api = api().await;
    let (_, token) = api.woman("ana@example.net").await;
    let types = api
        .send(Method::GET, "/api/v1/events/types", &token, "")
        .await;
    let types = TestApi::data(types, 200);
    let note = types
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["type"] == "note.written")
        .unwrap();
    assert_eq!(
        (&note["client"], &note["version"]),
        (&json!(true), &json!(1))
    );
}
