//! Routes of `/api/v1/matches`: findings that wait for a review, confirm, dismiss.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use vara::clock;
use vara::domain::MatchId;
use vara::http::{self, Caller, Params, Result, data, id, page};
use vara::services::notices::matches::Matches;

pub(crate) type App = http::App<Matches>;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/matches/flagged", get(flagged))
        .route("/api/v1/matches/{id}/confirm", post(confirm))
        .route("/api/v1/matches/{id}/dismiss", post(dismiss))
}

async fn flagged(State(app): State<App>, caller: Caller, params: Params) -> Result<Response> {
    let found = app.service.flagged(caller.user, params.page()?).await?;
    Ok(page(found.items, found.pagination))
}

async fn confirm(
    State(app): State<App>,
    caller: Caller,
    Path(text): Path<String>,
) -> Result<Response> {
    let found = id(&text, MatchId::parse)?;
    Ok(data(
        app.service.confirm(&caller, found, clock::now()).await?,
    ))
}

async fn dismiss(
    State(app): State<App>,
    caller: Caller,
    Path(text): Path<String>,
) -> Result<Response> {
    let found = id(&text, MatchId::parse)?;
    Ok(data(
        app.service.dismiss(&caller, found, clock::now()).await?,
    ))
}
