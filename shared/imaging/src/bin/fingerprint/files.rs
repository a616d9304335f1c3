//! Reading pictures and lists from files.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use vara_imaging::{DecodeError, EncodeError, Limits, MAX_BYTES, ModelError, Picture, decode};

/// Why there is no answer for a file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("cannot be read: {0}")]
    Read(io::Error),
    #[error("cannot be written: {0}")]
    Write(io::Error),
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error(transparent)]
    Encode(#[from] EncodeError),
    #[error("a model failed: {0}")]
    Model(#[from] ModelError),
    #[error("a bug: the work on this picture was broken off")]
    Bug,
}

/// The bytes of a file, one more than is taken at most, so that a file that is
/// too large is refused without being read.
pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let file = File::open(path).map_err(Failure::Read)?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(Failure::Read)?;
    Ok(bytes)
}

/// The picture in a file.
pub(crate) fn read_picture(path: &Path) -> Result<Picture, Failure> {
    Ok(decode(&read_bytes(path)?, &Limits::DEFAULT)?)
}
