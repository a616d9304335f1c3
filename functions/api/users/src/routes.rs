//! Reading her account, naming herself, leaving.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use vara::clock;
use vara::http::{Body, Caller, Recent, Result, data, deleted, given, html_page};
use vara::mail::{RESTORE_PAGE, RESTORE_TAKEN_PAGE, RESTORED_PAGE, USED_LINK_PAGE};
use vara::services::people::users::Restoring;

use crate::app::App;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/users/me", get(me).patch(update).delete(leave))
        .route("/api/v1/users/me/erase", post(erase))
        .route("/api/v1/users/restore/{token}", get(ask).post(restore))
}

async fn me(State(app): State<App>, caller: Caller) -> Result<Response> {
    Ok(data(app.service.users.me(caller.user).await?))
}

/// Changes of the account.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AccountChange {
    // Absent leaves the name, `null` clears it.
    /// 2 to 50 letters, spaces, apostrophes and hyphens. `null` and nothing but spaces clear it.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, max_length = 50, example = "Ana Maria"))]
    display_name: Option<Option<String>>,
}

async fn update(
    State(app): State<App>,
    caller: Caller,
    Body(asked): Body<AccountChange>,
) -> Result<Response> {
    let name = asked.display_name.as_ref().map(Option::as_deref);
    Ok(data(app.service.users.update(caller.user, name).await?))
}

async fn leave(State(app): State<App>, caller: Caller) -> Result<Response> {
    app.service.users.delete(&caller).await?;
    Ok(deleted())
}

async fn erase(State(app): State<App>, Recent(caller): Recent) -> Result<Response> {
    app.service.users.erase(&caller).await?;
    Ok(deleted())
}

/// Opened from the mail about a deleted account. Opening alone changes nothing: programs look at links by
/// themselves.
async fn ask(State(app): State<App>, Path(token): Path<String>) -> Result<Response> {
    if app.service.users.can_restore(&token, clock::now()).await? {
        return Ok(html_page(StatusCode::OK, RESTORE_PAGE));
    }
    Ok(html_page(StatusCode::NOT_FOUND, USED_LINK_PAGE))
}

/// By the page's button.
async fn restore(State(app): State<App>, Path(token): Path<String>) -> Result<Response> {
    Ok(
        match app.service.users.restore(&token, clock::now()).await? {
            Restoring::Done => html_page(StatusCode::OK, RESTORED_PAGE),
            Restoring::AddressTaken => html_page(StatusCode::CONFLICT, RESTORE_TAKEN_PAGE),
            Restoring::NoLink => html_page(StatusCode::NOT_FOUND, USED_LINK_PAGE),
        },
    )
}
