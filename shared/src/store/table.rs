//! The table: its client, reading one row, what a failed call means.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use serde::de::DeserializeOwned;

use super::direct::DirectReads;
use super::list_cursors::CursorCache;
use super::push_signals::PushSignals;
use super::row::{Item, Key};
use crate::domain::{Error, Result};

/// The table.
#[derive(Clone, Debug)]
pub struct Store {
    pub(super) client: Client,
    pub(super) table: String,
    pub(super) marks: CursorCache,
    /// Asked first where a call is made again and again.
    pub(super) direct: Option<DirectReads>,
    /// Told of what connected apps are to be told of.
    pub(super) signals: Option<PushSignals>,
}

impl Store {
    /// The table `table`.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
            marks: CursorCache::default(),
            direct: None,
            signals: None,
        }
    }

    /// The same, which reads by this way first.
    #[must_use]
    pub(crate) fn reading_by(self, direct: Option<DirectReads>) -> Self {
        Self { direct, ..self }
    }

    /// Whether the table answers. For the readiness check.
    pub async fn ping(&self) -> Result<()> {
        // Nobody writes that row.
        self.get::<Key>(&Key::lone("PING")).await.map(drop)
    }

    /// One row by the way that is asked first. The outer `None`: it must be asked in the usual way, which
    /// also says what is wrong with a row that cannot be read.
    pub(super) async fn direct_row<T: DeserializeOwned>(&self, key: &Key) -> Option<Option<T>> {
        self.direct.as_ref()?.row(&self.table, key).await
    }

    /// One row, read consistently.
    pub(super) async fn item(&self, key: &Key) -> Result<Option<Item>> {
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
