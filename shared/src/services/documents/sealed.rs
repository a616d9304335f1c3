//! What of documents is sealed with her data key: title, links and hash in the head, hash and text in a version.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::auth::DataKey;
use crate::domain::document::{
    Document, DocumentBody, DocumentLink, SignedStatement, document_sha256,
};
use crate::domain::{DocumentId, Result, UserId};
use crate::store::{DocumentRow, DocumentVersionRow, VersionAbout};
use crate::templates::FilledTemplate;

/// What is sealed in the head of a document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct SealedHead {
    pub(super) title: String,
    pub(super) sha256: String,
    pub(super) links: Vec<DocumentLink>,
    /// The name she typed when she signed it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) signed_name: Option<String>,
    /// What she ticked when she signed it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(super) signed_statements: Vec<SignedStatement>,
}

/// What is sealed in a version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::services) struct SealedVersion {
    pub(in crate::services) sha256: String,
    pub(in crate::services) body: String,
    /// What the text was made from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) filled: Option<FilledTemplate>,
}

/// A text, and what it was made from.
#[derive(Clone, Debug)]
pub(super) struct DocumentText {
    pub(super) body: DocumentBody,
    pub(super) filled: Option<FilledTemplate>,
}

impl SealedVersion {
    /// This text of a document.
    pub(super) fn of(head: &DocumentRow, DocumentText { body, filled }: DocumentText) -> Self {
        Self {
            sha256: document_sha256(head.kind, &head.language, body.as_str()),
            body: body.into_string(),
            filled,
        }
    }
}

/// Her key, and whose it is.
pub(in crate::services) struct DocumentSealer<'a> {
    pub(in crate::services) user: UserId,
    pub(in crate::services) key: &'a DataKey,
}

impl DocumentSealer<'_> {
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

    pub(in crate::services) fn open_version(
        &self,
        id: DocumentId,
        row: &DocumentVersionRow,
    ) -> Result<SealedVersion> {
        let purpose = format!("document/{}/{id}/{}", self.user, row.about.number);
        self.open(&purpose, &row.sealed)
    }

    /// The document as she is shown it.
    pub(in crate::services) fn document(&self, row: DocumentRow) -> Result<Document> {
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
            signed_statements: head.signed_statements,
            trashed_at: row.trashed_at,
        })
    }

    fn close(&self, purpose: &str, it: &impl Serialize) -> Result<String> {
        self.key.close_json(("writing a document", purpose), it)
    }

    fn open<T: DeserializeOwned>(&self, purpose: &str, sealed: &str) -> Result<T> {
        self.key.open_json(("opening a document", purpose), sealed)
    }
}
