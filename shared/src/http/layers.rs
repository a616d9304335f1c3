//! Middleware around every request: panics, body limit, headers, logs, metrics.

use std::any::Any;
use std::time::Instant;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Span;
use tracing::field::Empty;

use super::client::Crowded;
use super::cors::SECURITY;
use super::{ApiError, HttpGuards, Params, correlation, etag, limit, replay};
use crate::domain::Error;
use crate::metrics::{self, Measure};
use crate::traces;

/// The most bytes of JSON a request may have.
const JSON_LIMIT: usize = 1024 * 1024;

/// A function's routes with everything that is the same for all: limits of size and number, unknown
/// routes, answers given again, CORS, security headers, marks of content, one log line a request, and a
/// panic that costs one request only.
pub fn finish<S: Clone + Send + Sync + 'static>(
    routes: Router<S>,
    state: S,
    guards: impl Into<HttpGuards>,
) -> Router {
    let guards = guards.into();
    routes
        .fallback(async || {
            ApiError(Error::not_found(
                "NOT_FOUND",
                "There is nothing at this address.",
            ))
        })
        .method_not_allowed_fallback(async || {
            ApiError(Error::not_found(
                "NOT_FOUND",
                "There is nothing at this address for this method.",
            ))
        })
        .layer(DefaultBodyLimit::max(JSON_LIMIT))
        .layer(middleware::from_fn_with_state(
            guards.clone(),
            replay::around,
        ))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(guards, around))
        .with_state(state)
}

fn panicked(_: Box<dyn Any + Send>) -> Response {
    ApiError(Error::bug("answering a request", "the handler panicked")).into_response()
}

async fn around(State(guards): State<HttpGuards>, request: Request, next: Next) -> Response {
    metrics::note_start();
    let (mut parts, body) = request.into_parts();
    guards.edge.mark(&mut parts);
    let correlation = correlation::of(&parts);
    let name = correlation.id.clone();
    let span = tracing::info_span!(
        "request",
        correlation = name,
        trace = correlation.root(),
        http.request.method = Empty,
        http.route = Empty,
        http.response.status_code = Empty
    );
    let request = Request::from_parts(parts, body);
    let mut reply = correlation
        .follow(span, answer(guards, request, next))
        .await;
    correlation::mark(&name, reply.headers_mut());
    traces::flush().await;
    reply
}

async fn answer(guards: HttpGuards, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let (mut parts, body) = request.into_parts();
    let (method, headers) = (parts.method.clone(), parts.headers.clone());
    let path = parts.uri.path().to_owned();
    let route = parts
        .extensions
        .get::<MatchedPath>()
        .map_or("-", MatchedPath::as_str)
        .to_owned();
    let params = Params::parse(parts.uri.query().unwrap_or_default());
    let standing = limit::standing(&guards, &parts, params.as_ref().ok()).await;
    let over = standing.filter(|it| it.is_over);
    let mut reply = if let Some(reply) = guards.cors.preflight(&method, &path, &headers) {
        reply
    } else if over.is_some() && !limit::is_judged_by_account(&method, &path) {
        metrics::note(Measure::LimitedCall);
        limit::refusal(&path)
    } else {
        match params {
            Ok(params) => {
                parts.extensions.insert(params);
                if let Some(standing) = over {
                    parts.extensions.insert(Crowded(standing.reset));
                }
                let request = Request::from_parts(parts, body);
                etag::tag(&method, &headers, next.run(request).await).await
            }
            Err(err) => limit::refused(&path, err),
        }
    };
    let status = reply.status();
    let out = reply.headers_mut();
    // Not by tower-http: nine layers, one for each header, around every route.
    for (name, value) in &SECURITY {
        if !out.contains_key(name) {
            out.insert(name, value.clone());
        }
    }
    guards.cors.mark(&path, &headers, out);
    if let Some(standing) = standing {
        limit::mark(standing, status, out);
    }
    let ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    let status = status.as_u16();
    tracing::info!(http.method = %method, http.route = route, http.status = status, ms, "request");
    // Recorded after logging to avoid duplicate fields.
    Span::current()
        .record("http.request.method", method.as_str())
        .record("http.route", route)
        .record("http.response.status_code", status);
    reply
}

#[cfg(test)]
mod tests;
