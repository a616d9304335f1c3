//! Error envelope: maps errors to status, code and message.

use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::domain::{Error, ErrorKind};

/// What a handler answers.
pub type Result<T, E = ApiError> = std::result::Result<T, E>;

/// An error as an answer in the envelope.
#[derive(Debug)]
pub struct ApiError(pub Error);

impl From<Error> for ApiError {
    fn from(err: Error) -> Self {
        Self(err)
    }
}

/// 500 means our mistake, 503 means later, 404 hides what is not yours.
#[must_use]
pub fn status(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Invalid => StatusCode::BAD_REQUEST,
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        ErrorKind::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
        ErrorKind::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Bug => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Self(err) = self;
        log(&err);
        let mut error = json!({ "code": err.code, "message": err.message });
        if let Some(details) = err.details {
            error["details"] = details;
        }
        let mut reply = (status(err.kind), Json(json!({ "error": error }))).into_response();
        if let Some(seconds) = err.retry_after {
            reply
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        reply
    }
}

/// Writes our own trouble to the log, once, where it leaves us. A caller's mistakes are not ours to log.
pub(crate) fn log(err: &Error) {
    match err.kind {
        ErrorKind::Bug => tracing::error!(
            error.code = err.code,
            error.chain = err.chain(),
            "request failed by our mistake"
        ),
        ErrorKind::Unavailable => tracing::warn!(
            error.code = err.code,
            error.chain = err.chain(),
            "request failed for now"
        ),
        _ => {}
    }
}
