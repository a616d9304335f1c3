//! What of documents is sealed with her data key: title, links and hash in the head, hash and text in a version.

use serde::{Deserialize, Serialize};

use crate::auth::DataKey;
use crate::domain::document::{Document, DocumentBody, DocumentLink, document_sha256};
use crate::domain::{DocumentId, Error, Result, UserId};
use crate::store::{DocumentRow, DocumentVersionRow, VersionAbout};

/// What is sealed in the head of a document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct SealedHead {
    pub(super) title: String,
    pub(super) sha256: String,
    pub(super) links: Vec<DocumentLink>,
    /// The name she typed when she signed it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) signed_name: Option<String>,
}

/// What is sealed in a version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct SealedVersion {
    pub(super) sha256: String,
    pub(super) body: String,
}

impl SealedVersion {
    /// This text of a document.
    pub(super) fn of(head: &DocumentRow, body: DocumentBody) -> Self {
        Self {
            sha256: document_sha256(head.kind, &head.language, body.as_str()),
            body: body.into_string(),
        }
    }
}

/// Her key, and whose it is.
pub(super) struct Sealer<'a> {
    pub(super) user: UserId,
    pub(super) key: &'a DataKey,
}

impl Sealer<'_> {
    pub(super) fn close_head(&self, id: DocumentId, head: &SealedHead) -> Result<String> {
        self.close(&format!("document/{}/{id}", self.user), head)
    }

    pub(super) fn open_head(&self, row: &DocumentRow) -> Result<SealedHead> {
        self.open(&format!("document/{}/{}", self.user, row.id), &row.sealed)
    }

    pub(super) fn close_version(
        &self,
        id: DocumentId,
        about: VersionAbout,
        version: &SealedVersion,
    ) -> Result<DocumentVersionRow> {
        let purpose = format!("document/{}/{id}/{}", self.user, about.number);
        let sealed = self.close(&purpose, version)?;
        Ok(DocumentVersionRow { about, sealed })
    }

    pub(super) fn open_version(
        &self,
        id: DocumentId,
        row: &DocumentVersionRow,
    ) -> Result<SealedVersion> {
        let purpose = format!("document/{}/{id}/{}", self.user, row.about.number);
        self.open(&purpose, &row.sealed)
    }

    /// The document as she is shown it.
    pub(super) fn document(&self, row: DocumentRow) -> Result<Document> {
        let head = self.open_head(&row)?;
        Ok(Document {
            erased_at: row.erase_at(),
            id: row.id,
            number: row.number,
            kind: row.kind,
            title: head.title,
            language: row.language,
            status: row.status,
            version: row.version,
            revision: row.revision,
            sha256: head.sha256,
            bytes: row.bytes,
            links: head.links,
            searchable: row.searchable,
            created_at: row.created_at,
            updated_at: row.updated_at,
            frozen: row.signed_at.is_some(),
            signed_at: row.signed_at,
            signed_name: head.signed_name,
            trashed_at: row.trashed_at,
        })
    }

    fn close(&self, purpose: &str, it: &impl Serialize) -> Result<String> {
        let text = serde_json::to_vec(it).map_err(|err| Error::bug("writing a document", err))?;
        self.key.close(purpose, text)
    }

    fn open<T: for<'de> Deserialize<'de>>(&self, purpose: &str, sealed: &str) -> Result<T> {
        let damaged = || Error::bug("opening a document", "it is not what was sealed");
        let text = self.key.open(purpose, sealed).ok_or_else(damaged)?;
        serde_json::from_slice(&text).map_err(|_| damaged())
    }
}
