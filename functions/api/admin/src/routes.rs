//! Routes of `/api/v1/admin`: dead letters, switches. Each asks first whether the caller may.

use axum::Router;
use axum::extract::{FromRef, Path, State};
use axum::response::Response;
use axum::routing::{get, post, put};
use vara::auth::Gate;
use vara::domain::Role;
use vara::http::{Body, Caller, Result, data};
use vara::services::upkeep::dead_letters::DeadLetters;
use vara::services::upkeep::switches::{self, SwitchChange};

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) gate: Gate,
    pub(crate) letters: DeadLetters,
}

impl FromRef<App> for Gate {
    fn from_ref(app: &App) -> Self {
        app.gate.clone()
    }
}

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/admin/dead-letters", get(dead_letters))
        .route("/api/v1/admin/dead-letters/{queue}/redrive", post(redrive))
        .route("/api/v1/admin/switches", get(list_switches))
        .route("/api/v1/admin/switches/{name}", put(set_switch))
}

async fn dead_letters(State(app): State<App>, caller: Caller) -> Result<Response> {
    caller.must_be(Role::Admin)?;
    Ok(data(app.letters.list().await?))
}

async fn redrive(
    State(app): State<App>,
    caller: Caller,
    Path(queue): Path<String>,
) -> Result<Response> {
    caller.must_be(Role::Admin)?;
    Ok(data(app.letters.send_back(&queue).await?))
}

async fn list_switches(State(app): State<App>, caller: Caller) -> Result<Response> {
    caller.must_be(Role::Admin)?;
    Ok(data(switches::list(&app.letters.store).await?))
}

async fn set_switch(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    Body(change): Body<SwitchChange>,
) -> Result<Response> {
    caller.must_be(Role::Admin)?;
    let set = switches::set(&app.letters.store, &name, change, caller.user);
    Ok(data(set.await?))
}
