//! Packs: ask for one, follow it, fetch its parts; the worker that makes them and removes them after a day.
//!
//! Each attempt at a pack has a key of its own, which is told of in the chain of each record before the pack is made.

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;
use vara_evidence::{
    ChainLine, Manifest, Pack, PackHead, PackKey, PackedChain, PackedHeadStamp, PackedRecord,
    PackedStamp, canonical, sha256_hex, write_pack,
};

use super::capture::CaptureWorker;
use super::files::StampFile;
use super::reporting::report_of;
use super::reveal::PLACE;
use super::sealed::SealedRecord;
use super::{EvidenceRecords, REMIND_AFTER};
use crate::auth::{Caller, DataKey};
use crate::clock;
use crate::domain::event::{Actor, StreamName};
use crate::domain::evidence_record::{
    EXPORT_PART_BYTES, EXPORT_SECONDS, EvidenceExport, ExportState, MAX_EXPORTED,
    MAX_EXPORTED_BYTES, PackFormat,
};
use crate::domain::{
    Error, ErrorKind, EvidenceId, ExportId, FILE_ADDRESS_LIFE_SECONDS, Result, Timestamp, UserId,
};
use crate::objects::key;
use crate::queues::EvidenceTask;
use crate::services::record::file_addresses::{FileAddress, draw_address};
use crate::store::{AddressedFile, EvidenceRow, ExportRow};

/// A pack to be made.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewExport {
    /// The records in it.
    pub ids: Vec<EvidenceId>,
    /// Its form.
    #[serde(default = "wacz")]
    pub format: PackFormat,
}

/// Addresses of the parts of a pack.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PackAddresses {
    /// One for each part, in order. Each can be fetched once.
    pub parts: Vec<FileAddress>,
}

fn wacz() -> PackFormat {
    PackFormat::Wacz
}

impl EvidenceRecords {
    /// Has a pack made of records that were captured.
    pub async fn export(
        &self,
        caller: &Caller,
        new: NewExport,
        now: Timestamp,
    ) -> Result<EvidenceExport> {
        let user = caller.user;
        let mut ids = new.ids;
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() || ids.len() > MAX_EXPORTED {
            let message = format!("A pack holds between 1 and {MAX_EXPORTED} records.");
            return Err(Error::invalid_at("ids", message));
        }
        self.count(user, now).await?;
        let mut bytes = 0;
        for id in &ids {
            let row = self.row(user, *id).await?;
            if row.captured_at.is_none() {
                return Err(not_captured());
            }
            bytes += row.bytes;
        }
        if bytes > MAX_EXPORTED_BYTES {
            return Err(too_large());
        }
        let row = ExportRow {
            id: ExportId::next(),
            records: ids,
            format: new.format,
            state: ExportState::Pending,
            revision: 1,
            created_at: now,
            expires_at: now.plus_seconds(EXPORT_SECONDS),
            attempt: None,
            bytes: None,
            parts: 0,
            sha256: None,
            next_at: now.plus_seconds(REMIND_AFTER),
        };
        if !self.store().create_export(user, &row).await? {
            return Err(Error::unavailable("asking for a pack", "it was not stored"));
        }
        self.send(user, EvidenceTask::ExportId(row.id)).await?;
        Ok(view(row))
    }

    /// How far a pack is.
    pub async fn exported(
        &self,
        user: UserId,
        id: ExportId,
        now: Timestamp,
    ) -> Result<EvidenceExport> {
        self.export_row(user, id, now).await.map(view)
    }

    /// A part of a pack, from 1. All parts one behind the other are the pack.
    pub async fn export_part(
        &self,
        user: UserId,
        (id, part): (ExportId, u32),
        now: Timestamp,
    ) -> Result<Vec<u8>> {
        let row = self.export_row(user, id, now).await?;
        let attempt = row.attempt.filter(|_| (1..=row.parts).contains(&part));
        let attempt = attempt.ok_or_else(no_part)?;
        let data_key = self.files.log.data_key(user, now).await?;
        self.files
            .get(&data_key, &part_name(user, id, attempt, part))
            .await
    }

    /// Addresses under which each part of a pack can be fetched once.
    pub async fn export_addresses(
        &self,
        caller: &Caller,
        id: ExportId,
        now: Timestamp,
    ) -> Result<PackAddresses> {
        let user = caller.user;
        let row = self.export_row(user, id, now).await?;
        if row.attempt.is_none() {
            return Err(no_part());
        }
        self.count(user, now).await?;
        let expires_at = now.plus_seconds(FILE_ADDRESS_LIFE_SECONDS);
        let mut parts = Vec::new();
        for part in 1..=row.parts {
            let leads_to = (user, AddressedFile::Pack { export: id, part });
            parts.push(draw_address(self.store(), PLACE, leads_to, expires_at).await?);
        }
        Ok(PackAddresses { parts })
    }

    async fn export_row(&self, user: UserId, id: ExportId, now: Timestamp) -> Result<ExportRow> {
        let row = self.store().export(user, id).await?;
        row.filter(|it| now < it.expires_at).ok_or_else(missing)
    }
}

impl CaptureWorker {
    /// Makes a pack, or removes one whose time is over.
    pub(super) async fn look_after_export(&self, user: UserId, id: ExportId) -> Result<()> {
        let store = &self.files.log.store;
        let Some(row) = store.export(user, id).await? else {
            return Ok(());
        };
        if clock::now() >= row.expires_at {
            self.files
                .objects
                .delete_prefix(&key::export(user, id))
                .await?;
            return store.remove_export(user, id).await;
        }
        match row.state {
            ExportState::Pending => self.make(user, &row).await,
            ExportState::Ready | ExportState::Failed => Ok(()),
        }
    }

    async fn make(&self, user: UserId, row: &ExportRow) -> Result<()> {
        let now = clock::now();
        let attempt = Uuid::new_v4();
        let mut after = ExportRow {
            revision: row.revision + 1,
            next_at: row.expires_at,
            ..row.clone()
        };
        let data_key = self.files.log.data_key(user, now).await?;
        match self.pack(user, row, &data_key, now).await? {
            Some(pack) => {
                let parts = pack.chunks(EXPORT_PART_BYTES);
                after.parts = u32::try_from(parts.len()).unwrap_or(u32::MAX);
                for (part, bytes) in (1..).zip(parts) {
                    let name = part_name(user, row.id, attempt, part);
                    self.files.put(&data_key, &name, bytes).await?;
                }
                after.state = ExportState::Ready;
                after.attempt = Some(attempt);
                after.bytes = Some(pack.len() as u64);
                after.sha256 = Some(sha256_hex(&pack));
            }
            None => after.state = ExportState::Failed,
        }
        let store = &self.files.log.store;
        let is_done = store.change_export(user, row, &after).await?;
        let kept = match is_done {
            true => after.attempt,
            false => store.export(user, row.id).await?.and_then(|it| it.attempt),
        };
        let prefix = key::export(user, row.id);
        let kept = kept.map(|it| format!("{prefix}{it}/"));
        self.files.remove_others(&prefix, kept.as_deref()).await
    }

    /// The bytes of a pack. `None`: one of its records is not there any more.
    async fn pack(
        &self,
        user: UserId,
        row: &ExportRow,
        data_key: &DataKey,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>> {
        let mut rows = Vec::with_capacity(row.records.len());
        for id in &row.records {
            match self.files.log.store.evidence(user, *id).await? {
                Some(record) => rows.push(record),
                None => return Ok(None),
            }
        }
        let pack_key = pack_key()?;
        let pack_key_sha256 = pack_key.sha256();
        let pack_key_sha256 = pack_key_sha256.ok_or_else(|| unwritten("the key of a pack"))?;
        let (mut records, mut chain, mut ends) = (Vec::new(), Vec::new(), Vec::new());
        for record in &rows {
            let data = json!({
                "exportId": row.id, "format": row.format, "packKeySha256": pack_key_sha256,
            });
            let of = (user, Actor::system());
            let told = self
                .files
                .append(of, record.id, "evidence.exported", data, now);
            told.await?;
            let lines = self.lines(user, record.id, now).await?;
            let end = PackedChain {
                id: record.id,
                events: lines.len() as u64,
                link: lines.last().map(|it| it.link.clone()).unwrap_or_default(),
            };
            chain.extend(lines);
            records.push(self.packed((user, data_key), record, (&end, now)).await?);
            ends.push(end);
        }
        let head = PackHead {
            owner: user,
            records: ends,
            exported_at: now,
            pack_key_sha256,
        };
        let signed = canonical(&head).ok_or_else(|| unwritten("the head of a pack"))?;
        let head_signature = self.signer.sign(&signed).await?;
        let pack = Pack {
            records: &records,
            chain: &chain,
            head: &head,
            head_signature: &head_signature,
        };
        let pack = write_pack(&pack, &pack_key, row.format);
        pack.map(Some).ok_or_else(|| unwritten("a pack"))
    }

    /// The chain of a record as a pack carries it.
    async fn lines(&self, user: UserId, id: EvidenceId, now: Timestamp) -> Result<Vec<ChainLine>> {
        let stream = StreamName::evidence(id);
        let events = self.files.log.stored_chain((user, &stream), now).await?;
        let line = |(row, payload): (crate::store::EventRow, Vec<u8>)| ChainLine {
            ciphertext_sha256: crate::domain::event::ciphertext_sha256(&row.sealed),
            payload: STANDARD.encode(payload),
            event: row.header,
            link: row.link,
        };
        Ok(events.into_iter().map(line).collect())
    }

    async fn packed(
        &self,
        of: (UserId, &DataKey),
        row: &EvidenceRow,
        (end, now): (&PackedChain, Timestamp),
    ) -> Result<PackedRecord> {
        let signed = self.files.manifest(of, row).await?;
        let manifest: Manifest = serde_json::from_str(&signed.manifest)
            .map_err(|err| Error::bug("reading a manifest of evidence", err))?;
        let record = SealedRecord::open(of, row)?;
        let mut kept = Vec::new();
        for item in record.items.iter().filter(|it| it.kept) {
            kept.push((item.role, self.files.read(of, row, item).await?));
        }
        let mut stamps = Vec::new();
        for stamp in &row.stamps {
            let file = self.files.stamp(of, row, &stamp.sha256).await?;
            stamps.push(packed_stamp(&stamp.authority, &file)?);
        }
        let mut head_stamps = Vec::new();
        for it in &row.chain_stamps {
            let file = self.files.stamp(of, row, &it.sha256).await?;
            head_stamps.push(PackedHeadStamp {
                events: it.events,
                stamp: packed_stamp(&it.authority, &file)?,
            });
        }
        let report = report_of((of.0, row), (&signed, &manifest), &kept, end, now)?;
        Ok(PackedRecord {
            number: row.number,
            manifest,
            manifest_bytes: signed.manifest.into_bytes(),
            signature: signed.signature,
            kept,
            stamps,
            head_stamps,
            report: Some(report),
        })
    }
}

fn packed_stamp(authority: &str, file: &StampFile) -> Result<PackedStamp> {
    let bytes = |text: &String| {
        let read = STANDARD.decode(text);
        read.map_err(|err| Error::bug("reading a time stamp", err))
    };
    Ok(PackedStamp {
        authority: authority.to_owned(),
        request: bytes(&file.request)?,
        answer: bytes(&file.answer)?,
        roots: file.roots.iter().map(bytes).collect::<Result<_>>()?,
    })
}

fn pack_key() -> Result<PackKey> {
    // Nearly every number is a key; that several are none does not happen.
    for _ in 0..8 {
        let mut bytes = [0; 48];
        rand::fill(&mut bytes).map_err(|_| unwritten("the key of a pack"))?;
        if let Some(key) = PackKey::from_random(&bytes) {
            return Ok(key);
        }
    }
    Err(unwritten("the key of a pack"))
}

fn part_name(user: UserId, id: ExportId, attempt: Uuid, part: u32) -> String {
    format!("{}{attempt}/{part}", key::export(user, id))
}

fn view(row: ExportRow) -> EvidenceExport {
    EvidenceExport {
        id: row.id,
        records: row.records,
        format: row.format,
        state: row.state,
        created_at: row.created_at,
        expires_at: row.expires_at,
        bytes: row.bytes,
        parts: row.parts,
        sha256: row.sha256,
    }
}

fn unwritten(what: &'static str) -> Error {
    Error::bug(
        "making a pack of evidence",
        format!("{what} cannot be written"),
    )
}

fn missing() -> Error {
    Error::not_found(
        "EXPORT_NOT_FOUND",
        "This pack does not exist any more. You can ask for another one.",
    )
}

fn no_part() -> Error {
    Error::not_found(
        "PART_NOT_FOUND",
        "This pack has no such part, or is not ready yet.",
    )
}

fn not_captured() -> Error {
    Error::conflict(
        "NOT_CAPTURED",
        "One of these records is not captured yet, or could not be. Please leave it out.",
    )
}

fn too_large() -> Error {
    Error::new(
        ErrorKind::TooLarge,
        "TOO_LARGE",
        "These records are too large for one pack. Please choose fewer.",
    )
}
