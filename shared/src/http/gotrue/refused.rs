//! Refusals, the way the sign-in library reads them.

use std::borrow::Cow;

use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::auth::Denied;
use crate::domain::{Error, Weakness};
use crate::http::errors::log;
use crate::services::people::auth::AuthRefusal;

/// What a password lacks.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct WeakPassword {
    reasons: Vec<Weakness>,
}

/// An error in the form of the sign-in library. `code` and `error_code`, and `message` and `msg`, are the
/// same, for older and newer versions of the library.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AuthError))]
pub struct GotrueError {
    code: &'static str,
    error_code: &'static str,
    message: String,
    msg: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    weak_password: Option<WeakPassword>,
}

/// A refusal as an answer.
#[derive(Debug)]
pub struct GotrueRefusal {
    status: StatusCode,
    code: &'static str,
    message: Cow<'static, str>,
    weak: Option<Vec<Weakness>>,
    retry_after: Option<i64>,
}

/// The result of every handler of this language.
pub type Result<T, E = GotrueRefusal> = std::result::Result<T, E>;

impl GotrueRefusal {
    pub(super) fn plain(
        status: StatusCode,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            weak: None,
            retry_after: None,
        }
    }
}

impl From<AuthRefusal> for GotrueRefusal {
    fn from(refusal: AuthRefusal) -> Self {
        let (status, code) = match &refusal {
            AuthRefusal::Invalid(_) | AuthRefusal::RefreshMalformed => {
                (StatusCode::BAD_REQUEST, "validation_failed")
            }
            AuthRefusal::AddressTaken => (StatusCode::UNPROCESSABLE_ENTITY, "user_already_exists"),
            AuthRefusal::WeakPassword(_) => (StatusCode::UNPROCESSABLE_ENTITY, "weak_password"),
            AuthRefusal::SamePassword => (StatusCode::UNPROCESSABLE_ENTITY, "same_password"),
            AuthRefusal::WrongCredentials
            | AuthRefusal::WrongPassword
            | AuthRefusal::WrongOrUnconfirmed
            | AuthRefusal::UnknownGrant => (StatusCode::BAD_REQUEST, "invalid_credentials"),
            AuthRefusal::Unconfirmed => (StatusCode::BAD_REQUEST, "email_not_confirmed"),
            AuthRefusal::RefreshUnknown => (StatusCode::BAD_REQUEST, "refresh_token_not_found"),
            AuthRefusal::RefreshReused => (StatusCode::BAD_REQUEST, "refresh_token_already_used"),
            AuthRefusal::SessionEnded => (StatusCode::BAD_REQUEST, "session_not_found"),
            AuthRefusal::SessionExpired => (StatusCode::BAD_REQUEST, "session_expired"),
            AuthRefusal::UserGone => (StatusCode::FORBIDDEN, "user_not_found"),
            AuthRefusal::Link { .. } => (StatusCode::FORBIDDEN, "otp_expired"),
            AuthRefusal::TooManyMails { .. } => {
                (StatusCode::TOO_MANY_REQUESTS, "over_email_send_rate_limit")
            }
            AuthRefusal::TooManyTries { .. } => {
                (StatusCode::TOO_MANY_REQUESTS, "over_request_rate_limit")
            }
            AuthRefusal::Trouble(_) => (StatusCode::SERVICE_UNAVAILABLE, "unexpected_failure"),
        };
        let message = match &refusal {
            AuthRefusal::Trouble(err) => err.message.clone(),
            other => Cow::Owned(other.to_string()),
        };
        if let AuthRefusal::Trouble(err) = &refusal {
            log(err);
        }
        let retry_after = refusal.retry_after();
        let weak = if let AuthRefusal::WeakPassword(reasons) = refusal {
            Some(reasons)
        } else {
            None
        };
        Self {
            status,
            code,
            message,
            weak,
            retry_after,
        }
    }
}

impl From<Error> for GotrueRefusal {
    fn from(err: Error) -> Self {
        AuthRefusal::from(err).into()
    }
}

impl From<Denied> for GotrueRefusal {
    fn from(why: Denied) -> Self {
        match why {
            Denied::Missing => Self::plain(
                StatusCode::UNAUTHORIZED,
                "no_authorization",
                "Please sign in.",
            ),
            Denied::Expired(_) => Self::plain(
                StatusCode::FORBIDDEN,
                "bad_jwt",
                "Your sign-in has ended. Please sign in again.",
            ),
            Denied::Invalid => Self::plain(
                StatusCode::FORBIDDEN,
                "bad_jwt",
                "Your sign-in is not valid. Please sign in again.",
            ),
            Denied::SignedOut => Self::plain(
                StatusCode::FORBIDDEN,
                "session_not_found",
                AuthRefusal::SessionEnded.to_string(),
            ),
            Denied::Gone => AuthRefusal::UserGone.into(),
            Denied::Trouble(err) => AuthRefusal::from(err).into(),
        }
    }
}

impl IntoResponse for GotrueRefusal {
    fn into_response(self) -> Response {
        let body = GotrueError {
            code: self.code,
            error_code: self.code,
            msg: self.message.clone().into_owned(),
            message: self.message.into_owned(),
            weak_password: self.weak.map(|reasons| WeakPassword { reasons }),
        };
        let mut reply = (self.status, [("x-sb-error-code", self.code)], Json(body)).into_response();
        if let Some(seconds) = self.retry_after {
            reply
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        reply
    }
}
