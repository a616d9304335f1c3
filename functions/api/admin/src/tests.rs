//! Who is let in, and what they are answered.

#![allow(clippy::unwrap_used)]

use axum::http::Method;
use serde_json::json;
use vara::domain::Role;
use vara::services::dead_letters::DeadLetters;
use vara::testing::{Cloud, House};

use crate::routes::{App, routes};

const QUEUE: &str = "http://q/1/image-scan";
const LIST: &str = "/api/v1/admin/dead-letters";
const REDRIVE: &str = "/api/v1/admin/dead-letters/image-scan/redrive";

async fn house() -> (House, Cloud) {
    let cloud = Cloud::start().await;
    let queues = cloud.queues();
    let house = House::build(routes(), |gate, store| {
        let names = [
            "image-ingest",
            "image-scan",
            "background-scan",
            "profile-scan",
            "breach-check",
            "notice",
        ];
        let letters = DeadLetters {
            store,
            queues,
            urls: names
                .map(|name| (name, format!("http://q/1/{name}")))
                .into(),
        };
        App { gate, letters }
    });
    (house.await, cloud)
}

#[tokio::test]
async fn only_an_admin_is_let_in() {
    let (house, cloud) = house().await;
    cloud.give_up(QUEUE, "x");
    for (email, role) in [
        ("ana@example.net", Role::User),
        ("eve@example.net", Role::Reviewer),
    ] {
        let (_, token) = house.somebody(email, role).await;
        for (method, uri) in [(Method::GET, LIST), (Method::POST, REDRIVE)] {
            let reply = house.send(method.clone(), uri, &token, "").await;
            House::refused(&reply, 403, "FORBIDDEN");
            let reply = house.send(method, uri, "null", "").await;
            House::refused(&reply, 401, "AUTH_INVALID_TOKEN");
        }
    }
    assert_eq!(cloud.given_up(QUEUE), 1);
    assert!(cloud.told("ReceiveMessage").is_empty());
}

#[tokio::test]
async fn an_admin_sees_what_was_given_up_and_sends_it_back() {
    let (house, cloud) = house().await;
    let (_, token) = house.somebody("ada@example.net", Role::Admin).await;
    cloud.give_up(QUEUE, "x");
    let queues = House::data(house.send(Method::GET, LIST, &token, "").await, 200);
    assert_eq!(
        (
            &queues[1]["name"],
            &queues[1]["count"],
            &queues[1]["messages"][0]["about"]
        ),
        (&json!("image-scan"), &json!(1), &json!({ "bytes": 1 }))
    );
    for moved in [1, 0] {
        let done = House::data(house.send(Method::POST, REDRIVE, &token, "{}").await, 200);
        assert_eq!(
            done,
            json!({ "queue": "image-scan", "moved": moved, "left": 0 })
        );
    }
    assert_eq!(cloud.told("SendMessage")[0]["QueueUrl"], QUEUE);
    let other = REDRIVE.replace("image-scan", "image-scan-dead");
    let reply = house.send(Method::POST, &other, &token, "").await;
    House::refused(&reply, 404, "QUEUE_NOT_FOUND");
}
