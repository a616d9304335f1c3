//! The plan as the screens read and change it.

use axum::http::Method;
use serde_json::{Value, json};
use vara::clock;
use vara::domain::{Image, ImageId, ImageState, Response, UserId};
use vara::http::App;
use vara::services::people::onboarding::Onboarding;
use vara::services::people::plan::ProtectionPlans;
use vara::testing::TestApi;

use crate::routes::routes;

const PLAN: &str = "/api/v1/protection-plan";

async fn api() -> TestApi {
    TestApi::build(routes(), |gate, store| App {
        gate,
        service: ProtectionPlans::new(store),
    })
    .await
}

async fn get(api: &TestApi, token: &str) -> Value {
    TestApi::data(api.send(Method::GET, PLAN, token, "").await, 200)
}

async fn regenerate(api: &TestApi, token: &str) -> Value {
    let uri = format!("{PLAN}/regenerate");
    TestApi::data(api.send(Method::POST, &uri, token, "").await, 200)
}

async fn set(api: &TestApi, token: &str, item: &Value, status: &str) -> Value {
    let uri = format!("{PLAN}/items/{}", item["id"].as_str().unwrap());
    let body = json!({ "status": status }).to_string();
    TestApi::data(api.send(Method::PATCH, &uri, token, &body).await, 200)
}

async fn answer(api: &TestApi, user: UserId, question: &str, value: &str) {
    let given = [(question.to_owned(), Response::Text(value.to_owned()))];
    Onboarding::new(api.store.clone())
        .submit(user, &given, clock::now())
        .await
        .unwrap();
}

fn titles(plan: &Value) -> Vec<&str> {
    let items = plan["items"].as_array().unwrap();
    items
        .iter()
        .map(|it| it["title"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn the_first_plan_is_made_once() {
    let api = api().await;
    let (user, token) = api.woman("ana@example.net").await;
    let (one, other) = futures_util::join!(get(&api, &token), get(&api, &token));
    assert_eq!(one, other);
    assert_eq!(one["userId"], json!(user));
    let keys: Vec<_> = one.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        ["generatedAt", "id", "items", "lastUpdated", "userId"]
    );
    assert_eq!(one["items"].as_array().unwrap().len(), 6);
    let item = &one["items"][0];
    assert_eq!(
        (
            &item["category"],
            &item["categoryCode"],
            &item["priority"],
            &item["status"]
        ),
        (
            &json!("Getting Started"),
            &json!("GETTING_STARTED"),
            &json!(1),
            &json!("PENDING")
        )
    );
    assert_eq!(get(&api, &token).await, one, "reading changes nothing");
}

#[tokio::test]
async fn an_item_is_marked_and_the_plan_says_when() {
    let api = api().await;
    let (user, token) = api.woman("ana@example.net").await;
    answer(&api, user, "online-presence", "active").await;
    let before = get(&api, &token).await;
    for status in [
        "IN_PROGRESS",
        "COMPLETED",
        "SKIPPED",
        "PENDING",
        "COMPLETED",
    ] {
        let item = set(&api, &token, &before["items"][2], status).await;
        let want = json!({ "status": status });
        let mut same = before["items"][2].clone();
        same["status"] = want["status"].clone();
        assert_eq!(item, same);
    }
    let after = get(&api, &token).await;
    assert_eq!(after["items"][2]["status"], "COMPLETED");
    assert!(after["lastUpdated"].as_str() >= before["lastUpdated"].as_str());
    assert_eq!(after["generatedAt"], before["generatedAt"]);
}

#[tokio::test]
async fn two_items_marked_at_once_are_both_marked() {
    let api = api().await;
    let (user, token) = api.woman("ana@example.net").await;
    answer(&api, user, "online-presence", "active").await;
    let plan = get(&api, &token).await;
    let marks = [0, 1, 2, 3].map(|at| set(&api, &token, &plan["items"][at], "COMPLETED"));
    futures_util::future::join_all(marks).await;
    let after = get(&api, &token).await;
    for at in 0..4 {
        assert_eq!(after["items"][at]["status"], "COMPLETED");
    }
}

#[tokio::test]
async fn making_it_again_keeps_what_she_did_and_sees_how_things_stand() {
    let api = api().await;
    let (user, token) = api.woman("ana@example.net").await;
    answer(&api, user, "online-presence", "active").await;
    let before = get(&api, &token).await;
    set(&api, &token, &before["items"][0], "COMPLETED").await;
    set(&api, &token, &before["items"][1], "IN_PROGRESS").await;
    set(&api, &token, &before["items"][2], "SKIPPED").await;

    let again = regenerate(&api, &token).await;
    for title in titles(&before) {
        assert_eq!(
            titles(&again).iter().filter(|it| **it == title).count(),
            1,
            "{title} stays, once"
        );
    }
    let photos = "Add the photos you want watched";
    assert_eq!(titles(&again)[0], photos, "she has no pictures");
    for at in 0..3 {
        let id = &before["items"][at]["id"];
        let items = again["items"].as_array().unwrap();
        let kept = items.iter().find(|it| it["id"] == *id).unwrap();
        assert_eq!(kept["status"], ["COMPLETED", "IN_PROGRESS", "SKIPPED"][at]);
        assert_eq!(kept["createdAt"], before["items"][at]["createdAt"]);
    }
    let image = Image {
        state: ImageState::Pending,
        ..Image::expected(ImageId::next(), user, "s".into(), clock::now())
    };
    assert!(api.store.announce_image(&image, None).await.unwrap());
    let watched = regenerate(&api, &token).await;
    assert!(!titles(&watched).contains(&photos), "she has one now");
    let priorities: Vec<_> = watched["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["priority"].clone())
        .collect();
    assert_eq!(
        priorities,
        (1..=priorities.len()).map(Value::from).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn without_answers_there_is_a_plan_all_the_same() {
    let api = api().await;
    let (_, token) = api.woman("ana@example.net").await;
    let plan = regenerate(&api, &token).await;
    let categories: Vec<_> = plan["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["category"].clone())
        .collect();
    assert_eq!(
        categories,
        [
            "Image Protection",
            "Getting Started",
            "Account Security",
            "Account Security",
            "Privacy Settings",
            "Monitoring Setup"
        ]
    );
    let done = set(&api, &token, &plan["items"][2], "COMPLETED").await;
    let again = regenerate(&api, &token).await;
    assert_eq!(again["items"][2], done, "and nothing is asked of her twice");
    assert_eq!(again["items"].as_array().unwrap().len(), 6);
}

#[tokio::test]
async fn refusals() {
    let api = api().await;
    let (_, ana) = api.woman("ana@example.net").await;
    let (_, eve) = api.woman("eve@example.net").await;
    let hers = get(&api, &ana).await["items"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let ok = json!({ "status": "COMPLETED" }).to_string();
    let unknown = ImageId::next().to_string();
    // Eve has no plan, then one of her own; either way Ana's item is not in it.
    for _ in 0..2 {
        for id in [hers.as_str(), unknown.as_str(), "no-id"] {
            let uri = format!("{PLAN}/items/{id}");
            let reply = api.send(Method::PATCH, &uri, &eve, &ok).await;
            TestApi::refused(&reply, 404, "ITEM_NOT_FOUND");
        }
        get(&api, &eve).await;
    }
    let uri = format!("{PLAN}/items/{hers}");
    for bad in ["", "{}", r#"{"status":"DONE"}"#, r#"{"status":1}"#, "[]"] {
        let reply = api.send(Method::PATCH, &uri, &ana, bad).await;
        TestApi::refused(&reply, 400, "VALIDATION_ERROR");
    }
    for (method, uri) in [
        (Method::GET, PLAN),
        (Method::PATCH, uri.as_str()),
        (Method::POST, "/api/v1/protection-plan/regenerate"),
    ] {
        let reply = api.send(method, uri, "null", "").await;
        TestApi::refused(&reply, 401, "AUTH_INVALID_TOKEN");
    }
    assert_eq!(get(&api, &ana).await["items"][0]["status"], "PENDING");
}
