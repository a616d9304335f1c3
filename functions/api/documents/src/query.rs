//! Parts of the address and the query of `/api/v1/documents`.

use std::str::FromStr;

use vara::domain::{DocumentId, Error, Result};
use vara::http::Params;

/// The id of a document; what is none is the id of no document.
pub(crate) fn document(text: &str) -> Result<DocumentId> {
    DocumentId::parse(text)
        .ok_or_else(|| Error::not_found("DOCUMENT_NOT_FOUND", "This document does not exist."))
}

/// The number of a version; what is none is the number of no version.
pub(crate) fn version(text: &str) -> u64 {
    text.parse().unwrap_or_default()
}

/// A version that the query may name.
pub(crate) fn version_of(params: &Params, name: &str) -> Result<Option<u64>> {
    let Some(text) = params.get(name) else {
        return Ok(None);
    };
    let number = text.parse().ok();
    number
        .map(Some)
        .ok_or_else(|| Error::invalid_at(name, format!("{name} is the number of a version")))
}

/// One of a few words; `None` if it is not named.
pub(crate) fn word<T: FromStr>(params: &Params, name: &str, words: &str) -> Result<Option<T>> {
    let Some(text) = params.get(name) else {
        return Ok(None);
    };
    let known = text.parse().ok();
    known
        .map(Some)
        .ok_or_else(|| Error::invalid_at(name, format!("{name} is {words}")))
}
