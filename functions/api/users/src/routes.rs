//! Reading her account, naming herself, leaving.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use serde::{Deserialize, Deserializer};
use serde_json::json;
use vara::http::{Body, Caller, Result, data};

use crate::App;

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/api/v1/users/me", get(me).patch(update).delete(leave))
}

async fn me(State(app): State<App>, caller: Caller) -> Result<Response> {
    Ok(data(app.service.users.me(caller.user).await?))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProfileUpdate {
    /// Absent leaves the name, `null` clears it.
    #[serde(default, deserialize_with = "given")]
    display_name: Option<Option<String>>,
}

fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

async fn update(
    State(app): State<App>,
    caller: Caller,
    Body(asked): Body<ProfileUpdate>,
) -> Result<Response> {
    let name = asked.display_name.as_ref().map(Option::as_deref);
    Ok(data(app.service.users.update(caller.user, name).await?))
}

async fn leave(State(app): State<App>, caller: Caller) -> Result<Response> {
    app.service.users.delete(&caller).await?;
    Ok(data(json!({ "deleted": true })))
}
