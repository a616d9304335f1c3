//! Writes of one row by itself: an update with its condition, without a transaction.
//!
//! A transaction costs twice as much, refused or not. What changes a single row goes through here.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::ReturnValue;
use serde::de::DeserializeOwned;

use super::retry::{WRITE_CONFLICT_RETRIES, backoff};
use super::tx::Change;
use super::{Key, Store, failure, read};
use crate::domain::Result;

impl Store {
    /// One change by itself, and the row as it is then; `None` if its condition did not hold.
    pub(crate) async fn change<T: DeserializeOwned>(
        &self,
        key: &Key,
        change: Change,
    ) -> Result<Option<T>> {
        match self.update(key, change, ReturnValue::AllNew).await? {
            Some(reply) => reply.attributes.map(read).transpose(),
            None => Ok(None),
        }
    }

    /// The same without the row; `false` if its condition did not hold.
    pub(crate) async fn change_row(&self, key: &Key, change: Change) -> Result<bool> {
        let done = self.update(key, change, ReturnValue::None).await?;
        Ok(done.is_some())
    }

    async fn update(
        &self,
        key: &Key,
        change: Change,
        returned: ReturnValue,
    ) -> Result<Option<UpdateItemOutput>> {
        let change = change.checked()?;
        let numbered = |mark: &str, at: usize| format!("{mark}{at}");
        let names = change.names.iter().enumerate();
        let names = names.map(|(at, name)| (numbered("#n", at), name.clone()));
        let values = change.values.iter().enumerate();
        let values = values.map(|(at, value)| (numbered(":v", at), value.clone()));
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key.item()))
            .update_expression(change.text())
            .set_condition_expression(change.condition_text())
            .set_expression_attribute_names(Some(names.collect()))
            .set_expression_attribute_values(some_of(values.collect()))
            .return_values(returned);
        let mut attempt = 0;
        loop {
            match update.clone().send().await {
                Ok(reply) => return Ok(Some(reply)),
                Err(err) if is_refused(&err) => return Ok(None),
                // A transaction has the row at this moment; it is over in a few milliseconds.
                Err(err) if is_conflict(&err) && attempt + 1 < WRITE_CONFLICT_RETRIES => {
                    backoff(attempt).await;
                    attempt += 1;
                }
                Err(err) => return Err(failure("changing a row", err)),
            }
        }
    }
}

/// The table takes no empty map of values.
fn some_of<K, V>(
    values: std::collections::HashMap<K, V>,
) -> Option<std::collections::HashMap<K, V>> {
    (!values.is_empty()).then_some(values)
}

fn is_refused(err: &SdkError<UpdateItemError>) -> bool {
    let err = err.as_service_error();
    err.is_some_and(UpdateItemError::is_conditional_check_failed_exception)
}

fn is_conflict(err: &SdkError<UpdateItemError>) -> bool {
    let err = err.as_service_error();
    err.is_some_and(UpdateItemError::is_transaction_conflict_exception)
}
