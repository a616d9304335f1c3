//! The hash chain of a stream: edits, gaps, and changes of order are found without a key.
//!
//! A link is the SHA-256 of the envelope, the hash of the payload, the hash of what is stored sealed, and the link
//! before. Each field is written with its length in a fixed order, so that two envelopes never make the same
//! bytes. The payload is hashed with a salt that is sealed with it: once her key is gone, nobody can guess the
//! payload from the hash, and the chain can still be checked.

use sha2::{Digest, Sha256};

use super::envelope::{EventHeader, EventPayload};
use crate::UserId;

/// What the first event of a stream has as the link before it.
pub const FIRST_LINK: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// How long the salt of a payload is.
pub const SALT_BYTES: usize = 32;

const LINK_DOMAIN: &[u8] = b"vara.event.v1\0";
const PAYLOAD_DOMAIN: &[u8] = b"vara.payload.v1\0";

/// What is sealed of an event: the salt, and the payload as JSON. `None` if it cannot be written.
#[must_use]
pub fn write_payload(salt: [u8; SALT_BYTES], payload: &EventPayload) -> Option<Vec<u8>> {
    let mut bytes = salt.to_vec();
    serde_json::to_writer(&mut bytes, payload).ok()?;
    Some(bytes)
}

/// The payload in what was sealed; `None` if it is not one, or not the one of this hash.
#[must_use]
pub fn open_payload(sealed: &[u8], sha256: &str) -> Option<EventPayload> {
    let (_, json) = sealed.split_at_checked(SALT_BYTES)?;
    let is_it = payload_sha256(sealed) == sha256;
    serde_json::from_slice(json).ok().filter(|_| is_it)
}

/// The hash of what is sealed of an event.
#[must_use]
pub fn payload_sha256(sealed: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(PAYLOAD_DOMAIN);
    hash.update(sealed);
    hex(&hash.finalize())
}

/// The link of an event in the record of `owner`, which is stored sealed as `ciphertext`.
#[must_use]
pub fn link(owner: UserId, event: &EventHeader, ciphertext: &str) -> String {
    link_of_digest(owner, event, &ciphertext_sha256(ciphertext))
}

/// The hash of an event's payload as it is stored, sealed. With it a chain can be checked where what is stored
/// is not at hand.
#[must_use]
pub fn ciphertext_sha256(ciphertext: &str) -> String {
    hex(&Sha256::digest(ciphertext.as_bytes()))
}

/// The link of an event in the record of `owner`, by the hash of what is stored sealed.
#[must_use]
pub fn link_of_digest(owner: UserId, event: &EventHeader, ciphertext_sha256: &str) -> String {
    let mut fields = HashedFields(Sha256::new());
    fields.0.update(LINK_DOMAIN);
    fields.text(&owner.to_string());
    fields.text(event.stream.as_str());
    fields.number(event.number);
    fields.text(&event.event_id.hyphenated().to_string());
    fields.text(event.kind.as_str());
    fields.number(event.type_version.into());
    fields.text(&event.at.to_string());
    fields.text(event.actor.kind.as_str());
    fields.text(&event.actor.id);
    fields.optional(event.actor.org.as_deref());
    fields.optional(event.actor.via.as_deref());
    fields.optional(event.purpose.map(|it| it.as_str()));
    fields.optional(event.correlation_id.as_deref());
    let cause = event.causation_id.map(|it| it.hyphenated().to_string());
    fields.optional(cause.as_deref());
    fields.text(&event.payload_sha256);
    fields.text(ciphertext_sha256);
    fields.text(&event.prev);
    hex(&fields.0.finalize())
}

/// Fields of a hash, each with its length before it.
struct HashedFields(Sha256);

impl HashedFields {
    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.update(text.as_bytes());
    }

    fn optional(&mut self, text: Option<&str>) {
        self.number(text.is_some().into());
        self.text(text.unwrap_or_default());
    }

    fn number(&mut self, number: u64) {
        self.0.update(number.to_be_bytes());
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a text does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The first event of a stream where its chain does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The number that was expected there.
    pub number: u64,
}

/// Checks the events of a stream one after the other.
#[derive(Clone, Debug)]
pub struct ChainCheck {
    owner: UserId,
    next: u64,
    link: String,
}

impl ChainCheck {
    /// Of the stream whose first kept event has this number and follows this link.
    #[must_use]
    pub fn from(owner: UserId, first: u64, anchor: &str) -> Self {
        Self {
            owner,
            next: first,
            link: anchor.to_owned(),
        }
    }

    /// Takes the next event as it is stored.
    ///
    /// # Errors
    /// It does not follow the one before, or is not what its link says.
    pub fn take(
        &mut self,
        event: &EventHeader,
        ciphertext: &str,
        stored: &str,
    ) -> Result<(), Broken> {
        let follows = event.number == self.next && event.prev == self.link;
        if !follows || link(self.owner, event, ciphertext) != stored {
            return Err(Broken { number: self.next });
        }
        stored.clone_into(&mut self.link);
        self.next += 1;
        Ok(())
    }

    /// Compares the end with the stream's head: the number of its next event, and its last link.
    ///
    /// # Errors
    /// Events are missing at the end, or the head is not theirs.
    pub fn end(&self, next: u64, link: &str) -> Result<(), Broken> {
        let holds = self.next == next && self.link == link;
        holds.then_some(()).ok_or(Broken { number: self.next })
    }

    /// The number of the event that would come next, and the link it would follow.
    #[must_use]
    pub fn place(&self) -> (u64, &str) {
        (self.next, &self.link)
    }
}

#[cfg(test)]
mod tests;
