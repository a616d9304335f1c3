//! Have I Been Pwned, version 3, under `/hibp/api/v3/`: planted breaches, told as the service tells them.
//!
//! What it is asked for is kept, so that a test can show that an address never left us.

use std::sync::Arc;

use aws_lc_rs::digest;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::answer::content_type;
use crate::gate::{Failures, gate};
use crate::world::{Engine, OutsideWorld, is, is_address};

/// The key that is refused, for tests of a wrong key.
const WRONG_KEY: &str = "wrong";
/// Keys that begin so belong to a plan that allows asking by hash.
const RANGE_KEY: &str = "kanon";
/// How many characters of the hash are asked with.
const PREFIX: usize = 6;
/// How long who asks too often is asked to wait, in seconds.
const WAIT: &str = "6";
const FAILURES: Failures = Failures {
    engine: Engine::Hibp,
    refuse,
    garbage,
    spent: || refuse(StatusCode::TOO_MANY_REQUESTS),
    counts: |_| true,
};

pub(crate) fn routes(world: &Arc<OutsideWorld>) -> Router<Arc<OutsideWorld>> {
    let accounts = Router::new()
        .route("/breachedaccount/{email}", get(by_address))
        .route("/breachedaccount/range/{prefix}", get(by_hash))
        .route("/subscription/status", get(plan))
        .route_layer(middleware::from_fn(with_key));
    let methods = accounts
        .route("/breach/{name}", get(one))
        .route("/breaches", get(all))
        .route_layer(middleware::from_fn_with_state(Arc::clone(world), with_name))
        .route_layer(middleware::from_fn_with_state(
            (Arc::clone(world), FAILURES),
            gate,
        ));
    Router::new().nest("/api/v3", methods)
}

/// A success that is not the format.
fn garbage() -> Response {
    (content_type("application/json"), "[{\"Name\": <html>").into_response()
}

/// An error in the service's own words.
fn refuse(status: StatusCode) -> Response {
    let message = match status {
        StatusCode::UNAUTHORIZED => "Access denied due to missing hibp-api-key.".to_owned(),
        StatusCode::TOO_MANY_REQUESTS => {
            format!("Rate limit is exceeded. Try again in {WAIT} seconds.")
        }
        _ => status.canonical_reason().unwrap_or("Error").to_owned(),
    };
    let body = Json(json!({ "statusCode": status.as_u16(), "message": message }));
    let mut answer = (status, body).into_response();
    if status == StatusCode::TOO_MANY_REQUESTS {
        let wait = header::HeaderValue::from_static(WAIT);
        answer.headers_mut().insert(header::RETRY_AFTER, wait);
    }
    answer
}

/// Nothing found: no body at all.
fn none() -> Response {
    StatusCode::NOT_FOUND.into_response()
}

/// Lets in who says a name; keeps what was asked.
async fn with_name(
    State(world): State<Arc<OutsideWorld>>,
    request: Request,
    next: Next,
) -> Response {
    let named = request.headers().get(header::USER_AGENT);
    if named.is_none_or(header::HeaderValue::is_empty) {
        return refuse(StatusCode::FORBIDDEN);
    }
    world.breaches.ask(request.uri().path());
    next.run(request).await
}

fn key(headers: &HeaderMap) -> &str {
    let key = headers.get("hibp-api-key").and_then(|it| it.to_str().ok());
    key.unwrap_or_default()
}

async fn with_key(headers: HeaderMap, request: Request, next: Next) -> Response {
    match key(&headers) {
        "" | WRONG_KEY => refuse(StatusCode::UNAUTHORIZED),
        _ => next.run(request).await,
    }
}

#[derive(Deserialize)]
struct BreachesAsked {
    #[serde(rename = "truncateResponse")]
    truncate: Option<bool>,
    #[serde(rename = "IncludeUnverified")]
    unverified: Option<bool>,
    domain: Option<String>,
}

async fn by_address(
    State(world): State<Arc<OutsideWorld>>,
    Path(email): Path<String>,
    Query(ask): Query<BreachesAsked>,
) -> Response {
    let email = email.trim().to_lowercase();
    if !is_address(&email) {
        return refuse(StatusCode::BAD_REQUEST);
    }
    let mut found = world.breaches.of(&email);
    found.retain(|it| ask.unverified.unwrap_or(true) || is(it, "IsVerified"));
    if let Some(domain) = ask.domain {
        found.retain(|it| it.get("Domain").and_then(Value::as_str) == Some(domain.as_str()));
    }
    if ask.truncate.unwrap_or(true) {
        for it in &mut found {
            it.retain(|key, _| key == "Name");
        }
    }
    if found.is_empty() {
        none()
    } else {
        Json(found).into_response()
    }
}

async fn by_hash(
    State(world): State<Arc<OutsideWorld>>,
    Path(prefix): Path<String>,
    headers: HeaderMap,
) -> Response {
    if !key(&headers).starts_with(RANGE_KEY) {
        return refuse(StatusCode::FORBIDDEN);
    }
    if prefix.len() != PREFIX || !prefix.bytes().all(|it| it.is_ascii_hexdigit()) {
        return refuse(StatusCode::BAD_REQUEST);
    }
    let prefix = prefix.to_uppercase();
    let emails: Vec<String> = world.breaches.addresses();
    let found: Vec<Value> = emails
        .iter()
        .filter_map(|email| {
            let hash = sha1(email);
            let suffix = hash.strip_prefix(&prefix)?;
            let names: Vec<_> = world
                .breaches
                .of(email)
                .iter()
                .filter_map(|it| it.get("Name").cloned())
                .collect();
            (!names.is_empty()).then(|| json!({ "hashSuffix": suffix, "websites": names }))
        })
        .collect();
    if found.is_empty() {
        none()
    } else {
        Json(found).into_response()
    }
}

fn sha1(text: &str) -> String {
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
    hex::encode_upper(hash)
}

async fn plan(headers: HeaderMap) -> Json<Value> {
    let by_hash = key(&headers).starts_with(RANGE_KEY);
    Json(json!({
        "SubscriptionName": "Pwned 1", "Description": "A plan of the stand-in.",
        "SubscribedUntil": "2028-01-01T00:00:00Z", "Rpm": 10, "DomainSearchMaxBreachedAccounts": 0,
        "IncludesStealerLogs": false, "IncludesKAnon": by_hash,
    }))
}

async fn one(State(world): State<Arc<OutsideWorld>>, Path(name): Path<String>) -> Response {
    let all = world.breaches.all();
    let found = all
        .into_iter()
        .find(|it| it.breach.get("Name") == Some(&json!(name)));
    found.map_or_else(none, |it| Json(it.breach).into_response())
}

async fn all(State(world): State<Arc<OutsideWorld>>) -> Json<Vec<Map<String, Value>>> {
    let mut found: Vec<_> = world
        .breaches
        .all()
        .into_iter()
        .map(|it| it.breach)
        .collect();
    found.dedup_by(|a, b| a.get("Name") == b.get("Name"));
    Json(found)
}
