//! Cleared alerts: `CLEARED#<id>`, out of every list, until they are brought back or forgotten after a month.
//!
//! An alert is moved as it is stored, readable or not, in the transaction that moves the totals. So lists, pages and
//! counts know nothing of what is cleared, and an alert that is raised again finds its place free.

use aws_sdk_dynamodb::types::AttributeValue;

use super::alerts::{counter, key, run};
use super::append::Append;
use super::{Item, Key, Store, failure, read, reading};
use crate::domain::feed::{FeedChange, FeedTopic};
use crate::domain::{AlertId, AlertStatus, Result, Timestamp, UserId};

/// How many alerts one transaction moves: each takes two places of a hundred; totals, events and frames take a few more.
const MAX_MOVED_AT_ONCE: usize = 40;

/// How long cleared alerts can be brought back, in seconds.
pub const CLEARED_FOR_SECONDS: i64 = 30 * 24 * 3600;

const CLEARED: &str = "CLEARED#";
const ALERT: &str = "ALERT#";

/// Where a cleared alert was in the list.
const LIST_BEFORE: &str = "listBefore";

/// Alerts that are moved together, each with its state.
pub(crate) struct AlertBatch {
    rows: Vec<(AlertStatus, Item)>,
    next: Option<Item>,
}

impl AlertBatch {
    pub(crate) fn len(&self) -> u64 {
        self.rows.len() as u64
    }

    /// Whether there may be more behind them.
    pub(crate) fn is_last(&self) -> bool {
        self.next.is_none()
    }
}

impl Store {
    /// Some of her alerts, in no order.
    pub(crate) async fn some_alerts(&self, user: UserId) -> Result<AlertBatch> {
        let mut rows = Vec::new();
        for status in AlertStatus::ALL {
            let room = MAX_MOVED_AT_ONCE - rows.len();
            if room > 0 {
                let found = self.run(user, &run(status), room).await?;
                rows.extend(found.into_iter().map(|it| (status, it)));
            }
        }
        Ok(AlertBatch { rows, next: None })
    }

    /// Takes these alerts out of all lists. `false`: one of them has changed, and none was taken.
    pub(crate) async fn clear_alerts(
        &self,
        user: UserId,
        batch: AlertBatch,
        event: Option<Append>,
        now: Timestamp,
    ) -> Result<bool> {
        let mut tx = self.tx();
        for (status, row) in batch.rows {
            let place = reading::text(&row, "list").unwrap_or_default().to_owned();
            let from: Key = read(row.clone())?;
            let to = from.sk.replacen(ALERT, CLEARED, 1);
            let mut moved = renamed(row, to);
            moved.remove("list");
            moved.insert(LIST_BEFORE.into(), AttributeValue::S(place.clone()));
            let until = now.plus_seconds(CLEARED_FOR_SECONDS).epoch_seconds();
            moved.insert("ttl".into(), AttributeValue::N(until.to_string()));
            // The place is checked so that a change of state in between cannot upset the totals.
            tx = tx.delete_when(&from, "list", &place).put_item(moved);
            tx = tx.count(user, &[(counter(status), -1)]);
        }
        let tx = tx.publish(user, FeedChange::any(FeedTopic::Alert));
        let tx = tx.append_all(event);
        Ok(tx.commit().await?.is_done())
    }

    /// Some of her cleared alerts that can be brought back, behind those of `after`.
    pub(crate) async fn some_cleared(
        &self,
        user: UserId,
        after: Option<AlertBatch>,
        now: Timestamp,
    ) -> Result<AlertBatch> {
        let reply = self
            .rows_starting(Key::user(user, CLEARED))
            .limit(i32::try_from(MAX_MOVED_AT_ONCE).unwrap_or(i32::MAX))
            .set_exclusive_start_key(after.and_then(|it| it.next))
            .send()
            .await
            .map_err(|err| failure("listing cleared alerts", err))?;
        let rows = reply.items.unwrap_or_default().into_iter();
        let rows = rows.filter_map(|row| Some((status_before(&row, now)?, row)));
        Ok(AlertBatch {
            rows: rows.collect(),
            next: reply.last_evaluated_key,
        })
    }

    /// Brings these alerts back to where they were. One that was raised again meanwhile stays as it is. `None`:
    /// one of them has changed, and none was brought back; else how many were.
    pub(crate) async fn bring_back_alerts(
        &self,
        user: UserId,
        batch: &AlertBatch,
        event: Option<Append>,
    ) -> Result<Option<u64>> {
        let mut tx = self.tx();
        let mut count = 0;
        for (status, row) in &batch.rows {
            let from: Key = read(row.clone())?;
            let to = from.sk.replacen(CLEARED, ALERT, 1);
            tx = tx.delete_existing(&from);
            let id = to.strip_prefix(ALERT).and_then(AlertId::parse);
            let is_raised = match id {
                Some(id) => self.item(&key(user, id)).await?.is_some(),
                None => false,
            };
            if is_raised {
                continue;
            }
            let mut moved = renamed(row.clone(), to);
            moved.remove("ttl");
            if let Some(place) = moved.remove(LIST_BEFORE) {
                moved.insert("list".into(), place);
            }
            tx = tx.create_item(moved).count(user, &[(counter(*status), 1)]);
            count += 1;
        }
        let tx = tx.publish(user, FeedChange::any(FeedTopic::Alert));
        let tx = tx.append_all(event);
        Ok(tx.commit().await?.is_done().then_some(count))
    }
}

fn renamed(mut row: Item, sk: String) -> Item {
    row.insert("sk".into(), AttributeValue::S(sk));
    row
}

/// The state of a cleared alert when it was cleared. `None`: it is to be forgotten, or was in no list.
fn status_before(row: &Item, now: Timestamp) -> Option<AlertStatus> {
    let until: i64 = row.get("ttl")?.as_n().ok()?.parse().ok()?;
    let place = reading::text(row, LIST_BEFORE)?;
    let status = place.strip_prefix(ALERT)?.split('#').next()?.parse();
    status.ok().filter(|_| now.epoch_seconds() < until)
}

#[cfg(test)]
impl Store {
    /// Clears all her alerts and records nothing; how many there were.
    pub(crate) async fn delete_alerts(&self, user: UserId) -> Result<u64> {
        let mut cleared = 0;
        loop {
            let batch = self.some_alerts(user).await?;
            let count = batch.len();
            if count == 0 {
                return Ok(cleared);
            }
            let now = crate::clock::now();
            assert!(self.clear_alerts(user, batch, None, now).await?);
            cleared += count;
        }
    }
}
