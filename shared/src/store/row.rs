//! Rows: where one is, what the table needs beside its content.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use crate::domain::{Error, Result, Timestamp, UserId};

/// The version of the shape of the rows written here.
pub(super) const VERSION: u32 = 1;

/// The name of the receipt of an erasure. While it is there, no row of hers may be made.
pub(super) const ERASED: &str = "ERASED";

/// A row as the table has it.
pub(super) type Item = HashMap<String, AttributeValue>;

/// Where a row is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

impl Key {
    /// A row of hers.
    pub(crate) fn user(user: UserId, sk: impl Into<String>) -> Self {
        Self {
            pk: format!("USER#{user}"),
            sk: sk.into(),
        }
    }

    /// A sign-in of hers. Apart from the rest, so that a role can be refused it by the key.
    pub(crate) fn sign_in(user: UserId, sk: impl Into<String>) -> Self {
        Self {
            pk: format!("SIGN-IN#{user}"),
            sk: sk.into(),
        }
    }

    /// A row that stands by itself.
    pub(crate) fn lone(pk: impl Into<String>) -> Self {
        Self {
            pk: pk.into(),
            sk: "-".into(),
        }
    }

    pub(super) fn item(&self) -> Item {
        HashMap::from([
            ("pk".into(), AttributeValue::S(self.pk.clone())),
            ("sk".into(), AttributeValue::S(self.sk.clone())),
        ])
    }
}

/// A thing with what the table needs beside it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Row<T> {
    #[serde(flatten)]
    pub(crate) key: Key,
    pub(crate) v: u32,
    /// Place in a list, if it is shown in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) list: Option<String>,
    /// Kind of work that is due, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) due_kind: Option<String>,
    /// When it is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) due_at: Option<String>,
    /// When the table may forget it, in seconds since 1970. Readers never rely on it having done so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ttl: Option<i64>,
    #[serde(flatten)]
    pub(crate) it: T,
}

impl<T> Row<T> {
    pub(crate) fn new(key: Key, it: T) -> Self {
        Self {
            key,
            v: VERSION,
            list: None,
            due_kind: None,
            due_at: None,
            ttl: None,
            it,
        }
    }

    /// Due at `at`, as work of this kind.
    pub(crate) fn due(mut self, kind: &str, at: Timestamp) -> Self {
        self.due_kind = Some(super::due_shards::shard(kind, &self.key.pk));
        self.due_at = Some(at.to_string());
        self
    }

    pub(crate) fn listed(mut self, list: impl Into<String>) -> Self {
        self.list = Some(list.into());
        self
    }
}

/// A type as its row.
pub(crate) fn write<T: Serialize>(it: &T) -> Result<Item> {
    serde_dynamo::to_item(it).map_err(|err| Error::bug("writing a row", err))
}
