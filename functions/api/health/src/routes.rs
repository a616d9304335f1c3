//! The routes.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use vara::clock;
use vara::services::health::{self, Dependencies};

pub(crate) fn routes() -> Router<Dependencies> {
    Router::new()
        .route("/health", get(alive))
        .route("/api/v1/health", get(alive))
        .route("/ready", get(ready))
}

async fn alive() -> Json<Value> {
    Json(json!({ "status": "ok", "timestamp": clock::now() }))
}

async fn ready(State(on): State<Dependencies>) -> Response {
    let (ok, answer) = health::ready(&on).await;
    let status = if ok {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(answer)).into_response()
}
