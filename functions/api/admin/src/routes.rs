//! Routes of `/api/v1/admin`: dead letters, switches. For the role admin.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post, put};
use vara::http::{self, Admin, Body, Result, data};
use vara::services::upkeep::dead_letters::DeadLetters;
use vara::services::upkeep::switches::{SwitchChange, Switches};

pub(crate) type App = http::App<AdminServices>;

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct AdminServices {
    pub(crate) dead_letters: DeadLetters,
    pub(crate) switches: Switches,
}

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/admin/dead-letters", get(dead_letters))
        .route("/api/v1/admin/dead-letters/{queue}/redrive", post(redrive))
        .route("/api/v1/admin/switches", get(list_switches))
        .route("/api/v1/admin/switches/{name}", put(set_switch))
}

async fn dead_letters(State(app): State<App>, _: Admin) -> Result<Response> {
    Ok(data(app.service.dead_letters.list().await?))
}

async fn redrive(State(app): State<App>, _: Admin, Path(queue): Path<String>) -> Result<Response> {
    Ok(data(app.service.dead_letters.send_back(&queue).await?))
}

async fn list_switches(State(app): State<App>, _: Admin) -> Result<Response> {
    Ok(data(app.service.switches.list().await?))
}

async fn set_switch(
    State(app): State<App>,
    Admin(caller): Admin,
    Path(name): Path<String>,
    Body(change): Body<SwitchChange>,
) -> Result<Response> {
    let set = app.service.switches.set(&name, change, caller.user);
    Ok(data(set.await?))
}
