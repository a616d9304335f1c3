//! Events: append, read, list streams, data key.

mod removal;
mod verify;

use uuid::Uuid;

use super::append::{Append, AppendedEvents};
use super::event_rows::{
    DataKeyRow, EventIdRow, EventRow, MAX_NUMBER, STREAM, StreamHead, data_key, event_id_key,
    event_key,
};
use super::row::ERASED;
use super::tx::{Change, Condition, TxOutcome};
use super::{Item, Key, Row, Store, failure, read};
use crate::domain::event::StreamName;
use crate::domain::{Result, Timestamp, UserId};

pub use verify::{BrokenAt, Verified};

/// Kind of work in the `due` index: a record is to be checked.
pub(crate) const DUE_RECORD: &str = "RECORD";

/// How often a record is checked, in seconds.
pub(crate) const RECORD_CHECK_SECONDS: i64 = 24 * 3600;

/// How an append ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AppendOutcome {
    /// The events are stored.
    Done(AppendedEvents),
    /// Nothing is stored: the stream is not as expected.
    Unexpected,
    /// Nothing is stored: the stream would keep too many events.
    Full,
    /// Nothing is stored: an event with one of the ids is there.
    Known,
    /// Nothing is stored: she has left.
    Gone,
}

/// From where on, and in which order, events are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadFrom {
    /// From this number on.
    Forward(u64),
    /// From this number back.
    Backward(u64),
}

impl Store {
    /// Appends events by themselves.
    pub(crate) async fn append_events(&self, append: Append) -> Result<AppendOutcome> {
        let (outcome, stored) = self.tx().append(append).commit_appending().await?;
        let why = match outcome {
            TxOutcome::Done => Vec::new(),
            TxOutcome::Refused(why) => why,
        };
        let has = |condition| why.contains(&condition);
        Ok(match stored.into_iter().next().filter(|_| why.is_empty()) {
            Some(stored) => AppendOutcome::Done(stored),
            None if has(Condition::IsNewEvent) => AppendOutcome::Known,
            None if has(Condition::HasAccount) => AppendOutcome::Gone,
            None if has(Condition::HasStreamRoom) => AppendOutcome::Full,
            None => AppendOutcome::Unexpected,
        })
    }

    /// Where the events of these ids are; in no order, without those that are not stored.
    pub(crate) async fn event_places(&self, user: UserId, ids: &[Uuid]) -> Result<Vec<EventIdRow>> {
        let keys: Vec<Key> = ids.iter().map(|it| event_id_key(user, *it)).collect();
        self.get_all(&keys).await
    }

    /// One event.
    pub(crate) async fn event(
        &self,
        user: UserId,
        stream: &StreamName,
        number: u64,
    ) -> Result<Option<EventRow>> {
        self.get(&event_key(user, stream, number)).await
    }

    /// At most so many events of a stream, in the order of reading; those before `first_kept` are not there.
    pub(crate) async fn events(
        &self,
        user: UserId,
        head: &StreamHead,
        from: ReadFrom,
        most: usize,
    ) -> Result<Vec<EventRow>> {
        let (low, high, is_forward) = match from {
            ReadFrom::Forward(from) => (from.max(head.first_kept), MAX_NUMBER, true),
            ReadFrom::Backward(from) => (head.first_kept, from.min(MAX_NUMBER), false),
        };
        let mut found = Vec::new();
        if low > high {
            return Ok(found);
        }
        let key = |number| event_key(user, &head.stream, number);
        let rows = self.rows_between(key(low), key(high));
        let rows = rows.scan_index_forward(is_forward);
        let mut from: Option<Item> = None;
        // A page ends after a megabyte, whatever its limit.
        while found.len() < most {
            let reply = rows
                .clone()
                .limit(i32::try_from(most - found.len()).unwrap_or(i32::MAX))
                .set_exclusive_start_key(from.take())
                .send()
                .await
                .map_err(|err| failure("reading events", err))?;
            for item in reply.items.unwrap_or_default() {
                found.push(read(item)?);
            }
            from = reply.last_evaluated_key;
            if from.is_none() {
                break;
            }
        }
        Ok(found)
    }

    /// The heads of all her streams, by name.
    pub(crate) async fn streams(&self, user: UserId) -> Result<Vec<StreamHead>> {
        let rows = self
            .rows_starting(Key::user(user, STREAM))
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<Item>, _>>();
        let rows = rows
            .await
            .map_err(|err| failure("reading her streams", err))?;
        rows.into_iter().map(read).collect()
    }

    /// Her data key as it is stored, if she has one.
    pub(crate) async fn data_key(&self, user: UserId) -> Result<Option<DataKeyRow>> {
        self.get(&data_key(user)).await
    }

    /// Forgets the data key of an account that did not come to be.
    pub(crate) async fn drop_data_key(&self, user: UserId) -> Result<()> {
        self.tx().delete(&data_key(user)).commit().await.map(drop)
    }

    /// Stores her first data key. `false`: somebody else has stored one, or she has left.
    pub(crate) async fn keep_data_key(&self, user: UserId, key: DataKeyRow) -> Result<bool> {
        let tx = self
            .tx()
            .create(&data_key_row(user, &key, key.created_at))
            .forbid(&Key::user(user, ERASED));
        Ok(tx.commit().await?.is_done())
    }

    /// Has her record be looked at then; not, if she has left or none is kept of her.
    pub(crate) async fn plan_record_check(&self, user: UserId, at: Timestamp) -> Result<()> {
        let key = data_key(user);
        let change = Change::default().if_exists().due(DUE_RECORD, &key, at);
        self.tx().update(&key, change).commit().await.map(drop)
    }
}

/// Her data key as it is stored. Whoever has one has a record, which is looked at a day later.
pub(super) fn data_key_row(user: UserId, key: &DataKeyRow, now: Timestamp) -> Row<&DataKeyRow> {
    let at = now.plus_seconds(RECORD_CHECK_SECONDS);
    Row::new(data_key(user), key).due(DUE_RECORD, at)
}

#[cfg(test)]
mod tests;
