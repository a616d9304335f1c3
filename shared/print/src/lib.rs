//! Documents and reports as PDF and DOCX: the same bytes for the same text, and names that say nothing of what is in
//! them.
//!
//! It takes Markdown that obeys the rules of documents, so there is no HTML, no picture and no hidden link in it. A report
//! has tables and pictures between its texts, in the same layout. It knows no AWS, no clock and no file.

mod blocks;
mod docx;
mod fonts;
mod layout;
mod part;
mod pdf;
mod tags;

use vara_domain::Timestamp;
use vara_domain::document::PageSize;

pub use docx::docx;
pub use fonts::printable;
pub use part::{Mosaic, ReportPart, TextTable};
pub use pdf::{pdf, pdf_of_parts};

/// A text to be printed.
#[derive(Clone, Copy, Debug)]
pub struct PrintedText<'a> {
    /// What the file says of itself.
    pub about: PrintedAbout<'a>,
    /// The text, in Markdown.
    pub body: &'a str,
}

/// What a printed file says of itself.
#[derive(Clone, Copy, Debug)]
pub struct PrintedAbout<'a> {
    /// What the file calls itself. It must give nothing away.
    pub title: &'a str,
    /// The language of the text (BCP 47).
    pub language: &'a str,
    /// The hash of the text, or of what the report is about, for the foot of each page.
    pub sha256: &'a str,
    /// When the text was saved; the only time the file tells.
    pub saved_at: Timestamp,
    /// The size of the pages.
    pub paper: PageSize,
}

/// Why a text cannot be printed.
#[derive(Debug, thiserror::Error)]
pub enum PrintError {
    /// The font has no sign for a character: the text is in a script it does not know.
    #[error("the font has no sign for U+{:04X}", u32::from(*.0))]
    Script(char),
    /// The file cannot be written.
    #[error("writing the file: {0}")]
    Write(String),
}

/// Width and height of a page in points.
fn points(paper: PageSize) -> (f32, f32) {
    match paper {
        PageSize::A4 => (595.0, 842.0),
        PageSize::Letter => (612.0, 792.0),
    }
}

#[cfg(test)]
mod tests;
