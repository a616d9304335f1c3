//! What goes into a pack for each record.

use vara_domain::EvidenceId;
use vara_domain::evidence_record::EvidenceRole;

use crate::{KeySignature, Manifest};

/// What packs say they are made by.
pub(crate) const SOFTWARE: &str = concat!("vara ", env!("CARGO_PKG_VERSION"));

/// A record that is packed.
#[derive(Clone, Debug)]
pub struct PackedRecord {
    /// Its number among hers.
    pub number: u32,
    /// Its manifest.
    pub manifest: Manifest,
    /// The canonical bytes of that, as they were signed.
    pub manifest_bytes: Vec<u8>,
    /// Their signature.
    pub signature: KeySignature,
    /// What is kept of it: role and bytes.
    pub kept: Vec<(EvidenceRole, Vec<u8>)>,
    /// Its time stamps. Of one authority, each is over the answer before it, the first over the manifest.
    pub stamps: Vec<PackedStamp>,
    /// The time stamps of its chain of custody.
    pub head_stamps: Vec<PackedHeadStamp>,
    /// The report on it, as PDF.
    pub report: Option<Vec<u8>>,
}

/// A time stamp that is packed.
#[derive(Clone, Debug)]
pub struct PackedStamp {
    /// The authority, by our name for it.
    pub authority: String,
    /// The request, in DER.
    pub request: Vec<u8>,
    /// The answer, in DER.
    pub answer: Vec<u8>,
    /// The roots of the authority, in DER.
    pub roots: Vec<Vec<u8>>,
}

/// A time stamp over the link of an event, and so over all events up to it.
#[derive(Clone, Debug)]
pub struct PackedHeadStamp {
    /// How many events there were.
    pub events: u64,
    /// The stamp. What is stamped is the link itself, which is a hash.
    pub stamp: PackedStamp,
}

/// Where in a pack an item lies that is kept; `None` for what is in the web archive.
pub(crate) fn kept_path(id: EvidenceId, role: EvidenceRole) -> Option<String> {
    match role {
        EvidenceRole::Blurred => Some(format!("images/{id}.jpg")),
        EvidenceRole::Certificate => Some(format!("tls/{id}.der")),
        EvidenceRole::Headers => Some(format!("tls/{id}-headers.txt")),
        EvidenceRole::Page | EvidenceRole::Image => None,
    }
}
