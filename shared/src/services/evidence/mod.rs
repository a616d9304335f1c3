//! Evidence: ask for a capture, list, read, look at the blurred picture, freeze, release, erase; its custody chain.
//!
//! The work that takes long is done by [`capture`], packs are made in `export`.

pub mod capture;
mod chain_stamps;
mod custody;
mod export;
mod files;
mod items;
mod keys;
mod reporting;
mod reveal;
pub(in crate::services) mod sealed;
mod stamping;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::auth::{Caller, DataKey};
use crate::domain::event::{Actor, StreamName};
use crate::domain::evidence_record::{
    CHAIN_STAMP_SECONDS, EvidenceKeep, EvidenceRecord, EvidenceRole, EvidenceState, MAX_RECORDS,
};
use crate::domain::{Error, ErrorKind, EvidenceId, MatchId, Page, Result, Timestamp, UserId};
use crate::objects::Objects;
use crate::queues::{EvidenceMessage, EvidenceTask, Queues};
use crate::services::record::access_log::AccessLog;
use crate::services::record::event_log::EventLog;
use crate::services::upkeep::write_rates::{count_write, too_many_writes};
use crate::signer::Signer;
use crate::store::{Append, EvidenceRow, Listing, Store, TxOutcome, retry_on_conflict};

use files::EvidenceFiles;
use keys::published;
use sealed::SealedRecord;

pub use capture::CaptureWorker;
pub use export::{NewExport, PackAddresses};
pub use keys::{EvidenceKey, ListedKey};
pub use reveal::RevealRequest;

/// The most writes of evidence a minute.
pub const MAX_WRITES_A_MINUTE: u64 = 20;

/// When a record that nobody took up is looked after, in seconds.
const REMIND_AFTER: i64 = 300;

/// Her evidence. Cheap to clone.
#[derive(Clone, Debug)]
pub struct EvidenceRecords {
    files: EvidenceFiles,
    access: AccessLog,
    signer: Signer,
    listed_keys: Vec<ListedKey>,
    queues: Queues,
    queue: String,
}

/// A capture to be made.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct NewEvidence {
    /// The finding whose page is captured.
    pub finding_id: MatchId,
    /// What of the capture is kept.
    #[serde(default = "blurred")]
    pub keep: EvidenceKeep,
    /// Whether everybody in the picture was at least 18 when it was made. If not, or if it is not known, nothing
    /// is captured.
    pub everybody_is_adult: bool,
}

fn blurred() -> EvidenceKeep {
    EvidenceKeep::Blurred
}

impl EvidenceRecords {
    /// The evidence beside this record of events, in this bucket.
    #[must_use]
    pub fn new(
        (log, objects): (EventLog, Objects),
        signer: Signer,
        (queues, queue): (Queues, String),
    ) -> Self {
        Self {
            access: AccessLog::new(log.clone()),
            files: EvidenceFiles { log, objects },
            signer,
            listed_keys: Vec::new(),
            queues,
            queue,
        }
    }

    /// With keys that signed before, and what is known of the one that signs now.
    #[must_use]
    pub fn with_listed_keys(self, listed_keys: Vec<ListedKey>) -> Self {
        Self {
            listed_keys,
            ..self
        }
    }

    /// Has the page of a finding captured.
    pub async fn request(
        &self,
        caller: &Caller,
        new: NewEvidence,
        now: Timestamp,
    ) -> Result<EvidenceRecord> {
        if !new.everybody_is_adult {
            tracing::info!("a capture was refused");
            return Err(minors());
        }
        let user = caller.user;
        self.count(user, now).await?;
        let found = self.store().finding_by_id(user, new.finding_id).await?;
        let found = found.ok_or_else(no_finding)?;
        let key = self.files.log.data_key(user, now).await?;
        let id = EvidenceId::next();
        let record = SealedRecord::of(found.source_url.clone());
        let sealed = record.close((user, &key), id)?;
        let made = retry_on_conflict("asking for a capture", || async {
            let totals = self.store().evidence_totals(user).await?;
            if totals.all >= u64::from(MAX_RECORDS) {
                return Err(too_many_records());
            }
            let row = EvidenceRow {
                id,
                number: totals.made + 1,
                finding_id: found.id,
                image_id: found.protected_image_id,
                keep: new.keep,
                state: EvidenceState::Capturing,
                frozen: false,
                is_erased: false,
                revision: 1,
                created_at: now,
                updated_at: now,
                captured_at: None,
                attempt: None,
                manifest_sha256: None,
                bytes: 0,
                stamps: Vec::new(),
                chain_stamps: Vec::new(),
                failure: None,
                next_at: Some(now.plus_seconds(REMIND_AFTER)),
                sealed: sealed.clone(),
            };
            let data = json!({ "findingId": found.id, "keep": new.keep });
            let actor = caller.actor();
            let event = self
                .files
                .event((user, actor), id, "evidence.requested", data, now);
            let stored = self.store().create_evidence(user, &row, event.await?);
            Ok(matches!(stored.await?, TxOutcome::Done).then_some(row))
        })
        .await?;
        self.send(user, EvidenceTask::EvidenceId(id)).await?;
        Ok(record.view(made))
    }

    /// A page of her records, the newest first.
    pub async fn list(
        &self,
        user: UserId,
        page: Page,
        now: Timestamp,
    ) -> Result<Listing<EvidenceRecord>> {
        let listing = self.store().evidence_records(user, page).await?;
        let rows = ("a record of evidence", |it: &EvidenceRow| it.id.into());
        let open =
            |key: &DataKey, row: EvidenceRow| Ok(SealedRecord::open((user, key), &row)?.view(row));
        let log = &self.files.log;
        log.open_listing(user, rows, listing, now, open).await
    }

    /// One record.
    pub async fn get(
        &self,
        user: UserId,
        id: EvidenceId,
        now: Timestamp,
    ) -> Result<EvidenceRecord> {
        let row = self.row(user, id).await?;
        self.view(user, row, now).await
    }

    /// The blurred picture of a record, as JPEG. That it was shown is in the record's chain before it is.
    pub async fn blurred(
        &self,
        caller: &Caller,
        id: EvidenceId,
        now: Timestamp,
    ) -> Result<Vec<u8>> {
        let row = self.row(caller.user, id).await?;
        let key = self.files.log.data_key(caller.user, now).await?;
        let record = SealedRecord::open((caller.user, &key), &row)?;
        let mut items = record.items.iter();
        let item = items.find(|it| it.role == EvidenceRole::Blurred && it.kept);
        let item = item.ok_or_else(no_blurred)?;
        let bytes = self.files.read((caller.user, &key), &row, item).await?;
        let actor = caller.actor();
        let data = json!({ "role": item.role, "sha256": item.sha256 });
        self.files
            .append((caller.user, actor), id, "evidence.viewed", data, now)
            .await?;
        Ok(bytes)
    }

    /// Hashes what is kept of a record anew, and says whether it is what was captured.
    pub async fn rehash(&self, caller: &Caller, id: EvidenceId, now: Timestamp) -> Result<bool> {
        self.count(caller.user, now).await?;
        let row = self.row(caller.user, id).await?;
        let key = self.files.log.data_key(caller.user, now).await?;
        let record = SealedRecord::open((caller.user, &key), &row)?;
        let mut is_whole = row.manifest_sha256.is_some();
        for item in record.items.iter().filter(|it| it.kept) {
            // Read whole and hashed where it is opened; what is damaged is not what was captured.
            match self.files.read((caller.user, &key), &row, item).await {
                Ok(_) => {}
                Err(err) if err.kind == ErrorKind::Bug => is_whole = false,
                Err(err) => return Err(err),
            }
        }
        let actor = caller.actor();
        let data = json!({ "ok": is_whole });
        self.files
            .append((caller.user, actor), id, "evidence.rehashed", data, now)
            .await?;
        Ok(is_whole)
    }

    /// Protects a record from being erased, or does so no longer.
    pub async fn set_frozen(
        &self,
        caller: &Caller,
        id: EvidenceId,
        frozen: bool,
        now: Timestamp,
    ) -> Result<EvidenceRecord> {
        self.count(caller.user, now).await?;
        let event = match frozen {
            true => "evidence.frozen",
            false => "evidence.released",
        };
        let changed = self.change(caller, id, event, now, |before| {
            let after = EvidenceRow {
                frozen,
                ..before.clone()
            };
            Ok((before.frozen != frozen).then_some((after, json!({}))))
        });
        changed.await?;
        self.get(caller.user, id, now).await
    }

    /// Erases what is kept of a record. Its chain of custody stays, with hashes only.
    pub async fn erase(&self, caller: &Caller, id: EvidenceId, now: Timestamp) -> Result<()> {
        self.count(caller.user, now).await?;
        let changed = self.change(caller, id, "evidence.erased", now, |before| {
            if before.frozen {
                return Err(frozen());
            }
            let after = EvidenceRow {
                is_erased: true,
                next_at: Some(now.plus_seconds(REMIND_AFTER)),
                ..before.clone()
            };
            let data = json!({ "manifestSha256": before.manifest_sha256 });
            Ok(Some((after, data)))
        });
        changed.await?;
        // Interrupted, the worker is reminded of it.
        self.files.remove_record(caller.user, id).await
    }

    /// The public keys that evidence is and was signed with, the one that signs now first.
    pub async fn keys(&self) -> Result<Vec<EvidenceKey>> {
        published(self.signer.public_key().await?, &self.listed_keys)
    }

    fn store(&self) -> &Store {
        self.files.store()
    }

    async fn row(&self, user: UserId, id: EvidenceId) -> Result<EvidenceRow> {
        self.store().evidence(user, id).await?.ok_or_else(missing)
    }

    async fn view(&self, user: UserId, row: EvidenceRow, now: Timestamp) -> Result<EvidenceRecord> {
        let key = self.files.log.data_key(user, now).await?;
        Ok(SealedRecord::open((user, &key), &row)?.view(row))
    }

    /// Changes a record by a rule, with its event. A rule that answers nothing finds it as it shall be.
    async fn change(
        &self,
        caller: &Caller,
        id: EvidenceId,
        event: &'static str,
        now: Timestamp,
        rule: impl Fn(&EvidenceRow) -> Result<Option<(EvidenceRow, Value)>>,
    ) -> Result<()> {
        let user = caller.user;
        retry_on_conflict("changing a record of evidence", || async {
            let before = self.row(user, id).await?;
            let Some((mut after, data)) = rule(&before)? else {
                return Ok(Some(()));
            };
            after.revision = before.revision + 1;
            after.updated_at = now;
            after.look_after_by(now.plus_seconds(CHAIN_STAMP_SECONDS));
            let actor = caller.actor();
            let event = self
                .files
                .event((user, actor), id, event, data, now)
                .await?;
            let changed = self
                .store()
                .change_evidence(user, &before, &after, Some(event));
            Ok(changed.await?.then_some(()))
        })
        .await
    }

    async fn send(&self, user: UserId, about: EvidenceTask) -> Result<()> {
        let message = EvidenceMessage {
            user_id: user,
            about,
        };
        self.queues.send(&self.queue, &message).await
    }

    async fn count(&self, user: UserId, now: Timestamp) -> Result<()> {
        let area = (user, "evidence");
        count_write(
            self.store(),
            area,
            MAX_WRITES_A_MINUTE,
            too_many_writes,
            now,
        )
        .await
    }
}

impl EvidenceFiles {
    fn store(&self) -> &Store {
        &self.log.store
    }

    /// An event of a record's chain, for the transaction of the change it tells of.
    async fn event(
        &self,
        (user, actor): (UserId, Actor),
        id: EvidenceId,
        name: &'static str,
        data: Value,
        now: Timestamp,
    ) -> Result<Append> {
        let place = (user, actor, &StreamName::evidence(id));
        self.log.tell_in(place, name, &data, now).await
    }

    /// Appends an event that tells of no change of a record, whose chain is stamped within a day from now on.
    async fn append(
        &self,
        (user, actor): (UserId, Actor),
        id: EvidenceId,
        name: &'static str,
        data: Value,
        now: Timestamp,
    ) -> Result<()> {
        retry_on_conflict("telling of a record of evidence", || async {
            let before = self.store().evidence(user, id).await?;
            let before = before.ok_or_else(missing)?;
            let mut after = before.clone();
            after.revision += 1;
            after.look_after_by(now.plus_seconds(CHAIN_STAMP_SECONDS));
            let of = (user, actor.clone());
            let event = self.event(of, id, name, data.clone(), now).await?;
            let told = self
                .store()
                .change_evidence(user, &before, &after, Some(event));
            Ok(told.await?.then_some(()))
        })
        .await
    }
}

fn missing() -> Error {
    Error::not_found("EVIDENCE_NOT_FOUND", "This record does not exist.")
}

fn no_finding() -> Error {
    Error::not_found("MATCH_NOT_FOUND", "This finding does not exist any more.")
}

fn no_blurred() -> Error {
    Error::not_found(
        "NO_BLURRED_PICTURE",
        "There is no blurred picture in this record.",
    )
}

fn frozen() -> Error {
    Error::conflict(
        "FROZEN",
        "You have protected this record from being erased. Please release it first.",
    )
}

fn too_many_records() -> Error {
    Error::conflict(
        "TOO_MANY_RECORDS",
        "You have as many records as there is room for. Please erase some that you do not need any more.",
    )
}

fn minors() -> Error {
    Error::conflict(
        "NOT_FOR_MINORS",
        "Pictures that may show somebody under 18 are never kept here. Take It Down (takeitdown.ncmec.org) and, in the \
         UK, Report Remove (childline.org.uk) help to remove them without anybody else seeing them.",
    )
}

#[cfg(test)]
mod tests;
