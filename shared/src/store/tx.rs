//! Transactions: the builder of conditional writes, and its retries.

mod append;
mod change;
mod feed;
mod nested;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, TransactWriteItem, Update,
};
use serde::Serialize;

pub(crate) use change::Change;

use super::append::Append;
use super::feed::Publication;
use super::retry::{WRITE_CONFLICT_RETRIES, backoff};
use super::{Item, Key, Store, failure, write};
use crate::domain::{AlertType, Error, Result, Timestamp, UserId};

/// A transaction being put together.
pub(crate) struct Tx<'a> {
    store: &'a Store,
    items: Vec<TransactWriteItem>,
    /// The condition of each of them.
    conditions: Vec<Condition>,
    /// Moves of totals; one row holds them all, and a transaction may name a row only once.
    counts: BTreeMap<String, i64>,
    counted: Option<UserId>,
    room: Option<(&'static str, u32)>,
    /// Whom there will be something to tell, since when and of what; one row holds that as well.
    told: Option<(UserId, Timestamp)>,
    told_kinds: BTreeSet<AlertType>,
    /// Events, each with a place that is known only when it is written.
    appends: Vec<Append>,
    /// Changes that her open apps are told of, each with a number that is known only when it is written.
    publication: Option<Publication>,
    /// The first thing that could not be put in; told at `commit`, so that building reads straight.
    broken: Option<Error>,
}

/// How a transaction ended, when nothing went wrong on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TxOutcome {
    /// All of it is stored.
    Done,
    /// Nothing is stored: these conditions did not hold.
    Refused(Vec<Condition>),
}

/// A condition of a transaction that its caller tells apart when it did not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// The row that this is about is not there yet.
    IsNew,
    /// She has not left.
    HasAccount,
    /// A total of hers is below its limit.
    HasRoom,
    /// The stream is in the state that the append expects.
    IsExpected,
    /// The stream has room for these events.
    HasStreamRoom,
    /// The stream is still where it was when the places of the events were chosen.
    StreamIsStill,
    /// No event with this id is stored.
    IsNewEvent,
    /// The feed is still where it was when the numbers of the frames were chosen. Never told to a caller.
    FeedIsStill,
    /// Any that nobody asks for by name.
    Unnamed,
}

impl TxOutcome {
    pub(crate) fn is_done(&self) -> bool {
        *self == Self::Done
    }
}

impl<'a> Tx<'a> {
    /// Stores a row that must not be there yet.
    pub(crate) fn create(self, row: &impl Serialize) -> Self {
        self.put_if(row, Some("attribute_not_exists(pk)"))
    }

    /// Stores a row, whatever was there.
    pub(crate) fn put(self, row: &impl Serialize) -> Self {
        self.put_if(row, None)
    }

    /// Stores a row as the table had it under another name, whatever was there.
    pub(super) fn put_item(self, item: Item) -> Self {
        self.put_item_if(item, None)
    }

    /// The same, if there is none yet.
    pub(super) fn create_item(self, item: Item) -> Self {
        self.put_item_if(item, Some("attribute_not_exists(pk)"))
    }

    fn put_item_if(self, item: Item, condition: Option<&str>) -> Self {
        let put = Put::builder()
            .table_name(&self.store.table)
            .set_item(Some(item))
            .set_condition_expression(condition.map(str::to_owned))
            .build()
            .map_err(|err| Error::bug("building a put", err));
        self.push(put.map(|put| TransactWriteItem::builder().put(put).build()))
    }

    /// Stores a row that must not be there yet, unless the one that is there has lapsed: its time in `name` is over.
    pub(super) fn create_or_lapsed(self, row: &impl Serialize, name: &str, now: Timestamp) -> Self {
        let table = self.store.table.clone();
        let put = write(row).and_then(|item| {
            Put::builder()
                .table_name(table)
                .set_item(Some(item))
                .condition_expression("attribute_not_exists(pk) OR #n <= :now")
                .expression_attribute_names("#n", name)
                .expression_attribute_values(":now", AttributeValue::S(now.to_string()))
                .build()
                .map_err(|err| Error::bug("building a put", err))
        });
        self.push(put.map(|put| TransactWriteItem::builder().put(put).build()))
    }

    /// Replaces a row if an attribute still is what it was.
    pub(crate) fn put_when(self, row: &impl Serialize, name: &str, value: impl Serialize) -> Self {
        let table = self.store.table.clone();
        let value = serde_dynamo::to_attribute_value(value);
        let put = write(row).and_then(|item| {
            let value: AttributeValue = value.map_err(|err| Error::bug("writing a value", err))?;
            Put::builder()
                .table_name(table)
                .set_item(Some(item))
                .condition_expression("#n = :v")
                .expression_attribute_names("#n", name)
                .expression_attribute_values(":v", value)
                .build()
                .map_err(|err| Error::bug("building a put", err))
        });
        self.push(put.map(|put| TransactWriteItem::builder().put(put).build()))
    }

    /// Replaces a row that has no text in an attribute.
    pub(crate) fn put_without(self, row: &impl Serialize, name: &str) -> Self {
        let table = self.store.table.clone();
        let put = write(row).and_then(|item| {
            Put::builder()
                .table_name(table)
                .set_item(Some(item))
                .condition_expression("attribute_exists(pk) AND NOT attribute_type(#n, :text)")
                .expression_attribute_names("#n", name)
                .expression_attribute_values(":text", AttributeValue::S("S".into()))
                .build()
                .map_err(|err| Error::bug("building a put", err))
        });
        self.push(put.map(|put| TransactWriteItem::builder().put(put).build()))
    }

    fn put_if(self, row: &impl Serialize, condition: Option<&str>) -> Self {
        match write(row) {
            Ok(item) => self.put_item_if(item, condition),
            Err(err) => self.push(Err(err)),
        }
    }

    /// Changes a row.
    pub(crate) fn update(self, key: &Key, change: Change) -> Self {
        let table = self.store.table.clone();
        let update = change.checked().and_then(|change| {
            let mut update = Update::builder()
                .table_name(table)
                .set_key(Some(key.item()))
                .update_expression(change.text())
                .set_condition_expression(change.condition_text());
            for (at, name) in change.names.iter().enumerate() {
                update = update.expression_attribute_names(format!("#n{at}"), name);
            }
            for (at, value) in change.values.iter().enumerate() {
                update = update.expression_attribute_values(format!(":v{at}"), value.clone());
            }
            update
                .build()
                .map_err(|err| Error::bug("building an update", err))
        });
        self.push(update.map(|update| TransactWriteItem::builder().update(update).build()))
    }

    /// Removes a row, there or not.
    pub(crate) fn delete(self, key: &Key) -> Self {
        self.delete_if(key, None)
    }

    /// Removes a row that must be there.
    pub(crate) fn delete_existing(self, key: &Key) -> Self {
        self.delete_if(key, Some("attribute_exists(pk)"))
    }

    fn delete_if(self, key: &Key, condition: Option<&str>) -> Self {
        let delete = Delete::builder()
            .table_name(&self.store.table)
            .set_key(Some(key.item()))
            .set_condition_expression(condition.map(str::to_owned))
            .build()
            .map_err(|err| Error::bug("building a delete", err));
        self.push(delete.map(|delete| TransactWriteItem::builder().delete(delete).build()))
    }

    /// Goes through only if this row exists.
    pub(crate) fn require(self, key: &Key) -> Self {
        let check = ConditionCheck::builder()
            .table_name(&self.store.table)
            .set_key(Some(key.item()))
            .condition_expression("attribute_exists(pk)")
            .build()
            .map_err(|err| Error::bug("building a check", err));
        self.push(check.map(|check| TransactWriteItem::builder().condition_check(check).build()))
    }

    /// Goes through only if this row has this attribute.
    pub(crate) fn require_attribute(self, key: &Key, name: &str) -> Self {
        let check = ConditionCheck::builder()
            .table_name(&self.store.table)
            .set_key(Some(key.item()))
            .condition_expression("attribute_exists(#n)")
            .expression_attribute_names("#n", name)
            .build()
            .map_err(|err| Error::bug("building a check", err));
        self.push(check.map(|check| TransactWriteItem::builder().condition_check(check).build()))
    }

    /// Goes through only if this row does not exist.
    pub(crate) fn forbid(self, key: &Key) -> Self {
        let check = ConditionCheck::builder()
            .table_name(&self.store.table)
            .set_key(Some(key.item()))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .map_err(|err| Error::bug("building a check", err));
        self.push(check.map(|check| TransactWriteItem::builder().condition_check(check).build()))
    }

    /// Removes a row if an attribute still is what it was.
    pub(crate) fn delete_when(self, key: &Key, name: &str, value: &str) -> Self {
        let delete = Delete::builder()
            .table_name(&self.store.table)
            .set_key(Some(key.item()))
            .condition_expression("#n = :v")
            .expression_attribute_names("#n", name)
            .expression_attribute_values(":v", AttributeValue::S(value.to_owned()))
            .build()
            .map_err(|err| Error::bug("building a delete", err));
        self.push(delete.map(|delete| TransactWriteItem::builder().delete(delete).build()))
    }

    /// Removes a row, there or not, unless an attribute of it has another value.
    pub(super) fn delete_unless_other(self, key: &Key, name: &str, value: &str) -> Self {
        let delete = Delete::builder()
            .table_name(&self.store.table)
            .set_key(Some(key.item()))
            .condition_expression("attribute_not_exists(pk) OR #n = :v")
            .expression_attribute_names("#n", name)
            .expression_attribute_values(":v", AttributeValue::S(value.to_owned()))
            .build()
            .map_err(|err| Error::bug("building a delete", err));
        self.push(delete.map(|delete| TransactWriteItem::builder().delete(delete).build()))
    }

    /// Names the condition of what was put in last.
    pub(crate) fn named(mut self, condition: Condition) -> Self {
        if let Some(last) = self.conditions.last_mut() {
            *last = condition;
        }
        self
    }

    /// Moves her totals.
    pub(crate) fn count(mut self, user: UserId, moves: &[(String, i64)]) -> Self {
        self.counted = Some(user);
        for (name, by) in moves {
            *self.counts.entry(name.clone()).or_default() += by;
        }
        self
    }

    /// Goes through only if her total `name` is below `limit`; must be counted here too.
    pub(crate) fn room(mut self, name: &'static str, limit: u32) -> Self {
        self.room = Some((name, limit));
        self
    }

    /// Notes that there will be something to tell her.
    pub(crate) fn tell(mut self, user: UserId, kind: AlertType, at: Timestamp) -> Self {
        self.told = Some((user, at));
        self.told_kinds.insert(kind);
        self
    }

    /// Stores all of it, or says which conditions did not hold.
    pub(crate) async fn commit(self) -> Result<TxOutcome> {
        if self.appends.is_empty() && self.publication.is_none() {
            return self.with_told().with_counts().send().await;
        }
        // Boxed, so that the futures of transactions that do neither stay as small as they were.
        Ok(Box::pin(self.commit_appending()).await?.0)
    }

    /// One transaction with all that was put in, events and frames apart.
    async fn send(self) -> Result<TxOutcome> {
        if let Some(err) = self.broken {
            return Err(err);
        }
        for attempt in 0.. {
            let sent = self
                .store
                .client
                .transact_write_items()
                .set_transact_items(Some(self.items.clone()))
                .send()
                .await;
            let Err(err) = sent else { break };
            match refusal(err.as_service_error()) {
                Some(TxRefusal::Conditions(places)) => {
                    let named = places.iter().map(|at| self.conditions[*at]);
                    return Ok(TxOutcome::Refused(named.collect()));
                }
                Some(TxRefusal::Collision) if attempt + 1 < WRITE_CONFLICT_RETRIES => {
                    backoff(attempt).await;
                }
                _ => return Err(failure("writing rows", err)),
            }
        }
        Ok(TxOutcome::Done)
    }

    fn with_told(mut self) -> Self {
        let kinds = std::mem::take(&mut self.told_kinds);
        let Some((user, at)) = self.told.take() else {
            return self;
        };
        self.update(
            &super::outbox::key(user),
            super::outbox::more(user, &kinds, at),
        )
    }

    fn with_counts(mut self) -> Self {
        let mut counts = std::mem::take(&mut self.counts);
        if counts.values().any(|by| *by != 0) {
            counts.insert(super::list::CHANGES.to_owned(), 1);
        }
        let change = counts
            .iter()
            .filter(|it| *it.1 != 0)
            .fold(Change::default(), |change, (name, by)| {
                change.add(name, *by)
            });
        let Some(user) = self.counted.filter(|_| !change.add.is_empty()) else {
            return self;
        };
        let key = Key::user(user, "COUNTERS");
        match self.room.take() {
            Some((name, limit)) => self
                .update(&key, change.when_or_absent(name, "<", limit))
                .named(Condition::HasRoom),
            None => self.update(&key, change),
        }
    }

    fn push(mut self, item: Result<TransactWriteItem>) -> Self {
        match item {
            Ok(item) => {
                self.items.push(item);
                self.conditions.push(Condition::Unnamed);
            }
            Err(err) => self.broken = self.broken.or(Some(err)),
        }
        self
    }
}

enum TxRefusal {
    Conditions(Vec<usize>),
    Collision,
}

fn refusal(err: Option<&TransactWriteItemsError>) -> Option<TxRefusal> {
    let cancelled = match err? {
        TransactWriteItemsError::TransactionCanceledException(it) => it,
        TransactWriteItemsError::TransactionInProgressException(_) => {
            return Some(TxRefusal::Collision);
        }
        _ => return None,
    };
    let codes: Vec<&str> = cancelled
        .cancellation_reasons()
        .iter()
        .map(|it| it.code().unwrap_or_default())
        .collect();
    let failed: Vec<usize> = (0..codes.len())
        .filter(|&at| codes[at] == "ConditionalCheckFailed")
        .collect();
    if !failed.is_empty() {
        return Some(TxRefusal::Conditions(failed));
    }
    codes
        .contains(&"TransactionConflict")
        .then_some(TxRefusal::Collision)
}

impl Store {
    /// Starts a transaction.
    pub(crate) fn tx(&self) -> Tx<'_> {
        Tx {
            store: self,
            items: Vec::new(),
            conditions: Vec::new(),
            counts: BTreeMap::new(),
            counted: None,
            room: None,
            told: None,
            told_kinds: BTreeSet::new(),
            appends: Vec::new(),
            publication: None,
            broken: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Row;

    #[derive(Serialize)]
    struct NoFields {}

    #[tokio::test]
    async fn a_refusal_names_what_did_not_hold_wherever_it_was_put_in() {
        let (store, user) = (crate::testing::store().await, UserId::random());
        let key = |sk: &str| Key::user(user, sk);
        let row = |sk: &str| Row::new(key(sk), NoFields {});
        let fill = async || {
            let tx = store.tx().delete(&key("OTHER"));
            let tx = tx.require(&key("HERS")).named(Condition::HasAccount);
            let tx = tx.create(&row("NEW")).named(Condition::IsNew);
            let tx = tx.count(user, &[("things".to_owned(), 1)]);
            tx.room("things", 1).commit().await.unwrap()
        };
        let refused = |conditions: &[Condition]| TxOutcome::Refused(conditions.to_vec());
        assert_eq!(fill().await, refused(&[Condition::HasAccount]));
        let hers = store.tx().create(&row("HERS")).commit().await;
        assert!(hers.unwrap().is_done());
        assert!(fill().await.is_done());
        let both = [Condition::IsNew, Condition::HasRoom];
        assert_eq!(fill().await, refused(&both));
        let gone = store.tx().delete(&key("NEW")).commit().await;
        assert!(gone.unwrap().is_done());
        assert_eq!(fill().await, refused(&[Condition::HasRoom]));
        let unnamed = store.tx().create(&row("HERS")).commit().await;
        assert_eq!(unnamed.unwrap(), refused(&[Condition::Unnamed]));
    }
}
