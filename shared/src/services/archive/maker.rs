//! Makes archives step by step. Each step stores some parts and a checkpoint, then moves the row on if it is where the
//! step began; what it stored before that counts for nothing. So a worker that is killed, or two at once, lose a
//! step at most and mix nothing.
//!
//! *Invariant:* a step holds [`STEP_BYTES`], one file and the directory in memory, however large the archive is.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::sections::{ArchiveReader, Section, sections};
use super::zip::{Packing, ZipDirectory};
use crate::auth::DataKey;
use crate::clock;
use crate::domain::{
    ArchiveScope, DownloadFailure, DownloadId, DownloadState, Error, Result, Timestamp, UserId,
};
use crate::objects::{Objects, key};
use crate::services::documents::files::{MAX_FILE_BYTES, purpose};
use crate::services::record::event_log::EventLog;
use crate::store::{ArchiveProgress, DownloadOf, MadeDownload};

/// After so many bytes a step ends.
const STEP_BYTES: usize = 8 * 1024 * 1024;

/// The most bytes of a checkpoint: the directory of an archive of 65,535 files.
const MAX_CHECKPOINT_BYTES: usize = 32 * 1024 * 1024;

/// What index.json says first.
const ABOUT: &str = "What Vara keeps of you, as it was between begunAt and endedAt. Passwords, tokens and secrets are not in it. The bytes of evidence are in its packs.";

/// Makes archives. Cheap to clone.
#[derive(Clone)]
pub struct ArchiveMaker {
    pub(super) log: EventLog,
    objects: Objects,
}

/// From where an archive is gone on with.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct ArchiveCheckpoint {
    directory: ZipDirectory,
    /// The place of the section that is written, among the sections of the archive.
    section: usize,
    /// Behind what its next page begins.
    after: Option<String>,
    done: Vec<SectionTotals>,
}

/// What was written of a section.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SectionTotals {
    folder: String,
    files: u32,
    items: u64,
    left_out: u64,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ArchiveStep {
    /// There is more to do.
    More,
    /// It is made, or somebody else is at it, or nobody waits for it.
    Over,
}

impl ArchiveMaker {
    /// Makes archives of what is in this record and this bucket.
    #[must_use]
    pub fn new(log: EventLog, objects: Objects) -> Self {
        Self { log, objects }
    }

    /// Goes on with an archive until it is made or `end` has come.
    pub(super) async fn make(
        &self,
        user: UserId,
        id: DownloadId,
        end: Timestamp,
    ) -> Result<ArchiveStep> {
        loop {
            let step = self.step(user, id).await?;
            if step == ArchiveStep::Over || clock::now() >= end {
                return Ok(step);
            }
        }
    }

    /// Says that an archive cannot be made.
    pub(super) async fn give_up(&self, user: UserId, id: DownloadId) -> Result<()> {
        match self.log.store.download(user, id, clock::now()).await? {
            Some(row) => {
                let failed = Err(DownloadFailure::NotMade);
                self.log.store.end_download(user, &row, failed).await
            }
            None => Ok(()),
        }
    }

    async fn step(&self, user: UserId, id: DownloadId) -> Result<ArchiveStep> {
        let now = clock::now();
        let row = self.log.store.download(user, id, now).await?;
        let waited = row.filter(|it| it.download.state == DownloadState::Waiting);
        let Some(row) = waited else {
            return Ok(ArchiveStep::Over);
        };
        let DownloadOf::Archive(before) = &row.of else {
            return Ok(ArchiveStep::Over);
        };
        let data_key = self.log.data_key(user, now).await?;
        let mut checkpoint = self.resume((user, id), before, &data_key).await?;
        let reader = ArchiveReader {
            log: &self.log,
            objects: &self.objects,
            user,
            key: data_key.clone(),
            now,
        };
        let mut written = Vec::new();
        let is_last = self
            .write(&reader, before.archive, &mut checkpoint, &mut written)
            .await?;
        if is_last {
            let begun_at = row.download.created_at;
            written.extend(checkpoint.end((user, before.archive), begun_at, now)?);
        }
        let goes_on = (!is_last).then_some(&checkpoint);
        let stored = self.store((user, id), &data_key, (&written, goes_on), before);
        let after = stored.await?;
        let parts = u32::try_from(after.part_names.len()).unwrap_or(u32::MAX);
        let made = is_last.then(|| MadeDownload {
            bytes: checkpoint.directory.written(),
            parts: (parts > 1).then_some(parts),
        });
        let store = &self.log.store;
        let moved = store.advance_archive(user, (&row, before), (&after, made), now);
        match moved.await? && !is_last {
            true => Ok(ArchiveStep::More),
            false => Ok(ArchiveStep::Over),
        }
    }

    /// Stores what a step wrote and from where the next goes on; the progress that the row moves on to.
    async fn store(
        &self,
        of: (UserId, DownloadId),
        data_key: &DataKey,
        (written, goes_on): (&[u8], Option<&ArchiveCheckpoint>),
        before: &ArchiveProgress,
    ) -> Result<ArchiveProgress> {
        let mut after = ArchiveProgress {
            revision: before.revision + 1,
            ..before.clone()
        };
        for part in written.chunks(MAX_FILE_BYTES) {
            let stored = self.put(of, data_key, part.to_vec());
            after.part_names.push(stored.await?);
        }
        if let Some(checkpoint) = goes_on {
            let text = serde_json::to_vec(checkpoint)
                .map_err(|err| Error::bug("writing a checkpoint", err))?;
            after.checkpoint = Some(self.put(of, data_key, text).await?);
        }
        Ok(after)
    }

    /// Writes pages until the step is full. Whether there are no more.
    async fn write(
        &self,
        reader: &ArchiveReader<'_>,
        scope: ArchiveScope,
        checkpoint: &mut ArchiveCheckpoint,
        written: &mut Vec<u8>,
    ) -> Result<bool> {
        let sections = sections(scope);
        while let Some((folder, section)) = sections.get(checkpoint.section) {
            if written.len() >= STEP_BYTES {
                return Ok(false);
            }
            let page = checkpoint.page(reader, (folder, *section)).await?;
            written.extend(page);
        }
        Ok(true)
    }

    async fn resume(
        &self,
        (user, id): (UserId, DownloadId),
        progress: &ArchiveProgress,
        data_key: &DataKey,
    ) -> Result<ArchiveCheckpoint> {
        let Some(name) = progress.checkpoint else {
            return Ok(ArchiveCheckpoint::default());
        };
        let place = key::download_piece(user, id, name);
        let damaged = || Error::bug("reading a checkpoint", "it is not what was stored");
        let sealed = self.objects.get(&place, MAX_CHECKPOINT_BYTES).await?;
        let sealed = sealed.ok_or_else(damaged)?;
        let sealed = std::str::from_utf8(&sealed).map_err(|_| damaged())?;
        data_key.open_json(("reading a checkpoint", &purpose(&place)), sealed)
    }

    /// Seals and stores a piece under a new name.
    async fn put(
        &self,
        (user, id): (UserId, DownloadId),
        data_key: &DataKey,
        piece: Vec<u8>,
    ) -> Result<Uuid> {
        let name = Uuid::new_v4();
        let place = key::download_piece(user, id, name);
        let sealed = Bytes::from(data_key.close(&purpose(&place), piece)?);
        let kind = "application/octet-stream";
        self.objects.put(&place, kind, sealed).await?;
        Ok(name)
    }
}

impl ArchiveCheckpoint {
    /// The bytes of the next page.
    async fn page(
        &mut self,
        reader: &ArchiveReader<'_>,
        (folder, section): (&str, Section),
    ) -> Result<Vec<u8>> {
        if self.done.len() <= self.section {
            self.done.push(SectionTotals {
                folder: folder.to_owned(),
                ..SectionTotals::default()
            });
        }
        let totals = self.done.last_mut();
        let totals = totals.ok_or_else(|| Error::bug("writing an archive", "no section"))?;
        let number = totals.files + 1;
        let page = reader.page(section, self.after.as_deref(), number).await?;
        totals.items += page.items;
        totals.left_out += page.left_out;
        let bytes = match page.file {
            Some(file) => {
                totals.files += 1;
                let name = format!("{folder}/{}", file.name);
                self.directory.add(&name, &file.bytes, file.packing)?
            }
            None => Vec::new(),
        };
        self.after = page.next;
        if self.after.is_none() {
            self.section += 1;
        }
        Ok(bytes)
    }

    /// The bytes of the index and the end of the file.
    fn end(
        &mut self,
        (user, scope): (UserId, ArchiveScope),
        begun_at: Timestamp,
        ended_at: Timestamp,
    ) -> Result<Vec<u8>> {
        let index = json!({
            "format": "vara-archive", "version": 1, "about": ABOUT, "scope": scope, "userId": user,
            "begunAt": begun_at, "endedAt": ended_at, "sections": self.done,
        });
        let index = serde_json::to_vec_pretty(&index)
            .map_err(|err| Error::bug("writing the index of an archive", err))?;
        let mut bytes = self
            .directory
            .add("index.json", &index, Packing::Deflated)?;
        bytes.extend(self.directory.end()?);
        Ok(bytes)
    }
}
