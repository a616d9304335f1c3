//! `If-Match` and `ETag`: the revision of what is changed.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use crate::domain::{Error, Result};

/// The revision that the caller expects; none if it names none.
///
/// # Errors
///
/// What is named is none of our marks.
pub fn expected_revision(headers: &HeaderMap) -> Result<Option<u64>> {
    let mut named = headers.get_all(header::IF_MATCH).iter();
    let Some(first) = named.next() else {
        return Ok(None);
    };
    let tag = first.to_str().ok().filter(|_| named.next().is_none());
    let tag = tag.and_then(|it| it.trim().strip_prefix('"')?.strip_suffix('"'));
    // A tag that is none of ours is the tag of no revision.
    let digits = tag.filter(|it| it.bytes().all(|it| it.is_ascii_digit()));
    let revision = digits.and_then(|it| it.parse().ok());
    revision
        .map(Some)
        .ok_or_else(|| Error::invalid_at("If-Match", "If-Match takes the ETag as it was answered."))
}

/// The answer, marked with this revision.
#[must_use]
pub fn with_etag(mut reply: Response, revision: u64) -> Response {
    if let Ok(tag) = HeaderValue::try_from(format!("\"{revision}\"")) {
        reply.headers_mut().insert(header::ETAG, tag);
    }
    reply
}
