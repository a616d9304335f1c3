//! `BatchGetItem` with retries.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::KeysAndAttributes;
use serde::de::DeserializeOwned;

use super::retry::backoff;
use super::{Item, Key, Store, failure, read_all};
use crate::domain::{Error, Result};

/// The most rows the table reads at once.
const MAX_BATCH_READ: usize = 100;

/// How often rows that the table did not get to are asked for again.
pub(super) const UNPROCESSED_RETRIES: u32 = 8;

impl Store {
    /// Reads these rows, consistently; in no order, and without those that are absent or unreadable.
    pub(crate) async fn get_all<T: DeserializeOwned>(&self, keys: &[Key]) -> Result<Vec<T>> {
        self.get_all_with(keys, &[]).await
    }

    /// Reads these attributes of these rows, consistently; all attributes if none is named. Rows that are absent or
    /// unreadable are left out.
    pub(super) async fn get_all_with<T: DeserializeOwned>(
        &self,
        keys: &[Key],
        attributes: &[&str],
    ) -> Result<Vec<T>> {
        let mut found = Vec::new();
        for some in keys.chunks(MAX_BATCH_READ) {
            let items = self.get_some(some, attributes).await?;
            found.extend(read_all(items));
        }
        Ok(found)
    }

    async fn get_some(&self, keys: &[Key], attributes: &[&str]) -> Result<Vec<Item>> {
        let mut found = Vec::new();
        // Aliases, because some names are reserved words of the table.
        let names: HashMap<String, String> = (0..)
            .zip(attributes)
            .map(|(number, it)| (format!("#a{number}"), (*it).to_owned()))
            .collect();
        let aliases: Vec<&str> = names.keys().map(String::as_str).collect();
        let projection = (!names.is_empty()).then(|| aliases.join(", "));
        let mut left = KeysAndAttributes::builder()
            .set_keys(Some(keys.iter().map(Key::item).collect()))
            .set_projection_expression(projection)
            .set_expression_attribute_names((!names.is_empty()).then_some(names))
            .consistent_read(true)
            .build()
            .map_err(|err| Error::bug("building a read", err))?;
        for attempt in 0..UNPROCESSED_RETRIES {
            let reply = self
                .client
                .batch_get_item()
                .request_items(&self.table, left)
                .send()
                .await
                .map_err(|err| failure("reading rows", err))?;
            let rows = reply.responses.and_then(|mut it| it.remove(&self.table));
            found.extend(rows.unwrap_or_default());
            let unread = reply
                .unprocessed_keys
                .and_then(|mut it| it.remove(&self.table));
            match unread {
                Some(unread) => left = unread,
                None => return Ok(found),
            }
            backoff(attempt).await;
        }
        Err(Error::unavailable(
            "reading rows",
            "the table did not get to all of them",
        ))
    }
}
