//! Rate-limit headers and the 429 answer; which routes count as sign-in.

use axum::http::header::{AUTHORIZATION, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};

use super::{ApiError, ClientAddress, HttpGuards, Params, gotrue};
use crate::clock;
use crate::domain::Error;
use crate::services::upkeep::rate_limits::{self, RateClass, RateStatus};

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// The routes of the sign-in library that take a password or mail a link.
const SIGN_IN_ROUTES: [&str; 4] = [
    "/auth/v1/signup",
    "/auth/v1/token",
    "/auth/v1/recover",
    "/auth/v1/otp",
];

/// Routes beside those of signing in that need a session and try no password.
const SESSION_ROUTES: &str = "/api/v1/auth/sessions";

/// The route that mailed links lead to. It has a count of its own: its tokens cannot be guessed, and whoever
/// tries passwords behind her address must not keep her from the link in her mailbox.
const LINK_ROUTE: &str = "/auth/v1/verify";

/// What begins the addresses that undo a change of the password or of the address, which are counted with it.
const UNDO_ROUTES: [&str; 2] = ["/api/v1/auth/undo/", "/api/v1/auth/address/undo/"];

/// Counts a call and says how its caller stands; `None` without limits, without a gateway that says
/// where the call is from, or if nobody can say now.
pub(super) async fn standing(
    guards: &HttpGuards,
    parts: &Parts,
    params: Option<&Params>,
) -> Option<RateStatus> {
    let limits = guards.limits.as_ref()?;
    let ClientAddress(address) = ClientAddress::of(parts);
    if address.is_empty() {
        return None;
    }
    let (lane, now) = (lane(parts, params), clock::now());
    let user = match &guards.gate {
        Some(gate) if lane != RateClass::Spared => {
            let header = parts.headers.get(AUTHORIZATION);
            let header = header.and_then(|it| it.to_str().ok());
            gate.subject(header, now).await
        }
        _ => None,
    };
    limits.standing(&address, user, lane, now).await
}

/// What a call counts as. `params` are the ones the handler reads; `None` if they are refused.
///
/// A refresh by the sign-in library is never refused: the library throws the session away when it is.
/// Neither is a preflight.
fn lane(parts: &Parts, params: Option<&Params>) -> RateClass {
    let (method, path) = (&parts.method, parts.uri.path());
    let picture = path.starts_with("/api/v1/images/") && path.ends_with("/file");
    if method == Method::OPTIONS || is_refresh(parts, params) {
        RateClass::Spared
    } else if path.starts_with(SESSION_ROUTES) {
        RateClass::Plain
    } else if path == LINK_ROUTE || UNDO_ROUTES.iter().any(|it| path.starts_with(it)) {
        RateClass::Link
    } else if path.starts_with("/api/v1/auth/") || SIGN_IN_ROUTES.contains(&path) {
        RateClass::Auth
    } else if picture && method == Method::GET {
        RateClass::Files
    } else {
        RateClass::Plain
    }
}

fn is_refresh(parts: &Parts, params: Option<&Params>) -> bool {
    let grant = params.and_then(|it| it.get("grant_type"));
    parts.method == Method::POST
        && parts.uri.path() == "/auth/v1/token"
        && grant == Some("refresh_token")
}

/// The routes that still take a call when the address has used up its share: they know the account,
/// and refuse all devices but those it knows (`services::people::auth`). So nobody behind her own address can
/// keep her from signing in by using up the share.
const JUDGED_BY_ACCOUNT: [&str; 4] = [
    "/auth/v1/token",
    "/auth/v1/recover",
    "/api/v1/auth/login",
    "/api/v1/auth/forgot-password",
];

/// Whether the route decides about callers beyond the limit.
pub(super) fn is_judged_by_account(method: &Method, path: &str) -> bool {
    method == Method::POST && JUDGED_BY_ACCOUNT.contains(&path)
}

/// The answer to one call too many.
pub(super) fn refusal(path: &str) -> Response {
    refused(path, rate_limits::too_many_calls())
}

/// A refusal in the language of the address.
pub(super) fn refused(path: &str, err: Error) -> Response {
    if path.starts_with("/auth/v1") {
        gotrue::refusal(err)
    } else {
        ApiError(err).into_response()
    }
}

/// Tells a caller how she stands.
pub(super) fn mark(standing: RateStatus, status: StatusCode, reply: &mut HeaderMap) {
    reply.insert(LIMIT, HeaderValue::from(standing.limit));
    reply.insert(REMAINING, HeaderValue::from(standing.remaining));
    reply.insert(RESET, HeaderValue::from(standing.reset));
    if standing.is_over && status == StatusCode::TOO_MANY_REQUESTS {
        let wait = HeaderValue::from(standing.reset);
        reply.entry(RETRY_AFTER).or_insert(wait);
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    #[test]
    fn lanes() {
        let of = |method: &str, uri: &str| {
            let request = Request::builder().method(method).uri(uri).body(()).unwrap();
            let parts = request.into_parts().0;
            let params = Params::parse(parts.uri.query().unwrap_or_default());
            lane(&parts, params.as_ref().ok())
        };
        for (method, uri, wanted) in [
            ("GET", "/api/v1/alerts", RateClass::Plain),
            (
                "POST",
                "/auth/v1/token?grant_type=password",
                RateClass::Auth,
            ),
            ("POST", "/auth/v1/token", RateClass::Auth),
            ("POST", "/auth/v1/recover", RateClass::Auth),
            ("GET", "/auth/v1/verify?token=x", RateClass::Link),
            ("POST", "/auth/v1/verify", RateClass::Link),
            ("OPTIONS", "/auth/v1/verify", RateClass::Spared),
            ("POST", "/auth/v1/otp", RateClass::Auth),
            ("PUT", "/auth/v1/user", RateClass::Plain),
            ("POST", "/auth/v1/logout", RateClass::Plain),
            (
                "POST",
                "/auth/v1/token?grant_type=refresh_token&grant_type=password",
                RateClass::Auth,
            ),
            (
                "POST",
                "/auth/v1/token?grant_type=password&grant_type=refresh_token",
                RateClass::Auth,
            ),
            (
                "POST",
                "/auth/v1/token?Grant_Type=refresh_token&grant_type=password",
                RateClass::Auth,
            ),
            (
                "POST",
                "/auth/v1/token?grant_type=refresh_token",
                RateClass::Spared,
            ),
            (
                "POST",
                "/auth/v1/token?x=1&grant_type=refresh%5Ftoken",
                RateClass::Spared,
            ),
            (
                "GET",
                "/auth/v1/token?grant_type=refresh_token",
                RateClass::Auth,
            ),
            (
                "POST",
                "/auth/v1/signup?grant_type=refresh_token",
                RateClass::Auth,
            ),
            ("POST", "/api/v1/auth/address/confirm", RateClass::Auth),
            ("GET", "/api/v1/auth/address/undo/x", RateClass::Link),
            ("POST", "/api/v1/auth/undo/x", RateClass::Link),
            ("POST", "/api/v1/auth/refresh", RateClass::Auth),
            ("OPTIONS", "/api/v1/auth/refresh", RateClass::Spared),
            (
                "GET",
                "/api/v1/images/x/file?size=display",
                RateClass::Files,
            ),
            ("DELETE", "/api/v1/images/x/file", RateClass::Plain),
            ("GET", "/health", RateClass::Plain),
        ] {
            assert_eq!(of(method, uri), wanted, "{method} {uri}");
        }
    }
}
