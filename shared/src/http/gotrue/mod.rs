//! The second language we speak: that of the app's sign-in library, below `/auth/v1/`.
//!
//! Its errors have one body that every version of the library understands, and each answer says which
//! version of the interface it is. Whatever goes wrong with us is 503 here: the library keeps a sign-in
//! only then, and throws it away after any other failure of a refresh.

mod ask;
mod refused;
mod wire;

use std::any::Any;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;

pub use ask::{Bearer, Json};
pub use refused::{GotrueError, GotrueRefusal, Result};
pub use wire::{AuthSession, AuthUser, fragment, session, user};

use super::status;
use crate::domain::{Error, ErrorKind};
use crate::services::people::auth::AuthRefusal;

const VERSION: (HeaderName, HeaderValue) = (
    HeaderName::from_static("x-supabase-api-version"),
    HeaderValue::from_static("2024-01-01"),
);

/// The routes below `/auth/v1/` with what holds for all of them: a panic is 503, and every answer has
/// its version.
pub fn finish<S: Clone + Send + Sync + 'static>(routes: Router<S>) -> Router<S> {
    routes
        .layer(CatchPanicLayer::custom(panicked))
        .layer(SetResponseHeaderLayer::overriding(VERSION.0, VERSION.1))
}

fn panicked(_: Box<dyn Any + Send>) -> Response {
    let bug = Error::bug("answering a sign-in request", "the handler panicked");
    GotrueRefusal::from(AuthRefusal::from(bug)).into_response()
}

/// A refusal by what stands before the routes, in this language.
pub(super) fn refusal(err: Error) -> Response {
    let code = match err.kind {
        ErrorKind::TooMany => "over_request_rate_limit",
        ErrorKind::Conflict => "conflict",
        ErrorKind::TooLarge => "bad_json",
        ErrorKind::Invalid | ErrorKind::Unprocessable => "validation_failed",
        _ => return versioned(GotrueRefusal::from(err)),
    };
    versioned(GotrueRefusal::plain(status(err.kind), code, err.message))
}

fn versioned(refused: GotrueRefusal) -> Response {
    let mut reply = refused.into_response();
    reply.headers_mut().insert(VERSION.0, VERSION.1);
    reply
}

/// The answer to an address or a method that is not there.
pub async fn unknown() -> GotrueRefusal {
    GotrueRefusal::plain(
        StatusCode::NOT_FOUND,
        "not_found",
        "There is nothing at this address.",
    )
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use axum::routing::post;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn what_stands_before_the_routes_refuses_in_this_language() {
        let running = Error::conflict("IDEMPOTENCY_IN_PROGRESS", "Not yet.");
        let reused = Error::new(ErrorKind::Unprocessable, "IDEMPOTENCY_KEY_REUSED", "No.");
        let down = Error::unavailable("the table", "silent");
        for (err, status, code) in [
            (running, 409, "conflict"),
            (reused, 422, "validation_failed"),
            (down, 503, "unexpected_failure"),
        ] {
            let reply = refusal(err);
            assert_eq!(reply.status(), status);
            assert_eq!(reply.headers()["x-supabase-api-version"], "2024-01-01");
            let body = reply.into_body().collect().await.unwrap().to_bytes();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["error_code"], code);
        }
    }

    #[tokio::test]
    async fn a_panic_is_trouble_for_later() {
        async fn broken() -> StatusCode {
            std::panic::panic_any("broken")
        }
        let routes = finish(Router::new().route("/auth/v1/token", post(broken)));
        let request = Request::post("/auth/v1/token").body(Body::empty()).unwrap();
        let reply = routes.oneshot(request).await.unwrap();
        assert_eq!(reply.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(reply.headers()["x-supabase-api-version"], "2024-01-01");
        let body = reply.into_body().collect().await.unwrap().to_bytes();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["code"], "unexpected_failure");
    }
}
