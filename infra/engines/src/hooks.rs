//! Somebody's webhook: takes every call and keeps it, newest last.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::Value;

use crate::world::{Call, OutsideWorld};

pub(crate) fn routes() -> Router<Arc<OutsideWorld>> {
    Router::new()
        .route("/hooks/{name}", post(take))
        .route("/_hooks", get(list).delete(clear))
}

async fn take(
    State(world): State<Arc<OutsideWorld>>,
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
    world.hooks.put(call);
    StatusCode::NO_CONTENT
}

async fn list(State(world): State<Arc<OutsideWorld>>) -> Json<Vec<Call>> {
    Json(world.hooks.all())
}

async fn clear(State(world): State<Arc<OutsideWorld>>) -> Json<Value> {
    let cleared = world.hooks.clear();
    Json(serde_json::json!({ "cleared": cleared }))
}
