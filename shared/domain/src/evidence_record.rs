//! Records of evidence: what was captured at a finding's address, what of it is kept, and how far it is.
//!
//! Not to be mixed up with `Evidence`, which is why we conclude what we conclude of a found picture.

use serde::{Deserialize, Serialize};

use crate::named_values::named_values;
use crate::{EvidenceId, ExportId, MatchId, Timestamp};

/// The most records she has.
pub const MAX_RECORDS: u32 = 200;

/// The most bytes of a page that is captured.
pub const MAX_PAGE_BYTES: usize = 10 * 1024 * 1024;

/// The most bytes of a picture that is captured.
pub const MAX_PICTURE_BYTES: usize = 25 * 1024 * 1024;

/// The most records in one pack.
pub const MAX_EXPORTED: usize = 20;

/// How long a pack lies ready, in seconds.
pub const EXPORT_SECONDS: i64 = 24 * 3600;

/// The most bytes of one part of a pack: what a function can answer.
pub const EXPORT_PART_BYTES: usize = 4 * 1024 * 1024;

/// The most bytes that the records of one pack keep together.
pub const MAX_EXPORTED_BYTES: u64 = 64 * 1024 * 1024;

/// How long before the certificate of a time stamp ends the stamp is renewed, in seconds.
pub const RENEW_BEFORE_SECONDS: i64 = 180 * 24 * 3600;

/// How often the chain of custody of a record is stamped at most, in seconds.
pub const CHAIN_STAMP_SECONDS: i64 = 24 * 3600;

/// The most time stamps of a chain that are kept; of more, the oldest go.
pub const MAX_CHAIN_STAMPS: usize = 200;

/// How long the address of a revealed file is good, in seconds. It is good once.
pub const REVEAL_SECONDS: i64 = 60;

/// How long a time stamp is tried for, in seconds.
pub const STAMP_TRIED_SECONDS: i64 = 72 * 3600;

named_values! {
    /// What of a capture is kept. Hashes and the facts of the answer are kept always.
    EvidenceKeep {
        /// Nothing else.
        Hashes = "HASHES",
        /// A blurred picture as well.
        Blurred = "BLURRED",
        /// The page and the picture as they came as well.
        Full = "FULL",
    }
}

named_values! {
    /// How far a record is.
    EvidenceState {
        /// It is being captured.
        Capturing = "CAPTURING",
        /// It is captured, stored and signed. Its time stamps are not there yet.
        Sealed = "SEALED",
        /// At least one authority has stamped it.
        Stamped = "STAMPED",
        /// The page could not be captured.
        Failed = "FAILED",
    }
}

named_values! {
    /// Why a page could not be captured.
    CaptureFailure {
        /// It could not be reached.
        Unreachable = "UNREACHABLE",
        /// It took too long.
        TooSlow = "TOO_SLOW",
        /// It is larger than is captured.
        TooLarge = "TOO_LARGE",
        /// Its address, or one that it leads to, is not followed.
        NotAllowed = "NOT_ALLOWED",
        /// Its address is not known.
        NotKnown = "NOT_KNOWN",
        /// The finding is not there any more.
        FindingGone = "FINDING_GONE",
    }
}

named_values! {
    /// What a captured thing is.
    EvidenceRole {
        /// The answer of the page's server.
        Page = "PAGE",
        /// The found picture.
        Image = "IMAGE",
        /// The headers of the page's answer.
        Headers = "HEADERS",
        /// The certificate of the page's server.
        Certificate = "CERTIFICATE",
        /// A blurred copy of the picture, made here.
        Blurred = "BLURRED",
    }
}

named_values! {
    /// How far a pack is.
    ExportState {
        /// It is being made.
        Pending = "PENDING",
        /// It lies ready.
        Ready = "READY",
        /// It could not be made.
        Failed = "FAILED",
    }
}

named_values! {
    /// The form of a pack.
    PackFormat {
        /// A web archive (WACZ), which opens in players of web archives.
        Wacz = "WACZ",
        /// The same in a bag (`BagIt`, RFC 8493), in a ZIP file.
        Bag = "BAG",
    }
}

/// One thing that was captured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct EvidenceItem {
    /// Its name in the record.
    pub path: String,
    /// What it is.
    pub role: EvidenceRole,
    /// Its media type, as its server said.
    pub media_type: String,
    /// Its size.
    pub bytes: u64,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// The PDQ hash of a picture: likeness, not identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pdq: Option<String>,
    /// The quality of that hash, 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pdq_quality: Option<u8>,
    /// Whether its bytes are kept.
    pub kept: bool,
}

/// A time stamp of an authority outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct EvidenceStamp {
    /// The authority, by our name for it.
    pub authority: String,
    /// The time it vouches for.
    pub at: Timestamp,
    /// The policy it stamped under, as an object identifier.
    pub policy: String,
    /// Its serial number, in hexadecimal.
    pub serial: String,
    /// The SHA-256 of its answer, in hexadecimal.
    pub sha256: String,
    /// When its certificate ends.
    pub certificate_ends: Timestamp,
    /// The SHA-256 of the answer that it renews, in hexadecimal; without one it is over the manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renews: Option<String>,
}

/// A time stamp over the end of a chain of custody: all its events up to there existed, in that order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChainStamp {
    /// How many events there were.
    pub events: u64,
    /// The link of the last of them, which is what was stamped.
    pub link: String,
    /// The authority, by our name for it.
    pub authority: String,
    /// The time it vouches for.
    pub at: Timestamp,
    /// The SHA-256 of its answer, in hexadecimal.
    pub sha256: String,
}

/// A record of evidence as she is shown it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct EvidenceRecord {
    /// Its id.
    pub id: EvidenceId,
    /// Its number among hers; the only thing that names of files tell.
    pub number: u32,
    /// The finding it is of.
    pub finding_id: MatchId,
    /// What of the capture is kept.
    pub keep: EvidenceKeep,
    /// How far it is.
    pub state: EvidenceState,
    /// Whether it is protected from being erased.
    pub frozen: bool,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The address that was captured.
    pub url: String,
    /// Where that led to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub final_url: Option<String>,
    /// When it was captured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub captured_at: Option<Timestamp>,
    /// The status that the page's server answered with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
    /// The SHA-256 of the signed and stamped manifest, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest_sha256: Option<String>,
    /// What was captured.
    pub items: Vec<EvidenceItem>,
    /// Why the picture is not among it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture_missing: Option<CaptureFailure>,
    /// Its time stamps.
    pub stamps: Vec<EvidenceStamp>,
    /// Why it could not be captured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<CaptureFailure>,
}

/// A pack that is made of records, as she is shown it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct EvidenceExport {
    /// Its id.
    pub id: ExportId,
    /// The records in it.
    pub records: Vec<EvidenceId>,
    /// Its form.
    pub format: PackFormat,
    /// How far it is.
    pub state: ExportState,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it is erased.
    pub expires_at: Timestamp,
    /// Its size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// How many parts it is fetched in, to be put one behind the other.
    pub parts: u32,
    /// The SHA-256 of its bytes, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}
