//! Somebody's webhook: takes every call and keeps it, newest last.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;
use serde_json::Value;

use crate::world::{World, lock};

/// A call as it came.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Call {
    /// The last part of the address.
    name: String,
    /// Those that begin with `webhook-`, and the type of the content.
    headers: BTreeMap<String, String>,
    /// Null if it is no JSON.
    body: Value,
    /// As it came, for whoever checks the signature.
    raw: String,
}

/// All calls, in order of arrival.
#[derive(Default)]
pub(crate) struct Hooks(Mutex<Vec<Call>>);

pub(crate) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/hooks/{name}", post(take))
        .route("/_hooks", get(list).delete(clear))
}

async fn take(
    State(world): State<Arc<World>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let told = headers.iter().filter_map(|(name, value)| {
        let name = name.as_str();
        let kept = name.starts_with("webhook-") || name == "content-type";
        kept.then(|| Some((name.to_owned(), value.to_str().ok()?.to_owned())))?
    });
    let call = Call {
        name,
        headers: told.collect(),
        body: serde_json::from_slice(&body).unwrap_or_default(),
        raw: String::from_utf8_lossy(&body).into_owned(),
    };
    lock(&world.hooks.0).push(call);
    StatusCode::NO_CONTENT
}

async fn list(State(world): State<Arc<World>>) -> Json<Vec<Call>> {
    Json(lock(&world.hooks.0).clone())
}

async fn clear(State(world): State<Arc<World>>) -> Json<Value> {
    let cleared = std::mem::take(&mut *lock(&world.hooks.0)).len();
    Json(serde_json::json!({ "cleared": cleared }))
}
