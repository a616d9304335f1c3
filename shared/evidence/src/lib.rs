//! Evidence that anybody can check without Vara and without network: manifest, signature, RFC 3161 time stamps,
//! custody chain, pack, and the check of a pack.
//!
//! Everything that is read here may have been made to deceive: no input panics, and what it costs is bounded.
//! Nothing in here knows AWS, HTTP, the clock or the table.

mod bag;
mod certificate;
mod chain;
mod container;
mod hash;
mod manifest;
mod pack;
mod packed;
#[cfg(any(test, feature = "report"))]
pub mod report;
mod signature;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod timestamp;
mod verify;
mod warc;
mod web_archive;

pub use certificate::{CertificateFacts, read_certificate};
pub use chain::{ChainLine, PackHead, PackedChain, is_whole};
pub use container::{
    ContainerFault, Entries, MAX_CONTAINER_BYTES, read_container, write_container,
};
pub use hash::sha256_hex;
pub use manifest::{
    CaptureClock, Hop, MANIFEST_PROFILE, Manifest, Missing, Operator, Origin, Tool, canonical,
};
pub use pack::{Pack, PackKey, write_pack};
pub use packed::{PackedHeadStamp, PackedRecord, PackedStamp};
pub use signature::{KeySignature, key_id, raw_signature, verify_signature};
pub use verify::{PackCheck, Report, Trusted, verify_pack};
