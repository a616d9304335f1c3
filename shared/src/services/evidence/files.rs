//! Objects of evidence: sealed with her data key, under the attempt that stored them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vara_evidence::{KeySignature, sha256_hex};

use crate::auth::DataKey;
use crate::domain::evidence_record::{EvidenceItem, MAX_PICTURE_BYTES};
use crate::domain::{Error, EvidenceId, Result, UserId};
use crate::engines::TimeStamp;
use crate::objects::{Objects, key};
use crate::services::record::event_log::EventLog;
use crate::store::EvidenceRow;

/// The most bytes of a sealed object: Base64 of what is captured, with room to spare.
const MAX_SEALED_BYTES: usize = MAX_PICTURE_BYTES / 3 * 4 + 4096;

/// The name of the manifest among the objects of a record.
const MANIFEST: &str = "manifest";

/// Reads and writes objects of evidence. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct EvidenceFiles {
    pub(super) log: EventLog,
    pub(super) objects: Objects,
}

/// The manifest as it was signed, with its signature.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SignedManifest {
    /// Its canonical bytes, which are text.
    pub(super) manifest: String,
    pub(super) signature: KeySignature,
}

/// A request for a time stamp and its answer, in Base64.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct StampFile {
    pub(super) request: String,
    pub(super) answer: String,
    /// The roots that the authority led to, in DER and Base64.
    pub(super) roots: Vec<String>,
}

impl StampFile {
    /// A stamp as it is kept, with the roots of its authority.
    pub(super) fn of(stamp: &TimeStamp, roots: &[Vec<u8>]) -> Self {
        Self {
            request: STANDARD.encode(&stamp.request),
            answer: STANDARD.encode(&stamp.answer),
            roots: roots.iter().map(|it| STANDARD.encode(it)).collect(),
        }
    }
}

impl EvidenceFiles {
    /// A time stamp of a record, by the hash of its answer.
    pub(super) async fn stamp(
        &self,
        (user, key): (UserId, &DataKey),
        row: &EvidenceRow,
        sha256: &str,
    ) -> Result<StampFile> {
        let file = self.get(key, &stamp_name(user, row, sha256)?).await?;
        serde_json::from_slice(&file).map_err(|err| Error::bug("reading a time stamp", err))
    }

    /// Seals and stores bytes under a name that nothing has yet.
    pub(super) async fn put(
        &self,
        key: &DataKey,
        name: &str,
        bytes: impl Into<Vec<u8>>,
    ) -> Result<()> {
        let sealed = key.close(name, bytes.into())?;
        let kind = "application/octet-stream";
        self.objects.put_new(name, kind, Bytes::from(sealed)).await
    }

    /// Reads and opens bytes.
    pub(super) async fn get(&self, key: &DataKey, name: &str) -> Result<Vec<u8>> {
        let damaged = || {
            Error::bug(
                "opening evidence",
                "it is not there, or not what was sealed",
            )
        };
        let sealed = self.objects.get(name, MAX_SEALED_BYTES).await?;
        let sealed = sealed.ok_or_else(damaged)?;
        let sealed = std::str::from_utf8(&sealed).map_err(|_| damaged())?;
        key.open(name, sealed).ok_or_else(damaged)
    }

    /// The bytes of an item that is kept, if they are those that were captured.
    pub(super) async fn read(
        &self,
        (user, key): (UserId, &DataKey),
        row: &EvidenceRow,
        item: &EvidenceItem,
    ) -> Result<Vec<u8>> {
        let bytes = self.get(key, &name_in(user, row, &item.path)?).await?;
        match sha256_hex(&bytes) == item.sha256 {
            true => Ok(bytes),
            false => Err(Error::bug("opening evidence", "its hash is another")),
        }
    }

    /// The manifest of a record that was captured.
    pub(super) async fn manifest(
        &self,
        (user, key): (UserId, &DataKey),
        row: &EvidenceRow,
    ) -> Result<SignedManifest> {
        let text = self.get(key, &name_in(user, row, MANIFEST)?).await?;
        let signed: SignedManifest = serde_json::from_slice(&text)
            .map_err(|err| Error::bug("reading a manifest of evidence", err))?;
        let hash = Some(sha256_hex(signed.manifest.as_bytes()));
        match hash == row.manifest_sha256 {
            true => Ok(signed),
            false => Err(Error::bug(
                "reading a manifest of evidence",
                "its hash is another",
            )),
        }
    }

    /// Removes everything of a record that is erased, its row last.
    pub(super) async fn remove_record(&self, user: UserId, id: EvidenceId) -> Result<()> {
        self.objects.delete_prefix(&key::evidence(user, id)).await?;
        self.log.store.remove_evidence(user, id).await
    }

    /// Removes what other attempts at a record have left.
    pub(super) async fn remove_other_attempts(
        &self,
        user: UserId,
        id: EvidenceId,
        attempt: Option<Uuid>,
    ) -> Result<()> {
        let prefix = key::evidence(user, id);
        let kept = attempt.map(|it| format!("{prefix}{it}/"));
        self.remove_others(&prefix, kept.as_deref()).await
    }

    /// Removes everything below a prefix but what begins so.
    pub(super) async fn remove_others(&self, prefix: &str, kept: Option<&str>) -> Result<()> {
        for name in self.objects.list(prefix).await? {
            if kept.is_none_or(|it| !name.starts_with(it)) {
                self.objects.delete(&name).await?;
            }
        }
        Ok(())
    }
}

/// The name of the manifest of an attempt.
pub(super) fn manifest_name(user: UserId, id: EvidenceId, attempt: Uuid) -> String {
    name(user, id, attempt, MANIFEST)
}

/// The name of an object of an attempt.
pub(super) fn name(user: UserId, id: EvidenceId, attempt: Uuid, path: &str) -> String {
    format!("{}{attempt}/{path}", key::evidence(user, id))
}

/// The name of a time stamp. It has the hash of the answer in it: one that another worker got lies beside it.
pub(super) fn stamp_name(user: UserId, row: &EvidenceRow, sha256: &str) -> Result<String> {
    name_in(user, row, &format!("stamps/{sha256}"))
}

/// The name of an object of the attempt that is kept.
pub(super) fn name_in(user: UserId, row: &EvidenceRow, path: &str) -> Result<String> {
    let attempt = row
        .attempt
        .ok_or_else(|| Error::bug("naming an object of evidence", "nothing was captured"))?;
    Ok(name(user, row.id, attempt, path))
}
