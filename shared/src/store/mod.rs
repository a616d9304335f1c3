//! The table: the only place that knows its keys, indexes and expressions.
//!
//! One table. Everything that belongs to a woman is one item collection, but what lets her in, which few
//! functions may reach:
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `USER#<id>` | `PROFILE` | account and profile |
//! | | `ERASED` | the receipt of an erasure, when all else is gone |
//! | | `COUNTERS` | totals, kept in the same transaction as what they count |
//! | | `DEVICE#<keyed hash>` | that she has signed in with this browser from this network; forgotten after half a year |
//! | | `IMAGE#<id>`, `SCAN#<id>`, `MATCH#<image>#<id>`, `ALERT#<id>` | her things |
//! | | `ENDED#<scan>` | a copy of an ended scan, listed by when it ended |
//! | | `PRINTS#<image>` | what a picture is recognised by: faces, vectors, further fingerprints |
//! | | `ANSWERS`, `PLAN` | what she told us at the start; the plan that follows from it |
//! | | `FINDING#<id>` | which picture a finding is of; listed while it waits for her word |
//! | | `CHECK#<scan>#<image or address>#<engine>` | what a scan has already paid for |
//! | | `ASKED#<engine>#<day>` | how many questions were asked of an engine for her that day; forgotten after two |
//! | | `FOUND#<engine>#<digest>` | what an engine answered for these bytes; forgotten after a day |
//! | | `ACCOUNT#<id>` | an account or address of hers elsewhere |
//! | | `TOLD#<alert>` | what she was told of, whether or not the alert is still there |
//! | | `RESCAN`, `RECHECK`, `PROFILES` | when the next image scan, breach check and profile scan are due |
//! | | `LOCK#<scan type>` | one scan of a type at a time |
//! | | `PREFERENCES` | where, when and of what she wants to be told; whether her face may be recognised |
//! | | `OUTBOX` | there is something to tell her; due when she may be told |
//! | | `QUESTION` | whether she was asked by mail if she wants mail, and what she answered; due until asked |
//! | | `MAIL_LINK#<hash>` | what a link in one mail does without a sign-in; forgotten when it expires |
//! | | `DELIVERY#<when>#<channel>` | that she was told, or could not be; forgotten after three months |
//! | | `REPLAY#…` | what a call with an idempotency key was answered, sealed; forgotten after a day |
//! | `CREDENTIALS#<id>` | `-` | the hash of her password |
//! | `ROLE#<id>` | `-` | that she may more than others |
//! | `SIGN-IN#<id>` | `SESSION#<id>` | a sign-in on one device |
//! | `EMAIL#…`, `TOKEN#…`, `OAUTH#…` | `-` | look-ups that cross users |
//! | `AWAY#<search>` | `-` | a picture that lies at an engine until it is removed there |
//! | `ENGINE#<name>` | `-` | how an engine stands: what was asked of it, whether it is down |
//! | `SIGNING-KEYS` | `-` | the public keys of access tokens; written by the function that signs |
//! | `SWITCHES` | `-` | what is turned off without a deployment |
//! | `PROXY#<minute>` | `-` | how many proxy addresses end in that minute |
//! | `RATE#…` | `-` | how many calls somebody made this minute |
//! | `MIGRATIONS` | `-` | which changes of stored shapes are applied; written by `infra/migrations` alone |
//! | `MAILING#…` | `-` | whether a mail that a queue asked for was sent; forgotten after a day |
//! | `MAIL#…`, `TRIES#…` | `-` | how often something was asked for, by keyed hash; forgotten after hours |
//!
//! The local index `list` orders what she is shown: its key is `<run>#<token>`; a run is one filter's
//! worth (`ALERT#NEW`), a token sorts the way the screen does. It can be read consistently, which a
//! global index cannot. The sparse global index `due` answers which work is due.
//!
//! Every row carries `v`, the version of its shape; readers accept the previous one.

mod alert_ledger;
mod alerts;
mod batch;
mod checkpoints;
mod continuations;
mod devices;
mod due;
mod engine_uploads;
mod engines;
mod erasure;
mod families;
mod images;
mod linked;
mod links;
mod list;
mod list_cursors;
mod mail_links;
mod mailings;
mod matches;
mod outbox;
mod planned;
mod plans;
mod preferences;
mod prints;
mod proxy;
mod questions;
mod rates;
mod reading;
mod replays;
mod retry;
mod reviews;
mod roles;
mod scans;
mod sessions;
mod sightings;
mod signing_keys;
mod switches;
mod tries;
mod tx;
mod users;

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::domain::{Error, Result, UserId};
use reading::{read, read_all};

pub use due::Due;
pub use engine_uploads::DUE_AWAY;
pub use erasure::{DUE_ERASE, Erasure};
pub use images::{Arrival, ImageRow, ShownFace};
pub(crate) use images::{DUE_INTAKE, DUE_PURGE};
pub use linked::{Authorisation, LinkedRow, Linking};
pub use list::Listing;
pub use mail_links::{MailLink, MailLinkPurpose};
pub use mailings::{Mailing, MailingClaim};
pub use matches::WriteOutcome;
pub use outbox::{DUE_NOTIFY, NoticeAttempt, NoticeOutcome, Outbox};
pub(crate) use planned::{DUE_PROFILES, DUE_RECHECK, DUE_RESCAN};
pub use plans::{AnswersRow, PlanRow, PlanWrite};
pub use preferences::PreferencesRow;
pub(crate) use preferences::{ChannelsPatch, DUE_FORGET};
pub use questions::{DUE_QUESTION, MailQuestion};
pub use rates::Calls;
pub use reading::RowState;
pub use replays::{Claimed, ReplayRun};
pub(crate) use retry::retry_on_conflict;
pub use reviews::{AlertMove, Flagged};
pub(crate) use scans::DUE_SCAN;
pub use scans::{ScanClaim, ScanRow};
pub(crate) use sessions::ENDED_AT_ONCE;
pub use switches::SwitchBoard;
pub(crate) use tx::Tx;
pub use users::LinkUse;

/// The version of the shape of the rows written here.
const VERSION: u32 = 1;

type Item = HashMap<String, AttributeValue>;

/// The table.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    table: String,
    marks: list_cursors::CursorCache,
}

/// Where a row is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

    fn item(&self) -> Item {
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

    pub(crate) fn listed(mut self, list: impl Into<String>) -> Self {
        self.list = Some(list.into());
        self
    }
}

impl Store {
    /// The table `table`.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
            marks: list_cursors::CursorCache::default(),
        }
    }

    /// Whether the table answers. For the readiness check.
    pub async fn ping(&self) -> Result<()> {
        // Nobody writes that row.
        self.get::<Key>(&Key::lone("PING")).await.map(drop)
    }

    async fn item(&self, key: &Key) -> Result<Option<Item>> {
        let reply = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key.item()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|err| failure("reading a row", err))?;
        Ok(reply.item)
    }

    /// These attributes of all readable rows whose names begin so.
    pub(crate) async fn parts<T: DeserializeOwned>(
        &self,
        start: Key,
        attributes: &str,
    ) -> Result<Vec<T>> {
        let mut rows = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND begins_with(sk, :start)")
            .expression_attribute_values(":pk", AttributeValue::S(start.pk))
            .expression_attribute_values(":start", AttributeValue::S(start.sk))
            .projection_expression(attributes)
            .into_paginator()
            .items()
            .send();
        let mut parts = Vec::new();
        while let Some(row) = rows.next().await {
            parts.push(row.map_err(|err| failure("reading parts of rows", err))?);
        }
        Ok(read_all(parts))
    }
}

/// A type as its row.
pub(crate) fn write<T: Serialize>(it: &T) -> Result<Item> {
    serde_dynamo::to_item(it).map_err(|err| Error::bug("writing a row", err))
}

/// What a failed call to the table means: their trouble is "later", anything else is our mistake.
pub(crate) fn failure<E>(what: &'static str, err: SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    if is_transient(&err) {
        Error::unavailable(what, err)
    } else {
        Error::bug(what, err)
    }
}

/// Whether the same call may succeed later.
pub(crate) fn is_transient<E: ProvideErrorMetadata>(err: &SdkError<E>) -> bool {
    match err {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => {
            true
        }
        SdkError::ServiceError(it) => {
            it.raw().status().is_server_error()
                || it.err().code().is_some_and(|code| {
                    matches!(
                        code,
                        "ProvisionedThroughputExceededException"
                            | "RequestLimitExceeded"
                            | "ThrottlingException"
                            | "TransactionConflictException"
                            | "TransactionCanceledException"
                            | "TransactionInProgressException"
                    )
                })
        }
        _ => false,
    }
}
