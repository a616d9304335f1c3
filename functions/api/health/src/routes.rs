//! Routes of `/health`, `/ready`, `/metrics` and the description of the API.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use vara::clock;
use vara::domain::Timestamp;
use vara::services::upkeep::gauges;
use vara::services::upkeep::health::{Dependencies, Readiness};

/// The description of the API, which `infra/openapi` writes, and the page that `build` makes of it.
const OPENAPI: &str = include_str!("../../../../infra/openapi/openapi.json");
const DOCS: &str = include_str!(concat!(env!("OUT_DIR"), "/docs.html"));

/// How long whoever reads them may keep them.
const KEPT: &str = "public, max-age=600";

/// All routes.
pub fn routes() -> Router<Dependencies> {
    Router::new()
        .route("/health", get(alive))
        .route("/api/v1/health", get(alive))
        .route("/ready", get(ready))
        .route("/metrics", get(metrics))
        .route("/api/v1/openapi.json", get(openapi))
        .route("/api/v1/docs", get(docs))
}

/// The API answers.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Alive {
    #[cfg_attr(feature = "openapi", schema(pattern = "^ok$"))]
    status: &'static str,
    timestamp: Timestamp,
}

async fn alive() -> Json<Alive> {
    let timestamp = clock::now();
    Json(Alive {
        status: "ok",
        timestamp,
    })
}

async fn ready(State(on): State<Dependencies>) -> Response {
    let answer = on.ready().await;
    let status = match answer.status {
        Readiness::Ready => StatusCode::OK,
        Readiness::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
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
