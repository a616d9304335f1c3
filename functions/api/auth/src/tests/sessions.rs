//! Her sessions: the list, their ends, names, and the password again.

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};
use vara::domain::event::StreamName;
use vara::domain::{AlertStatus, Page, UserId};

use super::{Harness, PASSWORD, Reply, answer, called_from, token};

const SESSIONS: &str = "/api/v1/auth/sessions";
const CONFIRM: &str = "/api/v1/auth/confirm";
const FIREFOX: &str = "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0";
const SAFARI: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";

impl Harness {
    /// A sign-in with this browser from this network.
    async fn sign_in_with(&self, agent: &str, from: &str) -> Value {
        let body = json!({ "email": "ana@example.net", "password": PASSWORD });
        let request = Request::post("/auth/v1/token?grant_type=password")
            .header(header::USER_AGENT, agent)
            .body(Body::from(body.to_string()));
        let reply = answer(&self.routes, called_from(request.unwrap(), from)).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.body
    }

    async fn list(&self, access: &str) -> Vec<Value> {
        let reply = self.send("GET", SESSIONS, Some(access), None).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.body["data"].as_array().unwrap().clone()
    }

    async fn confirm(&self, access: &str, password: &str) -> Reply {
        let body = json!({ "password": password }).to_string();
        self.send("POST", CONFIRM, Some(access), Some(&body)).await
    }

    /// The types and the data of the events of a stream.
    async fn events(&self, user: &Value, stream: &str) -> Vec<(String, Value)> {
        let user = UserId::parse(&token(user, "id")).unwrap();
        let stream = StreamName::parse(stream).unwrap();
        let log = &self.service.log;
        let page = log.read(
            (user, &stream),
            None,
            vara::services::record::event_log::Direction::Forward,
            100,
            vara::clock::now(),
        );
        let events = page.await.unwrap().events.into_iter();
        events
            .map(|it| (it.kind.to_string(), Value::Object(it.data)))
            .collect()
    }

    async fn alerts(&self, user: &Value) -> Vec<String> {
        let user = UserId::parse(&token(user, "id")).unwrap();
        let page = Page {
            number: 1,
            limit: 20,
        };
        let found = self
            .service
            .store
            .alerts(user, &AlertStatus::ALL, page)
            .await;
        found
            .unwrap()
            .items
            .into_iter()
            .map(|it| it.description)
            .collect()
    }
}

#[tokio::test]
async fn her_sessions_are_listed_named_and_ended_and_each_act_is_recorded() {
    let harness = Harness::build().await;
    let first = harness.ana().await;
    let second = harness.sign_in_with(FIREFOX, "").await;
    let (here, there) = (
        token(&first, "access_token"),
        token(&second, "access_token"),
    );
    let list = harness.list(&here).await;
    assert_eq!(list.len(), 2);
    let phone = list.iter().find(|it| it["current"] == false).unwrap();
    assert_eq!(phone["device"], "Firefox on Android");
    assert_eq!(
        (&phone["name"], &phone["aal"]),
        (&Value::Null, &json!("aal1"))
    );
    assert!(phone["createdAt"].is_string() && phone["lastSeenAt"].is_string());
    let id = token(phone, "id");

    let one = format!("{SESSIONS}/{id}");
    let named = harness
        .send("PATCH", &one, Some(&here), Some(r#"{"name":" My phone "}"#))
        .await;
    assert_eq!(named.body["data"]["name"], "My phone");
    for bad in ["{}", r#"{"name":7}"#] {
        let reply = harness.send("PATCH", &one, Some(&here), Some(bad)).await;
        reply.is_error(400, "VALIDATION_ERROR");
    }

    let ended = harness.send("DELETE", &one, Some(&here), None).await;
    assert_eq!(ended.body, json!({ "data": { "deleted": true } }));
    let again = harness.send("DELETE", &one, Some(&here), None).await;
    again.is_error(404, "SESSION_NOT_FOUND");
    let refused = harness.send("GET", SESSIONS, Some(&there), None).await;
    refused.is_error(401, "AUTH_INVALID_TOKEN");
    let refresh = harness.refresh(&token(&second, "refresh_token")).await;
    refresh.is_refused(400, "session_not_found");
    assert_eq!(harness.list(&here).await.len(), 1);

    let events = harness.events(&first["user"], "session").await;
    let kinds: Vec<&str> = events.iter().map(|it| it.0.as_str()).collect();
    let wanted = [
        "session.started",
        "session.started",
        "session.device_added",
        "session.named",
        "session.ended",
    ];
    assert_eq!(kinds, wanted);
    assert_eq!(events[1].1["device"], "Firefox on Android");
    let said = json!({ "sessionIds": [id], "cause": "ENDED_BY_HER" });
    assert_eq!(events[4].1, said);
}

#[tokio::test]
async fn nobody_reaches_the_session_of_another() {
    let harness = Harness::build().await;
    let ana = harness.ana().await;
    let body = json!({ "email": "eve@example.net", "password": PASSWORD });
    let eve = harness.post("/auth/v1/signup", body).await.body;
    let (anas, eves) = (token(&ana, "access_token"), token(&eve, "access_token"));
    let id = token(&harness.list(&anas).await[0], "id");
    for path in [format!("{SESSIONS}/{id}"), format!("{SESSIONS}/no-id")] {
        let ended = harness.send("DELETE", &path, Some(&eves), None).await;
        ended.is_error(404, "SESSION_NOT_FOUND");
        let named = harness
            .send("PATCH", &path, Some(&eves), Some(r#"{"name":"mine"}"#))
            .await;
        named.is_error(404, "SESSION_NOT_FOUND");
    }
    assert_eq!(harness.list(&anas).await[0]["name"], Value::Null);
}

#[tokio::test]
async fn all_others_and_all_can_be_ended_by_who_confirmed_herself() {
    let harness = Harness::build().await;
    let first = harness.ana().await;
    for _ in 0..2 {
        harness.sign_in_with(FIREFOX, "").await;
    }
    let here = token(&first, "access_token");
    let end = async |query: &str| {
        let path = format!("{SESSIONS}{query}");
        harness.send("DELETE", &path, Some(&here), None).await
    };
    for wrong in ["", "?scope=mine"] {
        end(wrong).await.is_error(400, "VALIDATION_ERROR");
    }
    assert_eq!(end("?scope=others").await.status, 200);
    assert_eq!(harness.list(&here).await.len(), 1);
    assert_eq!(end("?scope=all").await.status, 200);
    let gone = harness.send("GET", SESSIONS, Some(&here), None).await;
    gone.is_error(401, "AUTH_INVALID_TOKEN");
}

#[tokio::test]
async fn who_came_by_a_link_confirms_with_the_password() {
    let harness = Harness::build().await;
    let first = harness.ana().await;
    // The address is proved by who is signed in, so that the password stays.
    let body = json!({ "email": "ana@example.net" });
    harness.post("/auth/v1/recover", body).await;
    let confirmation = harness.mailed("type=signup").await;
    let query = confirmation.split_once('?').unwrap().1;
    let link: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let part = |name: &str| link.iter().find(|it| it.0 == name).unwrap().1.clone();
    let body = json!({ "token_hash": part("token"), "type": "signup" }).to_string();
    let bearer = token(&first, "access_token");
    let proved = harness
        .send("POST", "/auth/v1/verify", Some(&bearer), Some(&body))
        .await;
    assert_eq!(proved.status, 200, "{proved:?}");

    let reply = harness.press(&harness.mailed("type=recovery").await).await;
    let fragment = reply
        .header("location")
        .split_once('#')
        .unwrap()
        .1
        .to_owned();
    let parts = url::form_urlencoded::parse(fragment.as_bytes()).into_owned();
    let (mut access, mut refresh) = (String::new(), String::new());
    for (name, value) in parts {
        match name.as_str() {
            "access_token" => access = value,
            "refresh_token" => refresh = value,
            _ => {}
        }
    }
    let all = format!("{SESSIONS}?scope=others");
    let refused = harness.send("DELETE", &all, Some(&access), None).await;
    refused.is_error(403, "STEP_UP_REQUIRED");
    let details = &refused.body["error"]["details"];
    let wanted = json!({ "needs": "recent", "maxAgeSeconds": 900, "methods": ["password"] });
    assert_eq!(details, &wanted);

    harness
        .confirm(&access, "Wrong1horse")
        .await
        .is_error(400, "AUTH_CONFIRM_FAILED");
    harness
        .send("POST", CONFIRM, Some(&access), None)
        .await
        .is_error(400, "AUTH_CONFIRM_FAILED");
    let confirmed = harness.confirm(&access, PASSWORD).await;
    assert_eq!(confirmed.status, 200, "{confirmed:?}");
    let access = token(&confirmed.body["data"], "accessToken");
    let methods = |access: &str| -> Vec<String> {
        let claims = jsonwebtoken::dangerous::insecure_decode::<Value>(access)
            .unwrap()
            .claims;
        let amr = claims["amr"].as_array().unwrap().clone();
        amr.iter().map(|it| token(it, "method")).collect()
    };
    assert_eq!(methods(&access), ["password", "otp"]);
    // A refresh keeps the moment, and the family of refresh tokens goes on.
    let refreshed = harness.refresh(&refresh).await;
    assert_eq!(
        methods(&token(&refreshed.body, "access_token")),
        ["password", "otp"]
    );
    let done = harness.send("DELETE", &all, Some(&access), None).await;
    assert_eq!(done.status, 200, "{done:?}");
    let events = harness.events(&first["user"], "session").await;
    assert!(events.iter().any(|it| it.0 == "session.confirmed"));
}

#[tokio::test]
async fn confirming_is_limited_as_signing_in_is() {
    let harness = Harness::build().await;
    let access = token(&harness.ana().await, "access_token");
    let mut refused = 0;
    for _ in 0..12 {
        let reply = harness.confirm(&access, "Wrong1horse").await;
        if reply.status == 429 {
            assert!(!reply.header("retry-after").is_empty());
            refused += 1;
        } else {
            reply.is_error(400, "AUTH_CONFIRM_FAILED");
        }
    }
    assert!((1..12).contains(&refused), "{refused}");
}

#[tokio::test]
async fn she_is_told_of_a_device_that_is_new_and_not_of_her_first() {
    let harness = Harness::build().await;
    let body =
        json!({ "email": "ana@example.net", "password": PASSWORD, "confirmPassword": PASSWORD });
    let made = harness.post("/api/v1/auth/signup", body).await;
    let user = &made.body["data"];
    for _ in 0..2 {
        harness.sign_in_with(FIREFOX, "192.0.2.7").await;
        assert!(harness.alerts(user).await.is_empty());
    }
    harness.sign_in_with(SAFARI, "192.0.2.7").await;
    harness.sign_in_with(FIREFOX, "198.51.100.4").await;
    let told = harness.alerts(user).await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].starts_with("Firefox on Android was used"),
        "{told:?}"
    );
    assert!(told[1].starts_with("Safari on iPhone was used"), "{told:?}");
    harness.sign_in_with(SAFARI, "192.0.2.7").await;
    assert_eq!(harness.alerts(user).await.len(), 2);
}

#[tokio::test]
async fn what_cannot_be_recorded_does_not_begin() {
    let harness = Harness::build().await;
    harness.ana().await;
    let sessions = async || {
        let user = harness.account().await.id();
        harness.service.store.sessions(user).await.unwrap().len()
    };
    assert_eq!(sessions().await, 1);
    let mut service = harness.service.clone();
    let vault = vara::testing::Cloud::vault_at("http://127.0.0.1:9");
    service.log = vara::services::record::event_log::EventLog::new(service.store.clone(), vault);
    let client = vara::services::people::auth::Client::default();
    let why = service
        .sign_in(Some("ana@example.net"), Some(PASSWORD), &client)
        .await
        .unwrap_err();
    assert!(why.is_trouble(), "{why:?}");
    assert_eq!(sessions().await, 1);
}
