//! Threads that somebody publishes: each shows something until it is told to answer otherwise.
//!
//! `POST /_thread/<name>` with `{"status": 404}` has the page `/thread/<name>` answer so; `{"status": 200}` has it be there
//! again. Pages that nobody set are not there.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

use crate::world::OutsideWorld;

#[derive(Deserialize)]
struct ReplyInThread {
    status: u16,
}

pub(crate) fn routes() -> Router<Arc<OutsideWorld>> {
    Router::new()
        .route("/thread/{name}", get(show))
        .route("/_thread/{name}", post(set))
}

async fn show(State(world): State<Arc<OutsideWorld>>, Path(name): Path<String>) -> Response {
    let status = StatusCode::from_u16(world.threads.status(&name));
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, Html("<h1>A thread</h1><p>Somebody wrote this.</p>")).into_response()
}

async fn set(
    State(world): State<Arc<OutsideWorld>>,
    Path(name): Path<String>,
    Json(answer): Json<ReplyInThread>,
) -> StatusCode {
    world.threads.set(name, answer.status);
    StatusCode::NO_CONTENT
}
