//! Rows of events: her data key, the head of a stream, an event, the place of an event id.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Key, Store};
use crate::domain::event::{EventHeader, StreamName, StreamState};
use crate::domain::{Result, Timestamp, UserId};

/// The prefixes of the keys.
pub(super) const EVENT: &str = "EVENT#";
pub(super) const STREAM: &str = "STREAM#";

/// The largest number that a key has room for.
pub(super) const MAX_NUMBER: u64 = 999_999_999_999;

/// Her data key as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DataKeyRow {
    /// The key, wrapped by KMS for her id.
    pub wrapped: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// How far a stream is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamHead {
    /// Its name.
    pub stream: StreamName,
    /// The number that its next event gets.
    pub next: u64,
    /// The link of its last event.
    pub link: String,
    /// The number of the first event that is kept; those before are removed or will be.
    pub first_kept: u64,
    /// The link that the first kept event follows.
    pub anchor: String,
    /// It was deleted and has had no event since.
    pub deleted: bool,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl StreamHead {
    /// What an append may expect of it.
    #[must_use]
    pub fn state(&self) -> StreamState {
        StreamState {
            next: self.next,
            deleted: self.deleted,
        }
    }

    /// How many events are kept.
    #[must_use]
    pub fn kept(&self) -> u64 {
        self.next.saturating_sub(self.first_kept)
    }
}

/// An event as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventRow {
    /// What is stored in clear.
    #[serde(flatten)]
    pub header: EventHeader,
    /// Salt and payload, sealed with her data key.
    pub sealed: String,
    /// Its link in the hash chain.
    pub link: String,
}

/// Where the event of an id is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventIdRow {
    pub(crate) event_id: Uuid,
    pub(crate) stream: StreamName,
    pub(crate) number: u64,
    /// What was asked to be stored, by a digest that only her key makes.
    pub(crate) digest: String,
}

pub(super) fn data_key(user: UserId) -> Key {
    Key::user(user, "DATAKEY")
}

pub(super) fn stream_key(user: UserId, stream: &StreamName) -> Key {
    Key::user(user, format!("{STREAM}{stream}"))
}

pub(super) fn event_key(user: UserId, stream: &StreamName, number: u64) -> Key {
    Key::user(user, format!("{EVENT}{stream}#{number:012}"))
}

pub(super) fn event_id_key(user: UserId, id: Uuid) -> Key {
    Key::user(user, format!("EVENTID#{id}"))
}

impl Store {
    /// How far a stream of hers is; `None` if it never had an event.
    pub async fn stream(&self, user: UserId, stream: &StreamName) -> Result<Option<StreamHead>> {
        self.get(&stream_key(user, stream)).await
    }
}
