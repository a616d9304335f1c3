//! Files of a document: Markdown and plain text, the same bytes for the same version, under a neutral name.

use super::{DocumentWithBody, Documents};
use crate::domain::document::{Document, plain_text};
use crate::domain::{DocumentId, Result, Timestamp, UserId};

/// In which form a document is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// The text as it is stored.
    Markdown,
    /// The text without marks.
    PlainText,
}

impl std::str::FromStr for ExportFormat {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "md" => Ok(Self::Markdown),
            "txt" => Ok(Self::PlainText),
            _ => Err(()),
        }
    }
}

/// A file of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentFile {
    /// Its name, which says nothing of what is in it.
    pub name: String,
    /// Its media type.
    pub kind: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Documents {
    /// The current version as a file.
    pub async fn export(
        &self,
        user: UserId,
        id: DocumentId,
        format: ExportFormat,
        now: Timestamp,
    ) -> Result<DocumentFile> {
        let DocumentWithBody { document, body } = self.get(user, id, now).await?;
        Ok(file(&document, body, format))
    }
}

fn file(document: &Document, body: String, format: ExportFormat) -> DocumentFile {
    let (ending, kind, mut text) = match format {
        ExportFormat::Markdown => ("md", "text/markdown; charset=utf-8", body),
        ExportFormat::PlainText => ("txt", "text/plain; charset=utf-8", plain_text(&body)),
    };
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    DocumentFile {
        name: format!("document-{:04}.{ending}", document.number),
        kind,
        bytes: text.into_bytes(),
    }
}
