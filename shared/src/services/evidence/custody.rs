//! The chain of custody of a record: what happened to it, in order, by whom. It is there after the record is erased.

use super::{EvidenceRecords, missing};
use crate::domain::event::{Event, StreamName};
use crate::domain::{EvidenceId, Result, Timestamp, UserId};
use crate::services::record::event_log::{Direction, EventLog};

/// How many events are read at once.
const PAGE_SIZE: usize = 100;

/// The most events of a chain that are told.
const MAX_EVENTS: usize = 2000;

impl EvidenceRecords {
    /// All events of a record's chain, the first first.
    pub async fn custody(
        &self,
        user: UserId,
        id: EvidenceId,
        now: Timestamp,
    ) -> Result<Vec<Event>> {
        chain(&self.files.log, user, id, now).await
    }
}

pub(super) async fn chain(
    log: &EventLog,
    user: UserId,
    id: EvidenceId,
    now: Timestamp,
) -> Result<Vec<Event>> {
    let stream = StreamName::evidence(id);
    let (mut events, mut from) = (Vec::new(), None);
    loop {
        let page = log.read((user, &stream), from, Direction::Forward, PAGE_SIZE, now);
        let page = match page.await {
            Ok(page) => page,
            Err(err) if err.code == "STREAM_NOT_FOUND" => return Err(missing()),
            Err(err) => return Err(err),
        };
        events.extend(page.events);
        from = page.place.next;
        if from.is_none() || events.len() >= MAX_EVENTS {
            return Ok(events);
        }
    }
}
