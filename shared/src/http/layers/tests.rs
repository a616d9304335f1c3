//! What stands before every route, with the contract's numbers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::body::Body;
use axum::http::StatusCode;
use axum::routing::{get, post};
use http_body_util::BodyExt;
use lambda_http::RequestExt;
use lambda_http::request::RequestContext;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::auth::{Access, Gate, Keys};
use crate::domain::{Role, SessionId, UserId};
use crate::http::{Caller, Cors, Result, created, data};
use crate::services::people::auth::Client;
use crate::services::upkeep::rate_limits::{RateLimiter, Rates};
use crate::store::Store;
use crate::testing::signed_in;

mod rate_limits;

const SITE: &str = "https://app.example";

#[derive(Clone)]
struct App {
    gate: Gate,
    made: Arc<AtomicU32>,
}

impl axum::extract::FromRef<App> for Gate {
    fn from_ref(app: &App) -> Self {
        app.gate.clone()
    }
}

async fn make(State(app): State<App>, caller: Caller) -> Result<Response> {
    let made = app.made.fetch_add(1, Ordering::SeqCst) + 1;
    if made == 100 {
        return Err(Error::unavailable("making", "broken on purpose").into());
    }
    Ok(created(json!({ "made": made, "by": caller.user })))
}

/// Routes of every kind behind all guards, over a table in memory.
struct Harness {
    routes: Router,
    gate: Gate,
    store: Store,
    made: Arc<AtomicU32>,
}

struct Reply {
    status: u16,
    headers: axum::http::HeaderMap,
    body: Value,
}

impl Reply {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |it| it.to_str().unwrap())
    }

    fn code(&self) -> (u16, &str) {
        (
            self.status,
            self.body["error"]["code"].as_str().unwrap_or_default(),
        )
    }
}

impl Harness {
    async fn build() -> Self {
        let (store, made) = (crate::testing::store().await, Arc::default());
        let keys = Keys::derive("a-secret-of-more-than-thirty-two-characters", None).unwrap();
        let gate = Gate::over(
            Access::new(keys, "https://vara.example"),
            None,
            store.clone(),
        );
        let app = App {
            gate: gate.clone(),
            made: Arc::clone(&made),
        };
        let rates = Rates {
            all: 300,
            auth: 20,
            user: 300,
        };
        let guards = HttpGuards::from(Cors::new(&[SITE.into()], true))
            .limited(RateLimiter::new(rates, store.clone()), Some(gate.clone()))
            .replaying(&store)
            .with_open("/api/v1/open/");
        let routes = Router::new()
            .route("/api/v1/things", get(async || data(7)).post(make))
            .route("/api/v1/open/{id}", get(async || "bytes"))
            .route("/api/v1/auth/logout", post(async || StatusCode::NO_CONTENT))
            .route("/api/v1/auth/login", post(make))
            .route(
                "/auth/v1/token",
                post(async |client: Client| data(client.is_crowded())),
            );
        Self {
            routes: finish(routes, app, guards),
            gate,
            store,
            made,
        }
    }

    /// A woman who is signed in, another with each call: her token.
    async fn woman(&self) -> (String, SessionId, UserId) {
        let email = format!("{}@example.net", UserId::random());
        let her = signed_in(&self.store, &self.gate, &email, Role::User).await;
        (her.token, her.session.id, her.user)
    }

    async fn call(
        &self,
        from: &str,
        method: &str,
        uri: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let context = json!({
            "http": { "method": method, "path": uri, "protocol": "HTTP/1.1", "sourceIp": from, "userAgent": "" },
            "timeEpoch": 0,
        });
        let context = serde_json::from_value(context).unwrap();
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request
            .body(Body::from(body.to_owned()))
            .unwrap()
            .with_request_context(RequestContext::ApiGatewayV2(context));
        let reply = self.routes.clone().oneshot(request).await.unwrap();
        let (parts, body) = reply.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        }
    }

    async fn make(&self, token: &str, key: &str, body: &str) -> Reply {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
        self.call("192.0.2.7", "POST", "/api/v1/things", &headers, body)
            .await
    }
}

#[tokio::test]
async fn a_parameter_given_twice_reaches_no_handler() {
    let harness = Harness::build().await;
    for (method, uri) in [
        ("GET", "/api/v1/things?page=1&page=2"),
        (
            "POST",
            "/auth/v1/token?grant_type=refresh_token&grant_type=password",
        ),
        (
            "POST",
            "/auth/v1/token?grant_type=password&grant%5Ftype=refresh_token",
        ),
    ] {
        let reply = harness
            .call("192.0.2.7", method, uri, &[("origin", SITE)], "")
            .await;
        assert_eq!(reply.status, 400, "{uri}");
        assert_eq!(reply.header("access-control-allow-origin"), SITE);
        match uri.starts_with("/auth/") {
            true => assert_eq!(reply.body["error_code"], "validation_failed"),
            false => assert_eq!(reply.code().1, "VALIDATION_ERROR"),
        }
    }
    let odd = "/auth/v1/token?Grant_Type=x&grant_type=password";
    let reply = harness.call("192.0.2.7", "POST", odd, &[], "").await;
    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn a_post_with_a_key_is_done_once() {
    let harness = Harness::build().await;
    let (token, session, user) = harness.woman().await;
    let first = harness.make(&token, "one", "{}").await;
    assert_eq!(
        (first.status, &first.body["data"]),
        (201, &json!({ "made": 1, "by": user }))
    );
    assert_eq!(first.header("idempotency-replayed"), "");
    let again = harness.make(&token, "one", "{}").await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.header("content-type"), first.header("content-type"));
    assert_eq!(
        harness.make(&token, "one", "{\"a\":1}").await.code(),
        (422, "IDEMPOTENCY_KEY_REUSED")
    );
    assert_eq!(
        harness.make(&token, "two", "{}").await.body["data"]["made"],
        2
    );
    let (other, ..) = harness.woman().await;
    assert_eq!(
        harness.make(&other, "one", "{}").await.body["data"]["made"],
        3
    );
    assert_eq!(
        harness.make(&token, "", "{}").await.code(),
        (400, "VALIDATION_ERROR")
    );
    // Whoever signed out is not told what she was answered before.
    harness.store.end_sessions(user, &[session]).await.unwrap();
    assert_eq!(
        harness.make(&token, "one", "{}").await.code(),
        (401, "AUTH_INVALID_TOKEN")
    );
    assert_eq!(
        harness.make(&token, "new", "{}").await.code(),
        (401, "AUTH_INVALID_TOKEN")
    );
    assert_eq!(harness.made.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn of_many_at_once_one_is_done_and_trouble_can_be_tried_again() {
    let harness = Harness::build().await;
    let (token, ..) = harness.woman().await;
    let all =
        futures_util::future::join_all((0..6).map(|_| harness.make(&token, "one", "{}"))).await;
    assert_eq!(harness.made.load(Ordering::SeqCst), 1);
    for reply in &all {
        let fine = reply.status == 201 || reply.code() == (409, "IDEMPOTENCY_IN_PROGRESS");
        assert!(fine, "{:?}", reply.code());
    }
    harness.made.store(99, Ordering::SeqCst);
    assert_eq!(harness.make(&token, "two", "{}").await.status, 503);
    assert_eq!(
        harness.make(&token, "two", "{}").await.body["data"]["made"],
        101
    );
}

#[tokio::test]
async fn answers_with_tokens_are_not_kept() {
    let harness = Harness::build().await;
    let (token, ..) = harness.woman().await;
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("idempotency-key", "one"),
    ];
    for made in 1..=2 {
        let reply = harness
            .call("192.0.2.7", "POST", "/api/v1/auth/login", &headers, "")
            .await;
        assert_eq!(reply.body["data"]["made"], made);
    }
}

#[tokio::test]
async fn a_read_is_marked_and_not_sent_twice() {
    let harness = Harness::build().await;
    let first = harness
        .call("192.0.2.7", "GET", "/api/v1/things", &[], "")
        .await;
    let mark = first.header("etag").to_owned();
    let headers = [("if-none-match", mark.as_str()), ("origin", SITE)];
    let again = harness
        .call("192.0.2.7", "GET", "/api/v1/things", &headers, "")
        .await;
    assert_eq!(
        (again.status, again.body.is_null(), again.header("etag")),
        (304, true, mark.as_str())
    );
    assert_eq!(again.header("access-control-allow-origin"), SITE);
    assert_eq!(again.header("cache-control"), "no-store");
    assert!(
        again
            .header("access-control-expose-headers")
            .contains("ETag")
    );
}

#[tokio::test]
async fn what_is_open_may_be_read_from_any_page() {
    let harness = Harness::build().await;
    for origin in [None, Some("https://engine.example")] {
        let headers: Vec<_> = origin.map(|it| ("origin", it)).into_iter().collect();
        let reply = harness
            .call("192.0.2.7", "GET", "/api/v1/open/x", &headers, "")
            .await;
        assert_eq!(
            (reply.status, reply.header("access-control-allow-origin")),
            (200, "*")
        );
        assert_eq!(reply.header("access-control-allow-methods"), "GET,OPTIONS");
        assert_eq!(reply.header("access-control-allow-credentials"), "");
    }
    let asked = [
        ("origin", "https://engine.example"),
        ("access-control-request-method", "GET"),
    ];
    let preflight = harness
        .call("192.0.2.7", "OPTIONS", "/api/v1/open/x", &asked, "")
        .await;
    assert_eq!(
        (
            preflight.status,
            preflight.header("access-control-allow-origin")
        ),
        (204, "*")
    );
    let closed = harness
        .call("192.0.2.7", "GET", "/api/v1/things", &asked, "")
        .await;
    assert_eq!(closed.header("access-control-allow-origin"), "");
}
