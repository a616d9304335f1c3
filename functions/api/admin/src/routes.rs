//! The routes. Each asks first whether the caller may.

use axum::Router;
use axum::extract::{FromRef, Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use vara::Result;
use vara::auth::Gate;
use vara::domain::Role;
use vara::http::{Caller, data};
use vara::services::dead_letters::DeadLetters;

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
