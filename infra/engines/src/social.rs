//! A tiny social network under `/social/`: public profiles on several platforms, read and searched.
//!
//! No network offers this to everybody; the format is that of a directory service of ours:
//! `GET /social/{platform}/profiles/{handle}` and `GET /social/{platform}/search?q=`.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

use crate::answer::content_type;
use crate::gate::{Failures, gate};
use crate::world::{Engine, OutsideWorld};

const FAILURES: Failures = Failures {
    engine: Engine::Social,
    refuse,
    garbage,
    spent: || refuse(StatusCode::TOO_MANY_REQUESTS),
    counts: |_| true,
};

pub(crate) fn routes(world: &Arc<OutsideWorld>) -> Router<Arc<OutsideWorld>> {
    Router::new()
        .route("/{platform}/profiles/{handle}", get(show))
        .route("/{platform}/search", get(search))
        .route_layer(middleware::from_fn_with_state(
            (Arc::clone(world), FAILURES),
            gate,
        ))
}

/// A success that is not the format.
fn garbage() -> Response {
    (content_type("application/json"), "{\"profiles\": <html>").into_response()
}

/// An error of the service.
fn refuse(status: StatusCode) -> Response {
    let reason = status.canonical_reason().unwrap_or("Error");
    (status, Json(json!({ "error": reason }))).into_response()
}

async fn show(
    State(world): State<Arc<OutsideWorld>>,
    Path((platform, handle)): Path<(String, String)>,
) -> Response {
    match world.network.find(&platform, &handle) {
        Some(profile) => Json(profile).into_response(),
        None => refuse(StatusCode::NOT_FOUND),
    }
}

#[derive(Deserialize)]
struct Search {
    q: String,
}

async fn search(
    State(world): State<Arc<OutsideWorld>>,
    Path(platform): Path<String>,
    Query(ask): Query<Search>,
) -> Response {
    Json(json!({ "profiles": world.network.search(&platform, &ask.q) })).into_response()
}
