//! What happens around every request of every function.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;

use super::Cors;
use super::cors::SECURITY;
use crate::domain::Error;

/// The most bytes of JSON a request may have.
const JSON_LIMIT: usize = 1024 * 1024;

/// A function's routes with everything that is the same for all: limits, unknown routes, CORS,
/// security headers, one log line a request, and a panic that costs one request only.
pub fn finish<S: Clone + Send + Sync + 'static>(routes: Router<S>, state: S, cors: Cors) -> Router {
    routes
        .fallback(async || Error::not_found("NOT_FOUND", "There is nothing at this address."))
        .method_not_allowed_fallback(async || {
            Error::not_found(
                "NOT_FOUND",
                "There is nothing at this address for this method.",
            )
        })
        .layer(DefaultBodyLimit::max(JSON_LIMIT))
        .layer(middleware::from_fn_with_state(cors, around))
        .with_state(state)
}

async fn around(State(cors): State<Cors>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let method = request.method().clone();
    let headers = request.headers().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("-", MatchedPath::as_str)
        .to_owned();
    if let Some(reply) = cors.preflight(&method, &headers) {
        return reply;
    }
    let mut reply = AssertUnwindSafe(next.run(request))
        .catch_unwind()
        .await
        .unwrap_or_else(|_| {
            Error::bug("answering a request", "the handler panicked").into_response()
        });
    let out = reply.headers_mut();
    for (name, value) in &SECURITY {
        if !out.contains_key(name) {
            out.insert(name, value.clone());
        }
    }
    cors.mark(&headers, out);
    let ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(http.method = %method, http.route = route, http.status = reply.status().as_u16(), ms, "request");
    reply
}
