//! Scans: start, cancel, retry, the worker with its lease, and the four kinds of scan.

pub mod breach;
pub(crate) mod control;
pub(crate) mod full_scan;
pub mod image;
pub mod profile;
pub mod scan_queues;
pub mod start;
pub(crate) mod worker;
