//! Her picture as looks compare it with what they find: its fingerprints, and the bytes that showed it before.

use std::collections::BTreeMap;

use bytes::Bytes;
use vara_evidence::sha256_hex;
use vara_imaging::{Fingerprint, Limits, MATCH_DISTANCE, MIN_QUALITY, Pdq};

use crate::store::ImageRow;

/// What reading a found picture may cost here, where there is less memory than where scans compare.
const LIMITS: Limits = Limits {
    bytes: 10 * 1024 * 1024,
    pixels: 12_000_000,
    memory: 128 * 1024 * 1024,
    ..Limits::DEFAULT
};

/// Her picture, and where it was seen before: the digest of its bytes by address.
#[derive(Clone, Debug, Default)]
pub(super) struct HerPicture {
    hashes: Vec<Pdq>,
    known: BTreeMap<String, String>,
}

/// What a found picture is to hers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ShownPicture {
    /// The same: the bytes that showed it before, or a copy.
    Same,
    /// Another one.
    Other,
    /// Nobody can tell.
    Unclear,
}

impl HerPicture {
    /// Her picture as it is stored, and what earlier looks saw of it.
    pub(super) fn of(row: Option<&ImageRow>, known: BTreeMap<String, String>) -> Self {
        let row = row.filter(|it| it.pdq_quality.is_some_and(|it| it >= MIN_QUALITY));
        let hashes = row.iter().flat_map(|it| &it.dihedral);
        Self {
            hashes: hashes.filter_map(|it| it.parse().ok()).collect(),
            known,
        }
    }

    /// Whether pictures can be compared with it at all.
    pub(super) fn is_comparable(&self) -> bool {
        !self.hashes.is_empty()
    }

    /// Whether an earlier look saw it at this address.
    pub(super) fn was_at(&self, link: &str) -> bool {
        self.known.contains_key(link)
    }

    /// Compares what is at an address with it, off the reactor.
    pub(super) async fn likeness(&self, link: &str, bytes: Bytes) -> ShownPicture {
        if self.known.get(link) == Some(&sha256_hex(&bytes)) {
            return ShownPicture::Same;
        }
        let hashes = self.hashes.clone();
        let compared = tokio::task::spawn_blocking(move || compare(&hashes, &bytes)).await;
        compared.unwrap_or_else(|err| {
            tracing::error!(error = %err, "comparing a picture failed by our mistake");
            ShownPicture::Unclear
        })
    }
}

fn compare(hashes: &[Pdq], bytes: &[u8]) -> ShownPicture {
    let read = vara_imaging::decode(bytes, &LIMITS).ok();
    let found = read.and_then(|it| vara_imaging::pdq(&it));
    let Some(Fingerprint { pdq, quality }) = found.filter(|_| !hashes.is_empty()) else {
        return ShownPicture::Unclear;
    };
    match hashes.iter().map(|it| it.distance(&pdq)).min() {
        _ if quality < MIN_QUALITY => ShownPicture::Unclear,
        Some(distance) if distance <= MATCH_DISTANCE => ShownPicture::Same,
        _ => ShownPicture::Other,
    }
}
