//! Routes of `/api/v1/protection-plan`: read, mark items, regenerate.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, patch, post};
use serde::Deserialize;
use vara::clock;
use vara::domain::PlanItemStatus;
use vara::http::{self, Body, Caller, Result, data};
use vara::services::people::plan;
use vara::store::Store;

pub(crate) type App = http::App<Store>;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/protection-plan", get(read))
        .route("/api/v1/protection-plan/regenerate", post(regenerate))
        .route("/api/v1/protection-plan/items/{id}", patch(set_status))
}

async fn read(State(app): State<App>, caller: Caller) -> Result<Response> {
    Ok(data(
        plan::get(&app.service, caller.user, clock::now()).await?,
    ))
}

async fn regenerate(State(app): State<App>, caller: Caller) -> Result<Response> {
    Ok(data(
        plan::regenerate(&app.service, caller.user, clock::now()).await?,
    ))
}

#[derive(Deserialize)]
struct StatusBody {
    status: PlanItemStatus,
}

async fn set_status(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body<StatusBody>,
) -> Result<Response> {
    Ok(data(
        plan::set_status(&app.service, caller.user, &id, body.status, clock::now()).await?,
    ))
}
