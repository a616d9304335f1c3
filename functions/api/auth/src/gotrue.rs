//! `/auth/v1/*`: what the app's sign-in library calls.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any, get, post};
use axum::{Json as Answer, Router};
use serde::{Deserialize, Serialize};
use vara::domain::Role;
use vara::http::Params;
use vara::http::gotrue::{self, Bearer, GotrueRefusal, Json, Result, session, unknown, user};
use vara::services::people::auth::{AuthRefusal, Client, Scope};

use crate::app::App;
use crate::verify;

pub(crate) fn routes() -> Router<App> {
    let route = |it: MethodRouter<App>| it.fallback(unknown);
    let routes = Router::new()
        .route("/auth/v1/signup", route(post(sign_up)))
        .route("/auth/v1/token", route(post(token)))
        .route("/auth/v1/user", route(get(me).put(update)))
        .route("/auth/v1/logout", route(post(sign_out)))
        .route("/auth/v1/recover", route(post(recover)))
        .route(
            "/auth/v1/verify",
            route(
                get(verify::open)
                    .head(async || StatusCode::OK)
                    .post(verify::used),
            ),
        )
        .route("/auth/v1/settings", route(get(settings)))
        .route("/auth/v1/health", route(get(health)))
        .route("/auth/v1/.well-known/jwks.json", route(get(keys)))
        .route("/auth/v1", any(unknown))
        .route("/auth/v1/", any(unknown))
        .route("/auth/v1/{*rest}", any(unknown));
    gotrue::finish(routes)
}

/// A new account to create. Other fields are ignored.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuthSignUp {
    #[cfg_attr(feature = "openapi", schema(required, schema_with = vara::domain::credentials::schema::email))]
    email: Option<String>,
    #[cfg_attr(feature = "openapi", schema(required, schema_with = vara::domain::credentials::schema::password))]
    password: Option<String>,
}

/// `email` and `password` with `grant_type=password`; `refresh_token` with `grant_type=refresh_token`.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuthGrant {
    #[cfg_attr(feature = "openapi", schema(schema_with = vara::domain::credentials::schema::maybe_email))]
    email: Option<String>,
    #[cfg_attr(feature = "openapi", schema(max_length = 128))]
    password: Option<String>,
    refresh_token: Option<String>,
}

async fn sign_up(
    State(App { service, .. }): State<App>,
    client: Client,
    params: Params,
    Json(asked): Json<AuthSignUp>,
) -> Result<Response> {
    let (email, password) = (asked.email.as_deref(), asked.password.as_deref());
    let page = params.get("redirect_to");
    let signed_up = service
        .sign_up(email, password, page, &client, true)
        .await?;
    if signed_up.granted.is_some() {
        service.trust_device(&signed_up.account, &client).await;
    }
    Ok(match &signed_up.granted {
        Some(granted) => Answer(session(granted)).into_response(),
        None => Answer(user(&signed_up.account, Role::User)).into_response(),
    })
}

async fn token(
    State(App { service, .. }): State<App>,
    client: Client,
    params: Params,
    Json(asked): Json<AuthGrant>,
) -> Result<Response> {
    let granted = match params.get("grant_type") {
        Some("password") => {
            service
                .sign_in(asked.email.as_deref(), asked.password.as_deref(), &client)
                .await?
        }
        Some("refresh_token") => {
            let token = asked.refresh_token.as_deref().unwrap_or_default();
            let granted = service.refresh(token).await?;
            service.note_device(&granted.account, &client).await;
            granted
        }
        _ => return Err(AuthRefusal::UnknownGrant.into()),
    };
    Ok(Answer(session(&granted)).into_response())
}

async fn me(State(App { service, .. }): State<App>, Bearer(caller): Bearer) -> Result<Response> {
    let account = service.account(caller.user).await?;
    Ok(Answer(user(&account, caller.role)).into_response())
}

/// Changes of the user. The address cannot be changed here.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuthUserChange {
    #[cfg_attr(feature = "openapi", schema(schema_with = vara::domain::credentials::schema::maybe_email))]
    email: Option<String>,
    #[cfg_attr(feature = "openapi", schema(schema_with = vara::domain::credentials::schema::maybe_password))]
    password: Option<String>,
}

async fn update(
    State(App { service, .. }): State<App>,
    Bearer(caller): Bearer,
    Json(asked): Json<AuthUserChange>,
) -> Result<Response> {
    let account = service.account(caller.user).await?;
    if asked
        .email
        .is_some_and(|it| it.trim().to_lowercase() != account.email)
    {
        return Err(AuthRefusal::Invalid("Your e-mail address cannot be changed here.").into());
    }
    let account = match asked.password {
        Some(password) => service.change_password(&caller, Some(&password)).await?,
        None => account,
    };
    Ok(Answer(user(&account, caller.role)).into_response())
}

async fn sign_out(
    State(App { service, .. }): State<App>,
    Bearer(caller): Bearer,
    params: Params,
) -> Result<Response> {
    let scope = match params.get("scope").unwrap_or("global") {
        "global" => Scope::Global,
        "local" => Scope::Local,
        "others" => Scope::Others,
        _ => return Err(AuthRefusal::Invalid("This scope is not known.").into()),
    };
    service.sign_out(&caller, scope).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The address to send a reset link to.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuthRecover {
    #[cfg_attr(feature = "openapi", schema(required, schema_with = vara::domain::credentials::schema::email))]
    email: Option<String>,
}

/// An empty object.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Nothing {}

async fn recover(
    State(App { service, .. }): State<App>,
    client: Client,
    params: Params,
    Json(asked): Json<AuthRecover>,
) -> Result<Response> {
    let page = params.get("redirect_to");
    service
        .recover(asked.email.as_deref(), page, &client)
        .await?;
    Ok(Answer(Nothing {}).into_response())
}

/// The sign-in settings.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuthSettings {
    external: BTreeMap<&'static str, bool>,
    disable_signup: bool,
    mailer_autoconfirm: bool,
    phone_autoconfirm: bool,
    sms_provider: &'static str,
    saml_enabled: bool,
}

async fn settings(State(App { service, .. }): State<App>) -> Response {
    Answer(AuthSettings {
        external: [
            ("email", true),
            ("phone", false),
            ("anonymous_users", false),
        ]
        .into(),
        disable_signup: false,
        mailer_autoconfirm: !service.confirm_first,
        phone_autoconfirm: false,
        sms_provider: "",
        saml_enabled: false,
    })
    .into_response()
}

/// The name and version of the service.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuthHealth {
    name: &'static str,
    version: &'static str,
    description: &'static str,
}

async fn health() -> Response {
    Answer(AuthHealth {
        name: "Vara",
        version: env!("CARGO_PKG_VERSION"),
        description: "Sign-in of Vara",
    })
    .into_response()
}

async fn keys(State(App { service, .. }): State<App>) -> Result<Response, GotrueRefusal> {
    // Public and seldom other; long enough for a verifier, short enough for a change of keys.
    let cache = [("cache-control", "public, max-age=600")];
    Ok((cache, Answer(service.access.keys().jwks())).into_response())
}
