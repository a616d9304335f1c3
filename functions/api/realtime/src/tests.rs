//! The routes of `/api/v1/realtime`, over a table in memory.

use axum::body::Body;
use axum::http::{Method, Request, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use vara::clock;
use vara::domain::{Scan, ScanId, ScanOrigin, ScanType, UserId};
use vara::services::live::feed::LiveFeed;
use vara::services::live::tickets::SocketTickets;
use vara::testing::{self, TestApi};

use crate::{App, Realtime, routes};

/// The frames that both ways tell, with ids, times and the epoch by name.
const GOLDEN: &str = include_str!("tests/frames.json");

async fn api() -> TestApi {
    TestApi::build(routes(), |gate, store| App {
        service: Realtime {
            feed: LiveFeed::new(store.clone(), gate.clone()),
            tickets: SocketTickets::new(store, "wss://live.example/live".to_owned()),
        },
        gate,
    })
    .await
}

/// Starts a scan, which is told.
async fn start_scan(api: &TestApi, user: UserId, kind: ScanType) -> ScanId {
    let scan = Scan::pending(ScanId::next(), user, kind, None, clock::now());
    let begun = api.store.create_scan(&scan, ScanOrigin::User).await;
    assert!(begun.unwrap());
    scan.id
}

async fn poll(api: &TestApi, token: &str, query: &str) -> Value {
    let uri = format!("/api/v1/realtime/poll{query}");
    let reply = api.send(Method::GET, &uri, token, "").await;
    assert_eq!(reply.0, 200, "{}", reply.1);
    reply.1
}

/// The query that goes on behind an answer.
fn behind(page: &Value) -> String {
    let (epoch, head) = (&page["meta"]["epoch"], &page["meta"]["head"]);
    format!("?epoch={}&seq={head}", epoch.as_str().unwrap())
}

/// An event stream, read as a browser reads it: the last id, and each event's name and data.
async fn stream(
    api: &TestApi,
    token: &str,
    last: Option<&str>,
    wait: u8,
) -> (String, Vec<(String, Value)>) {
    let mut request = Request::builder()
        .uri(format!("/api/v1/realtime/events?wait={wait}"))
        .header(header::AUTHORIZATION, format!("Bearer {token}"));
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let reply = api.reply(request.body(Body::empty()).unwrap()).await;
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.headers()[header::CONTENT_TYPE], "text/event-stream");
    assert_eq!(reply.headers()[header::CACHE_CONTROL], "no-store");
    let bytes = reply.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let (mut id, mut events) = (String::new(), Vec::new());
    for block in text.split_terminator("\n\n") {
        let (mut name, mut data) = (String::new(), None);
        for line in block.lines() {
            match line.split_once(": ").unwrap() {
                ("id", it) => id = it.to_owned(),
                ("event", it) => name = it.to_owned(),
                ("data", it) => data = Some(serde_json::from_str(it).unwrap()),
                ("retry", it) => assert_eq!(it, "1000"),
                other => panic!("{other:?}"),
            }
        }
        events.extend(data.map(|it| (name, it)));
    }
    (id, events)
}

#[tokio::test]
async fn both_ways_tell_the_frames_of_the_golden_file() {
    let api = api().await;
    let (user, token) = api.woman("ana@example.net").await;
    let start = behind(&poll(&api, &token, "").await);
    let (place, none) = stream(&api, &token, None, 0).await;
    assert_eq!(none, []);
    let scan = start_scan(&api, user, ScanType::ImageScan).await;
    testing::choose(&api.store, user, |it| it).await;

    let polled = poll(&api, &token, &start).await;
    let (last, events) = stream(&api, &token, Some(&place), 0).await;
    let frames: Vec<Value> = events.into_iter().map(|it| it.1).collect();
    assert_eq!(polled["data"], json!(frames));
    let epoch = polled["meta"]["epoch"].as_str().unwrap();
    assert_eq!(last, format!("{epoch}.2"));
    assert_eq!(
        polled["meta"],
        json!({ "epoch": epoch, "head": 2, "gap": false })
    );

    let unknown = poll(&api, &token, "?epoch=fedcba98&seq=1").await;
    let (_, gap) = stream(&api, &token, Some("fedcba98.1"), 0).await;
    assert_eq!(unknown["data"], json!([gap[0].1]));
    let mut told = json!({ "changes": frames, "gap": gap[0].1 });
    for frame in told["changes"].as_array_mut().unwrap() {
        assert!(frame["at"].as_str().unwrap().ends_with('Z'));
        frame["at"] = json!("AT");
        if frame["id"] == json!(scan) {
            frame["id"] = json!("SCAN");
        }
    }
    assert_eq!(told, serde_json::from_str::<Value>(GOLDEN).unwrap());
}

#[tokio::test]
async fn who_waits_is_told_as_soon_as_something_changes() {
    let api = api().await;
    let (user, token) = api.woman("ana@example.net").await;
    let first = poll(&api, &token, "?wait=20").await;
    assert_eq!(first["data"], json!([]));
    let start = behind(&first);
    let waiting = format!("{start}&wait=20");
    let (told, (_, events), _) = tokio::join!(
        poll(&api, &token, &waiting),
        stream(&api, &token, None, 25),
        start_scan(&api, user, ScanType::ImageScan),
    );
    assert_eq!(told["data"][0]["topic"], "scan");
    assert_eq!(events.len(), 1);
    let now = behind(&told);
    assert_eq!(poll(&api, &token, &now).await["data"], json!([]));
}

#[tokio::test]
async fn who_waits_is_told_nothing_after_the_sign_in_has_ended() {
    let api = api().await;
    let (user, token) = api.woman("ana@example.net").await;
    let start = behind(&poll(&api, &token, "").await);
    let uri = format!("/api/v1/realtime/poll{start}&wait=20");
    let end = async {
        let sessions = api.store.sessions(user).await.unwrap();
        api.store.end_sessions(user, &sessions).await.unwrap();
        start_scan(&api, user, ScanType::ImageScan).await
    };
    let (reply, _) = tokio::join!(api.send(Method::GET, &uri, &token, ""), end);
    TestApi::refused(&reply, 401, "AUTH_INVALID_TOKEN");
}

#[tokio::test]
async fn a_place_that_cannot_be_followed_is_a_gap_and_goes_on_from_the_head() {
    let api = api().await;
    let (user, token) = api.woman("ana@example.net").await;
    start_scan(&api, user, ScanType::ImageScan).await;
    let epoch = poll(&api, &token, "").await["meta"]["epoch"].clone();
    let epoch = epoch.as_str().unwrap();
    for place in [
        format!("epoch={epoch}&seq=2"),
        "epoch=01234567&seq=0".to_owned(),
        "epoch=00000000&seq=1".to_owned(),
    ] {
        let page = poll(&api, &token, &format!("?{place}&wait=20")).await;
        assert_eq!(page["meta"]["gap"], true, "{place}");
        assert_eq!(page["data"][0]["type"], "gap");
        assert_eq!(page["data"][0]["head"], 1);
        start_after(&api, &token, &page).await;
    }
    // Who has seen that there was nothing is told of everything.
    let page = poll(&api, &token, "?epoch=00000000&seq=0").await;
    assert_eq!(
        (page["data"][0]["seq"].clone(), page["meta"]["gap"].clone()),
        (json!(1), json!(false))
    );
}

async fn start_after(api: &TestApi, token: &str, page: &Value) {
    let next = poll(api, token, &behind(page)).await;
    assert_eq!(
        (&next["data"], &next["meta"]["gap"]),
        (&json!([]), &json!(false))
    );
}

#[tokio::test]
async fn nobody_is_told_of_another() {
    let api = api().await;
    let (user, _) = api.woman("ana@example.net").await;
    let (_, stranger) = api.woman("eva@example.net").await;
    start_scan(&api, user, ScanType::ImageScan).await;
    let page = poll(&api, &stranger, "?epoch=00000000&seq=0").await;
    assert_eq!(
        (&page["data"], &page["meta"]["head"]),
        (&json!([]), &json!(0))
    );
    for uri in ["poll", "events"] {
        let uri = format!("/api/v1/realtime/{uri}");
        let reply = api.send(Method::GET, &uri, "no-token", "").await;
        assert_eq!(reply.0, 401);
    }
}

#[tokio::test]
async fn what_names_no_place_is_refused() {
    let api = api().await;
    let (_, token) = api.woman("ana@example.net").await;
    for query in [
        "epoch=01234567",
        "seq=1",
        "epoch=0123456&seq=1",
        "epoch=0123456G&seq=1",
        "epoch=01234567&seq=-1",
        "epoch=01234567&seq=1000000000000",
        "wait=21",
        "wait=x",
    ] {
        let uri = format!("/api/v1/realtime/poll?{query}");
        let reply = api.send(Method::GET, &uri, &token, "").await;
        TestApi::refused(&reply, 400, "VALIDATION_ERROR");
    }
    let uri = "/api/v1/realtime/events?wait=26";
    let reply = api.send(Method::GET, uri, &token, "").await;
    TestApi::refused(&reply, 400, "VALIDATION_ERROR");
    let request = Request::builder()
        .uri("/api/v1/realtime/events?wait=0")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header("last-event-id", "7");
    let reply = api.reply(request.body(Body::empty()).unwrap()).await;
    assert_eq!(reply.status(), 400);
}

#[tokio::test]
async fn tickets_are_given_to_who_is_signed_in_and_no_two_are_alike() {
    testing::in_one_window().await;
    let api = api().await;
    let uri = "/api/v1/realtime/tickets";
    let (_, token) = api.woman("ana@example.net").await;
    let first = TestApi::data(api.send(Method::POST, uri, &token, "").await, 201);
    assert_eq!(first["url"], "wss://live.example/live");
    assert_eq!(first["protocol"], "vara.v1");
    let ticket = first["ticket"].as_str().unwrap();
    assert_eq!(ticket.len(), 64);
    for _ in 1..30 {
        let next = TestApi::data(api.send(Method::POST, uri, &token, "").await, 201);
        assert_ne!(next["ticket"], first["ticket"]);
    }
    let reply = api.send(Method::POST, uri, &token, "").await;
    TestApi::refused(&reply, 429, "REQUEST_ERROR");
    let reply = api.send(Method::POST, uri, "x", "").await;
    TestApi::refused(&reply, 401, "AUTH_INVALID_TOKEN");
}
