//! `/api/v1/auth/*`: the same, in the API's own envelope.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::{Deserialize, Serialize};
use serde_json::json;
use vara::Error;
use vara::domain::{ErrorKind, Profile, UserId, credentials};
use vara::http::{Body, Caller, Issue, Result, created, data};
use vara::services::people::auth::{AuthRefusal, Client, Scope, SignInGrant};
use vara::services::people::users::User;

use crate::app::App;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/auth/signup", post(sign_up))
        .route("/api/v1/auth/login", post(sign_in))
        .route("/api/v1/auth/logout", post(sign_out))
        .route("/api/v1/auth/refresh", post(refresh))
        .route("/api/v1/auth/forgot-password", post(forgot))
        .route("/api/v1/auth/reset-password", post(reset))
        .route(
            "/api/v1/auth/reset-password-with-session",
            post(reset_with_session),
        )
}

/// A new account to create.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SignUp {
    #[cfg_attr(feature = "openapi", schema(required, schema_with = vara::domain::credentials::schema::email))]
    email: Option<String>,
    #[cfg_attr(feature = "openapi", schema(required, schema_with = vara::domain::credentials::schema::password))]
    password: Option<String>,
    /// The same password again.
    #[cfg_attr(feature = "openapi", schema(required, schema_with = vara::domain::credentials::schema::password))]
    confirm_password: Option<String>,
}

/// The credentials to sign in with.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignIn {
    #[cfg_attr(feature = "openapi", schema(required, schema_with = vara::domain::credentials::schema::email))]
    email: Option<String>,
    #[cfg_attr(feature = "openapi", schema(required, value_type = String, min_length = 1, max_length = 128))]
    password: Option<String>,
}

/// The refresh token.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Refresh {
    #[cfg_attr(feature = "openapi", schema(required, value_type = String, min_length = 1))]
    refresh_token: Option<String>,
}

/// The address to send a reset link to.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Forgotten {
    #[cfg_attr(feature = "openapi", schema(required, schema_with = vara::domain::credentials::schema::email))]
    email: Option<String>,
}

/// A new password, with the token of a mailed link.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Reset {
    /// The token of the link.
    #[cfg_attr(feature = "openapi", schema(required, value_type = String, min_length = 1))]
    token: Option<String>,
    #[cfg_attr(feature = "openapi", schema(required, schema_with = vara::domain::credentials::schema::password))]
    password: Option<String>,
    /// The same password again.
    #[cfg_attr(feature = "openapi", schema(required, schema_with = vara::domain::credentials::schema::password))]
    confirm_password: Option<String>,
}

/// A new password.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewPassword {
    #[cfg_attr(feature = "openapi", schema(required, schema_with = vara::domain::credentials::schema::password))]
    password: Option<String>,
}

/// A new account.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = SignedUp))]
pub struct SignedUpView {
    id: UserId,
    email: String,
    profile: Profile,
}

/// The tokens of a session.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Tokens))]
#[serde(rename_all = "camelCase")]
pub struct TokensView {
    access_token: String,
    refresh_token: String,
    /// Seconds since 1970.
    expires_at: i64,
}

/// A session and its user.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = SignedIn))]
#[serde(rename_all = "camelCase")]
pub struct SignedInView {
    #[serde(flatten)]
    tokens: TokensView,
    user: SignedInUser,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
struct SignedInUser {
    id: UserId,
    email: String,
    email_verified: bool,
    profile: Profile,
}

/// The result in words.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Message))]
pub struct MessageView {
    message: String,
}

async fn sign_up(
    State(App { service, .. }): State<App>,
    client: Client,
    Body(asked): Body<SignUp>,
) -> Result<Response> {
    let (email, password) = (asked.email.as_deref(), asked.password.as_deref());
    let mut issues = email_issues(email);
    issues.extend(password_issues(password, asked.confirm_password.as_deref()));
    refuse(&issues)?;
    let made = service.sign_up(email, password, None, &client, false).await;
    let made = made.map_err(|why| otherwise(why, ErrorKind::Invalid, "AUTH_SIGNUP_FAILED"))?;
    let user = User::from(made.account);
    Ok(created(SignedUpView {
        id: user.id,
        email: user.email,
        profile: user.profile,
    }))
}

async fn sign_in(
    State(App { service, .. }): State<App>,
    client: Client,
    Body(asked): Body<SignIn>,
) -> Result<Response> {
    let mut issues = email_issues(asked.email.as_deref());
    if asked.password.as_deref().unwrap_or_default().is_empty() {
        issues.push(Issue::at("password", "Please enter your password."));
    }
    refuse(&issues)?;
    let granted = service
        .sign_in(asked.email.as_deref(), asked.password.as_deref(), &client)
        .await;
    let granted =
        granted.map_err(|why| otherwise(why, ErrorKind::Unauthenticated, "AUTH_LOGIN_FAILED"))?;
    let tokens = tokens(&granted);
    let user = User::from(granted.account);
    let user = SignedInUser {
        id: user.id,
        email: user.email,
        email_verified: user.email_verified,
        profile: user.profile,
    };
    Ok(data(SignedInView { tokens, user }))
}

async fn sign_out(
    State(App { service, .. }): State<App>,
    caller: Result<Caller>,
) -> Result<Response> {
    match caller {
        Ok(caller) => service.sign_out(&caller, Scope::Local).await?,
        // Whoever is not signed in is signed out.
        Err(err) if err.0.kind == ErrorKind::Unauthenticated => {}
        Err(err) => return Err(err),
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn refresh(
    State(App { service, .. }): State<App>,
    client: Client,
    Body(asked): Body<Refresh>,
) -> Result<Response> {
    let token = asked.refresh_token.filter(|it| !it.is_empty());
    let missing = || {
        Error::invalid(
            "AUTH_MISSING_REFRESH_TOKEN",
            "There is no refresh token in this request.",
        )
    };
    let granted = service
        .refresh(&token.ok_or_else(missing)?)
        .await
        .map_err(|why| {
            let (code, reason) = match why {
                AuthRefusal::SessionExpired => ("AUTH_TOKEN_EXPIRED", "token_expired"),
                _ => ("AUTH_REFRESH_FAILED", "refresh_failed"),
            };
            let trouble = why.is_trouble();
            let err = otherwise(why, ErrorKind::Unauthenticated, code);
            if trouble {
                err
            } else {
                err.with_details(json!({ "requiresReauth": true, "reason": reason }))
            }
        })?;
    service.note_device(&granted.account, &client).await;
    Ok(data(tokens(&granted)))
}

async fn forgot(
    State(App { service, .. }): State<App>,
    client: Client,
    Body(asked): Body<Forgotten>,
) -> Result<Response> {
    refuse(&email_issues(asked.email.as_deref()))?;
    // This surface has no `redirect_to`; the app's own page for it is the one she needs.
    let page = service.redirects.page("/reset-password");
    match service
        .recover(asked.email.as_deref(), Some(page.as_str()), &client)
        .await
    {
        // Always the same answer: here nobody is told that a link was asked for a moment ago.
        Ok(()) | Err(AuthRefusal::TooManyMails { .. }) => Ok(message(
            "If there is an account with this address, a link is on its way.",
        )),
        Err(why) => Err(otherwise(why, ErrorKind::Invalid, "AUTH_RESET_FAILED").into()),
    }
}

async fn reset(
    State(App { service, .. }): State<App>,
    Body(asked): Body<Reset>,
) -> Result<Response> {
    let confirm = asked.confirm_password.as_deref();
    let mut issues = password_issues(asked.password.as_deref(), confirm);
    if asked.token.as_deref().unwrap_or_default().is_empty() {
        issues.push(Issue::at("token", "There is no token in this request."));
    }
    refuse(&issues)?;
    let token = asked.token.unwrap_or_default();
    service
        .reset_password(&token, asked.password.as_deref())
        .await
        .map_err(|why| match why {
            AuthRefusal::Link { expired } => {
                let code = if expired {
                    "AUTH_RESET_TOKEN_EXPIRED"
                } else {
                    "AUTH_RESET_TOKEN_INVALID"
                };
                otherwise(why, ErrorKind::Invalid, code).with_details(json!({ "expired": expired }))
            }
            AuthRefusal::SamePassword => Issue::refuse(&[Issue::at("password", why.to_string())]),
            other => reset_failed(other),
        })?;
    Ok(message(
        "Your password was changed. You can sign in with it now.",
    ))
}

async fn reset_with_session(
    State(App { service, .. }): State<App>,
    caller: Caller,
    Body(asked): Body<NewPassword>,
) -> Result<Response> {
    service
        .change_password(&caller, asked.password.as_deref())
        .await
        .map_err(reset_failed)?;
    Ok(message("Your password was changed."))
}

fn message(text: &str) -> Response {
    let message = text.to_owned();
    data(MessageView { message })
}

fn tokens(granted: &SignInGrant) -> TokensView {
    TokensView {
        access_token: granted.access_token.clone(),
        refresh_token: granted.refresh_token.clone(),
        expires_at: granted.expires_at.epoch_seconds(),
    }
}

pub(crate) fn email_issues(email: Option<&str>) -> Vec<Issue> {
    let fine = email.and_then(credentials::email).is_some();
    if fine {
        vec![]
    } else {
        vec![Issue::at("email", "Please enter a valid e-mail address.")]
    }
}

fn password_issues(password: Option<&str>, confirm: Option<&str>) -> Vec<Issue> {
    let password = password.unwrap_or_default();
    let mut issues = Vec::new();
    let lacks = credentials::weaknesses(password);
    if credentials::is_too_long(password) {
        issues.push(Issue::at(
            "password",
            "A password has at most 128 characters.",
        ));
    } else if !lacks.is_empty() {
        issues.push(Issue::at(
            "password",
            AuthRefusal::WeakPassword(lacks).to_string(),
        ));
    }
    if confirm != Some(password) {
        issues.push(Issue::at(
            "confirmPassword",
            "The two passwords are not the same.",
        ));
    }
    issues
}

pub(crate) fn refuse(issues: &[Issue]) -> Result<()> {
    if issues.is_empty() {
        Ok(())
    } else {
        Err(Issue::refuse(issues).into())
    }
}

/// A refusal under this code, unless it is trouble of ours.
pub(crate) fn otherwise(why: AuthRefusal, kind: ErrorKind, code: &'static str) -> Error {
    match why {
        AuthRefusal::Trouble(err) => err,
        AuthRefusal::TooManyTries { wait } => {
            Error::new(ErrorKind::TooMany, "REQUEST_ERROR", why.to_string()).with_retry_after(wait)
        }
        other => Error::new(kind, code, other.to_string()),
    }
}

fn reset_failed(why: AuthRefusal) -> Error {
    match why {
        AuthRefusal::Trouble(err) if err.kind == ErrorKind::Bug => Error {
            code: "AUTH_RESET_FAILED",
            ..err
        },
        other => otherwise(other, ErrorKind::Invalid, "AUTH_INVALID_REQUEST"),
    }
}
