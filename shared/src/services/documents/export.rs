//! Files of a document: Markdown and plain text, the same bytes for the same version, under a neutral name.

use super::{DocumentWithBody, Documents};
use crate::domain::document::{Document, plain_text};
use crate::domain::{DocumentId, Result, Timestamp, UserId};
use crate::services::record::file_addresses::HerFile;

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

impl Documents {
    /// The current version as a file.
    pub async fn export(
        &self,
        user: UserId,
        id: DocumentId,
        format: ExportFormat,
        now: Timestamp,
    ) -> Result<HerFile> {
        let DocumentWithBody { document, body, .. } = self.get(user, id, now).await?;
        Ok(file(&document, body, format))
    }
}

/// A name that says nothing of what is in it.
pub(super) fn file_name(number: u32, ending: &str) -> String {
    format!("document-{number:04}.{ending}")
}

fn file(document: &Document, body: String, format: ExportFormat) -> HerFile {
    let (ending, kind, mut text) = match format {
        ExportFormat::Markdown => ("md", "text/markdown; charset=utf-8", body),
        ExportFormat::PlainText => ("txt", "text/plain; charset=utf-8", plain_text(&body)),
    };
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    HerFile {
        name: file_name(document.number, ending),
        kind,
        bytes: text.into_bytes(),
    }
}
