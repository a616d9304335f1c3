//! Error envelope: maps errors to status, code and message.

use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::domain::{Error, ErrorKind};

impl ErrorKind {
    /// 500 means our mistake, 503 means later, 404 hides what is not yours.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Invalid => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Conflict => StatusCode::CONFLICT,
            Self::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Bug => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        self.log();
        let mut error = json!({ "code": self.code, "message": self.message });
        if let Some(details) = self.details {
            error["details"] = details;
        }
        let mut reply = (self.kind.status(), Json(json!({ "error": error }))).into_response();
        if let Some(seconds) = self.retry_after {
            reply
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        reply
    }
}

impl Error {
    /// Writes our own trouble to the log, once, where it leaves us. A caller's mistakes are not ours to log.
    pub(crate) fn log(&self) {
        match self.kind {
            ErrorKind::Bug => tracing::error!(
                error.code = self.code,
                error.chain = self.chain(),
                "request failed by our mistake"
            ),
            ErrorKind::Unavailable => tracing::warn!(
                error.code = self.code,
                error.chain = self.chain(),
                "request failed for now"
            ),
            _ => {}
        }
    }
}
