//! The event log: seal and append events, read them by page, wait for new ones, verify, export.

mod drafts;
mod export;

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use uuid::Uuid;

use super::data_keys::{DataKeys, gone};
use crate::auth::DataKey;
use crate::domain::event::{Actor, Event, ExpectedVersion, StreamName, event_spec, open_payload};
use crate::domain::{Error, Result, Timestamp, UserId};
use crate::store::{
    Append, AppendOutcome, DataKeyRow, EventRow, Listing, ReadFrom, Store, StreamHead, Verified,
    retry_on_conflict,
};
use crate::vault::Vault;

use drafts::{seal, sealed_for};

pub use crate::store::AppendedEvents;
pub use drafts::Draft;
pub use export::ExportPage;

/// The most events that one append takes.
pub const MAX_EVENTS_AT_ONCE: usize = 20;

/// How often a stream that is waited for is looked at.
const POLL_PERIOD: Duration = Duration::from_millis(500);

/// Appends and reads events. Cheap to clone.
#[derive(Clone, Debug)]
pub struct EventLog {
    pub(in crate::services) store: Store,
    keys: DataKeys,
}

/// A stream and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StreamView {
    /// Its name.
    pub stream: StreamName,
    /// The number of its last event.
    pub head: u64,
    /// The link of its last event in the hash chain.
    pub link: String,
    /// How many events are kept.
    pub events: u64,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// In which order events are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// From the first to the last.
    #[default]
    Forward,
    /// From the last to the first.
    Backward,
}

/// A page of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct EventPage {
    /// The events, in the order of reading.
    pub events: Vec<Event>,
    /// Where it stands in its stream.
    pub place: PagePlace,
}

/// Where a page stands in its stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PagePlace {
    /// From which number the next page is read in this order; none at the end.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub next: Option<u64>,
    /// From which number the page before is read in the other order; none at the beginning.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub previous: Option<u64>,
    /// The number of the stream's last event; only where the page reaches it, so that other pages never change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<u64>,
    /// Whether there is nothing more in this order now.
    pub end_of_stream: bool,
}

impl EventLog {
    /// The log in this table, whose keys `vault` wraps.
    #[must_use]
    pub fn new(store: Store, vault: Vault) -> Self {
        Self {
            keys: DataKeys::new(store.clone(), vault),
            store,
        }
    }

    /// Her data key, made now if she has none; with it, services seal what they store beside events.
    pub(crate) async fn data_key(&self, user: UserId, now: Timestamp) -> Result<Arc<DataKey>> {
        self.keys.find_or_make(user, now).await
    }

    /// A page of rows that are sealed with her data key, each opened. One that cannot be opened is logged and left out, so
    /// that it hides no other. Of an empty page no key is asked for.
    pub(crate) async fn open_listing<R, T>(
        &self,
        user: UserId,
        (what, id): (&'static str, impl Fn(&R) -> Uuid),
        listing: Listing<R>,
        now: Timestamp,
        open: impl Fn(&DataKey, R) -> Result<T>,
    ) -> Result<Listing<T>> {
        let mut items = Vec::with_capacity(listing.items.len());
        if !listing.items.is_empty() {
            let key = self.data_key(user, now).await?;
            for row in listing.items {
                let id = id(&row);
                match open(&key, row) {
                    Ok(item) => items.push(item),
                    Err(err) => tracing::error!(
                        what,
                        row.id = %id,
                        error.chain = err.chain(),
                        "a sealed row is left out of a list"
                    ),
                }
            }
        }
        Ok(Listing {
            items,
            pagination: listing.pagination,
        })
    }

    /// All events of a stream as they are stored, each with its salt and payload opened.
    pub(crate) async fn stored_chain(
        &self,
        (user, stream): (UserId, &StreamName),
        now: Timestamp,
    ) -> Result<Vec<(EventRow, Vec<u8>)>> {
        let head = self.head(user, stream).await?;
        let most = usize::try_from(head.kept()).unwrap_or(usize::MAX);
        let from = ReadFrom::Forward(head.first_kept);
        let rows = self.store.events(user, &head, from, most).await?;
        let key = self.keys.find(user, now).await?.ok_or_else(gone)?;
        let opened = rows.into_iter().map(|row| {
            let sealed_for = sealed_for(user, &row.header.stream, row.header.event_id);
            let payload = key.open(&sealed_for, &row.sealed);
            let payload = payload.ok_or_else(|| {
                Error::bug("opening an event", "its payload is not what was sealed")
            })?;
            Ok((row, payload))
        });
        opened.collect()
    }

    /// Appends events, or finds that just these were appended before.
    pub async fn append(
        &self,
        (user, stream): (UserId, &StreamName),
        expected: ExpectedVersion,
        drafts: &[Draft],
        now: Timestamp,
    ) -> Result<AppendedEvents> {
        let append = self.seal((user, stream), expected, drafts, now).await?;
        self.store_append(append).await
    }

    /// Events that are ready to be stored, alone or in the transaction of the change they tell of.
    pub(crate) async fn seal(
        &self,
        (user, stream): (UserId, &StreamName),
        expected: ExpectedVersion,
        drafts: &[Draft],
        now: Timestamp,
    ) -> Result<Append> {
        let key = self.keys.find_or_make(user, now).await?;
        let events = drafts.iter().map(|it| seal(&key, (user, stream), it));
        Ok(Append {
            user,
            stream: stream.clone(),
            expected,
            at: now,
            events: events.collect::<Result<_>>()?,
            room: None,
            ids_known_for: None,
        })
    }

    /// The event of an act of hers or about her, to be stored in the transaction of the act. Its stream is the
    /// one that the catalogue names.
    pub(crate) async fn tell(
        &self,
        (user, actor): (UserId, Actor),
        name: &'static str,
        said: &impl Serialize,
        now: Timestamp,
    ) -> Result<Append> {
        let stream = event_spec(name).and_then(|it| StreamName::parse(it.stream));
        let stream =
            stream.ok_or_else(|| Error::bug("writing an event", "its type names no stream"))?;
        self.tell_in((user, actor, &stream), name, said, now).await
    }

    /// The same in a stream of its own, such as one document's.
    pub(crate) async fn tell_in(
        &self,
        (user, actor, stream): (UserId, Actor, &StreamName),
        name: &'static str,
        said: &impl Serialize,
        now: Timestamp,
    ) -> Result<Append> {
        let draft = Draft::of(Uuid::new_v4(), name, actor, None, said)?;
        self.seal((user, stream), ExpectedVersion::Any, &[draft], now)
            .await
    }

    /// Several of one stream that happened together, in order.
    pub(crate) async fn tell_all_in(
        &self,
        (user, actor, stream): (UserId, &Actor, &StreamName),
        told: &[(&'static str, serde_json::Value)],
        now: Timestamp,
    ) -> Result<Append> {
        let drafts = told
            .iter()
            .map(|(name, said)| Draft::of(Uuid::new_v4(), name, actor.clone(), None, said));
        let drafts: Vec<Draft> = drafts.collect::<Result<_>>()?;
        self.seal((user, stream), ExpectedVersion::Any, &drafts, now)
            .await
    }

    /// The same for an account that rests, whose key lies elsewhere.
    pub(crate) async fn tell_of_resting(
        &self,
        (user, actor): (UserId, Actor),
        key: &DataKeyRow,
        name: &'static str,
        now: Timestamp,
    ) -> Result<Append> {
        self.keys.open_kept(user, key, now).await?;
        let said = serde_json::json!({});
        self.tell((user, actor), name, &said, now).await
    }

    pub(super) async fn store_append(&self, append: Append) -> Result<AppendedEvents> {
        let outcome = self.store.append_events(append.clone()).await?;
        match outcome {
            AppendOutcome::Done(stored) => return Ok(stored),
            AppendOutcome::Gone => return Err(gone()),
            // Sent again, it finds the stream where it left it: not as expected, or full.
            AppendOutcome::Unexpected | AppendOutcome::Full | AppendOutcome::Known => {}
        }
        if let Some(before) = self.stored_before(&append).await? {
            return Ok(before);
        }
        match outcome {
            AppendOutcome::Full => Err(Error::conflict(
                "STREAM_IS_FULL",
                "This note has as many entries as there is room for. Please start another one.",
            )),
            AppendOutcome::Unexpected => Err(self.unexpected(&append).await?),
            _ => Err(reused()),
        }
    }

    /// Where just these events were stored before; an error if some of their ids are of other events.
    async fn stored_before(&self, append: &Append) -> Result<Option<AppendedEvents>> {
        let ids: Vec<Uuid> = append.events.iter().map(|it| it.event_id).collect();
        let places = self.store.event_places(append.user, &ids).await?;
        let Some(first) = places.iter().map(|it| it.number).min() else {
            return Ok(None);
        };
        let is_same = |(event, number): (&_, u64)| {
            let event: &crate::store::SealedEvent = event;
            places.iter().any(|it| {
                it.event_id == event.event_id
                    && it.stream == append.stream
                    && it.number == number
                    && it.digest == event.digest
            })
        };
        if !append.events.iter().zip(first..).all(is_same) {
            return Err(reused());
        }
        let last = first + ids.len() as u64 - 1;
        let last = self.store.event(append.user, &append.stream, last).await?;
        let last = last.ok_or_else(reused)?;
        Ok(Some(AppendedEvents {
            first,
            last: last.header.number,
            link: last.link,
        }))
    }

    async fn unexpected(&self, append: &Append) -> Result<Error> {
        let head = self.store.stream(append.user, &append.stream).await?;
        let current = head.map(|it| it.state()).unwrap_or_default().current();
        let details =
            serde_json::json!({ "expected": append.expected.to_string(), "current": current });
        let err = Error::conflict(
            "WRONG_EXPECTED_VERSION",
            "This has changed since you last saw it.",
        );
        Ok(err.with_details(details))
    }

    /// A page of a stream.
    pub async fn read(
        &self,
        (user, stream): (UserId, &StreamName),
        from: Option<u64>,
        direction: Direction,
        limit: usize,
        now: Timestamp,
    ) -> Result<EventPage> {
        let head = self.head(user, stream).await?;
        let last = head.next - 1;
        let from = match direction {
            Direction::Forward => ReadFrom::Forward(from.unwrap_or(head.first_kept)),
            Direction::Backward => ReadFrom::Backward(from.unwrap_or(last).min(last)),
        };
        let rows = self.store.events(user, &head, from, limit).await?;
        let place = place(&head, direction, from, &rows);
        let events = self.open_all(user, rows, now).await?;
        Ok(EventPage { events, place })
    }

    /// One event.
    pub async fn event(
        &self,
        (user, stream): (UserId, &StreamName),
        number: u64,
        now: Timestamp,
    ) -> Result<Event> {
        let head = self.head(user, stream).await?;
        let from = ReadFrom::Forward(number);
        let rows = match number >= head.first_kept {
            true => self.store.events(user, &head, from, 1).await?,
            false => Vec::new(),
        };
        let events = self.open_all(user, rows, now).await?;
        let found = events.into_iter().find(|it| it.number == number);
        found.ok_or_else(|| Error::not_found("EVENT_NOT_FOUND", "This event does not exist."))
    }

    /// Waits until a stream has an event of this number, at most so long. Whether it has.
    pub async fn wait_for(
        &self,
        (user, stream): (UserId, &StreamName),
        number: u64,
        most: Duration,
    ) -> Result<bool> {
        let end = tokio::time::Instant::now() + most;
        loop {
            let head = self.store.stream(user, stream).await?;
            if head.is_some_and(|it| it.next > number) {
                return Ok(true);
            }
            if tokio::time::Instant::now() + POLL_PERIOD > end {
                return Ok(false);
            }
            tokio::time::sleep(POLL_PERIOD).await;
        }
    }

    /// The number that the next event of a stream gets.
    pub async fn next_number(&self, user: UserId, stream: &StreamName) -> Result<u64> {
        let head = self.store.stream(user, stream).await?;
        Ok(head.map_or(0, |it| it.next))
    }

    /// All streams that have events.
    pub async fn streams(&self, user: UserId) -> Result<Vec<StreamView>> {
        let heads = self.store.streams(user).await?;
        let views = heads.into_iter().filter(|it| !it.deleted);
        Ok(views
            .map(|it| StreamView {
                head: it.next.saturating_sub(1),
                events: it.kept(),
                stream: it.stream,
                link: it.link,
                updated_at: it.updated_at,
            })
            .collect())
    }

    /// Checks the hash chains of all her streams.
    pub async fn verify(&self, user: UserId) -> Result<Verified> {
        self.store.verify_events(user).await
    }

    /// Deletes a stream with its events.
    pub(super) async fn delete(
        &self,
        user: UserId,
        stream: &StreamName,
        now: Timestamp,
    ) -> Result<()> {
        retry_on_conflict("deleting a stream", || async {
            let head = self.head(user, stream).await?;
            self.store.delete_stream(user, &head, now).await
        })
        .await
    }

    /// The head of a stream that has events.
    pub(super) async fn head(&self, user: UserId, stream: &StreamName) -> Result<StreamHead> {
        let head = self.store.stream(user, stream).await?;
        head.filter(|it| !it.deleted && it.next > 0).ok_or_else(|| {
            Error::not_found("STREAM_NOT_FOUND", "There is nothing under this name.")
        })
    }

    async fn open_all(
        &self,
        user: UserId,
        rows: Vec<EventRow>,
        now: Timestamp,
    ) -> Result<Vec<Event>> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        // Without it, she left between the two reads.
        let key = self.keys.find(user, now).await?.ok_or_else(gone)?;
        rows.into_iter().map(|it| open(user, &key, it)).collect()
    }
}

fn open(user: UserId, key: &DataKey, row: EventRow) -> Result<Event> {
    let sealed_for = sealed_for(user, &row.header.stream, row.header.event_id);
    let payload = key.open(&sealed_for, &row.sealed);
    let payload = payload.and_then(|it| open_payload(&it, &row.header.payload_sha256));
    let payload = payload
        .ok_or_else(|| Error::bug("opening an event", "its payload is not what was sealed"))?;
    Ok(Event::of(row.header, payload, row.link))
}

fn place(head: &StreamHead, direction: Direction, from: ReadFrom, rows: &[EventRow]) -> PagePlace {
    let number = |row: Option<&EventRow>| row.map(|it| it.header.number);
    let (first, last) = (number(rows.first()), number(rows.last()));
    let (next, previous) = match (direction, from) {
        (Direction::Forward, ReadFrom::Forward(from) | ReadFrom::Backward(from)) => {
            let next = last.map_or(from, |it| it + 1);
            let before = first.unwrap_or(from).min(head.next);
            let before = before.checked_sub(1);
            (
                Some(next).filter(|it| *it < head.next),
                before.filter(|it| *it >= head.first_kept),
            )
        }
        (Direction::Backward, _) => {
            let next = last.and_then(|it| it.checked_sub(1));
            let after = first.map_or(head.first_kept, |it| it + 1);
            (
                next.filter(|it| *it >= head.first_kept),
                Some(after).filter(|it| *it < head.next),
            )
        }
    };
    let reaches_head = match direction {
        Direction::Forward => next.is_none(),
        Direction::Backward => previous.is_none(),
    };
    PagePlace {
        next,
        previous,
        head: reaches_head.then(|| head.next - 1),
        end_of_stream: next.is_none(),
    }
}

fn reused() -> Error {
    Error::conflict(
        "EVENT_ID_REUSED",
        "Another entry was saved under the same id before.",
    )
}

#[cfg(test)]
mod tests;
