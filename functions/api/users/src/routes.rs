//! Reading her account, naming herself, leaving.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;
use vara::http::{Body, Caller, Result, data, deleted, given};

use crate::app::App;

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/api/v1/users/me", get(me).patch(update).delete(leave))
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
