//! The routes over a real table API in memory: the screens' exact calls, refusals, and who sees what.

use std::ops::Deref;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use vara::clock;
use vara::domain::{
    Image, ImageId, ImageState, Role, Scan, ScanId, ScanOrigin, ScanResult, ScanType, UserId,
};
use vara::queues::Queues;
use vara::services::record::event_log::EventLog;
use vara::services::scans::scan_queues::ScanQueues;
use vara::services::scans::start::Scans;
use vara::services::search::governor::Governor;
use vara::store::{ScanClaim, Store};
use vara::testing::{Cloud, TestApi};

use crate::routes::{App, routes};

mod automatic;
mod control;

/// The API over a queue service on this machine.
struct Harness {
    api: TestApi,
    cloud: Cloud,
}

impl Deref for Harness {
    type Target = TestApi;

    fn deref(&self) -> &TestApi {
        &self.api
    }
}

impl Harness {
    async fn build() -> Self {
        let cloud = Cloud::start().await;
        let queues = cloud.queues();
        Self::with(cloud, queues).await
    }

    async fn with(cloud: Cloud, queues: Queues) -> Self {
        let keys = format!("{}/kms", vara_engines::start().await.unwrap());
        let state = |gate, store: Store| App {
            gate,
            service: Scans {
                log: EventLog::new(store.clone(), Cloud::vault_at(&keys)),
                store: store.clone(),
                queues,
                lanes: ScanQueues {
                    images: "http://q/image-scan".into(),
                    background: "http://q/background-scan".into(),
                    profiles: "http://q/profile-scan".into(),
                    breaches: "http://q/breach-check".into(),
                },
                governor: Governor::new(store, None).unwrap(),
            },
        };
        Self {
            api: TestApi::build(routes(), state).await,
            cloud,
        }
    }

    async fn get(&self, uri: &str, token: &str) -> Value {
        let (status, body) = self.send(Method::GET, uri, token, "").await;
        assert_eq!(status, StatusCode::OK, "{uri}: {body}");
        body
    }

    async fn trigger(&self, token: &str, body: &Value) -> (StatusCode, Value) {
        self.send(
            Method::POST,
            "/api/v1/scans/trigger",
            token,
            &body.to_string(),
        )
        .await
    }

    /// Works a scan off without searching.
    async fn end(&self, user: UserId, id: &str) {
        let id = ScanId::parse(id).unwrap();
        let row = self.store.scan(user, id).await.unwrap().unwrap();
        let ScanClaim::Got(row) = self
            .store
            .claim_scan(&row, "w", 1, clock::now())
            .await
            .unwrap()
        else {
            panic!("it is free")
        };
        let result = ScanResult {
            matches_found: Some(0),
            images_scanned: Some(0),
            ..ScanResult::default()
        };
        let ended = row.scan.clone().completed(result, clock::now());
        assert!(self.store.end_scan(&row, ended, None).await.unwrap());
    }
}

const ACTIVE: &str = "/api/v1/scans?status=RUNNING,PENDING&limit=1";
const LAST: &str = "/api/v1/scans?status=COMPLETED,FAILED&limit=1";
const HERO: &str = "/api/v1/scans?page=1&limit=1&status=COMPLETED";
const WEEK: &str = "/api/v1/scans?status=COMPLETED&limit=100";

#[tokio::test]
async fn the_life_of_a_scan_as_the_screens_ask_for_it() {
    let harness = Harness::build().await;
    let (user, token) = harness.woman("ana@example.net").await;
    for uri in [ACTIVE, LAST, HERO] {
        let body = harness.get(uri, &token).await;
        assert_eq!(
            (&body["data"]["scans"], &body["meta"]["pagination"]["total"]),
            (&json!([]), &json!(0)),
            "{uri}"
        );
    }
    assert_eq!(harness.get(WEEK, &token).await["data"], json!([]));

    let (status, body) = harness
        .trigger(&token, &json!({ "type": "IMAGE_SCAN" }))
        .await;
    assert_eq!(
        (status, &body["data"]["status"], &body["data"]["result"]),
        (StatusCode::ACCEPTED, &json!("PENDING"), &Value::Null)
    );
    let id = body["data"]["id"].as_str().unwrap().to_owned();
    let message: Value = serde_json::from_str(
        harness.cloud.told("SendMessage")[0]["MessageBody"]
            .as_str()
            .unwrap(),
    )
    .unwrap();
    assert_eq!(
        (&message["scanJobId"], &message["userId"]),
        (&json!(id), &json!(user))
    );
    let active = harness.get(ACTIVE, &token).await;
    assert_eq!(
        (
            &active["data"]["scans"][0]["id"],
            &active["data"]["scans"][0]["type"]
        ),
        (&json!(id), &json!("IMAGE_SCAN"))
    );
    let (status, body) = harness
        .trigger(&token, &json!({ "type": "IMAGE_SCAN" }))
        .await;
    assert_eq!(
        (status, &body["error"]["code"]),
        (StatusCode::CONFLICT, &json!("SCAN_ALREADY_RUNNING"))
    );

    harness.end(user, &id).await;
    assert_eq!(
        harness.get(ACTIVE, &token).await["data"]["scans"],
        json!([])
    );
    let last = harness.get(LAST, &token).await;
    assert_eq!(
        (
            &last["data"]["scans"][0]["id"],
            &last["data"]["scans"][0]["result"]["imagesScanned"]
        ),
        (&json!(id), &json!(0))
    );
    assert_eq!(last["data"]["pagination"], last["meta"]["pagination"]);
    assert!(harness.get(HERO, &token).await["data"]["scans"][0]["completedAt"].is_string());
    let week = harness.get(WEEK, &token).await;
    assert_eq!(
        (&week["data"][0]["id"], &week["meta"]["pagination"]["total"]),
        (&json!(id), &json!(1))
    );
    for uri in [
        format!("/api/v1/scans/{id}"),
        format!("/api/v1/scans/{id}/status"),
    ] {
        assert_eq!(
            harness.get(&uri, &token).await["data"]["status"],
            "COMPLETED"
        );
    }
}

#[tokio::test]
async fn the_shape_can_be_asked_for() {
    let harness = Harness::build().await;
    let (_, token) = harness.woman("ana@example.net").await;
    assert!(harness.get(&format!("{ACTIVE}&shape=array"), &token).await["data"].is_array());
    assert!(harness.get(&format!("{WEEK}&shape=object"), &token).await["data"]["scans"].is_array());
    assert!(harness.get("/api/v1/scans?status=", &token).await["data"].is_array());
    for bad in [
        "shape=round",
        "status=NOPE",
        "status=RUNNING,NOPE",
        "type=NOPE",
        "limit=101",
        "page=0",
        "limit=abc",
    ] {
        let (status, body) = harness
            .send(Method::GET, &format!("/api/v1/scans?{bad}"), &token, "")
            .await;
        assert_eq!(
            (status, &body["error"]["code"]),
            (StatusCode::BAD_REQUEST, &json!("VALIDATION_ERROR")),
            "{bad}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_triggered() {
    let harness = Harness::build().await;
    let (user, token) = harness.woman("ana@example.net").await;
    for bad in [
        json!({}),
        json!({ "type": "PERSON_DISCOVERY" }),
        json!({ "type": "IMAGE_SCAN", "targetId": "x" }),
        json!([]),
    ] {
        let (status, body) = harness.trigger(&token, &bad).await;
        assert_eq!(
            (status, &body["error"]["code"]),
            (StatusCode::BAD_REQUEST, &json!("VALIDATION_ERROR")),
            "{bad}"
        );
    }
    let waiting = Image {
        state: ImageState::Pending,
        ..Image::expected(ImageId::next(), user, "s".into(), clock::now())
    };
    assert!(harness.store.announce_image(&waiting, None).await.unwrap());
    for target in [waiting.id, ImageId::next()] {
        let (status, body) = harness
            .trigger(&token, &json!({ "type": "IMAGE_SCAN", "targetId": target }))
            .await;
        assert_eq!(
            (status, &body["error"]["code"]),
            (StatusCode::NOT_FOUND, &json!("IMAGE_NOT_FOUND"))
        );
    }
    assert!(harness.cloud.told("SendMessage").is_empty());
    assert_eq!(
        harness.get("/api/v1/scans", &token).await["meta"]["pagination"]["total"],
        0
    );
}

#[tokio::test]
async fn every_type_goes_to_its_queues_and_runs_once_at_a_time() {
    let harness = Harness::build().await;
    let (_, token) = harness.woman("ana@example.net").await;
    let mut sent = 0;
    for (kind, queues) in [
        ("PROFILE_SCAN", &["profile-scan"][..]),
        ("BREACH_CHECK", &["breach-check"]),
        ("BEHAVIORAL_ANALYSIS", &["profile-scan"]),
        (
            "FULL_SCAN",
            &["image-scan", "profile-scan", "breach-check", "profile-scan"],
        ),
    ] {
        let (status, body) = harness.trigger(&token, &json!({ "type": kind })).await;
        assert_eq!(
            (status, &body["data"]["type"], &body["data"]["status"]),
            (StatusCode::ACCEPTED, &json!(kind), &json!("PENDING"))
        );
        let told = harness.cloud.told("SendMessage");
        let urls: Vec<_> = told[sent..]
            .iter()
            .map(|it| it["QueueUrl"].clone())
            .collect();
        let want: Vec<_> = queues
            .iter()
            .map(|it| json!(format!("http://q/{it}")))
            .collect();
        assert_eq!(urls, want, "{kind}");
        sent = told.len();
        let (status, body) = harness.trigger(&token, &json!({ "type": kind })).await;
        assert_eq!(
            (status, &body["error"]["code"]),
            (StatusCode::CONFLICT, &json!("SCAN_ALREADY_RUNNING"))
        );
    }
    // Parts of the whole are not what the button follows.
    let active = harness.get(ACTIVE, &token).await;
    assert_eq!(
        (
            &active["data"]["scans"][0]["type"],
            &active["meta"]["pagination"]["total"]
        ),
        (&json!("FULL_SCAN"), &json!(1))
    );
}

#[tokio::test]
async fn a_target_must_be_hers_and_make_sense() {
    let harness = Harness::build().await;
    let (_, token) = harness.woman("ana@example.net").await;
    let target = ImageId::next();
    for (kind, status, code) in [
        ("PROFILE_SCAN", StatusCode::NOT_FOUND, "ACCOUNT_NOT_FOUND"),
        ("BREACH_CHECK", StatusCode::NOT_FOUND, "ACCOUNT_NOT_FOUND"),
        (
            "BEHAVIORAL_ANALYSIS",
            StatusCode::NOT_FOUND,
            "ACCOUNT_NOT_FOUND",
        ),
        ("FULL_SCAN", StatusCode::BAD_REQUEST, "VALIDATION_ERROR"),
    ] {
        let body = json!({ "type": kind, "targetId": target });
        let (got, body) = harness.trigger(&token, &body).await;
        assert_eq!(
            (got, &body["error"]["code"]),
            (status, &json!(code)),
            "{kind}"
        );
    }
    assert!(harness.cloud.told("SendMessage").is_empty());
}

#[tokio::test]
async fn a_scan_that_cannot_be_queued_never_was() {
    let cloud = Cloud::start().await;
    let harness = Harness::with(cloud, Cloud::silent_queues()).await;
    let (_, token) = harness.woman("ana@example.net").await;
    for _ in 0..2 {
        let (status, body) = harness
            .trigger(&token, &json!({ "type": "IMAGE_SCAN" }))
            .await;
        assert_eq!(
            (status, &body["error"]["code"]),
            (
                StatusCode::SERVICE_UNAVAILABLE,
                &json!("SERVICE_UNAVAILABLE")
            )
        );
    }
    assert_eq!(
        harness.get(ACTIVE, &token).await["data"]["scans"],
        json!([])
    );
}

#[tokio::test]
async fn anothers_scan_does_not_exist_and_nobody_is_nobody() {
    let harness = Harness::build().await;
    let (_, ana) = harness.woman("ana@example.net").await;
    let (_, eve) = harness.woman("eve@example.net").await;
    let id = harness
        .trigger(&ana, &json!({ "type": "IMAGE_SCAN" }))
        .await
        .1["data"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for uri in [
        format!("/api/v1/scans/{id}"),
        format!("/api/v1/scans/{id}/status"),
    ] {
        let (status, body) = harness.send(Method::GET, &uri, &eve, "").await;
        assert_eq!(
            (status, &body["error"]["code"]),
            (StatusCode::NOT_FOUND, &json!("SCAN_NOT_FOUND"))
        );
        assert_eq!(
            harness.send(Method::GET, &uri, "null", "").await.0,
            StatusCode::UNAUTHORIZED
        );
    }
    assert_eq!(harness.get("/api/v1/scans", &eve).await["data"], json!([]));
    assert_eq!(
        harness
            .send(Method::GET, "/api/v1/scans", "null", "")
            .await
            .0,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        harness
            .trigger("null", &json!({ "type": "IMAGE_SCAN" }))
            .await
            .0,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        harness
            .send(Method::GET, "/api/v1/scans/not-an-id", &ana, "")
            .await
            .0,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn health_is_open_and_has_real_numbers() {
    let harness = Harness::build().await;
    let body = harness.get("/api/v1/scans/health", "null").await;
    assert_eq!(
        (&body["data"]["status"], &body["data"]["workers"]["enabled"]),
        (&json!("ok"), &json!(true))
    );
    let queue = &body["data"]["queues"]["stats"][0];
    assert_eq!(
        (&queue["name"], &queue["waiting"], &queue["active"]),
        (&json!("image-scan"), &json!(2), &json!(1))
    );
}

#[tokio::test]
async fn budgets_of_engines_are_for_administrators() {
    let harness = Harness::build().await;
    let mut tokens = vec!["null".to_owned()];
    for role in [Role::User, Role::Reviewer, Role::Admin] {
        let email = format!("{role:?}@example.net").to_lowercase();
        tokens.push(harness.somebody(&email, role).await.1);
    }
    for (at, token) in tokens.iter().enumerate() {
        let body = harness.get("/api/v1/scans/health", token).await;
        let engine = body["data"]["engines"][0].as_object().unwrap();
        let names: Vec<&str> = engine.keys().map(String::as_str).collect();
        let all = [
            "askedThisMonth",
            "breaker",
            "leftThisMonth",
            "name",
            "restsUntil",
        ];
        match at {
            3 => assert_eq!(names, all),
            _ => assert_eq!(names, ["breaker", "name", "restsUntil"], "as {at}"),
        }
    }
}
