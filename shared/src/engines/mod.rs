//! The outside world: search engines and the pages they point at.
//!
//! Everything read here was written by strangers. Foreign bytes come in through [`Fetcher`] only; the
//! engines' answers are read leniently and kept small. Nothing here knows the table or the queues.

mod address;
mod asking;
mod fetch;
mod hibp;
mod oauth;
mod social;
mod tineye;
mod webhook;

pub use asking::EngineError;
pub use fetch::{Fetcher, Refusal, may_be_called};
pub use hibp::Hibp;
pub use oauth::{OAuth, Tokens};
pub use social::Social;
pub use tineye::{Answer, Candidate, TinEye};
pub use webhook::{new_secret, signed};
