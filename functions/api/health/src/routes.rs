//! Routes of `/health`, `/ready`, `/metrics` and the description of the API.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use vara::clock;
use vara::services::upkeep::gauges;
use vara::services::upkeep::health::Dependencies;

/// The description of the API, and its page; `infra/openapi` writes both.
const OPENAPI: &str = include_str!("../../../../infra/openapi/openapi.json");
const DOCS: &str = include_str!("../../../../infra/openapi/docs.html");

/// How long whoever reads them may keep them.
const KEPT: &str = "public, max-age=600";

pub(crate) fn routes() -> Router<Dependencies> {
    Router::new()
        .route("/health", get(alive))
        .route("/api/v1/health", get(alive))
        .route("/ready", get(ready))
        .route("/metrics", get(metrics))
        .route("/api/v1/openapi.json", get(openapi))
        .route("/api/v1/docs", get(docs))
}

async fn alive() -> Json<Value> {
    Json(json!({ "status": "ok", "timestamp": clock::now() }))
}

async fn ready(State(on): State<Dependencies>) -> Response {
    let (ok, answer) = on.ready().await;
    let status = if ok {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(answer)).into_response()
}

async fn metrics(State(on): State<Dependencies>) -> Response {
    let headers = [(CONTENT_TYPE, gauges::CONTENT_TYPE)];
    (headers, on.gauges().await).into_response()
}

async fn openapi() -> Response {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, KEPT)];
    (headers, OPENAPI).into_response()
}

async fn docs() -> Response {
    let allowed = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    let headers = [(CONTENT_SECURITY_POLICY, allowed), (CACHE_CONTROL, KEPT)];
    (headers, Html(DOCS)).into_response()
}
