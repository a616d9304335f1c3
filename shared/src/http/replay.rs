//! `Idempotency-Key`: a POST that is sent again with the same key is answered as it was the first time.
//!
//! Routes that give out tokens do not honour it. Their answers must lie nowhere, and repeating them does
//! no harm: a refresh gives the same child again, a sign-in one more session.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::limit::refused;
use super::{ClientAddress, HttpGuards, Issue};
use crate::clock;
use crate::domain::{Error, ErrorKind, Result};
use crate::services::upkeep::replays::{KeyedCall, Replay, ReplayRefusal, Replays, StoredResponse};
use crate::store::ReplayRun;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The longest key.
const MAX_KEY_LENGTH: usize = 255;

/// More than a function is ever sent.
const BODY_LIMIT: usize = 8 * 1024 * 1024;

/// The routes whose answers hold tokens.
const WITH_TOKENS: [&str; 7] = [
    "/api/v1/auth/confirm",
    "/api/v1/auth/login",
    "/api/v1/auth/refresh",
    "/api/v1/realtime/tickets",
    "/auth/v1/signup",
    "/auth/v1/token",
    "/auth/v1/verify",
];

/// How the paths end whose answers hold an address that needs no sign-in.
const WITH_ADDRESSES: [&str; 3] = ["/address", "/addresses", "/reveal"];

/// The headers that belong to an answer; the others are put on again.
const KEPT_HEADERS: [&str; 3] = ["content-type", "x-sb-error-code", "x-supabase-api-version"];

/// Answers from what is kept, or keeps what is answered.
pub(super) async fn around(
    State(guards): State<HttpGuards>,
    request: Request,
    next: Next,
) -> Response {
    let Some(replays) = &guards.replays else {
        return next.run(request).await;
    };
    if request.method() != Method::POST
        || !request.headers().contains_key(KEY)
        || holds_token(request.uri().path())
    {
        return next.run(request).await;
    }
    let path = request.uri().path().to_owned();
    let answered = answer(&guards, replays, request, next).await;
    answered.unwrap_or_else(|err| refused(&path, err))
}

fn holds_token(path: &str) -> bool {
    WITH_TOKENS.contains(&path) || WITH_ADDRESSES.iter().any(|it| path.ends_with(it))
}

async fn answer(
    guards: &HttpGuards,
    replays: &Replays,
    request: Request,
    next: Next,
) -> Result<Response> {
    let (parts, body) = request.into_parts();
    let key = key(&parts)?;
    let body = to_bytes(body, BODY_LIMIT).await.map_err(|_| {
        Error::new(
            ErrorKind::TooLarge,
            "FST_ERR_CTP_BODY_TOO_LARGE",
            "This request is larger than we take.",
        )
    })?;
    let header = parts.headers.get(AUTHORIZATION).cloned();
    let header = header.as_ref().and_then(|it| it.to_str().ok());
    let user = match &guards.gate {
        Some(gate) => gate.subject(header, clock::now()).await,
        None => None,
    };
    let ClientAddress(address) = ClientAddress::of(&parts);
    let route = format!("{} {}", parts.method, parts.uri);
    let compared = compared(&parts, &body);
    let call = KeyedCall {
        user,
        address: &address,
        key: &key,
        route: &route,
        body: &compared,
    };
    let replay = replays.begin(call, clock::now()).await?;
    // Whoever has signed out since is not told what was answered then; the route refuses her.
    if let (Replay::RetryLater(_) | Replay::Refuse(_), Some(_), Some(gate)) =
        (&replay, user, &guards.gate)
        && gate.identify(header, clock::now()).await.is_err()
    {
        return Ok(next.run(Request::from_parts(parts, Body::from(body))).await);
    }
    match replay {
        Replay::RetryLater(answer) => again(answer),
        Replay::Refuse(why) => Ok(refuse(parts.uri.path(), why)),
        Replay::First(run) => {
            let reply = next.run(Request::from_parts(parts, Body::from(body))).await;
            keep(replays, &run, call, reply).await
        }
    }
}

fn key(parts: &Parts) -> Result<String> {
    let text = parts.headers.get(KEY).and_then(|it| it.to_str().ok());
    text.filter(|it| {
        (1..=MAX_KEY_LENGTH).contains(&it.len()) && it.bytes().all(|it| it.is_ascii_graphic())
    })
    .map(str::to_owned)
    .ok_or_else(|| {
        Issue::refuse(&[Issue::at(
            "Idempotency-Key",
            "An idempotency key has 1 to 255 plain characters and no spaces.",
        )])
    })
}

/// What makes two bodies the same. A form sent again has another boundary, which says nothing.
fn compared(parts: &Parts, body: &Bytes) -> Vec<u8> {
    let kind = parts.headers.get(CONTENT_TYPE);
    let kind = kind.and_then(|it| it.to_str().ok()).unwrap_or_default();
    match multer::parse_boundary(kind) {
        Ok(boundary) if !boundary.is_empty() => without(body, boundary.as_bytes()),
        _ => body.to_vec(),
    }
}

fn without(body: &[u8], part: &[u8]) -> Vec<u8> {
    let mut left = Vec::with_capacity(body.len());
    let mut at = 0;
    while at < body.len() {
        if body[at..].starts_with(part) {
            at += part.len();
        } else {
            left.push(body[at]);
            at += 1;
        }
    }
    left
}

fn again(answer: StoredResponse) -> Result<Response> {
    let bug = |err| Error::bug("giving an answer again", err);
    let body = STANDARD
        .decode(&answer.body)
        .map_err(|it| bug(it.to_string()))?;
    let mut reply = Response::new(Body::from(body));
    *reply.status_mut() = StatusCode::from_u16(answer.status).map_err(|it| bug(it.to_string()))?;
    for (name, value) in &answer.headers {
        let name = HeaderName::try_from(name).map_err(|it| bug(it.to_string()))?;
        let value = HeaderValue::try_from(value).map_err(|it| bug(it.to_string()))?;
        reply.headers_mut().insert(name, value);
    }
    reply
        .headers_mut()
        .insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(reply)
}

fn refuse(path: &str, why: ReplayRefusal) -> Response {
    let mut reply = refused(path, Error::from(why));
    if why == ReplayRefusal::Running {
        reply
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(1));
    }
    reply
}

/// Keeps an answer. Should that fail she has it all the same, and the call counts as under way until it
/// counts as dead.
async fn keep(
    replays: &Replays,
    run: &ReplayRun,
    call: KeyedCall<'_>,
    reply: Response,
) -> Result<Response> {
    let (parts, body) = reply.into_parts();
    let body = to_bytes(body, usize::MAX)
        .await
        .map_err(|err| Error::bug("reading an answer", err))?;
    let kept = |name: &str| {
        let value = parts.headers.get(name)?.to_str().ok()?;
        Some((name.to_owned(), value.to_owned()))
    };
    let answer = StoredResponse {
        status: parts.status.as_u16(),
        headers: KEPT_HEADERS.into_iter().filter_map(kept).collect(),
        body: STANDARD.encode(&body),
    };
    if let Err(err) = replays.end(run, call, &answer, clock::now()).await {
        tracing::warn!(error.chain = err.chain(), "an answer could not be kept");
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boundary_says_nothing() {
        assert_eq!(
            without(b"--abc\r\nx\r\n--abc--", b"abc"),
            b"--\r\nx\r\n----"
        );
        assert_eq!(without(b"abab", b"abc"), b"abab");
        assert_eq!(without(b"", b"a"), b"");
    }
}
