//! The `due` index: which work is due (scans, rescans, erasures, notices, …).
//!
//! The index answers a little late: whoever acts on it reads the row first and acts only if the row
//! agrees.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;

use super::tx::Change;
use super::{Item, Key, Store, failure, read};
use crate::domain::{ImageId, Result, ScanId, Timestamp, UserId};

/// How many rows one question asks for.
const CHUNK: i32 = 100;

/// Something that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    key: Key,
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

    /// The picture it is.
    #[must_use]
    pub fn image(&self) -> Option<ImageId> {
        ImageId::parse(self.key.sk.strip_prefix("IMAGE#")?)
    }
}

/// What of a row says whether it is due.
#[derive(Deserialize)]
struct DueState {
    due_kind: Option<String>,
    due_at: Option<String>,
}

impl Store {
    /// Up to `most` things of a kind that are due, longest due first.
    pub async fn due(&self, kind: &str, now: Timestamp, most: usize) -> Result<Vec<Due>> {
        let mut found = Vec::new();
        let mut from = None;
        while found.len() < most {
            let (items, next) = self.due_from(kind, now, from).await?;
            for item in items {
                let at = item
                    .get("due_at")
                    .and_then(|it| it.as_s().ok())
                    .cloned()
                    .unwrap_or_default();
                found.push(Due {
                    key: read(item)?,
                    at,
                });
            }
            from = next;
            if from.is_none() {
                break;
            }
        }
        found.truncate(most);
        Ok(found)
    }

    async fn due_from(
        &self,
        kind: &str,
        now: Timestamp,
        from: Option<Item>,
    ) -> Result<(Vec<Item>, Option<Item>)> {
        let values = HashMap::from([
            (":kind".to_owned(), AttributeValue::S(kind.to_owned())),
            (":now".to_owned(), AttributeValue::S(now.to_string())),
        ]);
        let reply = self
            .client
            .query()
            .table_name(&self.table)
            .index_name("due")
            .key_condition_expression("due_kind = :kind AND due_at <= :now")
            .set_expression_attribute_values(Some(values))
            .limit(CHUNK)
            .set_exclusive_start_key(from)
            .send()
            .await
            .map_err(|err| failure("asking what is due", err))?;
        Ok((reply.items.unwrap_or_default(), reply.last_evaluated_key))
    }

    /// Has something that was taken be due again at `until`, unless it is due no longer.
    pub(crate) async fn put_off_due(&self, due: &Due, kind: &str, until: Timestamp) -> Result<()> {
        let change = Change::default().set("due_at", until);
        let change = change.when("due_kind", "=", kind);
        self.change_row(&due.key, change).await.map(drop)
    }

    /// Whether it still is due, read consistently, and puts it off until `until` in the same step so
    /// that nobody else acts on it meanwhile. `false`: it is not, or somebody was faster.
    pub async fn take_due(&self, due: &Due, kind: &str, until: Timestamp) -> Result<bool> {
        let row: Option<DueState> = self.get(&due.key).await?;
        let still = |row: DueState| {
            row.due_kind.as_deref() == Some(kind) && row.due_at.as_deref() == Some(due.at.as_str())
        };
        if !row.is_some_and(still) {
            return Ok(false);
        }
        let change = Change::default()
            .set("due_at", until)
            .when("due_kind", "=", kind)
            .when("due_at", "=", &due.at);
        self.change_row(&due.key, change).await
    }
}
