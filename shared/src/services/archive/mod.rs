//! Archives of what is kept of her: a ZIP file of readable JSON and her pictures, written step by step by the queue
//! `render`.

mod event_pages;
mod maker;
mod section_page;
mod sections;
mod worker;
mod zip;

pub use maker::ArchiveMaker;
pub use worker::DownloadWorker;

#[cfg(test)]
mod tests;
