//! `/api/v1/auth/*`: the same, in the API's own envelope.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::Deserialize;
use serde_json::{Value, json};
use vara::Error;
use vara::domain::{ErrorKind, credentials};
use vara::http::{Body, Caller, Issue, Result, created, data};
use vara::services::people::auth::{AuthRefusal, Client, Scope, SignInGrant};
use vara::services::people::users::User;

use crate::App;

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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    email: Option<String>,
    password: Option<String>,
    confirm_password: Option<String>,
    refresh_token: Option<String>,
    token: Option<String>,
}

async fn sign_up(
    State(App { service, .. }): State<App>,
    client: Client,
    Body(asked): Body<Asked>,
) -> Result<Response> {
    let mut issues = email_issues(&asked);
    issues.extend(password_issues(&asked));
    refuse(&issues)?;
    let made = service
        .sign_up(
            asked.email.as_deref(),
            asked.password.as_deref(),
            None,
            client.network(),
            false,
        )
        .await;
    let made = made.map_err(|why| otherwise(why, ErrorKind::Invalid, "AUTH_SIGNUP_FAILED"))?;
    let user = User::from(made.account);
    Ok(created(
        json!({ "id": user.id, "email": user.email, "profile": user.profile }),
    ))
}

async fn sign_in(
    State(App { service, .. }): State<App>,
    client: Client,
    Body(asked): Body<Asked>,
) -> Result<Response> {
    let mut issues = email_issues(&asked);
    if asked.password.as_deref().unwrap_or_default().is_empty() {
        issues.push(Issue::at("password", "Please enter your password."));
    }
    refuse(&issues)?;
    let granted = service
        .sign_in(asked.email.as_deref(), asked.password.as_deref(), &client)
        .await;
    let granted =
        granted.map_err(|why| otherwise(why, ErrorKind::Unauthenticated, "AUTH_LOGIN_FAILED"))?;
    let mut answer = tokens(&granted);
    let user = User::from(granted.account);
    answer["user"] = json!({
        "id": user.id, "email": user.email, "emailVerified": user.email_verified, "profile": user.profile,
    });
    Ok(data(answer))
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
    Body(asked): Body<Asked>,
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
    Body(asked): Body<Asked>,
) -> Result<Response> {
    refuse(&email_issues(&asked))?;
    // This surface has no `redirect_to`; the app's own page for it is the one she needs.
    let page = service.redirects.page("/reset-password");
    match service
        .recover(asked.email.as_deref(), Some(page.as_str()), &client)
        .await
    {
        // Always the same answer: here nobody is told that a link was asked for a moment ago.
        Ok(()) | Err(AuthRefusal::TooManyMails { .. }) => Ok(data(
            json!({ "message": "If there is an account with this address, a link is on its way." }),
        )),
        Err(why) => Err(otherwise(why, ErrorKind::Invalid, "AUTH_RESET_FAILED").into()),
    }
}

async fn reset(
    State(App { service, .. }): State<App>,
    Body(asked): Body<Asked>,
) -> Result<Response> {
    let mut issues = password_issues(&asked);
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
    Ok(data(
        json!({ "message": "Your password was changed. You can sign in with it now." }),
    ))
}

async fn reset_with_session(
    State(App { service, .. }): State<App>,
    caller: Caller,
    Body(asked): Body<Asked>,
) -> Result<Response> {
    service
        .change_password(&caller, asked.password.as_deref())
        .await
        .map_err(reset_failed)?;
    Ok(data(json!({ "message": "Your password was changed." })))
}

fn tokens(granted: &SignInGrant) -> Value {
    json!({
        "accessToken": granted.access_token,
        "refreshToken": granted.refresh_token,
        "expiresAt": granted.expires_at.epoch_seconds(),
    })
}

fn email_issues(asked: &Asked) -> Vec<Issue> {
    let fine = asked
        .email
        .as_deref()
        .and_then(credentials::email)
        .is_some();
    if fine {
        vec![]
    } else {
        vec![Issue::at("email", "Please enter a valid e-mail address.")]
    }
}

fn password_issues(asked: &Asked) -> Vec<Issue> {
    let password = asked.password.as_deref().unwrap_or_default();
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
    if asked.confirm_password.as_deref() != Some(password) {
        issues.push(Issue::at(
            "confirmPassword",
            "The two passwords are not the same.",
        ));
    }
    issues
}

fn refuse(issues: &[Issue]) -> Result<()> {
    if issues.is_empty() {
        Ok(())
    } else {
        Err(Issue::refuse(issues).into())
    }
}

/// A refusal under this code, unless it is trouble of ours.
fn otherwise(why: AuthRefusal, kind: ErrorKind, code: &'static str) -> Error {
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
