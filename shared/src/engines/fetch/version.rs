//! Versions of found pictures: entity tag, time of modification, digest; conditional requests.

use bytes::Bytes;
use reqwest::RequestBuilder;
use reqwest::header::{
    ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use sha2::{Digest, Sha256};

use crate::domain::FetchedVersion;

/// The longest validator that is kept. Longer ones are rare, and every one is stored.
const MAX_VALIDATOR: usize = 100;

/// A picture that was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedPicture {
    /// Its bytes; nothing if its server says that it is the version that was known.
    pub bytes: Option<Bytes>,
    /// Which version it is.
    pub version: FetchedVersion,
}

impl FetchedPicture {
    pub(super) fn new(from: String, headers: &HeaderMap, bytes: Bytes) -> Self {
        Self {
            version: FetchedVersion {
                from,
                etag: validator(headers, &ETAG),
                modified: validator(headers, &LAST_MODIFIED),
                hash: hex::encode(Sha256::digest(&bytes)),
            },
            bytes: Some(bytes),
        }
    }

    pub(super) fn unchanged(known: &FetchedVersion) -> Self {
        Self {
            bytes: None,
            version: known.clone(),
        }
    }
}

/// Asks for the picture only if it is another than the known one.
pub(super) fn conditional(
    request: RequestBuilder,
    known: Option<&FetchedVersion>,
) -> RequestBuilder {
    let Some(known) = known else { return request };
    match (&known.etag, &known.modified) {
        (Some(etag), _) => request.header(IF_NONE_MATCH, etag),
        (None, Some(modified)) => request.header(IF_MODIFIED_SINCE, modified),
        (None, None) => request,
    }
}

/// A name for bytes, or for an address.
pub(super) fn digest(bytes: &[u8]) -> String {
    hex::encode(&Sha256::digest(bytes)[..16])
}

/// A validator that can be sent back as it came.
fn validator(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?;
    (text.len() <= MAX_VALIDATOR).then(|| text.to_owned())
}
