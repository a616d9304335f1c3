//! Refusals, the way the sign-in library reads them.

use std::borrow::Cow;

use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::auth::Denied;
use crate::domain::{Error, Weakness};
use crate::services::auth::Refusal;

/// A refusal as an answer.
#[derive(Debug)]
pub struct Refused {
    status: StatusCode,
    code: &'static str,
    message: Cow<'static, str>,
    weak: Option<Vec<Weakness>>,
    retry_after: Option<i64>,
}

/// The result of every handler of this language.
pub type Result<T, E = Refused> = std::result::Result<T, E>;

impl Refused {
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

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let (status, code) = match &refusal {
            Refusal::Invalid(_) | Refusal::RefreshMalformed => {
                (StatusCode::BAD_REQUEST, "validation_failed")
            }
            Refusal::AddressTaken => (StatusCode::UNPROCESSABLE_ENTITY, "user_already_exists"),
            Refusal::WeakPassword(_) => (StatusCode::UNPROCESSABLE_ENTITY, "weak_password"),
            Refusal::SamePassword => (StatusCode::UNPROCESSABLE_ENTITY, "same_password"),
            Refusal::WrongCredentials | Refusal::WrongOrUnconfirmed | Refusal::UnknownGrant => {
                (StatusCode::BAD_REQUEST, "invalid_credentials")
            }
            Refusal::Unconfirmed => (StatusCode::BAD_REQUEST, "email_not_confirmed"),
            Refusal::RefreshUnknown => (StatusCode::BAD_REQUEST, "refresh_token_not_found"),
            Refusal::RefreshReused => (StatusCode::BAD_REQUEST, "refresh_token_already_used"),
            Refusal::SessionEnded => (StatusCode::BAD_REQUEST, "session_not_found"),
            Refusal::SessionExpired => (StatusCode::BAD_REQUEST, "session_expired"),
            Refusal::UserGone => (StatusCode::FORBIDDEN, "user_not_found"),
            Refusal::Link { .. } => (StatusCode::FORBIDDEN, "otp_expired"),
            Refusal::TooManyMails { .. } => {
                (StatusCode::TOO_MANY_REQUESTS, "over_email_send_rate_limit")
            }
            Refusal::TooManyTries { .. } => {
                (StatusCode::TOO_MANY_REQUESTS, "over_request_rate_limit")
            }
            Refusal::Trouble(_) => (StatusCode::SERVICE_UNAVAILABLE, "unexpected_failure"),
        };
        let message = match &refusal {
            Refusal::Trouble(err) => err.message.clone(),
            other => Cow::Owned(other.to_string()),
        };
        if let Refusal::Trouble(err) = &refusal {
            err.log();
        }
        let retry_after = refusal.retry_after();
        let weak = if let Refusal::WeakPassword(reasons) = refusal {
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

impl From<Error> for Refused {
    fn from(err: Error) -> Self {
        Refusal::from(err).into()
    }
}

impl From<Denied> for Refused {
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
                Refusal::SessionEnded.to_string(),
            ),
            Denied::Gone => Refusal::UserGone.into(),
            Denied::Trouble(err) => Refusal::from(err).into(),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut body = json!({
            "code": self.code, "error_code": self.code, "message": self.message, "msg": self.message,
        });
        if let Some(reasons) = self.weak {
            body["weak_password"] = json!({ "reasons": reasons });
        }
        let mut reply = (self.status, [("x-sb-error-code", self.code)], Json(body)).into_response();
        if let Some(seconds) = self.retry_after {
            reply
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        reply
    }
}
