//! Download rows: files that are made for her, and the addresses by which files of hers are fetched.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `USER#<id>` | `DOWNLOAD#<id>` | a file: what it is made from, how far it is; due while it is made and when it is gone |
//! | `FILE#<hash>` | `-` | an address that is good once: whose file, until when |

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::append::Append;
use super::tx::Change;
use super::{Key, Row, Store};
use crate::domain::document::ExportedAs;
use crate::domain::evidence_record::EvidenceRole;
use crate::domain::feed::{FeedChange, FeedTopic};
use crate::domain::{
    ArchiveScope, DocumentId, Download, DownloadFailure, DownloadId, DownloadState, EvidenceId,
    ExportId, Result, Timestamp, UserId,
};

/// Kind of work in the `due` index: a file that is waited for, or is to be removed.
pub(crate) const DUE_DOWNLOAD: &str = "DOWNLOAD";

/// How long a file may come no step further until its worker is told again, in seconds.
const REMIND_AFTER: i64 = 300;

/// How long a row outlives what it says, in seconds.
const AFTERLIFE: i64 = 3600;

/// A file that is made for her.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DownloadRow {
    /// What she is shown of it.
    #[serde(flatten)]
    pub download: Download,
    /// What it is made from.
    #[serde(flatten)]
    pub of: DownloadOf,
}

/// What a file is made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum DownloadOf {
    /// A document.
    Document {
        /// Which one.
        document: DocumentId,
        /// The version of the text.
        version: u64,
        /// In which form.
        form: ExportedAs,
    },
    /// What is kept of her.
    Archive(ArchiveProgress),
}

/// How far an archive is. What its worker goes on from is stored in the bucket, under a name of its own at each step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ArchiveProgress {
    /// What is in it.
    pub archive: ArchiveScope,
    /// Counts its steps.
    pub revision: u64,
    /// From where it goes on; nothing at the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<Uuid>,
    /// The names of its parts, in order.
    #[serde(default)]
    pub part_names: Vec<Uuid>,
}

impl ArchiveProgress {
    /// Of an archive that is not begun.
    #[must_use]
    pub fn first(archive: ArchiveScope) -> Self {
        Self {
            archive,
            revision: 0,
            checkpoint: None,
            part_names: Vec::new(),
        }
    }
}

/// A file that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MadeDownload {
    pub(crate) bytes: u64,
    /// Into how many parts it is cut, if it is.
    pub(crate) parts: Option<u32>,
}

impl MadeDownload {
    fn ready(self, change: Change) -> Change {
        let change = change
            .set("state", DownloadState::Ready)
            .set("bytes", self.bytes);
        match self.parts {
            Some(parts) => change.set("parts", parts),
            None => change,
        }
    }
}

/// An address that is good once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FileAddressRow {
    pub(crate) user: UserId,
    #[serde(flatten)]
    pub(crate) leads_to: AddressedFile,
    pub(crate) expires_at: Timestamp,
}

/// Where an address leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum AddressedFile {
    /// A file that was made for her.
    Download(DownloadId),
    /// A part of one that is in several, from 1.
    DownloadPart { download: DownloadId, part: u32 },
    /// What is kept of a record of evidence.
    Evidence {
        record: EvidenceId,
        role: EvidenceRole,
    },
    /// A part of a pack, from 1.
    Pack { export: ExportId, part: u32 },
}

fn key(user: UserId, id: DownloadId) -> Key {
    Key::user(user, format!("DOWNLOAD#{id}"))
}

fn address_key(hash: &str) -> Key {
    Key::lone(format!("FILE#{hash}"))
}

impl Store {
    /// A file of hers that is not gone.
    pub async fn download(
        &self,
        user: UserId,
        id: DownloadId,
        now: Timestamp,
    ) -> Result<Option<DownloadRow>> {
        let row: Option<DownloadRow> = self.get_readable(&key(user, id)).await?;
        Ok(row.filter(|it| it.download.gone_at > now))
    }

    /// A file of hers, also one that is gone or cannot be read.
    pub(crate) async fn due_download(
        &self,
        user: UserId,
        id: DownloadId,
    ) -> Result<Option<DownloadRow>> {
        self.get_readable(&key(user, id)).await
    }

    /// Stores a file that is asked for, in place of one that is gone, failed, unreadable or older. `false`: she has
    /// left.
    pub(crate) async fn put_download(
        &self,
        user: UserId,
        row: &DownloadRow,
        event: Option<Append>,
    ) -> Result<bool> {
        let remind_at = row.download.created_at.plus_seconds(REMIND_AFTER);
        let mut stored = Row::new(key(user, row.download.id), row).due(DUE_DOWNLOAD, remind_at);
        stored.ttl = Some(row.download.gone_at.plus_seconds(AFTERLIFE).epoch_seconds());
        let tx = self.tx().put(&stored);
        let tx = tx.append_all(event);
        Ok(tx.commit().await?.is_done())
    }

    /// Stores how far an archive is, or that it is made, if it still is where its worker took it up. `false`: it is not.
    pub(crate) async fn advance_archive(
        &self,
        user: UserId,
        (row, before): (&DownloadRow, &ArchiveProgress),
        (after, made): (&ArchiveProgress, Option<MadeDownload>),
        now: Timestamp,
    ) -> Result<bool> {
        let key = key(user, row.download.id);
        let change = Change::default()
            .set("revision", after.revision)
            .set("partNames", &after.part_names);
        let change = match after.checkpoint {
            Some(checkpoint) => change.set("checkpoint", checkpoint),
            None => change,
        };
        let change = match made {
            Some(made) => made
                .ready(change)
                .due(DUE_DOWNLOAD, &key, row.download.gone_at),
            None => change.due(DUE_DOWNLOAD, &key, now.plus_seconds(REMIND_AFTER)),
        };
        let change = change
            .when("createdAt", "=", row.download.created_at)
            .when("state", "=", DownloadState::Waiting)
            .when("revision", "=", before.revision);
        let tx = self.tx().update(&key, change);
        let tx = match made {
            Some(_) => tx.publish(user, FeedChange::of(FeedTopic::Job, row.download.id)),
            None => tx,
        };
        Ok(tx.commit().await?.is_done())
    }

    /// Forgets a file as it was read; nothing if it could not be. One that was asked for anew meanwhile stays.
    pub(crate) async fn remove_download(
        &self,
        user: UserId,
        id: DownloadId,
        read: Option<&Download>,
    ) -> Result<()> {
        let key = key(user, id);
        let tx = match read {
            Some(it) => self
                .tx()
                .delete_when(&key, "goneAt", &it.gone_at.to_string()),
            None => self.tx().delete(&key),
        };
        tx.commit().await.map(drop)
    }

    /// Says how a file ended that is still waited for. Somebody else said it already: nothing is changed.
    pub(crate) async fn end_download(
        &self,
        user: UserId,
        row: &DownloadRow,
        outcome: Result<MadeDownload, DownloadFailure>,
    ) -> Result<()> {
        let id = row.download.id;
        let key = key(user, id);
        let change = match outcome {
            Ok(made) => made.ready(Change::default()),
            Err(failure) => Change::default()
                .set("state", DownloadState::Failed)
                .set("failure", failure),
        };
        let change = change
            .due(DUE_DOWNLOAD, &key, row.download.gone_at)
            .when("createdAt", "=", row.download.created_at)
            .when("state", "=", DownloadState::Waiting);
        let told = FeedChange::of(FeedTopic::Job, id);
        let tx = self.tx().update(&key, change);
        tx.publish(user, told).commit().await?;
        Ok(())
    }

    /// Stores an address that is good once.
    pub(crate) async fn add_file_address(&self, hash: &str, row: &FileAddressRow) -> Result<()> {
        let mut stored = Row::new(address_key(hash), row);
        stored.ttl = Some(row.expires_at.plus_seconds(AFTERLIFE).epoch_seconds());
        self.tx().create(&stored).commit().await?;
        Ok(())
    }

    /// Uses an address up. `None`: there is no such address, or it was used or is too old.
    pub(crate) async fn use_file_address(
        &self,
        hash: &str,
        now: Timestamp,
    ) -> Result<Option<FileAddressRow>> {
        let key = address_key(hash);
        let Some(row) = self.get_readable::<FileAddressRow>(&key).await? else {
            return Ok(None);
        };
        let used = self.tx().delete_existing(&key).commit().await?;
        Ok((used.is_done() && row.expires_at > now).then_some(row))
    }
}
