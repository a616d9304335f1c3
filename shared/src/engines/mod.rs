//! Clients of the outside world: search engines, breach and profile directories, OAuth, webhooks, the
//! fetcher.
//!
//! Everything read here was written by strangers. Foreign bytes come in through [`Fetcher`] only; the
//! engines' answers are read leniently and kept small. Nothing here knows the table or the queues.

mod address;
mod answer;
mod asking;
mod facecheck;
mod fetch;
mod hibp;
mod oauth;
mod reading;
mod serpapi;
mod social;
mod tineye;
mod tsa;
mod vision;
mod webhook;

#[cfg(test)]
mod corpus;
#[cfg(test)]
pub(crate) mod script;

pub use answer::{Candidate, CandidateKind, SafeSearch, SearchResult};
pub use asking::EngineError;
pub use facecheck::{FaceCheck, FaceCheckUpload, Poll};
pub use fetch::{
    CapturedAnswer, CapturedHop, FetchRefusal, FetchedPage, FetchedPicture, Fetcher, may_be_called,
};
pub use hibp::Hibp;
pub use oauth::{OAuth, OAuthTokens};
pub use serpapi::{SearchProvider, SerpApi};
pub use social::Social;
pub use tineye::TinEye;
pub use tsa::{TimeStamp, TimeStampAuthority};
pub use vision::Vision;
pub use webhook::{new_secret, signed};
