//! A function's API under test: its routes over a table in memory, and women who call them.

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use axum::response::Response;
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::auth::Gate;
use crate::clock;
use crate::domain::{Account, Role, Session, SignInMethod, UserId};
use crate::http::{Cors, HttpGuards};
use crate::settings::Env;
use crate::store::Store;

/// A function's API under test: its routes over a table in memory, called without a network.
pub struct TestApi {
    /// The table.
    pub store: Store,
    /// What lets callers in, and issues their tokens.
    pub gate: Gate,
    routes: Router,
}

/// Somebody with an account and a session.
pub struct SignedIn {
    /// Her id.
    pub user: UserId,
    /// Her session.
    pub session: Session,
    /// Her access token.
    pub token: String,
}

/// The settings of a function that callers sign in to, and `more`.
#[must_use]
pub fn settings(more: &[(&str, &str)]) -> Env {
    let all = [
        ("SECRET", "a-secret-of-more-than-thirty-two-characters"),
        (
            "SIGNING_SECRET",
            "a-signing-secret-of-more-than-thirty-two-characters",
        ),
        ("PUBLIC_URL", "https://vara.example"),
    ];
    let all = all.iter().chain(more);
    Env::of(all.map(|(name, value)| ((*name).into(), (*value).into())))
}

/// Makes an account with this role and signs it in.
pub async fn signed_in(store: &Store, gate: &Gate, email: &str, role: Role) -> SignedIn {
    let now = clock::now();
    let account = Account::new(UserId::random(), email, now);
    let session = Session::new(account.id(), SignInMethod::Password, now);
    let created = store.create_account(&account, "hash", Some(&session)).await;
    assert!(created.unwrap());
    let issued = gate.access().issue(&account, role, &session, now);
    SignedIn {
        user: account.id(),
        token: issued.unwrap().0,
        session,
    }
}

impl TestApi {
    /// The routes of a function whose state is made of these two.
    pub async fn build<S: Clone + Send + Sync + 'static>(
        routes: Router<S>,
        state: impl FnOnce(Gate, Store) -> S,
    ) -> Self {
        let store = super::store().await;
        let gate = Gate::new(&settings(&[]), store.clone());
        let state = state(gate.clone(), store.clone());
        Self::of(routes, state, gate, store, Cors::new(&[], false))
    }

    /// The routes of a function with this state, behind these guards.
    pub fn of<S: Clone + Send + Sync + 'static>(
        routes: Router<S>,
        state: S,
        gate: Gate,
        store: Store,
        guards: impl Into<HttpGuards>,
    ) -> Self {
        Self {
            routes: crate::http::finish(routes, state, guards),
            gate,
            store,
        }
    }

    /// Clears her alerts behind the API; how many there were.
    pub async fn clear_alerts(&self, user: UserId) -> u64 {
        let batch = self.store.some_alerts(user).await.unwrap();
        let count = batch.len();
        let cleared = self.store.clear_alerts(user, batch, None, clock::now());
        assert!(cleared.await.unwrap());
        count
    }

    /// A new woman, signed in: her id and her token.
    pub async fn woman(&self, email: &str) -> (UserId, String) {
        self.somebody(email, Role::User).await
    }

    /// Somebody new with this role, signed in: the id and the token.
    pub async fn somebody(&self, email: &str, role: Role) -> (UserId, String) {
        let her = signed_in(&self.store, &self.gate, email, role).await;
        (her.user, her.token)
    }

    /// A call, and its answer.
    pub async fn send(
        &self,
        method: Method,
        uri: &str,
        token: &str,
        body: &str,
    ) -> (StatusCode, Value) {
        let reply = self.answer(method, uri, token, body).await;
        let status = reply.status();
        let bytes = reply.into_body().collect().await.unwrap().to_bytes();
        (
            status,
            serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        )
    }

    /// A call, and its whole answer.
    pub async fn answer(&self, method: Method, uri: &str, token: &str, body: &str) -> Response {
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_owned()))
            .unwrap();
        self.reply(request).await
    }

    /// The answer to any request.
    pub async fn reply(&self, request: Request<Body>) -> Response {
        self.routes.clone().oneshot(request).await.unwrap()
    }

    /// `data` of the answer to a call, which must have this status.
    #[track_caller]
    pub fn data(reply: (StatusCode, Value), status: u16) -> Value {
        assert_eq!(reply.0.as_u16(), status, "{}", reply.1);
        reply.1["data"].clone()
    }

    /// Asserts a refusal with this status and code.
    #[track_caller]
    pub fn refused(reply: &(StatusCode, Value), status: u16, code: &str) {
        assert_eq!(
            (reply.0.as_u16(), &reply.1["error"]["code"]),
            (status, &Value::from(code)),
            "{}",
            reply.1
        );
    }
}
