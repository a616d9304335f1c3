//! `/api/v1/auth/undo/{token}`: the link that is mailed with a changed password and undoes the change.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use vara::clock;
use vara::domain::ErrorKind;
use vara::http::{Result, html_page};
use vara::mail::{PASSWORD_UNDO_PAGE, PASSWORD_UNDONE_PAGE, USED_LINK_PAGE};

use crate::api::otherwise;
use crate::app::App;

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/api/v1/auth/undo/{token}", get(ask).post(undo))
}

/// Opened from the mail. Opening alone changes nothing: programs look at links by themselves.
async fn ask(State(app): State<App>, Path(token): Path<String>) -> Result<Response> {
    let works = app.service.can_undo_password(&token, clock::now()).await?;
    Ok(match works {
        true => html_page(StatusCode::OK, PASSWORD_UNDO_PAGE),
        false => html_page(StatusCode::NOT_FOUND, USED_LINK_PAGE),
    })
}

/// By the page's button.
async fn undo(State(app): State<App>, Path(token): Path<String>) -> Result<Response> {
    let undone = app.service.undo_password(&token, clock::now()).await;
    let refused = |why| otherwise(why, ErrorKind::Invalid, "AUTH_INVALID_REQUEST");
    Ok(match undone.map_err(refused)? {
        true => html_page(StatusCode::OK, PASSWORD_UNDONE_PAGE),
        false => html_page(StatusCode::NOT_FOUND, USED_LINK_PAGE),
    })
}
