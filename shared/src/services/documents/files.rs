//! PDF and DOCX of a document: asked for, made by the queue `render`, fetched by an address that is good once.
//!
//! The file of a version in one form has one id, so asking twice makes it once. It lies sealed with her data key in the
//! bucket for a day. Archives of her record are asked for in `archives`, and fetched here as well.

use bytes::Bytes;

use super::Documents;
use super::export::file_name;
use super::sealed::DocumentSealer;
use crate::auth::Caller;
use crate::clock;
use crate::correlation::Correlation;
use crate::domain::document::ExportedAs;
use crate::domain::event::AccessSubject;
use crate::domain::{
    DOWNLOAD_LIFE_SECONDS, DocumentId, Download, DownloadFailure, DownloadId, DownloadState, Error,
    FILE_ADDRESS_LIFE_SECONDS, Result, Timestamp, UserId,
};
use crate::objects::{Objects, key};
use crate::queues::{QueueDelivery, Queues, RenderMessage};
use crate::services::record::access_log::AccessLog;
use crate::services::record::event_log::EventLog;
use crate::services::record::file_addresses::{FileAddress, HerFile, draw_address, use_address};
use crate::store::{AddressedFile, DownloadOf, DownloadRow, MadeDownload};
use vara_print::{PrintError, PrintedAbout, PrintedText};

/// The most bytes of a file. What an API function answers may have six megabytes.
pub(in crate::services) const MAX_FILE_BYTES: usize = 4 * 1024 * 1024;

/// Files of her documents. Cheap to clone.
#[derive(Clone)]
pub struct DocumentFiles {
    pub(super) documents: Documents,
    pub(super) access: AccessLog,
    objects: Objects,
    queues: Queues,
    queue: String,
}

/// Where files are fetched.
const PLACE: &str = "/api/v1/documents/files";

impl DocumentFiles {
    /// Files of these documents, in this bucket, made by the workers of this queue.
    #[must_use]
    pub fn new(documents: Documents, objects: Objects, queues: Queues, queue: String) -> Self {
        Self {
            access: AccessLog::new(documents.log.clone()),
            documents,
            objects,
            queues,
            queue,
        }
    }

    /// Asks for the current version in this form. It may be there already.
    pub async fn ask(
        &self,
        user: UserId,
        id: DocumentId,
        form: ExportedAs,
        now: Timestamp,
    ) -> Result<Download> {
        let head = self.documents.head(user, id).await?;
        let store = self.documents.store();
        let download = DownloadId::of_document(user, id, head.version, form);
        let known = store.download(user, download, now).await?;
        let known = known.filter(|it| it.download.state != DownloadState::Failed);
        let row = match known {
            Some(row) => row,
            None => {
                self.documents.count(user, now).await?;
                let row = DownloadRow {
                    download: Download {
                        id: download,
                        state: DownloadState::Waiting,
                        name: file_name(head.number, form.ending()),
                        created_at: now,
                        gone_at: now.plus_seconds(DOWNLOAD_LIFE_SECONDS),
                        bytes: None,
                        parts: None,
                        failure: None,
                    },
                    of: DownloadOf::Document {
                        document: id,
                        version: head.version,
                        form,
                    },
                };
                store.put_download(user, &row, None).await?;
                row
            }
        };
        self.have_made(user, row).await
    }

    /// Has a file made that is waited for. Sent again each time she asks: a message that was lost makes nothing.
    pub(super) async fn have_made(&self, user: UserId, row: DownloadRow) -> Result<Download> {
        if row.download.state == DownloadState::Waiting {
            let message = RenderMessage {
                user_id: user,
                download_id: row.download.id,
            };
            self.queues.send(&self.queue, &message).await?;
        }
        Ok(row.download)
    }

    /// A file, and how far it is.
    pub async fn get(&self, user: UserId, id: DownloadId, now: Timestamp) -> Result<Download> {
        let row = self.documents.store().download(user, id, now).await?;
        Ok(row.ok_or_else(no_file)?.download)
    }

    /// An address under which a file that is ready, or a part of it, can be fetched once. For an archive the password is
    /// asked for again, and that it was given out is in her access log before it is.
    pub async fn address(
        &self,
        caller: &Caller,
        (id, part): (DownloadId, Option<u32>),
        now: Timestamp,
    ) -> Result<FileAddress> {
        let user = caller.user;
        let row = self.documents.store().download(user, id, now).await?;
        let DownloadRow { download, of } = row.ok_or_else(no_file)?;
        let is_archive = matches!(of, DownloadOf::Archive(_));
        if is_archive {
            caller.must_be_recent(now)?;
        }
        if download.state != DownloadState::Ready {
            return Err(Error::conflict(
                "FILE_NOT_READY",
                "This file is not ready yet. Please try again in a moment.",
            ));
        }
        let parts = download.parts.unwrap_or(1);
        if !(1..=parts).contains(&part.unwrap_or(1)) {
            return Err(no_part());
        }
        self.documents.count(user, now).await?;
        if is_archive {
            let export = AccessSubject::Export;
            self.access.record_own_read(caller, export, now).await?;
        }
        let leads_to = match part {
            Some(part) => AddressedFile::DownloadPart { download: id, part },
            None => AddressedFile::Download(id),
        };
        let expires_at = now.plus_seconds(FILE_ADDRESS_LIFE_SECONDS);
        draw_address(self.documents.store(), PLACE, (user, leads_to), expires_at).await
    }

    /// The file at an address, which is used up by it.
    pub async fn fetch(&self, token: &str, now: Timestamp) -> Result<HerFile> {
        let store = self.documents.store();
        let (user, id, part) = match use_address(store, token, now).await? {
            Some((user, AddressedFile::Download(id))) => (user, id, 1),
            Some((user, AddressedFile::DownloadPart { download, part })) => (user, download, part),
            _ => return Err(no_file()),
        };
        let DownloadRow { download, of } =
            store.download(user, id, now).await?.ok_or_else(no_file)?;
        let (place, kind) = match &of {
            DownloadOf::Document { form, .. } => (key::download(user, id), form.media_type()),
            DownloadOf::Archive(made) => {
                let at = usize::try_from(part.saturating_sub(1)).unwrap_or(usize::MAX);
                let piece = *made.part_names.get(at).ok_or_else(no_file)?;
                (key::download_piece(user, id, piece), "application/zip")
            }
        };
        let sealed = self.objects.get(&place, 2 * MAX_FILE_BYTES).await?;
        let sealed = sealed.ok_or_else(no_file)?;
        let data_key = self.documents.log.data_key(user, now).await?;
        let damaged = || Error::bug("opening a file", "it is not what was sealed");
        let sealed = std::str::from_utf8(&sealed).map_err(|_| damaged())?;
        let bytes = data_key.open(&purpose(&place), sealed);
        // A part alone is no file of its kind.
        let (name, kind) = match download.parts {
            Some(_) => (
                format!("{}.{part:03}", download.name),
                "application/octet-stream",
            ),
            None => (download.name, kind),
        };
        Ok(HerFile {
            name,
            kind,
            bytes: bytes.ok_or_else(damaged)?,
        })
    }
}

/// Makes the files that are asked for.
#[derive(Clone)]
pub struct RenderWorker {
    documents: Documents,
    objects: Objects,
}

impl RenderWorker {
    /// Reads the documents of this record and stores files in this bucket.
    #[must_use]
    pub fn new(log: EventLog, objects: Objects) -> Self {
        Self {
            documents: Documents::new(log),
            objects,
        }
    }

    /// Takes a delivery. An error means it must come again.
    pub async fn take(&self, delivered: &QueueDelivery) -> Result<()> {
        let message: RenderMessage = serde_json::from_str(&delivered.body)
            .map_err(|err| Error::bug("reading the message of a file", err))?;
        let (user, id) = (message.user_id, message.download_id);
        let correlation = Correlation::named(id.to_string());
        let span = tracing::info_span!(
            "render", user.id = %user, correlation = correlation.id, trace = correlation.root(),
            attempt = delivered.attempt
        );
        let work = async {
            let now = clock::now();
            let done = self.render(user, id, now).await;
            if done.is_err() && delivered.last {
                self.end(user, id, Err(DownloadFailure::NotMade), now)
                    .await?;
            }
            done
        };
        correlation.follow(span, work).await
    }

    /// Makes a file that is waited for.
    async fn render(&self, user: UserId, id: DownloadId, now: Timestamp) -> Result<()> {
        let store = self.documents.store();
        let row = store.download(user, id, now).await?;
        let waited = row.filter(|it| it.download.state == DownloadState::Waiting);
        let Some(DownloadRow { of, .. }) = waited else {
            return Ok(());
        };
        let DownloadOf::Document {
            document,
            version,
            form,
        } = of
        else {
            return Ok(());
        };
        let printed = self.print((user, document), (version, form), now);
        let Some(bytes) = printed.await? else {
            return self.end(user, id, Err(DownloadFailure::Gone), now).await;
        };
        let bytes = match bytes {
            Ok(bytes) => bytes,
            Err(PrintError::Script(_)) => {
                return self.end(user, id, Err(DownloadFailure::Script), now).await;
            }
            Err(err) => return Err(Error::bug("writing a file", err)),
        };
        let size = bytes.len() as u64;
        let data_key = self.documents.log.data_key(user, now).await?;
        let place = key::download(user, id);
        let sealed = Bytes::from(data_key.close(&purpose(&place), bytes)?);
        self.objects
            .put(&place, "application/octet-stream", sealed)
            .await?;
        let made = MadeDownload {
            bytes: size,
            parts: None,
        };
        self.end(user, id, Ok(made), now).await
    }

    /// The file; nothing if the document or the version is gone.
    async fn print(
        &self,
        (user, id): (UserId, DocumentId),
        (version, form): (u64, ExportedAs),
        now: Timestamp,
    ) -> Result<Option<Result<Vec<u8>, PrintError>>> {
        let store = self.documents.store();
        let Some(head) = store.document(user, id).await? else {
            return Ok(None);
        };
        let Some(stored) = store.document_version(user, id, version).await? else {
            return Ok(None);
        };
        let data_key = self.documents.log.data_key(user, now).await?;
        let sealer = DocumentSealer {
            user,
            key: &data_key,
        };
        let text = sealer.open_version(id, &stored)?;
        let about = PrintedAbout {
            title: &format!("Document {:04}", head.number),
            language: &head.language,
            sha256: &text.sha256,
            saved_at: stored.about.at,
            paper: form.paper(),
        };
        let body = &text.body;
        let printed = PrintedText { about, body };
        Ok(Some(match form {
            ExportedAs::Pdf(_) => vara_print::pdf(&printed),
            ExportedAs::Docx(_) => vara_print::docx(&printed),
        }))
    }

    async fn end(
        &self,
        user: UserId,
        id: DownloadId,
        outcome: Result<MadeDownload, DownloadFailure>,
        now: Timestamp,
    ) -> Result<()> {
        let store = self.documents.store();
        match store.download(user, id, now).await? {
            Some(row) => store.end_download(user, &row, outcome).await,
            None => Ok(()),
        }
    }
}

/// What a file is sealed for: its place in the bucket.
pub(in crate::services) fn purpose(place: &str) -> String {
    place.replacen("downloads/", "download/", 1)
}

fn no_part() -> Error {
    Error::not_found("PART_NOT_FOUND", "This file has no such part.")
}

fn no_file() -> Error {
    Error::not_found(
        "FILE_NOT_FOUND",
        "This file does not exist, or not any more. Please ask for it again.",
    )
}

#[cfg(test)]
mod tests;
