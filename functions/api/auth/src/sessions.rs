//! `/api/v1/auth/sessions` and `/api/v1/auth/confirm`: her sessions, and the password again.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{delete, get, post};
use serde::{Deserialize, Serialize};
use vara::Error;
use vara::domain::{ErrorKind, SessionId};
use vara::http::{Body, Caller, Issue, Params, Recent, Result, data, deleted, given};
use vara::services::people::auth::{AuthRefusal, Client, Scope};

use crate::api::otherwise;
use crate::app::App;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/auth/confirm", post(confirm))
        .route("/api/v1/auth/sessions", get(list).delete(end_many))
        .route("/api/v1/auth/sessions/{id}", delete(end_one).patch(rename))
}

/// The password of who is signed in.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PasswordAgain {
    #[cfg_attr(feature = "openapi", schema(required, value_type = String, min_length = 1, max_length = 128))]
    password: Option<String>,
}

/// An access token that says when the password was entered. The refresh token stays.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = PasswordConfirmed))]
#[serde(rename_all = "camelCase")]
pub struct ConfirmedView {
    access_token: String,
    /// Seconds since 1970.
    expires_at: i64,
}

/// A change of a session.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionChange {
    // Absent leaves the name, `null` clears it.
    /// At most 60 characters. `null` and nothing but spaces remove it.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, max_length = 60, example = "My phone"))]
    name: Option<Option<String>>,
}

async fn confirm(
    State(App { service, .. }): State<App>,
    caller: Caller,
    client: Client,
    Body(asked): Body<PasswordAgain>,
) -> Result<Response> {
    let password = asked.password.as_deref();
    let granted = service.confirm_password(&caller, password, &client).await;
    let granted = granted.map_err(|why| match why {
        AuthRefusal::SessionEnded | AuthRefusal::UserGone => {
            otherwise(why, ErrorKind::Unauthenticated, "AUTH_INVALID_TOKEN")
        }
        _ => otherwise(why, ErrorKind::Invalid, "AUTH_CONFIRM_FAILED"),
    })?;
    Ok(data(ConfirmedView {
        access_token: granted.access_token,
        expires_at: granted.expires_at.epoch_seconds(),
    }))
}

async fn list(State(App { service, .. }): State<App>, caller: Caller) -> Result<Response> {
    Ok(data(service.sessions(&caller).await?))
}

async fn end_one(
    State(App { service, .. }): State<App>,
    caller: Caller,
    Path(session): Path<String>,
) -> Result<Response> {
    service.end_session(&caller, session_id(&session)?).await?;
    Ok(deleted())
}

async fn end_many(
    State(App { service, .. }): State<App>,
    Recent(caller): Recent,
    params: Params,
) -> Result<Response> {
    let scope = match params.get("scope") {
        Some("others") => Scope::Others,
        Some("all") => Scope::Global,
        _ => {
            let issue = Issue::at("scope", "Please say which: all, or all others.");
            return Err(Issue::refuse(&[issue]).into());
        }
    };
    service.sign_out(&caller, scope).await?;
    Ok(deleted())
}

async fn rename(
    State(App { service, .. }): State<App>,
    caller: Caller,
    Path(session): Path<String>,
    Body(asked): Body<SessionChange>,
) -> Result<Response> {
    let session = session_id(&session)?;
    let Some(name) = asked.name else {
        let issue = Issue::at("name", "There is no name in this request.");
        return Err(Issue::refuse(&[issue]).into());
    };
    let view = service.name_session(&caller, session, name.as_deref());
    Ok(data(view.await?))
}

/// What is no UUID is the id of no session.
fn session_id(text: &str) -> Result<SessionId, Error> {
    SessionId::parse(text).ok_or_else(|| {
        Error::not_found("SESSION_NOT_FOUND", "This sign-in does not exist any more.")
    })
}
