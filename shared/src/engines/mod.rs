//! The outside world: search engines and the pages they point at.
//!
//! Everything read here was written by strangers. Foreign bytes come in through [`Fetcher`] only; the
//! engines' answers are read leniently and kept small. Nothing here knows the table or the queues.

mod address;
mod fetch;
mod tineye;

pub use fetch::{Fetcher, Refusal};
pub use tineye::{Answer, Candidate, EngineError, TinEye};
