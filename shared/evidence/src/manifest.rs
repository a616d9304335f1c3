//! The manifest of a capture: what was seen, where, when and by what; its canonical bytes are signed and stamped.

use serde::{Deserialize, Serialize};
use vara_domain::evidence_record::{CaptureFailure, EvidenceItem, EvidenceKeep, EvidenceRole};
use vara_domain::{EvidenceId, Timestamp};

use crate::CertificateFacts;

/// What a manifest says it is.
pub const MANIFEST_PROFILE: &str = "vara.evidence.v1";

/// What was captured, with everything needed to say where it came from. It never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// [`MANIFEST_PROFILE`].
    pub profile: String,
    /// The record it is of.
    pub id: EvidenceId,
    /// Who looked at the page.
    pub origin: Origin,
    /// The address that was asked for.
    pub url: String,
    /// Where the last redirect led.
    pub final_url: String,
    /// Each answer on the way, the last one included.
    pub hops: Vec<Hop>,
    /// When the capture began.
    pub captured_at: Timestamp,
    /// Two clocks.
    pub clock: CaptureClock,
    /// What captured it.
    pub tool: Tool,
    /// Who had it captured.
    pub operator: Operator,
    /// What of it is kept.
    pub keep: EvidenceKeep,
    /// The status of the last answer.
    pub http_status: u16,
    /// The certificate of the last server, if it was asked over TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<CertificateFacts>,
    /// What was captured.
    pub items: Vec<EvidenceItem>,
    /// What should have been captured and could not be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Missing>,
}

/// Who looked at a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Origin {
    /// A server of Vara, without cookies, as any visitor.
    Server,
}

impl Origin {
    /// What a report says of it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Server => "A server of Vara, as any visitor, without a sign-in",
        }
    }
}

/// One answer on the way to a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    /// The address that was asked.
    pub url: String,
    /// The status of the answer.
    pub status: u16,
    /// Where it led on to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// When the answer came.
    pub at: Timestamp,
    /// The address of the network that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
}

/// The clock of the machine that captured, and what the page's server said the time was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CaptureClock {
    /// Ours, when the last answer came.
    pub host: Timestamp,
    /// The server's, from its header `Date`. Nobody vouches for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<Timestamp>,
    /// How far ours is ahead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skew_ms: Option<i64>,
}

/// What captured a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Who had a page captured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    /// `USER`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The id of the account.
    pub id: String,
}

/// Something that could not be captured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// What it would have been.
    pub role: EvidenceRole,
    /// Why it is not there.
    pub why: CaptureFailure,
}

/// The canonical bytes (RFC 8785) of something that is hashed or signed. `None` if it has no JSON.
#[must_use]
pub fn canonical(it: &impl Serialize) -> Option<Vec<u8>> {
    serde_json_canonicalizer::to_vec(it).ok()
}
