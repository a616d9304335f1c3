//! Erasure of a user: receipt, batch deletion of all her rows, sweeps.
//!
//! `USER#<id>` / `ERASED` is the receipt: when it was asked for and how far it is, nothing of her. It
//! stays, so that a token of hers can never make an account again. While work is left it is due.

use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, WriteRequest};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};

use super::batch::UNPROCESSED_RETRIES;
use super::event_rows;
use super::retry::backoff;
use super::row::ERASED;
use super::sessions::ENDED_AT_ONCE;
use super::tx::{Change, Tx};
use super::{Item, Key, Row, Store, failure};
use crate::domain::{Account, Error, Result, SessionId, Timestamp, UserId};

/// Kind of work in the `due` index.
pub const DUE_ERASE: &str = "ERASE";

/// After how long an erasure that was interrupted is taken up again, in seconds.
pub(super) const RESUME_AFTER_SECONDS: i64 = 120;

/// How many rows are listed at a time.
const PAGE_SIZE: i32 = 500;

/// The most rows one call of the table removes.
const MAX_BATCH_WRITE: usize = 25;

/// How many such calls are made side by side.
const CONCURRENT_DELETES: usize = 8;

/// The receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Erasure {
    /// When it was asked for.
    pub erased_at: Timestamp,
    /// How often everything was swept.
    pub sweeps: u32,
    /// Until when she can bring her account back; then it is erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rests_until: Option<Timestamp>,
    /// When she was mailed how, while it rests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailed_at: Option<Timestamp>,
}

pub(super) fn key(user: UserId) -> Key {
    Key::user(user, ERASED)
}

impl Store {
    /// The first step: from here on she cannot sign in, is not signed in on these devices, and is not
    /// known by her address. `false`: the account changed in between.
    pub async fn begin_erasure(
        &self,
        account: &Account,
        address: &str,
        sessions: &[SessionId],
        now: Timestamp,
    ) -> Result<bool> {
        let user = account.id();
        let receipt = Erasure {
            erased_at: now,
            sweeps: 0,
            rests_until: None,
            mailed_at: None,
        };
        let receipt = Row::new(key(user), receipt);
        let receipt = receipt.due(DUE_ERASE, now.plus_seconds(RESUME_AFTER_SECONDS));
        self.free_lapsed_address(account, now).await?;
        let tx = self.take_away(account, address, sessions, now);
        let tx = tx.put(&receipt);
        Ok(tx.commit().await?.is_done())
    }

    /// What goes in the first step of leaving: what lets her in, her address, and the key to what is sealed for
    /// her, which cannot be read from here on, however long the sweeps take.
    pub(super) fn take_away(
        &self,
        account: &Account,
        address: &str,
        sessions: &[SessionId],
        now: Timestamp,
    ) -> Tx<'_> {
        let user = account.id();
        let tx = self
            .tx()
            .drop_account(account, now)
            .delete(&event_rows::data_key(user))
            .drop_mail_window(address)
            .drop_links(account, None);
        let ended = sessions.iter().take(ENDED_AT_ONCE);
        ended.fold(tx, |tx, &session| tx.drop_session(user, session))
    }

    /// The receipt, if she was erased.
    pub async fn erasure(&self, user: UserId) -> Result<Option<Erasure>> {
        self.get(&key(user)).await
    }

    /// Records a sweep and when the next is due; `None`: it was the last.
    pub async fn swept(&self, user: UserId, sweeps: u32, next: Option<Timestamp>) -> Result<()> {
        let key = key(user);
        let change = Change::default()
            .set("sweeps", sweeps)
            .if_exists()
            .apply(|it| match next {
                Some(at) => it.due(DUE_ERASE, &key, at),
                None => it.not_due(),
            });
        self.tx().update(&key, change).commit().await?;
        Ok(())
    }

    /// Removes rows of hers, `most` or a few more; how many there were, and whether only the receipt is
    /// left.
    pub async fn erase_all_rows(&self, user: UserId, most: usize) -> Result<(usize, bool)> {
        self.drop_connections(user).await?;
        self.drop_reply_addresses(user).await?;
        let (ended, _) = self.clear(&Key::sign_in(user, ""), usize::MAX).await?;
        let (removed, whole) = self.clear(&key(user), most).await?;
        Ok((ended + removed, whole))
    }

    /// Removes all rows beside this one.
    async fn clear(&self, kept: &Key, most: usize) -> Result<(usize, bool)> {
        let mut removed = 0;
        let mut from = None;
        loop {
            let reply = self
                .client
                .query()
                .table_name(&self.table)
                .consistent_read(true)
                .key_condition_expression("pk = :pk")
                .expression_attribute_values(":pk", AttributeValue::S(kept.pk.clone()))
                .projection_expression("pk, sk")
                .limit(PAGE_SIZE)
                .set_exclusive_start_key(from.take())
                .send()
                .await
                .map_err(|err| failure("listing her rows", err))?;
            let kept = AttributeValue::S(kept.sk.clone());
            let keys: Vec<Item> = reply
                .items
                .unwrap_or_default()
                .into_iter()
                .filter(|it| it.get("sk") != Some(&kept))
                .collect();
            let calls: Vec<_> = keys
                .chunks(MAX_BATCH_WRITE)
                .map(|it| self.remove(it))
                .collect();
            stream::iter(calls)
                .buffer_unordered(CONCURRENT_DELETES)
                .try_collect::<()>()
                .await?;
            removed += keys.len();
            from = reply.last_evaluated_key;
            if from.is_none() || removed >= most {
                return Ok((removed, from.is_none()));
            }
        }
    }

    async fn remove(&self, keys: &[Item]) -> Result<()> {
        let mut left = keys
            .iter()
            .map(|key| {
                let request = DeleteRequest::builder().set_key(Some(key.clone())).build();
                request.map(|it| WriteRequest::builder().delete_request(it).build())
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(|err| Error::bug("building a delete", err))?;
        for attempt in 0..UNPROCESSED_RETRIES {
            let reply = self
                .client
                .batch_write_item()
                .request_items(&self.table, left)
                .send()
                .await;
            let reply = reply.map_err(|err| failure("removing her rows", err))?;
            left = reply
                .unprocessed_items
                .unwrap_or_default()
                .remove(&self.table)
                .unwrap_or_default();
            if left.is_empty() {
                return Ok(());
            }
            backoff(attempt).await;
        }
        Err(Error::unavailable(
            "removing her rows",
            "the table did not get to all of them",
        ))
    }
}
