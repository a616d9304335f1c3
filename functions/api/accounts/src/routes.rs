//! Routes of `/api/v1/accounts`: connect, verify, authorise, synchronise and remove linked accounts.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{delete, get, post};
use serde::Deserialize;
use vara::clock;
use vara::domain::{AccountId, Error, Platform};
use vara::http::{self, Body, Caller, Issue, Params, Result, created, data, deleted, id, page};
use vara::services::people::linked_accounts::{Accounts, Connected, ConnectionRequest, Returned};

/// Guards and service.
pub type App = http::App<Accounts>;

/// All routes.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/accounts", get(list))
        .route("/api/v1/accounts/connect/{platform}", post(connect))
        .route("/api/v1/accounts/callback/{platform}", get(callback))
        .route("/api/v1/accounts/{id}", delete(disconnect))
        .route("/api/v1/accounts/{id}/verify", post(verify))
        .route("/api/v1/accounts/{id}/sync", post(sync))
}

async fn list(State(app): State<App>, caller: Caller, params: Params) -> Result<Response> {
    let found = app.service.list(caller.user, params.page()?).await?;
    Ok(page(found.items, found.pagination))
}

/// `email`, `phone` or `handle`; or `code` and `state` as the network gave them; or nothing, to start an
/// authorisation.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Connect {
    /// For `other`.
    #[cfg_attr(feature = "openapi", schema(schema_with = vara::domain::credentials::schema::maybe_email))]
    email: Option<String>,
    /// For `other`, in international form.
    #[cfg_attr(
        feature = "openapi",
        schema(pattern = "^\\+[0-9]{7,15}$", example = "+491701234567")
    )]
    phone: Option<String>,
    /// For a network.
    #[cfg_attr(
        feature = "openapi",
        schema(pattern = "^@?[A-Za-z0-9._-]{2,64}$", example = "ana.maria")
    )]
    handle: Option<String>,
    code: Option<String>,
    state: Option<String>,
}

async fn connect(
    State(app): State<App>,
    caller: Caller,
    Path(text): Path<String>,
    Body(body): Body<Connect>,
) -> Result<Response> {
    let told = ConnectionRequest {
        email: body.email,
        phone: body.phone,
        handle: body.handle,
        code: body.code,
        state: body.state,
    };
    let connected = app
        .service
        .connect(caller.user, platform(&text)?, told, clock::now())
        .await?;
    Ok(match &connected {
        Connected::Account { .. } => created(connected),
        Connected::Authorisation { .. } => data(connected),
    })
}

/// Where a network sends her browser back to. Open, because a browser that follows a link has no
/// token; nothing is stored here, and the web app goes on as her.
async fn callback(
    State(app): State<App>,
    Path(text): Path<String>,
    params: Params,
) -> Result<Response> {
    let said = |name| params.get(name).map(str::to_owned);
    let returned = Returned {
        code: said("code"),
        state: said("state"),
        error: said("error"),
    };
    let landing = app.service.land(platform(&text)?, &returned);
    Ok(Redirect::to(&landing.0).into_response())
}

async fn disconnect(
    State(app): State<App>,
    caller: Caller,
    Path(text): Path<String>,
) -> Result<Response> {
    let account = id(&text, AccountId::parse)?;
    app.service.disconnect(caller.user, account).await?;
    Ok(deleted())
}

/// The mailed code; absent if the code is in a profile.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProofCode {
    #[cfg_attr(feature = "openapi", schema(example = "K7QM2XWP"))]
    code: Option<String>,
}

async fn verify(
    State(app): State<App>,
    caller: Caller,
    Path(text): Path<String>,
    Body(body): Body<ProofCode>,
) -> Result<Response> {
    let account = id(&text, AccountId::parse)?;
    let code = body.code.as_deref();
    let proved = app.service.prove(caller.user, account, code, clock::now());
    Ok(data(proved.await?))
}

async fn sync(
    State(app): State<App>,
    caller: Caller,
    Path(text): Path<String>,
) -> Result<Response> {
    let account = id(&text, AccountId::parse)?;
    let synced = app.service.sync(caller.user, account, clock::now());
    Ok(data(synced.await?))
}

fn platform(text: &str) -> Result<Platform, Error> {
    text.parse()
        .map_err(|()| Issue::refuse(&[Issue::at("platform", "This is not a network we know.")]))
}
