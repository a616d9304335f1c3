//! Scans: start, cancel, retry; the delivery of a scan's message, its lease and its end; the four kinds of scan.

pub mod breach;
pub(crate) mod cancel;
mod delivery;
mod ending;
pub(crate) mod full_scan;
pub mod health;
pub mod image;
mod lease;
pub(crate) mod measure;
pub mod profile;
mod retry;
pub mod scan_queues;
mod scan_worker;
mod searched_images;
pub mod start;
mod stop;
