//! Documents: kinds, states, links to other things, limits; the text and its rules, and differences of versions.
//!
//! A document is a text that she writes or that is made for her: a notice, a letter, a statement, a note. Each
//! saved text is a version that never changes.

mod body;
mod diff;
mod plain;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::named;
use crate::named_values::named_values;
use crate::{DownloadId, Timestamp, UserId};

pub use body::{
    BodyFault, DocumentBody, MAX_BODY_BYTES, document_sha256, document_title, is_hidden,
};
pub use diff::{DiffOp, DiffPart, DiffUnit, diff};
pub use plain::plain_text;

/// The most documents she has, those in the trash among them.
pub const MAX_DOCUMENTS: u32 = 500;

/// The most versions of a document that are kept.
pub const MAX_VERSIONS: u64 = 200;

/// How many versions of a draft are kept whatever their day. Of those before, the first of each day stays.
pub const RECENT_VERSIONS: u64 = 50;

/// The most links of a document to other things.
pub const MAX_LINKS: usize = 50;

/// How long a document lies in the trash, in seconds.
pub const TRASH_SECONDS: i64 = 30 * 24 * 3600;

/// The most characters of a title.
pub const MAX_TITLE_CHARS: usize = 120;

named_values! {
    /// What a document is for.
    DocumentKind {
        /// A request to remove something.
        Notice = "NOTICE",
        /// A letter to anybody.
        Letter = "LETTER",
        /// What she states, in the first person.
        Statement = "STATEMENT",
        /// What happened, in order.
        Timeline = "TIMELINE",
        /// A text for herself.
        Note = "NOTE",
        /// What she allows somebody to do for her.
        Authority = "AUTHORITY",
        /// A summary for an adviser or an authority.
        Report = "REPORT",
    }
}

named_values! {
    /// How far a document is.
    DocumentStatus {
        /// It is being written.
        Draft = "DRAFT",
        /// She is done with it.
        Ready = "READY",
        /// She has signed it; its text is frozen.
        Signed = "SIGNED",
        /// It is put aside.
        Archived = "ARCHIVED",
        /// It lies in the trash.
        Trashed = "TRASHED",
    }
}

/// In which form a document is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "format", content = "paper", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ExportedAs {
    /// PDF.
    Pdf(PageSize),
    /// DOCX.
    Docx(PageSize),
}

named_values! {
    /// The size of printed pages.
    PageSize {
        /// 210 by 297 mm.
        A4 = "A4",
        /// 8.5 by 11 inches.
        Letter = "LETTER",
    }
}

impl ExportedAs {
    /// The ending of file names.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Self::Pdf(_) => "pdf",
            Self::Docx(_) => "docx",
        }
    }

    /// The media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Pdf(_) => "application/pdf",
            Self::Docx(_) => {
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
            }
        }
    }

    /// The size of its pages.
    #[must_use]
    pub fn paper(self) -> PageSize {
        match self {
            Self::Pdf(paper) | Self::Docx(paper) => paper,
        }
    }
}

impl DownloadId {
    /// The file of this version in this form.
    #[must_use]
    pub fn of_document(
        user: UserId,
        document: crate::DocumentId,
        version: u64,
        form: ExportedAs,
    ) -> Self {
        let (ending, paper) = (form.ending(), form.paper().as_str());
        Self::from(named(&format!(
            "download/{user}/{document}/{version}/{ending}/{paper}"
        )))
    }
}

named_values! {
    /// What a document refers to.
    DocumentLinkType {
        /// A finding.
        Finding = "FINDING",
        /// A record of evidence.
        Evidence = "EVIDENCE",
        /// A request to remove.
        Takedown = "TAKEDOWN",
        /// Another document.
        Document = "DOCUMENT",
    }
}

named_values! {
    /// Why there is a version.
    VersionReason {
        /// The document was made with it.
        Created = "CREATED",
        /// The text was saved.
        Edited = "EDITED",
        /// An earlier version was taken again.
        Restored = "RESTORED",
        /// Fields of its template were filled in.
        Generated = "GENERATED",
    }
}

/// A reference of a document to something else of hers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct DocumentLink {
    /// What it is.
    #[serde(rename = "type")]
    pub kind: DocumentLinkType,
    /// Its id.
    pub id: Uuid,
    /// The SHA-256 of what it was when it was referred to, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sha256: Option<String>,
}

/// A statement that was ticked under a text, word for word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignedStatement {
    /// Its id in the template.
    pub id: String,
    /// The words.
    pub text: String,
}

/// A document as she is shown it, without its text.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// Its id.
    pub id: crate::DocumentId,
    /// Its number among hers; the only thing that names of exported files tell.
    pub number: u32,
    /// What it is for.
    pub kind: DocumentKind,
    /// Her name for it.
    pub title: String,
    /// The language of the text (BCP 47).
    pub language: String,
    /// How far it is.
    pub status: DocumentStatus,
    /// The number of the current version.
    pub version: u64,
    /// Counts every change, also of the title and the status. It is the `ETag`.
    pub revision: u64,
    /// The hash of kind, language and current text.
    pub sha256: String,
    /// The size of the current text in bytes.
    pub bytes: u64,
    /// What it refers to.
    pub links: Vec<DocumentLink>,
    /// Whether it is found by a search over her documents.
    pub searchable: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Whether the text can change no more.
    pub frozen: bool,
    /// When she signed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_at: Option<Timestamp>,
    /// The name she typed when she signed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_name: Option<String>,
    /// What was ticked when it was signed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub signed_statements: Vec<SignedStatement>,
    /// When it was put into the trash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trashed_at: Option<Timestamp>,
    /// When it is erased from there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<Timestamp>,
}

impl DocumentKind {
    /// Whether a text of this kind is one that is signed.
    #[must_use]
    pub fn is_signed(self) -> bool {
        !matches!(self, Self::Note | Self::Timeline)
    }
}

/// Whether this is a language tag (BCP 47) as far as its form goes.
#[must_use]
pub fn is_language_tag(text: &str) -> bool {
    let mut parts = text.split('-');
    let is_primary =
        |it: &str| (2..=3).contains(&it.len()) && it.bytes().all(|it| it.is_ascii_lowercase());
    let is_subtag =
        |it: &str| (2..=8).contains(&it.len()) && it.bytes().all(|it| it.is_ascii_alphanumeric());
    text.len() <= 35 && parts.next().is_some_and(is_primary) && parts.all(is_subtag)
}

#[cfg(test)]
mod tests;
