//! Routes of `/api/v1/alerts`: list, view, change, act on and clear alerts.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{delete, get, patch, post};
use serde::{Deserialize, Serialize};
use vara::clock;
use vara::domain::{AlertAction, AlertStatus};
use vara::http::{self, Body, Caller, Params, Result, data, page};
use vara::services::notices::alert_clearing::AlertClearing;
use vara::services::notices::alerts::{self, Alerts};
use vara::services::record::event_log::EventLog;
use vara::store::Store;

/// Guards and service.
pub type App = http::App<AlertServices>;

/// The services of the handlers.
#[derive(Clone, Debug)]
pub struct AlertServices {
    alerts: Alerts,
    clearing: AlertClearing,
}

impl AlertServices {
    /// The services over this table, which record in this log.
    #[must_use]
    pub fn new(store: Store, log: EventLog) -> Self {
        Self {
            alerts: Alerts::new(store.clone(), log.clone()),
            clearing: AlertClearing::new(store, log),
        }
    }
}

/// All routes.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/alerts", get(list))
        .route("/api/v1/alerts/all", delete(clear))
        .route("/api/v1/alerts/all/restore", post(bring_back))
        .route("/api/v1/alerts/{id}", get(view))
        .route("/api/v1/alerts/{id}/status", patch(set_status))
        .route("/api/v1/alerts/{id}/action", post(act))
}

async fn list(State(app): State<App>, caller: Caller, params: Params) -> Result<Response> {
    let found = app
        .service
        .alerts
        .list(caller.user, params.list("status")?, params.page()?)
        .await?;
    Ok(page(found.items, found.pagination))
}

async fn view(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response> {
    let id = alerts::parse_id(&id)?;
    Ok(data(
        app.service.alerts.view(&caller, id, clock::now()).await?,
    ))
}

/// The new status of an alert.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertStatusChange {
    status: AlertStatus,
}

async fn set_status(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body<AlertStatusChange>,
) -> Result<Response> {
    let id = alerts::parse_id(&id)?;
    Ok(data(
        app.service
            .alerts
            .set_status(&caller, id, body.status, clock::now())
            .await?,
    ))
}

/// An action on an alert.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertActing {
    action: AlertAction,
    #[cfg_attr(feature = "openapi", schema(max_length = 1000))]
    notes: Option<String>,
}

async fn act(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body<AlertActing>,
) -> Result<Response> {
    let id = alerts::parse_id(&id)?;
    Ok(data(
        app.service
            .alerts
            .act(&caller, id, body.action, body.notes, clock::now())
            .await?,
    ))
}

/// How many alerts were brought back.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BroughtBack {
    restored: u64,
}

async fn bring_back(State(app): State<App>, caller: Caller) -> Result<Response> {
    let clearing = &app.service.clearing;
    let restored = clearing.bring_back(&caller, clock::now()).await?;
    Ok(data(BroughtBack { restored }))
}

/// How many alerts were deleted.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cleared {
    deleted: u64,
    message: String,
}

async fn clear(State(app): State<App>, caller: Caller) -> Result<Response> {
    let deleted = app.service.clearing.clear(&caller, clock::now()).await?;
    let message = "Your alerts were cleared.".to_owned();
    Ok(data(Cleared { deleted, message }))
}
