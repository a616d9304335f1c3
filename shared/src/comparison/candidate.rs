//! A found picture as it is compared: limits of what is read, and its size.

use vara_imaging::{Limits, Picture};

/// What reading a candidate may cost: less than one of her pictures, as several may be waiting.
const CANDIDATE_LIMITS: Limits = Limits {
    bytes: 10 * 1024 * 1024,
    pixels: 30_000_000,
    memory: 256 * 1024 * 1024,
    ..Limits::DEFAULT
};

/// The longest side at which a candidate is compared: that of our own copies.
const MAX_SIDE: u32 = 2048;

/// The candidate in this file, at the size at which it is compared. `None`: it cannot be read.
pub(super) fn read(bytes: &[u8]) -> Option<Picture> {
    let picture = vara_imaging::decode(bytes, &CANDIDATE_LIMITS).ok()?;
    Some(vara_imaging::shrink(&picture, MAX_SIDE))
}
