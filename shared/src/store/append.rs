//! Events that are to be appended, and the places they get behind the head of their stream.

use serde::Serialize;
use uuid::Uuid;

use super::event_rows::{EventRow, MAX_NUMBER, StreamHead};
use crate::domain::event::{
    Actor, EventHeader, EventType, ExpectedVersion, FIRST_LINK, Purpose, StreamName, link,
};
use crate::domain::{Timestamp, UserId};

/// An event that is ready to be stored but for its place.
#[derive(Clone, Debug)]
pub(crate) struct SealedEvent {
    pub(crate) event_id: Uuid,
    pub(crate) kind: EventType,
    pub(crate) type_version: u32,
    pub(crate) actor: Actor,
    pub(crate) purpose: Option<Purpose>,
    pub(crate) correlation_id: Option<String>,
    pub(crate) causation_id: Option<Uuid>,
    pub(crate) payload_sha256: String,
    /// Salt and payload, sealed with her data key.
    pub(crate) sealed: String,
    /// What was asked to be stored, for repeats.
    pub(crate) digest: String,
}

/// Events for the end of one stream.
#[derive(Clone, Debug)]
pub struct Append {
    pub(crate) user: UserId,
    pub(crate) stream: StreamName,
    pub(crate) expected: ExpectedVersion,
    pub(crate) at: Timestamp,
    pub(crate) events: Vec<SealedEvent>,
    /// The most events that the stream may keep.
    pub(crate) room: Option<u64>,
    /// How long an event's id is known, in seconds; nothing means for good.
    pub(crate) ids_known_for: Option<i64>,
}

/// Where events were stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AppendedEvents {
    /// The number of the first of them.
    pub first: u64,
    /// The number of the last of them.
    pub last: u64,
    /// The link of the last of them in the hash chain.
    pub link: String,
}

/// Why events have no place in their stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoPlace {
    /// The stream is not as expected.
    Unexpected,
    /// The stream would keep too many events.
    Full,
}

impl Append {
    /// The rows of these events behind this head, or why they may not be there.
    pub(super) fn place(&self, head: Option<&StreamHead>) -> Result<Vec<EventRow>, NoPlace> {
        let state = head.map(StreamHead::state).unwrap_or_default();
        if !self.expected.admits(state) {
            return Err(NoPlace::Unexpected);
        }
        let count = self.events.len() as u64;
        let kept = head.map_or(0, StreamHead::kept);
        let is_full = self.room.is_some_and(|most| kept + count > most);
        if is_full || state.next + count > MAX_NUMBER {
            return Err(NoPlace::Full);
        }
        let mut prev = head.map_or(FIRST_LINK, |it| &it.link).to_owned();
        let rows = self.events.iter().zip(state.next..).map(|(event, number)| {
            let row = self.row(event, number, std::mem::take(&mut prev));
            prev.clone_from(&row.link);
            row
        });
        Ok(rows.collect())
    }

    fn row(&self, event: &SealedEvent, number: u64, prev: String) -> EventRow {
        let header = EventHeader {
            event_id: event.event_id,
            stream: self.stream.clone(),
            number,
            kind: event.kind.clone(),
            type_version: event.type_version,
            at: self.at,
            actor: event.actor.clone(),
            purpose: event.purpose,
            correlation_id: event.correlation_id.clone(),
            causation_id: event.causation_id,
            payload_sha256: event.payload_sha256.clone(),
            prev,
        };
        EventRow {
            link: link(self.user, &header, &event.sealed),
            sealed: event.sealed.clone(),
            header,
        }
    }

    /// The head of a stream whose first events end with `last`.
    pub(super) fn first_head(&self, last: &EventRow) -> StreamHead {
        StreamHead {
            stream: self.stream.clone(),
            next: last.header.number + 1,
            link: last.link.clone(),
            first_kept: 0,
            anchor: FIRST_LINK.to_owned(),
            deleted: false,
            updated_at: self.at,
        }
    }
}

impl AppendedEvents {
    /// Where these rows are.
    pub(super) fn of(rows: &[EventRow]) -> Option<Self> {
        let (first, last) = (rows.first()?, rows.last()?);
        Some(Self {
            first: first.header.number,
            last: last.header.number,
            link: last.link.clone(),
        })
    }
}
