//! `If-Match` and `ETag`: the revision of a document.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use vara::domain::{Error, Result};

/// The revision that the caller expects; none if it names none.
pub(crate) fn expected(headers: &HeaderMap) -> Result<Option<u64>> {
    let mut named = headers.get_all(header::IF_MATCH).iter();
    let Some(first) = named.next() else {
        return Ok(None);
    };
    let tag = first.to_str().ok().filter(|_| named.next().is_none());
    let tag = tag.and_then(|it| it.trim().strip_prefix('"')?.strip_suffix('"'));
    // A tag that is none of ours is the tag of no revision.
    let digits = tag.filter(|it| it.bytes().all(|it| it.is_ascii_digit()));
    let revision = digits.and_then(|it| it.parse().ok());
    revision.map(Some).ok_or_else(|| {
        Error::invalid_at(
            "If-Match",
            "If-Match takes the ETag of the document, as it was answered.",
        )
    })
}

/// The answer, marked with this revision.
pub(crate) fn with_etag(mut reply: Response, revision: u64) -> Response {
    if let Ok(tag) = HeaderValue::try_from(format!("\"{revision}\"")) {
        reply.headers_mut().insert(header::ETAG, tag);
    }
    reply
}
