//! Routes of `/api/v1/protection-plan`: read, mark items, regenerate.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, patch, post};
use serde::Deserialize;
use vara::clock;
use vara::domain::PlanItemStatus;
use vara::http::{self, Body, Caller, Result, data};
use vara::services::people::plan::ProtectionPlans;

/// Guards and service.
pub type App = http::App<ProtectionPlans>;

/// All routes.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/protection-plan", get(read))
        .route("/api/v1/protection-plan/regenerate", post(regenerate))
        .route("/api/v1/protection-plan/items/{id}", patch(set_status))
}

async fn read(State(app): State<App>, caller: Caller) -> Result<Response> {
    Ok(data(app.service.get(caller.user, clock::now()).await?))
}

async fn regenerate(State(app): State<App>, caller: Caller) -> Result<Response> {
    Ok(data(
        app.service.regenerate(caller.user, clock::now()).await?,
    ))
}

/// The new status of a plan item.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlanItemStatusChange {
    status: PlanItemStatus,
}

async fn set_status(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body<PlanItemStatusChange>,
) -> Result<Response> {
    Ok(data(
        app.service
            .set_status(caller.user, &id, body.status, clock::now())
            .await?,
    ))
}
