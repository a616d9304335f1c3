//! What answers have in common: the refusal of a control route, and the headers of what is not JSON.

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// A wish that cannot be granted, said in JSON.
pub(crate) struct EngineRefusal {
    status: StatusCode,
    message: String,
}

impl EngineRefusal {
    /// The caller's mistake.
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }
}

impl IntoResponse for EngineRefusal {
    fn into_response(self) -> Response {
        let code = match self.status {
            StatusCode::PAYLOAD_TOO_LARGE => "TOO_LARGE",
            StatusCode::BAD_REQUEST => "BAD_REQUEST",
            _ => "REFUSED",
        };
        let body = json!({"error": {"code": code, "message": self.message}});
        (self.status, Json(body)).into_response()
    }
}

/// Headers of an answer that is not JSON.
pub(crate) fn content_type(mime: &'static str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(mime));
    headers
}
