//! Have I Been Pwned, version 3, under `/hibp/api/v3/`: planted breaches, told as the service tells them.
//!
//! What it is asked for is kept, so that a test can show that an address never left us.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_lc_rs::digest;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::control::{Refusal, content_type};
use crate::fault::Engine;
use crate::gate::gate;
use crate::world::{World, lock};

/// The key that is refused, for tests of a wrong key.
const WRONG_KEY: &str = "wrong";
/// Keys that begin so belong to a plan that allows asking by hash.
const RANGE_KEY: &str = "kanon";
/// How many characters of the hash are asked with.
const PREFIX: usize = 6;
/// How long who asks too often is asked to wait, in seconds.
const WAIT: &str = "6";
/// How many questions are remembered.
const REMEMBERED: usize = 1000;

/// Every planted breach, by address.
#[derive(Default)]
pub(crate) struct Breaches {
    planted: Mutex<BTreeMap<String, Vec<Map<String, Value>>>>,
    asked: Mutex<Vec<String>>,
}

/// The body of `POST /_web/breaches`: a breach with whatever of its facts matter; the others are made up.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Planting {
    email: String,
    breach: Map<String, Value>,
}

impl Breaches {
    /// Plants a breach; what was planted, whole.
    ///
    /// # Errors
    /// A sentence that says what cannot be.
    pub(crate) fn plant(&self, wish: Planting) -> Result<Planting, Refusal> {
        let email = wish.email.trim().to_lowercase();
        if !is_address(&email) {
            return Err(Refusal::bad("email must be an address"));
        }
        let name = wish.breach.get("Name").and_then(Value::as_str);
        let name = name.filter(|it| !it.is_empty());
        let name = name.ok_or_else(|| Refusal::bad("breach.Name is missing"))?;
        let mut breach = usual(name);
        for (key, value) in &wish.breach {
            if !breach.contains_key(key) {
                return Err(Refusal::bad(format!("a breach has no {key}")));
            }
            breach.insert(key.clone(), value.clone());
        }
        let planted = Planting {
            email: email.clone(),
            breach: breach.clone(),
        };
        let mut all = lock(&self.planted);
        let of_hers = all.entry(email).or_default();
        of_hers.retain(|it| it.get("Name") != breach.get("Name"));
        of_hers.push(breach);
        Ok(planted)
    }

    pub(crate) fn all(&self) -> Vec<Planting> {
        let all = lock(&self.planted);
        let each = |(email, breaches): (&String, &Vec<Map<_, _>>)| {
            let of = |breach: &Map<_, _>| Planting {
                email: email.clone(),
                breach: breach.clone(),
            };
            breaches.iter().map(of).collect::<Vec<_>>()
        };
        all.iter().flat_map(each).collect()
    }

    pub(crate) fn clear(&self) -> usize {
        lock(&self.asked).clear();
        std::mem::take(&mut *lock(&self.planted))
            .values()
            .map(Vec::len)
            .sum()
    }

    /// The paths the service was asked for, oldest first.
    pub(crate) fn asked(&self) -> Vec<String> {
        lock(&self.asked).clone()
    }

    fn ask(&self, path: &str) {
        let mut asked = lock(&self.asked);
        if asked.len() < REMEMBERED {
            asked.push(path.to_owned());
        }
    }

    /// What the public search tells of an address: everything but what is sensitive.
    fn of(&self, email: &str) -> Vec<Map<String, Value>> {
        let all = lock(&self.planted);
        let of_hers = all.get(email).cloned().unwrap_or_default();
        of_hers
            .into_iter()
            .filter(|it| !is(it, "IsSensitive"))
            .collect()
    }
}

/// A breach with nothing special about it.
fn usual(name: &str) -> Map<String, Value> {
    let breach = json!({
        "Name": name, "Title": name, "Domain": "shop.example", "BreachDate": "2024-02-11",
        "AddedDate": "2024-03-01T08:00:00Z", "ModifiedDate": "2024-03-01T08:00:00Z", "PwnCount": 120_345,
        "Description": "In February 2024 <em>data</em> was taken.",
        "LogoPath": "https://logos.example/x.png", "Attribution": null,
        "DataClasses": ["Email addresses", "Passwords"],
        "IsVerified": true, "IsFabricated": false, "IsSensitive": false, "IsRetired": false,
        "IsSpamList": false, "IsMalware": false, "IsStealerLog": false, "IsSubscriptionFree": false,
    });
    breach.as_object().cloned().unwrap_or_default()
}

fn is(breach: &Map<String, Value>, flag: &str) -> bool {
    breach.get(flag) == Some(&Value::Bool(true))
}

fn is_address(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'))
        && !text.contains(char::is_whitespace)
}

pub(crate) fn routes(world: &Arc<World>) -> Router<Arc<World>> {
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
            (Arc::clone(world), Engine::Hibp),
            gate,
        ));
    Router::new().nest("/api/v3", methods)
}

/// A success that is not the format.
pub(crate) fn garbage() -> Response {
    (content_type("application/json"), "[{\"Name\": <html>").into_response()
}

/// An error in the service's own words.
pub(crate) fn refuse(status: StatusCode) -> Response {
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
async fn with_name(State(world): State<Arc<World>>, request: Request, next: Next) -> Response {
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
struct Ask {
    #[serde(rename = "truncateResponse")]
    truncate: Option<bool>,
    #[serde(rename = "IncludeUnverified")]
    unverified: Option<bool>,
    domain: Option<String>,
}

async fn by_address(
    State(world): State<Arc<World>>,
    Path(email): Path<String>,
    Query(ask): Query<Ask>,
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
    State(world): State<Arc<World>>,
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
    let emails: Vec<String> = lock(&world.breaches.planted).keys().cloned().collect();
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

async fn one(State(world): State<Arc<World>>, Path(name): Path<String>) -> Response {
    let all = world.breaches.all();
    let found = all
        .into_iter()
        .find(|it| it.breach.get("Name") == Some(&json!(name)));
    found.map_or_else(none, |it| Json(it.breach).into_response())
}

async fn all(State(world): State<Arc<World>>) -> Json<Vec<Map<String, Value>>> {
    let mut found: Vec<_> = world
        .breaches
        .all()
        .into_iter()
        .map(|it| it.breach)
        .collect();
    found.dedup_by(|a, b| a.get("Name") == b.get("Name"));
    Json(found)
}
