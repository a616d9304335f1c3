//! Who is let in, and what they are answered.

use axum::http::Method;
use serde_json::json;
use vara::domain::Role;
use vara::services::record::event_log::EventLog;
use vara::services::takedowns::{TakedownCounts, TakedownQueues, Takedowns};
use vara::services::upkeep::dead_letters::DeadLetters;
use vara::services::upkeep::switches::Switches;
use vara::testing::{Cloud, TestApi};

use crate::routes::{AdminServices, App, routes};

const QUEUE: &str = "http://q/1/image-scan";
const OFF: &str = r#"{"isOn":false,"reason":"it answers nonsense"}"#;
const LIST: &str = "/api/v1/admin/dead-letters";
const OBJECTIONS: &str = "/api/v1/admin/objections";
const SWITCHES: &str = "/api/v1/admin/switches";
const TAKEDOWNS: &str = "/api/v1/admin/takedowns";
const REDRIVE: &str = "/api/v1/admin/dead-letters/image-scan/redrive";

async fn api() -> (TestApi, Cloud) {
    let cloud = Cloud::start().await;
    let queues = cloud.queues();
    let api = TestApi::build(routes(), |gate, store| {
        let names = [
            "image-ingest",
            "image-scan",
            "background-scan",
            "profile-scan",
            "breach-check",
            "notice",
        ];
        let switches = Switches::new(store.clone());
        let letters = DeadLetters {
            store,
            queues,
            urls: names
                .map(|name| (name, format!("http://q/1/{name}")))
                .into(),
        };
        let takedowns = Takedowns::new(
            EventLog::new(letters.store.clone(), Cloud::vault_at("http://127.0.0.1:9")),
            TakedownQueues {
                queues: letters.queues.clone(),
                urgent: "http://q/1/takedown-urgent".into(),
                other: "http://q/1/takedown".into(),
            },
        );
        let service = AdminServices {
            takedown_counts: TakedownCounts::new(letters.store.clone()),
            takedowns,
            dead_letters: letters,
            switches,
        };
        App { gate, service }
    });
    (api.await, cloud)
}

#[tokio::test]
async fn only_an_admin_is_let_in() {
    let (api, cloud) = api().await;
    cloud.give_up(QUEUE, "x");
    for (email, role) in [
        ("ana@example.net", Role::User),
        ("eve@example.net", Role::Reviewer),
    ] {
        let (_, token) = api.somebody(email, role).await;
        let tineye = format!("{SWITCHES}/tineye");
        for (method, uri, body) in [
            (Method::GET, LIST, ""),
            (Method::POST, REDRIVE, ""),
            (Method::GET, SWITCHES, ""),
            (Method::GET, TAKEDOWNS, ""),
            (Method::PUT, tineye.as_str(), OFF),
        ] {
            let reply = api.send(method.clone(), uri, &token, body).await;
            TestApi::refused(&reply, 403, "FORBIDDEN");
            let reply = api.send(method, uri, "null", body).await;
            TestApi::refused(&reply, 401, "AUTH_INVALID_TOKEN");
        }
    }
    assert_eq!(cloud.given_up(QUEUE), 1);
    assert!(cloud.told("ReceiveMessage").is_empty());
}

#[tokio::test]
async fn an_admin_sees_what_was_given_up_and_sends_it_back() {
    let (api, cloud) = api().await;
    let (_, token) = api.somebody("ada@example.net", Role::Admin).await;
    cloud.give_up(QUEUE, "x");
    let queues = TestApi::data(api.send(Method::GET, LIST, &token, "").await, 200);
    assert_eq!(
        (
            &queues[1]["name"],
            &queues[1]["count"],
            &queues[1]["messages"][0]["about"]
        ),
        (&json!("image-scan"), &json!(1), &json!({ "bytes": 1 }))
    );
    for moved in [1, 0] {
        let done = TestApi::data(api.send(Method::POST, REDRIVE, &token, "{}").await, 200);
        assert_eq!(
            done,
            json!({ "queue": "image-scan", "moved": moved, "left": 0 })
        );
    }
    assert_eq!(cloud.told("SendMessage")[0]["QueueUrl"], QUEUE);
    let other = REDRIVE.replace("image-scan", "image-scan-dead");
    let reply = api.send(Method::POST, &other, &token, "").await;
    TestApi::refused(&reply, 404, "QUEUE_NOT_FOUND");
}

#[tokio::test]
async fn an_admin_turns_an_engine_off_and_on_again() {
    let (api, _cloud) = api().await;
    let (ada, token) = api.somebody("ada@example.net", Role::Admin).await;
    let tineye = format!("{SWITCHES}/tineye");
    let set = TestApi::data(api.send(Method::PUT, &tineye, &token, OFF).await, 200);
    assert_eq!(
        (&set["isOn"], &set["changedBy"], &set["reason"]),
        (&json!(false), &json!(ada), &json!("it answers nonsense"))
    );
    let is_on = async || {
        let listed = TestApi::data(api.send(Method::GET, SWITCHES, &token, "").await, 200);
        listed[0]["isOn"].clone()
    };
    assert_eq!(is_on().await, false);
    let on = r#"{"isOn":true,"reason":"it is back"}"#;
    TestApi::data(api.send(Method::PUT, &tineye, &token, on).await, 200);
    assert_eq!(is_on().await, true);
    let other = format!("{SWITCHES}/everything");
    let reply = api.send(Method::PUT, &other, &token, OFF).await;
    TestApi::refused(&reply, 404, "SWITCH_NOT_FOUND");
    for bad in ["", "{}", r#"{"isOn":false,"reason":""}"#] {
        let reply = api.send(Method::PUT, &tineye, &token, bad).await;
        TestApi::refused(&reply, 400, "VALIDATION_ERROR");
    }
}

#[tokio::test]
async fn an_admin_sees_how_requests_stand() {
    let (api, _cloud) = api().await;
    let (_, token) = api.somebody("ada@example.net", Role::Admin).await;
    let seen = TestApi::data(api.send(Method::GET, TAKEDOWNS, &token, "").await, 200);
    assert_eq!(
        (&seen["open"], &seen["isComplete"], &seen["hosts"]),
        (&json!(0), &json!(true), &json!([]))
    );
    assert_eq!(seen["waitsForUsSince"], json!(null));
    let states = seen["byState"].as_array().unwrap();
    assert!(states.contains(&json!({ "state": "QUEUED", "count": 0 })));
    assert!(
        states.iter().all(|it| it["state"] != "GONE"),
        "only open ones"
    );
}

#[tokio::test]
async fn reviewers_and_admins_are_let_to_objections_and_nobody_else() {
    let (api, _cloud) = api().await;
    let one = format!("{OBJECTIONS}/0e7d5c2f-7a51-4b0b-9f1c-3a865a1f6d02");
    let decision = format!("{one}/decision");
    let vote = r#"{"verdict":"DISMISS"}"#;
    let calls = [
        (Method::GET, OBJECTIONS, "", 200),
        (Method::GET, &one, "", 404),
        (Method::POST, &decision, vote, 404),
    ];
    let (_, hers) = api.somebody("ana@example.net", Role::User).await;
    for (method, uri, body, _) in calls.clone() {
        let reply = api.send(method.clone(), uri, &hers, body).await;
        TestApi::refused(&reply, 403, "FORBIDDEN");
        let reply = api.send(method, uri, "null", body).await;
        TestApi::refused(&reply, 401, "AUTH_INVALID_TOKEN");
    }
    for (email, role) in [
        ("rea@example.net", Role::Reviewer),
        ("ada@example.net", Role::Admin),
    ] {
        let (_, token) = api.somebody(email, role).await;
        for (method, uri, body, status) in calls.clone() {
            let reply = api.send(method, uri, &token, body).await;
            match status {
                200 => assert_eq!(TestApi::data(reply, 200), json!([])),
                _ => TestApi::refused(&reply, 404, "OBJECTION_NOT_FOUND"),
            }
        }
        let bad = r#"{"verdict":"PERHAPS"}"#;
        let reply = api.send(Method::POST, &decision, &token, bad).await;
        TestApi::refused(&reply, 400, "VALIDATION_ERROR");
        let none = format!("{OBJECTIONS}/x");
        let none = api.send(Method::GET, &none, &token, "").await;
        TestApi::refused(&none, 404, "OBJECTION_NOT_FOUND");
    }
}
