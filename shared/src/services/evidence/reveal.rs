//! Revealing what is kept of a record: an address that is good once and for a minute, told of in the chain of custody
//! and in her access log before it is given.

use serde::Deserialize;
use serde_json::json;
use vara_imaging::{Format, sniff};

use super::EvidenceRecords;
use super::sealed::SealedRecord;
use crate::auth::Caller;
use crate::domain::event::{AccessSubject, Purpose};
use crate::domain::evidence_record::{EXPORT_PART_BYTES, EvidenceRole, REVEAL_SECONDS};
use crate::domain::{Error, ErrorKind, EvidenceId, ExportId, Result, Timestamp, UserId};
use crate::services::record::file_addresses::{FileAddress, HerFile, draw_address, use_address};
use crate::store::AddressedFile;

/// Where files are fetched.
pub(super) const PLACE: &str = "/api/v1/evidence/files";

/// What is to be revealed.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RevealRequest {
    /// What of the record.
    #[serde(default = "image")]
    pub role: EvidenceRole,
}

fn image() -> EvidenceRole {
    EvidenceRole::Image
}

impl EvidenceRecords {
    /// An address under which something that is kept of a record can be fetched once.
    pub async fn reveal(
        &self,
        caller: &Caller,
        id: EvidenceId,
        role: EvidenceRole,
        now: Timestamp,
    ) -> Result<FileAddress> {
        let user = caller.user;
        self.count(user, now).await?;
        let row = self.row(user, id).await?;
        let key = self.files.log.data_key(user, now).await?;
        let record = SealedRecord::open((user, &key), &row)?;
        let mut items = record.items.iter();
        let item = items.find(|it| it.role == role && it.kept);
        let item = item.ok_or_else(not_kept)?;
        if item.bytes > EXPORT_PART_BYTES as u64 {
            return Err(too_large());
        }
        let actor = caller.actor();
        let data = json!({ "role": role, "sha256": item.sha256 });
        self.files
            .append((user, actor), id, "evidence.revealed", data, now)
            .await?;
        self.access
            .record_look(
                caller.whose(),
                (AccessSubject::Evidence, id.to_string()),
                Purpose::Own,
                now,
            )
            .await?;
        let leads_to = (user, AddressedFile::Evidence { record: id, role });
        let expires_at = now.plus_seconds(REVEAL_SECONDS);
        draw_address(self.store(), PLACE, leads_to, expires_at).await
    }

    /// The file at an address, which is used up by it.
    pub async fn fetch(&self, token: &str, now: Timestamp) -> Result<HerFile> {
        match use_address(self.store(), token, now).await? {
            Some((user, AddressedFile::Evidence { record, role })) => {
                self.revealed(user, record, role, now).await
            }
            Some((user, AddressedFile::Pack { export, part })) => {
                self.pack_part(user, export, part, now).await
            }
            _ => Err(no_file()),
        }
    }

    async fn revealed(
        &self,
        user: UserId,
        id: EvidenceId,
        role: EvidenceRole,
        now: Timestamp,
    ) -> Result<HerFile> {
        let row = self.row(user, id).await.map_err(|_| no_file())?;
        let key = self.files.log.data_key(user, now).await?;
        let record = SealedRecord::open((user, &key), &row)?;
        let item = record.items.iter().find(|it| it.role == role && it.kept);
        let item = item.ok_or_else(no_file)?;
        let bytes = self.files.read((user, &key), &row, item).await?;
        let (ending, kind) = match sniff(&bytes) {
            Some(format) => (ending(format), format.mime()),
            // A page of others must not be shown as one of ours.
            None => ("bin", "application/octet-stream"),
        };
        Ok(HerFile {
            name: format!("record-{:04}.{ending}", row.number),
            kind,
            bytes,
        })
    }

    async fn pack_part(
        &self,
        user: UserId,
        id: ExportId,
        part: u32,
        now: Timestamp,
    ) -> Result<HerFile> {
        let bytes = self.export_part(user, (id, part), now).await?;
        Ok(HerFile {
            name: format!("record.part{part:02}"),
            kind: "application/octet-stream",
            bytes,
        })
    }
}

fn ending(format: Format) -> &'static str {
    match format {
        Format::Jpeg => "jpg",
        Format::Png => "png",
        Format::WebP => "webp",
        Format::Gif => "gif",
    }
}

fn not_kept() -> Error {
    Error::not_found(
        "NOTHING_KEPT",
        "This was not kept in this record. Only its hash was.",
    )
}

fn too_large() -> Error {
    Error::new(
        ErrorKind::TooLarge,
        "TOO_LARGE",
        "This is too large to be fetched alone. It is in a pack of this record.",
    )
}

fn no_file() -> Error {
    Error::not_found(
        "FILE_NOT_FOUND",
        "This file does not exist, or not any more. Please ask for it again.",
    )
}
