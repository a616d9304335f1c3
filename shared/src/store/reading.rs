//! Reading stored rows: a row that cannot be read is logged, counted, and told apart from an absent one.
//!
//! A row is unreadable when its content is not what its type takes: another version wrote it, or
//! somebody changed it by hand. What holds then is decided by the reader: [`Store::get`] fails, lists
//! leave the row out ([`read_all`]), and rows that stand for a choice of hers are a [`RowState`].

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{Item, Key, Store, failure};
use crate::domain::{Error, Result};
use crate::metrics::{self, Measure};

/// A row that may be absent or unreadable.
#[derive(Clone, Debug, PartialEq)]
pub enum RowState<T> {
    /// There is no such row.
    Absent,
    /// The row as its type.
    Readable(T),
    /// There is a row, and its content is not what its type takes.
    Unreadable(Item),
}

impl<T> RowState<T> {
    /// The content, where an unreadable row counts as an absent one.
    #[must_use]
    pub fn readable(self) -> Option<T> {
        match self {
            Self::Readable(it) => Some(it),
            Self::Absent | Self::Unreadable(_) => None,
        }
    }
}

/// An attribute of a row, if it is text.
pub(crate) fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

/// An attribute of a row, if it is a whole number.
pub(crate) fn number(item: &Item, name: &str) -> Option<u64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// A row as its type.
pub(crate) fn read<T: DeserializeOwned>(item: Item) -> Result<T> {
    try_read(item).ok_or_else(unreadable)
}

/// Those of these rows that can be read.
pub(crate) fn read_all<T: DeserializeOwned>(items: Vec<Item>) -> Vec<T> {
    items.into_iter().filter_map(try_read).collect()
}

pub(super) fn try_read<T: DeserializeOwned>(item: Item) -> Option<T> {
    let place = ["pk", "sk"].map(|it| text(&item, it).unwrap_or_default().to_owned());
    // The reason quotes the content of the row, which has no place in a log.
    let row = serde_dynamo::from_item(item).ok();
    if row.is_none() {
        note_unreadable(&place[0], &place[1]);
    }
    row
}

fn unreadable() -> Error {
    Error::bug("reading a stored row", "the row is unreadable")
}

/// Logs and counts an unreadable row. Only its kind and ids are logged: other parts of keys can be
/// addresses.
fn note_unreadable(pk: &str, sk: &str) {
    let (kind, user, ids) = name(pk, sk);
    tracing::error!(
        row.kind = kind,
        user.id = user,
        row.ids = ids.join(" "),
        "a stored row is unreadable"
    );
    metrics::note(Measure::UnreadableRow);
}

/// The kind of a row, whose it is, and the ids in its key.
fn name<'a>(pk: &'a str, sk: &'a str) -> (&'a str, Option<&'a str>, Vec<&'a str>) {
    let hers = ["USER#", "SIGN-IN#"].iter();
    let (user, named) = match hers.filter_map(|it| pk.strip_prefix(it)).next() {
        Some(user) => (Some(user), sk),
        None => (None, pk),
    };
    let mut parts = named.split('#');
    let kind = parts.next().unwrap_or_default();
    let is_id = |it: &&str| Uuid::try_parse(it).is_ok();
    (kind, user.filter(is_id), parts.filter(is_id).collect())
}

impl Store {
    /// The question for all rows whose names begin so, read consistently.
    pub(super) fn rows_starting(&self, start: Key) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND begins_with(sk, :start)")
            .expression_attribute_values(":pk", AttributeValue::S(start.pk))
            .expression_attribute_values(":start", AttributeValue::S(start.sk))
    }

    /// The question for all rows from `low` to `high`, both of one collection, read consistently.
    pub(super) fn rows_between(&self, low: Key, high: Key) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND sk BETWEEN :low AND :high")
            .expression_attribute_values(":pk", AttributeValue::S(low.pk))
            .expression_attribute_values(":low", AttributeValue::S(low.sk))
            .expression_attribute_values(":high", AttributeValue::S(high.sk))
    }

    /// These attributes of all readable rows whose names begin so.
    pub(crate) async fn parts<T: DeserializeOwned>(
        &self,
        start: Key,
        attributes: &str,
    ) -> Result<Vec<T>> {
        self.query_under(start, Some(attributes)).await
    }

    /// All readable rows whose names begin so.
    pub(crate) async fn rows_under<T: DeserializeOwned>(&self, start: Key) -> Result<Vec<T>> {
        self.query_under(start, None).await
    }

    async fn query_under<T: DeserializeOwned>(
        &self,
        start: Key,
        attributes: Option<&str>,
    ) -> Result<Vec<T>> {
        let mut rows = self
            .rows_starting(start)
            .set_projection_expression(attributes.map(str::to_owned))
            .into_paginator()
            .items()
            .send();
        let mut parts = Vec::new();
        while let Some(row) = rows.next().await {
            parts.push(row.map_err(|err| failure("reading parts of rows", err))?);
        }
        Ok(read_all(parts))
    }

    /// Reads one row, consistently; an error if it is unreadable.
    pub(crate) async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>> {
        if let Some(row) = self.direct_row(key).await {
            return Ok(row);
        }
        self.item(key).await?.map(read).transpose()
    }

    /// Reads one row, consistently; an unreadable one counts as absent.
    pub(crate) async fn get_readable<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>> {
        if let Some(row) = self.direct_row(key).await {
            return Ok(row);
        }
        Ok(self.item(key).await?.and_then(try_read))
    }

    /// Reads one row, consistently, and whether it can be read.
    pub(crate) async fn get_state<T: DeserializeOwned>(&self, key: &Key) -> Result<RowState<T>> {
        if let Some(row) = self.direct_row(key).await {
            return Ok(row.map_or(RowState::Absent, RowState::Readable));
        }
        let Some(item) = self.item(key).await? else {
            return Ok(RowState::Absent);
        };
        let row = try_read(item.clone());
        Ok(row.map_or(RowState::Unreadable(item), RowState::Readable))
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::AttributeValue;
    use serde::Deserialize;

    use super::*;
    use crate::domain::UserId;
    use crate::testing;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Counted {
        count: u32,
    }

    #[test]
    fn a_log_names_the_kind_and_the_ids_and_no_address() {
        let (user, scan) = (UserId::random().to_string(), Uuid::new_v4().to_string());
        let sk = format!("CHECK#{scan}#ana@example.net#hibp");
        let pk = format!("USER#{user}");
        let named = name(&pk, &sk);
        assert_eq!(named, ("CHECK", Some(user.as_str()), vec![scan.as_str()]));
        let (pk, sk) = (format!("SIGN-IN#{user}"), format!("SESSION#{scan}"));
        let named = name(&pk, &sk);
        assert_eq!(named, ("SESSION", Some(user.as_str()), vec![scan.as_str()]));
        let lone = name("EMAIL#ana@example.net", "-");
        assert_eq!(lone, ("EMAIL", None, vec![]));
    }

    #[tokio::test]
    async fn an_unreadable_row_is_told_apart_from_an_absent_one() {
        let (store, client) = testing::table().await;
        let key = Key::user(UserId::random(), "THING");
        let absent = store.get_state::<Counted>(&key).await.unwrap();
        assert_eq!(absent, RowState::Absent);
        let mut item = key.item();
        item.insert("count".into(), AttributeValue::S("many".into()));
        let put = client.put_item().table_name("vara");
        put.set_item(Some(item.clone())).send().await.unwrap();
        let state = store.get_state::<Counted>(&key).await.unwrap();
        assert_eq!(state, RowState::Unreadable(item));
        assert_eq!(store.get_readable::<Counted>(&key).await.unwrap(), None);
        let err = store.get::<Counted>(&key).await.unwrap_err();
        assert!(!err.chain().contains("many"), "{}", err.chain());
    }
}
