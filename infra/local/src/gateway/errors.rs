//! The answers the gateway makes itself, in the API's own envelope and readable
//! by the web app.
//!
//! A real HTTP API cannot shape these bodies: there they are
//! `{"message": "..."}` with the same statuses.

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Response, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, CONTENT_TYPE, ORIGIN, VARY,
    },
};
use serde_json::json;

use crate::template::ApiCors;

/// Why the gateway answers in a function's stead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GatewayRefusal {
    /// No route leads anywhere.
    NotFound,
    /// The body or the event is larger than the way to a function.
    TooLarge,
    /// The request's body did not arrive whole.
    Unreadable,
    /// The function failed, died, or answered what cannot be passed on.
    Failed,
    /// The function took longer than the gateway waits.
    TimedOut,
}

impl GatewayRefusal {
    fn parts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "NOT_FOUND",
                "There is nothing at this address.",
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "FST_REQ_FILE_TOO_LARGE",
                "This is more than we can take at once.",
            ),
            Self::Unreadable => (
                StatusCode::BAD_REQUEST,
                "REQUEST_ERROR",
                "The request did not arrive whole.",
            ),
            Self::Failed => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "INTERNAL_ERROR",
                "Something went wrong on our side.",
            ),
            Self::TimedOut => (
                StatusCode::SERVICE_UNAVAILABLE,
                "SERVICE_UNAVAILABLE",
                "This took too long. Please try again.",
            ),
        }
    }

    /// The response.
    pub(crate) fn response(self, cors: Option<&ApiCors>, request: &HeaderMap) -> Response<Bytes> {
        let (status, code, message) = self.parts();
        let body = json!({"error": {"code": code, "message": message}});
        let mut response = Response::new(Bytes::from(body.to_string()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(cors) = cors {
            readable(headers, cors, request.get(ORIGIN));
        }
        response
    }
}

pub(super) fn readable(headers: &mut HeaderMap, cors: &ApiCors, origin: Option<&HeaderValue>) {
    let Some(origin) = origin else {
        return;
    };
    let known = cors
        .origins
        .iter()
        .any(|known| known == "*" || known.as_bytes() == origin.as_bytes());
    if !known {
        return;
    }
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    if cors.credentials {
        headers.insert(
            ACCESS_CONTROL_ALLOW_CREDENTIALS,
            HeaderValue::from_static("true"),
        );
    }
    let mut put = |name: HeaderName, values: &[String]| {
        if let Ok(value) = HeaderValue::from_str(&values.join(", "))
            && !values.is_empty()
        {
            headers.insert(name, value);
        }
    };
    put(ACCESS_CONTROL_EXPOSE_HEADERS, &cors.exposed);
}

#[cfg(test)]
mod tests {

    use http::{HeaderMap, HeaderValue, header::ORIGIN};

    use super::{ApiCors, GatewayRefusal};

    fn cors() -> ApiCors {
        ApiCors {
            origins: vec!["http://web".to_owned()],
            exposed: vec!["retry-after".to_owned()],
            credentials: true,
        }
    }

    #[test]
    fn the_web_app_can_read_it() {
        let request = HeaderMap::from_iter([(ORIGIN, HeaderValue::from_static("http://web"))]);
        let response = GatewayRefusal::TooLarge.response(Some(&cors()), &request);
        assert_eq!(response.status(), 413);
        let headers = response.headers();
        assert_eq!(headers["access-control-allow-origin"], "http://web");
        assert_eq!(headers["access-control-allow-credentials"], "true");
        assert_eq!(headers["access-control-expose-headers"], "retry-after");
        let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(body["error"]["code"], "FST_REQ_FILE_TOO_LARGE");
        let message = body["error"]["message"].as_str().unwrap();
        assert!(!message.contains('/'), "{message} names a route");
    }

    #[test]
    fn others_cannot() {
        let request = HeaderMap::from_iter([(ORIGIN, HeaderValue::from_static("http://else"))]);
        let response = GatewayRefusal::Failed.response(Some(&cors()), &request);
        assert_eq!(response.status(), 500);
        assert_eq!(response.headers().get("access-control-allow-origin"), None);
    }
}
