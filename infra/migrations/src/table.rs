//! The table: pages of a scan, single rows, and transactions.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::DisplayErrorContext;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::TransactWriteItem;

use crate::change::Write;
use crate::error::{Error, Result};
use crate::item::{Item, Key};

/// Attempts at a transaction that collides with another on the same rows.
const COLLISIONS: u32 = 8;

/// The first wait after a collision.
const COLLISION_WAIT: Duration = Duration::from_millis(20);

/// A table.
#[derive(Clone, Debug)]
pub(crate) struct MigratedTable {
    pub(crate) client: Client,
    pub(crate) name: String,
}

/// A page of a scan.
#[derive(Debug)]
pub(crate) struct RowPage {
    pub(crate) items: Vec<Item>,
    /// Where the next page begins; nothing after the last.
    pub(crate) next: Option<Key>,
}

/// How a transaction ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Applied {
    /// All of it is stored.
    Done,
    /// Nothing is stored: the conditions of the writes at these places did not hold.
    Refused(Vec<usize>),
}

impl MigratedTable {
    /// The rows from `from` on, `limit` at most.
    pub(crate) async fn page(&self, from: Option<&Key>, limit: i32) -> Result<RowPage> {
        let reply = self
            .client
            .scan()
            .table_name(&self.name)
            .consistent_read(true)
            .limit(limit)
            .set_exclusive_start_key(from.map(Key::item))
            .send()
            .await
            .map_err(|err| Error::table("reading a page", DisplayErrorContext(err).to_string()))?;
        Ok(RowPage {
            next: reply.last_evaluated_key.as_ref().and_then(Key::of),
            items: reply.items.unwrap_or_default(),
        })
    }

    /// A row, if it is there.
    pub(crate) async fn get(&self, key: &Key) -> Result<Option<Item>> {
        let reply = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key.item()))
            .consistent_read(true)
            .send()
            .await;
        let reply = reply
            .map_err(|err| Error::table("reading a row", DisplayErrorContext(err).to_string()))?;
        Ok(reply.item)
    }

    /// Stores all of these writes, or says which conditions did not hold.
    pub(crate) async fn apply(&self, writes: &[Write]) -> Result<Applied> {
        let parts = writes.iter().map(|it| it.in_table(&self.name));
        let parts: Vec<TransactWriteItem> = parts.collect::<std::result::Result<_, _>>()?;
        for attempt in 1.. {
            let call = self.client.transact_write_items();
            let sent = call.set_transact_items(Some(parts.clone())).send().await;
            let Err(err) = sent else { break };
            match refusal(err.as_service_error()) {
                Some(WriteRefusal::Conditions(places)) => return Ok(Applied::Refused(places)),
                Some(WriteRefusal::Collision) if attempt < COLLISIONS => {
                    tokio::time::sleep(COLLISION_WAIT * 2_u32.pow(attempt)).await;
                }
                _ => {
                    let source = DisplayErrorContext(err).to_string();
                    return Err(Error::table("writing rows", source));
                }
            }
        }
        Ok(Applied::Done)
    }
}

enum WriteRefusal {
    Conditions(Vec<usize>),
    Collision,
}

fn refusal(err: Option<&TransactWriteItemsError>) -> Option<WriteRefusal> {
    let cancelled = match err? {
        TransactWriteItemsError::TransactionCanceledException(it) => it,
        TransactWriteItemsError::TransactionInProgressException(_) => {
            return Some(WriteRefusal::Collision);
        }
        _ => return None,
    };
    let reasons = cancelled.cancellation_reasons();
    let codes: Vec<&str> = reasons
        .iter()
        .map(|it| it.code().unwrap_or_default())
        .collect();
    let failed: Vec<usize> = (0..codes.len())
        .filter(|&at| codes[at] == "ConditionalCheckFailed")
        .collect();
    match failed.is_empty() {
        false => Some(WriteRefusal::Conditions(failed)),
        true => codes
            .contains(&"TransactionConflict")
            .then_some(WriteRefusal::Collision),
    }
}
