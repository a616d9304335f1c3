//! The routes over a real table API in memory: shapes, refusals, and who sees what. What an account
//! goes through is tested with the service.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use vara::auth::Keys;
use vara::engines::OAuth;
use vara::services::people::linked_accounts::Accounts;
use vara::testing::{Cloud, TestApi};

use crate::routes::{App, routes};

const LIST: &str = "/api/v1/accounts";
const NETWORK: &str = r#"{ "INSTAGRAM": {
    "authorizeUrl": "https://network.example/authorize", "tokenUrl": "https://network.example/token",
    "profileUrl": "https://network.example/me", "clientId": "us", "clientSecret": "not-told", "scope": "profile"
} }"#;

async fn api() -> TestApi {
    TestApi::build(routes(), |gate, store| {
        let accounts = Accounts {
            store,
            // Nobody answers there: what is mailed is tested with the service.
            mailer: Cloud::mailer_at("http://127.0.0.1:9"),
            keys: Keys::derive("a-secret-of-more-than-thirty-two-characters", None).unwrap(),
            vault: Cloud::vault_at("http://127.0.0.1:9"),
            social: None,
            oauth: OAuth::new(Some(NETWORK)).unwrap(),
            public_url: "https://vara.example".into(),
            site: "https://app.example".into(),
        };
        App {
            gate,
            service: accounts,
        }
    })
    .await
}

struct Case {
    api: TestApi,
    token: String,
}

impl Case {
    async fn new() -> Self {
        let api = api().await;
        let (_, token) = api.woman("ana@example.net").await;
        Self { api, token }
    }

    async fn send(&self, method: Method, uri: &str, body: &str) -> (StatusCode, Value) {
        self.api.send(method, uri, &self.token, body).await
    }

    async fn connect(&self, platform: &str, body: &Value) -> (StatusCode, Value) {
        let uri = format!("{LIST}/connect/{platform}");
        self.send(Method::POST, &uri, &body.to_string()).await
    }

    async fn handle(&self, name: &str) -> Value {
        TestApi::data(
            self.connect("tiktok", &json!({ "handle": name })).await,
            201,
        )
    }
}

#[tokio::test]
async fn an_item_has_the_contracts_names_and_no_secrets() {
    let case = Case::new().await;
    let it = case.handle("@Ana.K").await;
    let keys: Vec<&String> = it.as_object().unwrap().keys().collect();
    let want = [
        "createdAt",
        "displayName",
        "followers",
        "id",
        "kind",
        "lastSynced",
        "platform",
        "platformUserId",
        "userId",
        "verification",
        "verifiedAt",
    ];
    assert_eq!(keys, want);
    assert_eq!(
        (&it["platform"], &it["platformUserId"]),
        (&json!("TIKTOK"), &json!("ana.k"))
    );
    assert_eq!(
        (&it["kind"], &it["lastSynced"]),
        (&json!("HANDLE"), &Value::Null)
    );
    assert_eq!(it["verification"]["method"], "PROFILE_CODE");
    assert!(it["verification"]["code"].is_string() && it["verification"]["expiresAt"].is_string());
    let (status, list) = case.send(Method::GET, LIST, "").await;
    assert_eq!(
        (status, &list["meta"]["pagination"]["total"]),
        (StatusCode::OK, &json!(1))
    );
    assert_eq!(list["data"][0]["id"], it["id"]);
    assert!(
        list["data"][0].get("verification").is_none(),
        "a code is shown once"
    );
}

#[tokio::test]
async fn a_network_is_asked_for_her_leave() {
    let case = Case::new().await;
    let begun = TestApi::data(case.connect("instagram", &json!({})).await, 200);
    let url = begun["authorizationUrl"].as_str().unwrap();
    assert!(url.starts_with("https://network.example/authorize?response_type=code&client_id=us&"));
    assert!(
        url.contains("code_challenge_method=S256") && url.contains("&state="),
        "{url}"
    );
    let back =
        "redirect_uri=https%3A%2F%2Fvara.example%2Fapi%2Fv1%2Faccounts%2Fcallback%2Finstagram";
    assert!(url.contains(back), "{url}");
    assert!(!begun.to_string().contains("not-told"));
    let forged = json!({ "code": "c", "state": "s" });
    TestApi::refused(
        &case.connect("instagram", &forged).await,
        400,
        "ACCOUNT_STATE_INVALID",
    );
}

#[tokio::test]
async fn coming_back_leads_to_the_web_app_whoever_comes() {
    let case = Case::new().await;
    let uri = format!("{LIST}/callback/instagram?code=c%26d&state=s&junk=x");
    let reply = case.api.answer(Method::GET, &uri, "null", "").await;
    assert_eq!(reply.status(), StatusCode::SEE_OTHER);
    assert_eq!(
        reply.headers()["location"],
        "https://app.example/settings?platform=INSTAGRAM&code=c%26d&state=s"
    );
    let uri = format!("{LIST}/callback/nowhere?code=c");
    TestApi::refused(
        &case.send(Method::GET, &uri, "").await,
        400,
        "VALIDATION_ERROR",
    );
}

#[tokio::test]
async fn an_account_is_removed_once_and_only_by_her() {
    let case = Case::new().await;
    let it = case.handle("ana").await;
    let uri = format!("{LIST}/{}", it["id"].as_str().unwrap());
    let (_, eve) = case.api.woman("eve@example.net").await;
    for (method, more) in [
        (Method::DELETE, ""),
        (Method::POST, "/sync"),
        (Method::POST, "/verify"),
    ] {
        let reply = case
            .api
            .send(method.clone(), &format!("{uri}{more}"), &eve, "")
            .await;
        TestApi::refused(&reply, 404, "ACCOUNT_NOT_FOUND");
        let reply = case
            .api
            .send(method, &format!("{uri}{more}"), "null", "")
            .await;
        TestApi::refused(&reply, 401, "AUTH_INVALID_TOKEN");
    }
    assert_eq!(
        case.api.send(Method::GET, LIST, &eve, "").await.1["data"],
        json!([])
    );
    let gone = TestApi::data(case.send(Method::DELETE, &uri, "").await, 200);
    assert_eq!(gone, json!({ "deleted": true }));
    TestApi::refused(
        &case.send(Method::DELETE, &uri, "").await,
        404,
        "ACCOUNT_NOT_FOUND",
    );
}

#[tokio::test]
async fn refusals() {
    let case = Case::new().await;
    for (platform, body) in [
        ("myspace", json!({ "handle": "ana" })),
        ("tiktok", json!({ "handle": "a b" })),
        ("tiktok", json!({ "email": "a@example.org" })),
        (
            "tiktok",
            json!({ "handle": "ana", "email": "a@example.org" }),
        ),
        ("tiktok", json!({ "handle": 7 })),
        ("tiktok", json!({ "code": "c" })),
        ("other", json!({})),
        ("other", json!([])),
    ] {
        let reply = case.connect(platform, &body).await;
        TestApi::refused(&reply, 400, "VALIDATION_ERROR");
    }
    TestApi::refused(
        &case.connect("tiktok", &json!({})).await,
        400,
        "PLATFORM_NOT_SUPPORTED",
    );
    let unsent = case
        .connect("other", &json!({ "email": "a@example.org" }))
        .await;
    TestApi::refused(&unsent, 503, "SERVICE_UNAVAILABLE");
    for (method, uri) in [
        (Method::DELETE, format!("{LIST}/no-id")),
        (Method::POST, format!("{LIST}/no-id/sync")),
        (Method::GET, format!("{LIST}?limit=0")),
    ] {
        TestApi::refused(&case.send(method, &uri, "").await, 400, "VALIDATION_ERROR");
    }
    let it = case.handle("ana").await;
    let uri = format!("{LIST}/{}", it["id"].as_str().unwrap());
    let early = case.send(Method::POST, &format!("{uri}/sync"), "").await;
    TestApi::refused(&early, 409, "ACCOUNT_NOT_VERIFIED");
    let blind = case
        .send(Method::POST, &format!("{uri}/verify"), "{}")
        .await;
    TestApi::refused(&blind, 503, "SERVICE_UNAVAILABLE");
}
