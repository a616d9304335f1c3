//! The `due` index: which work is due (scans, rescans, erasures, notices, …).
//!
//! The index answers a little late: whoever acts on it reads the row first and acts only if the row
//! agrees.
//!
//! Each kind of work has several partitions (`due_shards`). Rows of before stand in one, which is named as
//! the kind is; it is read as well.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;

use super::due_shards::{SHARDS, in_shard, shard};
use super::reading::text;
use super::tx::Change;
use super::{Item, Key, Store, failure, read};
use crate::domain::{
    DocumentId, DownloadId, Error, EvidenceId, ExportId, ImageId, Result, ScanId, TakedownId,
    Timestamp, UserId,
};

/// How many rows a page has.
const CHUNK: i32 = 100;

/// Nothing is planned further ahead than this, in seconds.
const LONGEST_AHEAD: i64 = 10 * 366 * 24 * 3600;

/// Something that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    key: Key,
    /// The partition of the index in which it stands.
    partition: String,
    /// Since when.
    at: String,
}

impl Due {
    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    /// Whose it is.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        UserId::parse(self.key.pk.strip_prefix("USER#")?)
    }

    /// The scan it is.
    #[must_use]
    pub fn scan(&self) -> Option<ScanId> {
        ScanId::parse(self.key.sk.strip_prefix("SCAN#")?)
    }

    /// The document it is.
    #[must_use]
    pub fn document(&self) -> Option<DocumentId> {
        DocumentId::parse(self.key.sk.strip_prefix("DOC#")?)
    }

    /// The file it is.
    #[must_use]
    pub fn download(&self) -> Option<DownloadId> {
        DownloadId::parse(self.key.sk.strip_prefix("DOWNLOAD#")?)
    }

    /// The record of evidence it is.
    #[must_use]
    pub fn evidence(&self) -> Option<EvidenceId> {
        EvidenceId::parse(self.key.sk.strip_prefix("EVIDENCE#")?)
    }

    /// The pack it is.
    #[must_use]
    pub fn export(&self) -> Option<ExportId> {
        ExportId::parse(self.key.sk.strip_prefix("EXPORT#")?)
    }

    /// The request to remove it is.
    #[must_use]
    pub fn takedown(&self) -> Option<TakedownId> {
        TakedownId::parse(self.key.sk.strip_prefix("TAKEDOWN#")?)
    }

    /// The picture it is.
    #[must_use]
    pub fn image(&self) -> Option<ImageId> {
        ImageId::parse(self.key.sk.strip_prefix("IMAGE#")?)
    }
}

/// Some of what is due in a partition, and where more of it begins.
#[derive(Debug)]
pub struct DuePage {
    /// What is due.
    pub found: Vec<Due>,
    /// Where the next page begins, if there is one.
    pub after: Option<DueCursor>,
}

/// Where a page of what is due ended.
#[derive(Debug)]
pub struct DueCursor(Item);

/// The partitions of the index in which work of a kind stands.
pub fn due_partitions(kind: &str) -> impl Iterator<Item = String> {
    let shards = (0..SHARDS).map(|it| in_shard(kind, it));
    shards.chain([kind.to_owned()])
}

/// What of a row says whether it is due.
#[derive(Deserialize)]
struct DueState {
    due_kind: Option<String>,
    due_at: Option<String>,
}

impl Change {
    /// Has the row `key` be due at `at`, as work of this kind.
    pub(super) fn due(self, kind: &str, key: &Key, at: Timestamp) -> Self {
        self.set("due_kind", shard(kind, &key.pk)).set("due_at", at)
    }

    /// Has it be due no longer.
    pub(super) fn not_due(self) -> Self {
        self.remove("due_kind").remove("due_at")
    }
}

impl Store {
    /// Up to `most` things of a kind that are due, longest due first.
    pub async fn due(&self, kind: &str, now: Timestamp, most: usize) -> Result<Vec<Due>> {
        let all = due_partitions(kind).map(|it| async move {
            let (mut found, mut after) = (Vec::new(), None);
            while found.len() < most {
                let page = self.due_page(&it, now, after).await?;
                found.extend(page.found);
                after = page.after;
                if after.is_none() {
                    break;
                }
            }
            Ok::<_, Error>(found)
        });
        let all: Vec<Vec<Due>> = futures_util::future::try_join_all(all).await?;
        let mut found: Vec<Due> = all.into_iter().flatten().collect();
        found.sort_by(|a, b| a.at.cmp(&b.at));
        found.truncate(most);
        Ok(found)
    }

    /// What stands in the index as work of a kind, due now or later: the first page of each partition. `false`: there may
    /// be more. It reads at most 1700 keys, however much there is.
    pub(super) async fn due_or_later(
        &self,
        kind: &str,
        now: Timestamp,
    ) -> Result<(Vec<Due>, bool)> {
        let end = now.plus_seconds(LONGEST_AHEAD);
        let pages =
            due_partitions(kind).map(|it| async move { self.due_page(&it, end, None).await });
        let pages = futures_util::future::try_join_all(pages).await?;
        let is_all = pages.iter().all(|it| it.after.is_none());
        let found = pages.into_iter().flat_map(|it| it.found).collect();
        Ok((found, is_all))
    }

    /// Since when the longest due thing of a partition is due, if anything is.
    pub async fn oldest_due(&self, partition: &str, now: Timestamp) -> Result<Option<Timestamp>> {
        let reply = self.due_query(partition, now).limit(1).send().await;
        let reply = reply.map_err(|err| failure("asking what is due", err))?;
        let first = reply.items.unwrap_or_default().pop();
        // What cannot be read as a moment is due all the same.
        let at = |item: Item| text(&item, "due_at").and_then(Timestamp::parse);
        Ok(first.map(|it| at(it).unwrap_or(now)))
    }

    /// A page of what is due in a partition, longest due first, after the page that ended so.
    pub async fn due_page(
        &self,
        partition: &str,
        now: Timestamp,
        after: Option<DueCursor>,
    ) -> Result<DuePage> {
        let query = self.due_query(partition, now).limit(CHUNK);
        let reply = query.set_exclusive_start_key(after.map(|it| it.0)).send();
        let reply = reply
            .await
            .map_err(|err| failure("asking what is due", err))?;
        let due = |item: Item| {
            let at = text(&item, "due_at").unwrap_or_default().to_owned();
            Ok(Due {
                key: read(item)?,
                partition: partition.to_owned(),
                at,
            })
        };
        let items = reply.items.unwrap_or_default().into_iter();
        Ok(DuePage {
            found: items.map(due).collect::<Result<_>>()?,
            after: reply.last_evaluated_key.map(DueCursor),
        })
    }

    fn due_query(&self, partition: &str, now: Timestamp) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .index_name("due")
            .key_condition_expression("due_kind = :kind AND due_at <= :now")
            .expression_attribute_values(":kind", AttributeValue::S(partition.to_owned()))
            .expression_attribute_values(":now", AttributeValue::S(now.to_string()))
    }

    /// Has something that was taken be due again at `until`, unless it is due no longer.
    pub(crate) async fn put_off_due(&self, due: &Due, until: Timestamp) -> Result<()> {
        let change = Change::default().set("due_at", until);
        let change = change.when("due_kind", "=", &due.partition);
        self.change_row(&due.key, change).await.map(drop)
    }

    /// Whether it still is due, read consistently, and puts it off until `until` in the same step so
    /// that nobody else acts on it meanwhile. `false`: it is not, or somebody was faster.
    pub async fn take_due(&self, due: &Due, until: Timestamp) -> Result<bool> {
        let row: Option<DueState> = self.get(&due.key).await?;
        let still = |row: DueState| {
            row.due_kind.as_deref() == Some(due.partition.as_str())
                && row.due_at.as_deref() == Some(due.at.as_str())
        };
        if !row.is_some_and(still) {
            return Ok(false);
        }
        let change = Change::default()
            .set("due_at", until)
            .when("due_kind", "=", &due.partition)
            .when("due_at", "=", &due.at);
        self.change_row(&due.key, change).await
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;
    use crate::store::Row;
    use crate::testing;

    #[derive(Serialize)]
    struct NoFields {}

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_epoch_seconds(1_800_000_000 + seconds).unwrap()
    }

    #[tokio::test]
    async fn all_partitions_are_read_as_one_and_those_of_before_with_them() {
        let (store, client) = testing::table().await;
        let users: Vec<UserId> = (0..40).map(|_| UserId::random()).collect();
        for (seconds, user) in users.iter().enumerate() {
            let row = Row::new(Key::user(*user, "THING"), NoFields {});
            let row = row.due("THING", at(i64::try_from(seconds).unwrap()));
            assert!(store.tx().put(&row).commit().await.unwrap().is_done());
        }
        // One of before, longest due of all.
        let old = UserId::random();
        testing::set_text(&client, old, "THING", "due_kind", "THING").await;
        let long_ago = at(-5).to_string();
        testing::set_text(&client, old, "THING", "due_at", &long_ago).await;

        let found = store.due("THING", at(29), 20).await.unwrap();
        let owners: Vec<UserId> = found.iter().filter_map(Due::user).collect();
        assert_eq!(owners[0], old);
        assert_eq!(owners[1..], users[..19]);
        assert_eq!(store.due("THING", at(29), 100).await.unwrap().len(), 31);
        assert!(store.due("OTHER", at(29), 100).await.unwrap().is_empty());
        for due in &found[..2] {
            assert!(store.take_due(due, at(1000)).await.unwrap());
            assert!(!store.take_due(due, at(2000)).await.unwrap(), "once");
        }
        store.put_off_due(&found[1], at(3)).await.unwrap();
        let left = store.due("THING", at(29), 100).await.unwrap();
        assert_eq!(left.len(), 30);
    }
}
