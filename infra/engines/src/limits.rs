//! The limits of what a request may bring.

/// The largest picture any stand-in takes.
pub const PICTURE_LIMIT: usize = 30 * 1024 * 1024;

/// A whole request: one picture, and room for the form around it.
pub(crate) const BODY_LIMIT: usize = PICTURE_LIMIT + 64 * 1024;
