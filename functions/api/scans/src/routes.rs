//! Routes of `/api/v1/scans`: start, list, get, status, cancel, retry, health.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use uuid::Uuid;
use vara::clock;
use vara::domain::{Role, ScanFilter, ScanId, ScanType};
use vara::http::{self, Body, Caller, Params, Result, accepted, data, id};
use vara::services::scans::start::Scans;

use crate::shape::{ListShape, shaped};

/// Guards and service.
pub type App = http::App<Scans>;

/// All routes.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/scans", get(list))
        .route("/api/v1/scans/trigger", post(trigger))
        .route("/api/v1/scans/health", get(health))
        .route("/api/v1/scans/{id}", get(one))
        .route("/api/v1/scans/{id}/status", get(one))
        .route("/api/v1/scans/{id}/cancel", post(cancel))
        .route("/api/v1/scans/{id}/retry", post(retry))
}

async fn list(State(app): State<App>, caller: Caller, params: Params) -> Result<Response> {
    let page = params.page()?;
    let filter = ScanFilter {
        statuses: params.list("status")?,
        kind: params.one("type")?,
    };
    let asked = params.one("shape")?;
    let shape =
        asked.unwrap_or_else(|| ListShape::of(&filter, params.get("page").is_some(), page.limit));
    Ok(shaped(
        shape,
        app.service.list(caller.user, &filter, page).await?,
    ))
}

/// A scan to start.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ScanTrigger {
    #[serde(rename = "type")]
    kind: ScanType,
    /// The id of an image or a linked account. A full scan has none.
    target_id: Option<Uuid>,
}

async fn trigger(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body<ScanTrigger>,
) -> Result<Response> {
    Ok(accepted(
        app.service
            .trigger(&caller, body.kind, body.target_id, clock::now())
            .await?,
    ))
}

async fn one(State(app): State<App>, caller: Caller, Path(text): Path<String>) -> Result<Response> {
    let scan = id(&text, ScanId::parse)?;
    Ok(data(app.service.get(caller.user, scan).await?))
}

async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Path(text): Path<String>,
) -> Result<Response> {
    let scan = id(&text, ScanId::parse)?;
    Ok(data(app.service.cancel(&caller, scan, clock::now()).await?))
}

async fn retry(
    State(app): State<App>,
    caller: Caller,
    Path(text): Path<String>,
) -> Result<Response> {
    let scan = id(&text, ScanId::parse)?;
    Ok(accepted(
        app.service.retry(&caller, scan, clock::now()).await?,
    ))
}

/// Open to all, by the contract; the budgets of engines are for administrators.
async fn health(State(app): State<App>, caller: Result<Caller>) -> Result<Response> {
    let is_admin = caller.is_ok_and(|it| it.must_be(Role::Admin).is_ok());
    Ok(data(app.service.health(is_admin, clock::now()).await?))
}
