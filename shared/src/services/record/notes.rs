//! Her diary of incidents: streams that she appends to herself and may delete.

use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::event_log::{AppendedEvents, Draft, EventLog, MAX_EVENTS_AT_ONCE};
use crate::auth::Caller;
use crate::domain::event::{
    Actor, CATALOGUE, EventPayload, EventSpec, ExpectedVersion, StreamName, event_spec,
};
use crate::domain::{Error, ErrorKind, Result, Timestamp, UserId};
use crate::services::upkeep::write_rates::count_write;

/// The most bytes of one event as it is stored, sealed.
pub const MAX_SEALED_BYTES: usize = 32 * 1024;

/// The most events that a note keeps.
pub const MAX_EVENTS_OF_NOTE: u64 = 10_000;

/// The most notes one woman has.
pub const MAX_NOTES: usize = 500;

/// The most appends a minute.
pub const MAX_APPENDS_A_MINUTE: u64 = 60;

/// How long an id that she chose is known, in seconds.
const IDS_KNOWN_FOR: i64 = 90 * 24 * 3600;

/// An event that she appends.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct NewEvent {
    /// Her id for it; sent again, it is not stored again.
    #[serde(default)]
    pub event_id: Option<Uuid>,
    /// One of the types of the catalogue that she may append.
    #[cfg_attr(feature = "openapi", schema(example = "note.written"))]
    pub event_type: String,
    /// What it says, in any form.
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, Value>))]
    pub data: Map<String, Value>,
    /// What is noted beside it.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, Value>))]
    pub metadata: Map<String, Value>,
}

/// Appends to her notes and deletes them.
#[derive(Clone, Debug)]
pub struct Notes {
    log: EventLog,
}

impl Notes {
    /// The notes in this log.
    #[must_use]
    pub fn new(log: EventLog) -> Self {
        Self { log }
    }

    /// Appends events to a note of hers.
    pub async fn append(
        &self,
        caller: &Caller,
        stream: &StreamName,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
        now: Timestamp,
    ) -> Result<AppendedEvents> {
        let user = caller.user;
        must_be_note(stream)?;
        let drafts = drafts(&caller.actor(), events)?;
        count_write(
            &self.log.store,
            (user, "events"),
            MAX_APPENDS_A_MINUTE,
            too_many,
            now,
        )
        .await?;
        if self.log.next_number(user, stream).await? == 0 {
            self.must_have_room(user).await?;
        }
        let mut append = self
            .log
            .seal((user, stream), expected, &drafts, now)
            .await?;
        if append
            .events
            .iter()
            .any(|it| it.sealed.len() > MAX_SEALED_BYTES)
        {
            return Err(Error::new(
                ErrorKind::TooLarge,
                "EVENT_TOO_LARGE",
                "This entry is longer than there is room for.",
            ));
        }
        append.room = Some(MAX_EVENTS_OF_NOTE);
        append.ids_known_for = Some(IDS_KNOWN_FOR);
        self.log.store_append(append).await
    }

    /// Deletes a note of hers.
    pub async fn delete(&self, user: UserId, stream: &StreamName, now: Timestamp) -> Result<()> {
        must_be_note(stream)?;
        self.log.delete(user, stream, now).await
    }

    async fn must_have_room(&self, user: UserId) -> Result<()> {
        let streams = self.log.store.streams(user).await?;
        let notes = streams.iter().filter(|it| it.stream.is_note());
        if notes.count() < MAX_NOTES {
            return Ok(());
        }
        Err(Error::conflict(
            "TOO_MANY_NOTES",
            "You have as many notes as there is room for. Please go on in one of them.",
        ))
    }
}

fn too_many() -> Error {
    Error::new(
        ErrorKind::TooMany,
        "TOO_MANY_EVENTS",
        "That was a lot at once. Please try again in a minute.",
    )
}

fn must_be_note(stream: &StreamName) -> Result<()> {
    if stream.is_note() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Forbidden,
        "STREAM_IS_READ_ONLY",
        "This part of your record is written by Vara and cannot be changed.",
    ))
}

fn drafts(actor: &Actor, events: Vec<NewEvent>) -> Result<Vec<Draft>> {
    if events.is_empty() || events.len() > MAX_EVENTS_AT_ONCE {
        let message = format!("Between 1 and {MAX_EVENTS_AT_ONCE} entries can be saved at once.");
        return Err(Error::invalid_at("events", message));
    }
    let mut drafts: Vec<Draft> = Vec::with_capacity(events.len());
    for event in events {
        let event_id = event.event_id.unwrap_or_else(Uuid::new_v4);
        if drafts.iter().any(|it| it.event_id == event_id) {
            return Err(Error::invalid_at(
                "eventId",
                "Each entry needs an id of its own.",
            ));
        }
        drafts.push(Draft {
            event_id,
            spec: spec(&event.event_type)?,
            actor: actor.clone(),
            purpose: None,
            payload: EventPayload {
                data: event.data,
                meta: event.metadata,
            },
        });
    }
    Ok(drafts)
}

fn spec(name: &str) -> Result<&'static EventSpec> {
    event_spec(name).filter(|it| it.client).ok_or_else(|| {
        let open: Vec<&str> = CATALOGUE
            .iter()
            .filter(|it| it.client)
            .map(|it| it.name)
            .collect();
        let message = format!("The type of an entry is one of {}.", open.join(", "));
        Error::invalid_at("eventType", message)
    })
}
