//! `/api/v1/auth/address`: another address for the account, proved by a code; undone by a mailed link.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use vara::clock;
use vara::domain::{ErrorKind, Timestamp};
use vara::http::{Body, Caller, Recent, Result, data, html_page};
use vara::mail::{ADDRESS_UNDO_PAGE, ADDRESS_UNDONE_PAGE, USED_LINK_PAGE};
use vara::services::people::auth::{AuthRefusal, Client};

use crate::api::{email_issues, otherwise, refuse};
use crate::app::App;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/auth/address", post(ask))
        .route("/api/v1/auth/address/confirm", post(confirm))
        .route("/api/v1/auth/address/undo/{token}", get(show).post(undo))
}

/// The address that the account shall have.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewAddress {
    #[cfg_attr(feature = "openapi", schema(required, schema_with = vara::domain::credentials::schema::email))]
    email: Option<String>,
}

/// The code that was mailed to the new address.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AddressCode {
    /// Six digits; spaces and hyphens do not count.
    #[cfg_attr(feature = "openapi", schema(required, value_type = String, min_length = 1, example = "123456"))]
    code: Option<String>,
}

/// A change that waits for its code.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AddressAsked))]
#[serde(rename_all = "camelCase")]
pub struct AddressAskedView {
    /// Until when the code works.
    expires_at: Timestamp,
}

/// An address that was changed. Access tokens say the new one after the next refresh.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AddressChanged))]
#[serde(rename_all = "camelCase")]
pub struct AddressChangedView {
    /// The new address.
    email: String,
    /// Until when the link that was mailed to the earlier one puts that back.
    undo_until: Timestamp,
}

async fn ask(
    State(App { service, .. }): State<App>,
    Recent(caller): Recent,
    client: Client,
    Body(asked): Body<NewAddress>,
) -> Result<Response> {
    let email = asked.email.as_deref();
    refuse(&email_issues(email))?;
    let expires_at = service.ask_address_change(&caller, email, &client).await;
    let expires_at = expires_at.map_err(refused)?;
    let view = AddressAskedView { expires_at };
    Ok((StatusCode::ACCEPTED, data(view)).into_response())
}

async fn confirm(
    State(App { service, .. }): State<App>,
    caller: Caller,
    client: Client,
    Body(asked): Body<AddressCode>,
) -> Result<Response> {
    let code = asked.code.as_deref();
    let changed = service.confirm_address(&caller, code, &client).await;
    let changed = changed.map_err(refused)?;
    Ok(data(AddressChangedView {
        email: changed.account.email,
        undo_until: changed.until,
    }))
}

/// Opened from the mail. Opening alone changes nothing: programs look at links by themselves.
async fn show(State(app): State<App>, Path(token): Path<String>) -> Result<Response> {
    let works = app.service.can_undo_address(&token, clock::now()).await?;
    Ok(match works {
        true => html_page(StatusCode::OK, ADDRESS_UNDO_PAGE),
        false => html_page(StatusCode::NOT_FOUND, USED_LINK_PAGE),
    })
}

/// By the page's button.
async fn undo(State(app): State<App>, Path(token): Path<String>) -> Result<Response> {
    let undone = app.service.undo_address(&token, clock::now()).await;
    Ok(match undone.map_err(refused)? {
        true => html_page(StatusCode::OK, ADDRESS_UNDONE_PAGE),
        false => html_page(StatusCode::NOT_FOUND, USED_LINK_PAGE),
    })
}

fn refused(why: AuthRefusal) -> vara::Error {
    match why {
        AuthRefusal::UserGone => otherwise(why, ErrorKind::Unauthenticated, "AUTH_INVALID_TOKEN"),
        _ => otherwise(why, ErrorKind::Invalid, "AUTH_INVALID_REQUEST"),
    }
}
