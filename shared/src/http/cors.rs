//! CORS and security headers: which origins may call.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::settings::Env;

/// Who may call from a browser.
#[derive(Clone, Debug)]
pub struct Cors {
    origins: Vec<String>,
    /// Outside production any page on this machine may call.
    local: bool,
    /// What anybody may read from anywhere: addresses below this one.
    open: Option<&'static str>,
}

const METHODS: HeaderValue = HeaderValue::from_static("GET,HEAD,PUT,PATCH,POST,DELETE");
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "X-Supabase-Api-Version, ETag, Idempotency-Replayed, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Correlation-Id",
);
const ANYBODY: HeaderValue = HeaderValue::from_static("*");
const READING: HeaderValue = HeaderValue::from_static("GET,OPTIONS");
const DAY: HeaderValue = HeaderValue::from_static("86400");
const YES: HeaderValue = HeaderValue::from_static("true");

impl Cors {
    /// Pages of `origins`, and outside production those on this machine.
    #[must_use]
    pub fn new(origins: &[String], production: bool) -> Self {
        let origins = origins
            .iter()
            .map(|it| it.trim_end_matches('/').to_owned())
            .collect();
        Self {
            origins,
            local: !production,
            open: None,
        }
    }

    /// Pages of `WEB_ORIGINS`, and those on this machine unless `STAGE` is `prod`.
    #[must_use]
    pub fn read(env: &Env) -> Self {
        Self::new(&env.list("WEB_ORIGINS"), env.text("STAGE") == "prod")
    }

    /// The same, and addresses below `open` for every page there is.
    #[must_use]
    pub fn with_open(self, open: &'static str) -> Self {
        Self {
            open: Some(open),
            ..self
        }
    }

    fn is_open(&self, path: &str) -> bool {
        self.open.is_some_and(|it| path.starts_with(it))
    }

    fn allows(&self, origin: &str) -> bool {
        let on_this_machine = ["http://localhost", "http://127.0.0.1"]
            .iter()
            .any(|start| {
                origin.strip_prefix(start).is_some_and(|rest| {
                    rest.is_empty()
                        || rest
                            .strip_prefix(':')
                            .is_some_and(|port| port.bytes().all(|it| it.is_ascii_digit()))
                })
            });
        self.origins.iter().any(|it| it == origin) || (self.local && on_this_machine)
    }

    /// The answer to a preflight, if the request is one; it is yet to be marked.
    #[must_use]
    pub fn preflight(&self, method: &Method, path: &str, headers: &HeaderMap) -> Option<Response> {
        if method != Method::OPTIONS || !headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
        {
            return None;
        }
        let mut reply = StatusCode::NO_CONTENT.into_response();
        if !self.is_open(path) && self.allowed(headers).is_some() {
            let wanted = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned();
            let out = reply.headers_mut();
            out.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            out.insert(header::ACCESS_CONTROL_MAX_AGE, DAY);
            if let Some(wanted) = wanted {
                out.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted);
            }
        }
        Some(reply)
    }

    /// Puts the headers on an answer to a request with these headers.
    pub fn mark(&self, path: &str, request: &HeaderMap, reply: &mut HeaderMap) {
        if self.is_open(path) {
            reply.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANYBODY);
            reply.insert(header::ACCESS_CONTROL_ALLOW_METHODS, READING);
            return;
        }
        reply.append(header::VARY, HeaderValue::from_static("Origin"));
        let Some(origin) = self.allowed(request) else {
            return;
        };
        reply.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        reply.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, YES);
        reply.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }

    fn allowed(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(header::ORIGIN)?;
        origin
            .to_str()
            .is_ok_and(|it| self.allows(it))
            .then(|| origin.clone())
    }
}

/// What every answer carries (the contract's, from helmet), unless a handler said otherwise.
pub(crate) const SECURITY: [(HeaderName, HeaderValue); 9] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        header::STRICT_TRANSPORT_SECURITY,
        HeaderValue::from_static("max-age=15552000; includeSubDomains"),
    ),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (
        header::X_FRAME_OPTIONS,
        HeaderValue::from_static("SAMEORIGIN"),
    ),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("x-permitted-cross-domain-policies"),
        HeaderValue::from_static("none"),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins() {
        let production = Cors::new(&["https://vara.example/".into()], true);
        assert!(production.allows("https://vara.example"));
        for refused in [
            "https://vara.example.evil.test",
            "http://localhost:3000",
            "null",
            "http://vara.example",
        ] {
            assert!(!production.allows(refused), "{refused}");
        }
        let local = Cors::new(&[], false);
        for allowed in [
            "http://localhost",
            "http://localhost:3000",
            "http://127.0.0.1:5173",
        ] {
            assert!(local.allows(allowed), "{allowed}");
        }
        assert!(!local.allows("http://localhost.evil.test"));
        assert!(!local.allows("http://localhost:80@evil.test"));
    }
}
