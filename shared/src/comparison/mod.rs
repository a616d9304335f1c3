//! Comparison of found pictures with hers: the models, her pictures as references, candidates, evidence.
//!
//! Image scans compare each candidate with one picture of hers, profile scans each profile's picture with
//! all of hers. Both read a candidate in the same way and get the same evidence.

mod analyzer;
mod candidate;
mod evidence;
mod reference;
mod references;

pub use analyzer::ImageAnalyzer;
pub(crate) use analyzer::{FaceComparison, text};
pub(crate) use reference::{MAX_COPY, ReferenceImage, surer};
pub(crate) use references::ReferenceImages;
