//! Routes of `/api/v1/alerts`: list, view, change, act on and clear alerts.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{delete, get, patch, post};
use serde::Deserialize;
use serde_json::json;
use vara::clock;
use vara::domain::{AlertAction, AlertStatus};
use vara::http::{self, Body, Caller, Params, Result, data, page};
use vara::services::notices::alerts::{self, Alerts};

pub(crate) type App = http::App<Alerts>;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/alerts", get(list))
        .route("/api/v1/alerts/all", delete(clear))
        .route("/api/v1/alerts/{id}", get(view))
        .route("/api/v1/alerts/{id}/status", patch(set_status))
        .route("/api/v1/alerts/{id}/action", post(act))
}

async fn list(State(app): State<App>, caller: Caller, params: Params) -> Result<Response> {
    let found = app
        .service
        .list(caller.user, params.list("status")?, params.page()?)
        .await?;
    Ok(page(found.items, found.pagination))
}

async fn view(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response> {
    let id = alerts::parse_id(&id)?;
    Ok(data(app.service.view(caller.user, id, clock::now()).await?))
}

#[derive(Deserialize)]
struct AlertStatusBody {
    status: AlertStatus,
}

async fn set_status(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body<AlertStatusBody>,
) -> Result<Response> {
    let id = alerts::parse_id(&id)?;
    Ok(data(
        app.service
            .set_status(caller.user, id, body.status, clock::now())
            .await?,
    ))
}

#[derive(Deserialize)]
struct ActionBody {
    action: AlertAction,
    notes: Option<String>,
}

async fn act(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body<ActionBody>,
) -> Result<Response> {
    let id = alerts::parse_id(&id)?;
    Ok(data(
        app.service
            .act(caller.user, id, body.action, body.notes, clock::now())
            .await?,
    ))
}

async fn clear(State(app): State<App>, caller: Caller) -> Result<Response> {
    let deleted = app.service.clear(caller.user).await?;
    Ok(data(
        json!({ "deleted": deleted, "message": "Your alerts were cleared." }),
    ))
}
