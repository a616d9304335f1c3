//! What a page of a section became: a file, and what of it was left out.

use super::zip::Packing;

/// A file of an archive, without its folder.
pub(super) struct ArchiveFile {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    pub(super) packing: Packing,
}

/// What a page of rows became.
#[derive(Default)]
pub(super) struct SectionPage {
    /// At most one file.
    pub(super) file: Option<ArchiveFile>,
    /// How many things are in it.
    pub(super) items: u64,
    /// How many could not be read.
    pub(super) left_out: u64,
    /// Behind what the next page begins, if there is one.
    pub(super) next: Option<String>,
}
