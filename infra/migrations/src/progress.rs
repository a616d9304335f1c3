//! The row `MIGRATIONS` / `-`: which migrations are applied, and how far the one under way has come.

use aws_sdk_dynamodb::error::DisplayErrorContext;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::item::Key;
use crate::migration::MigrationDirection;
use crate::table::MigratedTable;

/// What the table knows of its migrations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Progress {
    /// Raised with each write, which goes through only if it is what was read.
    pub(crate) revision: u64,
    /// The numbers of those that are applied, in order. One under way is not among them.
    pub(crate) applied: Vec<u32>,
    /// The one under way.
    pub(crate) running: Option<Running>,
}

/// A migration under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Running {
    /// Its number.
    pub(crate) number: u32,
    /// Which way.
    pub(crate) direction: MigrationDirection,
    /// Which pass over the table this is, from 1. The last one changes nothing.
    pub(crate) pass: u32,
    /// The last row this pass has dealt with.
    pub(crate) after: Option<Key>,
    /// How many rows were read, and how many were changed, in all passes.
    pub(crate) read: u64,
    pub(crate) changed: u64,
    /// How many rows this pass has changed.
    pub(crate) changed_in_pass: u64,
    /// When it was begun.
    pub(crate) started_at: String,
}

#[derive(Serialize, Deserialize)]
struct ProgressRow<T> {
    #[serde(flatten)]
    key: Key,
    v: u32,
    #[serde(flatten)]
    it: T,
}

/// Where the row is.
pub(crate) fn key() -> Key {
    Key::new("MIGRATIONS", "-")
}

impl Progress {
    /// The progress in the table; nothing is applied to a table without the row.
    pub(crate) async fn load(table: &MigratedTable) -> Result<Self> {
        match table.get(&key()).await? {
            Some(item) => Ok(serde_dynamo::from_item::<_, ProgressRow<Self>>(item)?.it),
            None => Ok(Self::default()),
        }
    }

    /// Stores the progress, unless another run has stored its own.
    pub(crate) async fn save(&mut self, table: &MigratedTable) -> Result<()> {
        let before = self.revision;
        let next = Self {
            revision: before + 1,
            ..self.clone()
        };
        let row = ProgressRow {
            key: key(),
            v: 1,
            it: next,
        };
        let put = table
            .client
            .put_item()
            .table_name(&table.name)
            .set_item(Some(serde_dynamo::to_item(&row)?));
        let put = match before {
            0 => put.condition_expression("attribute_not_exists(pk)"),
            _ => put
                .condition_expression("revision = :before")
                .expression_attribute_values(":before", AttributeValue::N(before.to_string())),
        };
        match put.send().await {
            Ok(_) => {
                *self = row.it;
                Ok(())
            }
            Err(err)
                if err
                    .as_service_error()
                    .is_some_and(|it| it.is_conditional_check_failed_exception()) =>
            {
                Err(Error::AnotherRun)
            }
            Err(err) => {
                let source = DisplayErrorContext(err).to_string();
                Err(Error::table("writing the row MIGRATIONS", source))
            }
        }
    }
}
