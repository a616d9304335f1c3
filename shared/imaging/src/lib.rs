//! Pixels in, values out: reads pictures nobody trusts, strips what they tell
//! about their maker, and fingerprints what they show.
//!
//! A picture's bytes are hostile until [`decode`] has turned them into a
//! [`Picture`]; everything after that works on plain upright sRGB pixels. What
//! leaves Vara is made by [`encode_jpeg`] from those pixels alone, so nothing
//! that was hidden in the file can survive.
//!
//! What may not enter this crate: AWS, HTTP, async, clocks, logs, files, and
//! any code of ours that is `unsafe`. It computes, and it can be fuzzed whole.

mod colour;
mod decode;
mod encode;
mod error;
mod format;
mod header;
mod jpeg;
mod limits;
mod metadata;
mod pdq;
mod picture;
mod shrink;
mod turn;

pub use decode::{decode, dimensions};
pub use encode::{EncodeError, encode_jpeg};
pub use error::DecodeError;
pub use format::{Format, sniff};
pub use limits::{
    Limits, MAX_BYTES, MAX_JPEG_SCANS, MAX_MEMORY, MAX_PIXELS, MAX_SIDE, MAX_SIDE_DATA, MIN_SIDE,
};
pub use metadata::{Found, metadata};
pub use pdq::{
    Fingerprint, MATCH_DISTANCE, MIN_QUALITY, ParsePdqError, Pdq, SHORTCUT_SIDE, pdq, pdq_dihedral,
};
pub use picture::Picture;
pub use shrink::shrink;
pub use turn::Turn;
