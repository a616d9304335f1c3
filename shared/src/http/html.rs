//! Pages without scripts, and the forms they send.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::ApiError;
use crate::domain::Error;

/// A page without scripts that nobody keeps and that tells no other site where she was.
#[must_use]
pub fn html_page(status: StatusCode, text: impl Into<Body>) -> Response {
    let mut reply = (status, Html(text.into())).into_response();
    let headers = reply.headers_mut();
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
        ),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    reply
}

/// An error as this page instead of the envelope.
#[must_use]
pub fn html_error(err: Error, text: String) -> Response {
    let answer = ApiError(err).into_response();
    let mut reply = html_page(answer.status(), text);
    if let Some(wait) = answer.headers().get(header::RETRY_AFTER) {
        let wait = wait.clone();
        reply.headers_mut().insert(header::RETRY_AFTER, wait);
    }
    reply
}

/// Whether a call brings the form of a page.
#[must_use]
pub fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|it| it.to_str().ok());
    kind.is_some_and(|it| it.starts_with("application/x-www-form-urlencoded"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ErrorKind;

    #[test]
    fn an_error_on_a_page_has_its_status_and_its_wait() {
        let err = Error::new(ErrorKind::TooMany, "TOO_MANY_WRITES", "Later.").with_retry_after(60);
        let reply = html_error(err, "<p>Later.</p>".to_owned());
        assert_eq!(reply.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(reply.headers()[header::RETRY_AFTER], "60");
        assert_eq!(reply.headers()[header::CACHE_CONTROL], "no-store");
    }

    #[test]
    fn a_form_is_known_by_its_content_type() {
        let of = |kind: &'static str| {
            HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))])
        };
        assert!(is_form(&of(
            "application/x-www-form-urlencoded;charset=UTF-8"
        )));
        assert!(!is_form(&of("application/json")));
        assert!(!is_form(&HeaderMap::new()));
    }
}
