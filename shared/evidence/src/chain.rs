//! The chain of custody as a pack carries it: events with their payloads and links, and the head that is signed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use vara_domain::event::{EventHeader, FIRST_LINK, StreamName, link_of_digest, open_payload};
use vara_domain::{EvidenceId, Timestamp, UserId};

/// An event of a chain, with all that its link covers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChainLine {
    /// Its envelope.
    pub event: EventHeader,
    /// Salt and payload, in Base64.
    pub payload: String,
    /// The hash of what is stored sealed of it.
    pub ciphertext_sha256: String,
    /// Its link.
    pub link: String,
}

/// How far the chains of a pack are, signed when it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PackHead {
    /// Whose events they are: the id of the account.
    pub owner: UserId,
    /// The records of the pack with the ends of their chains.
    pub records: Vec<PackedChain>,
    /// When the pack was made.
    pub exported_at: Timestamp,
    /// The SHA-256 of the key that signs the pack.
    pub pack_key_sha256: String,
}

/// The end of the chain of one record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackedChain {
    /// The record.
    pub id: EvidenceId,
    /// How many events there are.
    pub events: u64,
    /// The link of the last one.
    pub link: String,
}

impl ChainLine {
    /// What the event says; `None` if the payload is not the one of its hash.
    #[must_use]
    pub fn data(&self) -> Option<Map<String, Value>> {
        let sealed = STANDARD.decode(&self.payload).ok()?;
        Some(open_payload(&sealed, &self.event.payload_sha256)?.data)
    }
}

/// Whether these are all events of the chain of a record up to its head: none changed, missing or out of order.
#[must_use]
pub fn is_whole(owner: UserId, head: &PackedChain, lines: &[&ChainLine]) -> bool {
    let stream = StreamName::evidence(head.id);
    let mut before = FIRST_LINK;
    for (number, line) in (0..).zip(lines) {
        let event = &line.event;
        let is_next = event.stream == stream && event.number == number && event.prev == before;
        let link = link_of_digest(owner, event, &line.ciphertext_sha256);
        if !is_next || link != line.link || line.data().is_none() {
            return false;
        }
        before = &line.link;
    }
    lines.len() as u64 == head.events && before == head.link
}
