//! Rows of evidence: records and packs of records; create, list, change under the expected revision, remove.
//!
//! What lists and rules need is in clear; addresses and items are sealed. A record is due while something is to be
//! done about it: it is captured, stamped or erased by a worker, which the schedule reminds.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::list::Counters;
use super::tx::{Condition, TxOutcome};
use super::{Append, Key, Listing, Row, Store};
use crate::domain::evidence_record::{
    CaptureFailure, ChainStamp, EvidenceKeep, EvidenceStamp, EvidenceState, ExportState, PackFormat,
};
use crate::domain::feed::{FeedChange, FeedTopic};
use crate::domain::{EvidenceId, ExportId, ImageId, MatchId, Page, Result, Timestamp, UserId};

/// Kind of work in the `due` index: a record or a pack about which something is to be done.
pub(crate) const DUE_EVIDENCE: &str = "EVIDENCE";

/// The totals: records that are there, and how many there ever were. The first is also the name of the list.
const ALL: &str = "evidence";
const MADE: &str = "evidence.made";
const RUN: &str = "EVIDENCE";

/// A record as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceRow {
    /// Its id.
    pub id: EvidenceId,
    /// Its number among hers.
    pub number: u32,
    /// The finding it is of.
    pub finding_id: MatchId,
    /// Her picture that was found.
    pub image_id: ImageId,
    /// What of the capture is kept.
    pub keep: EvidenceKeep,
    /// How far it is.
    pub state: EvidenceState,
    /// It is protected from being erased.
    pub frozen: bool,
    /// It is being erased; to everybody it is gone.
    #[serde(default)]
    pub is_erased: bool,
    /// Counts every change.
    pub revision: u64,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captured_at: Option<Timestamp>,
    /// The attempt whose objects are kept; another that was interrupted may have left some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<Uuid>,
    /// The hash of the manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest_sha256: Option<String>,
    /// How many bytes are kept.
    pub bytes: u64,
    /// Its time stamps.
    pub stamps: Vec<EvidenceStamp>,
    /// The time stamps of its chain of custody, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain_stamps: Vec<ChainStamp>,
    /// Why it could not be captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<CaptureFailure>,
    /// When somebody has to look after it; nothing if there is nothing to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<Timestamp>,
    /// Addresses and items, sealed with her data key.
    pub sealed: String,
}

/// A pack as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportRow {
    /// Its id.
    pub id: ExportId,
    /// The records in it.
    pub records: Vec<EvidenceId>,
    /// Its form.
    #[serde(default = "wacz")]
    pub format: PackFormat,
    /// How far it is.
    pub state: ExportState,
    /// Counts every change.
    pub revision: u64,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it is erased.
    pub expires_at: Timestamp,
    /// The attempt whose parts are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<Uuid>,
    /// Its size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// How many parts it has.
    pub parts: u32,
    /// The hash of its bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// When somebody has to look after it.
    pub next_at: Timestamp,
}

/// The form of packs from before there was another.
fn wacz() -> PackFormat {
    PackFormat::Wacz
}

/// Her totals of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EvidenceTotals {
    pub(crate) all: u64,
    pub(crate) made: u32,
}

fn key(user: UserId, id: EvidenceId) -> Key {
    Key::user(user, format!("EVIDENCE#{id}"))
}

fn export_key(user: UserId, id: ExportId) -> Key {
    Key::user(user, format!("EXPORT#{id}"))
}

impl EvidenceRow {
    /// Has somebody look after a captured record no later than this.
    pub(crate) fn look_after_by(&mut self, at: Timestamp) {
        if self.captured_at.is_some() {
            self.next_at = Some(self.next_at.map_or(at, |it| it.min(at)));
        }
    }
}

/// A record as it is stored: listed unless it is being erased, due while there is something to do.
fn row(user: UserId, it: &EvidenceRow) -> Row<&EvidenceRow> {
    let row = Row::new(key(user, it.id), it);
    let row = match it.next_at {
        Some(at) => row.due(DUE_EVIDENCE, at),
        None => row,
    };
    match it.is_erased {
        true => row,
        false => row.listed(format!("{RUN}#{}.{}", it.created_at.newest_first(), it.id)),
    }
}

fn export_row(user: UserId, it: &ExportRow) -> Row<&ExportRow> {
    Row::new(export_key(user, it.id), it).due(DUE_EVIDENCE, it.next_at)
}

fn changed(id: EvidenceId) -> FeedChange {
    FeedChange::of(FeedTopic::Evidence, id)
}

impl Store {
    /// A record of hers, unless it is erased.
    pub async fn evidence(&self, user: UserId, id: EvidenceId) -> Result<Option<EvidenceRow>> {
        let row = self.due_evidence(user, id).await?;
        Ok(row.filter(|it| !it.is_erased))
    }

    /// A record, erased or not.
    pub(crate) async fn due_evidence(
        &self,
        user: UserId,
        id: EvidenceId,
    ) -> Result<Option<EvidenceRow>> {
        self.get(&key(user, id)).await
    }

    /// A page of her records, the newest first.
    pub async fn evidence_records(&self, user: UserId, page: Page) -> Result<Listing<EvidenceRow>> {
        self.listing(user, page, |counters: &Counters| {
            vec![(RUN.to_owned(), counters.get(ALL))]
        })
        .await
    }

    /// Her totals of records.
    pub(crate) async fn evidence_totals(&self, user: UserId) -> Result<EvidenceTotals> {
        let counters = self.counters(user).await?;
        Ok(EvidenceTotals {
            all: counters.get(ALL),
            made: u32::try_from(counters.get(MADE)).unwrap_or(u32::MAX),
        })
    }

    /// Stores a new record if its number is the next one.
    pub(crate) async fn create_evidence(
        &self,
        user: UserId,
        it: &EvidenceRow,
        event: Append,
    ) -> Result<TxOutcome> {
        let counts = [(ALL.to_owned(), 1), (MADE.to_owned(), 1)];
        self.tx()
            .create(&row(user, it))
            .named(Condition::IsNew)
            .count(user, &counts)
            .room(MADE, it.number)
            .append(event)
            .publish(user, changed(it.id))
            .commit()
            .await
    }

    /// Changes a record that is still at the revision it was read at, with its event if there is one. `false`:
    /// somebody was faster.
    pub(crate) async fn change_evidence(
        &self,
        user: UserId,
        before: &EvidenceRow,
        after: &EvidenceRow,
        event: Option<Append>,
    ) -> Result<bool> {
        let mut moves = vec![(super::list::CHANGES.to_owned(), 1)];
        if after.is_erased && !before.is_erased {
            moves.push((ALL.to_owned(), -1));
        }
        let tx = self
            .tx()
            .put_when(&row(user, after), "revision", before.revision)
            .count(user, &moves)
            .publish(user, changed(after.id));
        let tx = tx.append_all(event);
        Ok(tx.commit().await?.is_done())
    }

    /// Removes the row of a record that is erased.
    pub(crate) async fn remove_evidence(&self, user: UserId, id: EvidenceId) -> Result<()> {
        self.tx().delete(&key(user, id)).commit().await.map(drop)
    }

    /// A pack of hers.
    pub async fn export(&self, user: UserId, id: ExportId) -> Result<Option<ExportRow>> {
        self.get(&export_key(user, id)).await
    }

    /// Stores a new pack that is to be made.
    pub(crate) async fn create_export(&self, user: UserId, it: &ExportRow) -> Result<bool> {
        let tx = self.tx().create(&export_row(user, it));
        let job = FeedChange::of(FeedTopic::Job, it.id);
        let tx = tx.forbid(&Key::user(user, super::row::ERASED));
        Ok(tx.publish(user, job).commit().await?.is_done())
    }

    /// Changes a pack that is still at the revision it was read at.
    pub(crate) async fn change_export(
        &self,
        user: UserId,
        before: &ExportRow,
        after: &ExportRow,
    ) -> Result<bool> {
        let job = FeedChange::of(FeedTopic::Job, after.id);
        let tx = self
            .tx()
            .put_when(&export_row(user, after), "revision", before.revision)
            .publish(user, job);
        Ok(tx.commit().await?.is_done())
    }

    /// Removes the row of a pack.
    pub(crate) async fn remove_export(&self, user: UserId, id: ExportId) -> Result<()> {
        let tx = self.tx().delete(&export_key(user, id));
        tx.commit().await.map(drop)
    }
}
