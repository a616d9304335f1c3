//! Decodes pictures nobody trusts, strips their metadata, fingerprints and compares what they show.
//!
//! A picture's bytes are hostile until [`decode`] has turned them into a
//! [`Picture`]; everything after that works on plain upright sRGB pixels. What
//! leaves Vara is made by [`encode_jpeg`] from those pixels alone, so nothing
//! that was hidden in the file can survive.
//!
//! What may not enter this crate: AWS, HTTP, async, clocks, logs, files (but
//! for a [`ModelFile`] that is named by its path), and any code of ours that is
//! `unsafe`. It computes, and it can be fuzzed whole.

mod blur;
mod borders;
mod colour;
mod decode;
mod encode;
mod error;
mod format;
mod geometry;
mod guard;
mod header;
mod jpeg;
mod limits;
mod metadata;
mod models;
mod pdq;
mod picture;
mod reduced;
mod resample;
mod search;
mod shrink;
mod turn;
mod verdict;

pub use blur::blur;
pub use borders::trim_borders;
pub use decode::{decode, read_dimensions};
pub use encode::{EncodeError, encode_jpeg};
pub use error::DecodeError;
pub use format::{Format, sniff};
pub use geometry::{ChangeKind, Features, LocalChange, Overlay, extract_features, find_overlay};
pub use limits::{
    Limits, MAX_BYTES, MAX_JPEG_SCANS, MAX_MEMORY, MAX_PIXELS, MAX_SIDE, MAX_SIDE_DATA, MIN_SIDE,
};
pub use metadata::{MetadataFlags, read_metadata};
pub use models::{
    CLEAR_FACE_CONFIDENCE, DetectedFace, Face, INTIMATE_SCORE, MAX_FACES, MAYBE_SAME_PERSON,
    MIN_FACE_SIDE, ModelError, ModelFile, ModelId, Models, ParseModelIdError, PersonMatch,
    PersonVerdict, PixelValues, SAME_PERSON, SAME_PERSON_SMALL, SMALL_FACE_SIDE, SquareFit, Vector,
    compare_faces,
};
pub use pdq::{
    Fingerprint, MATCH_DISTANCE, MIN_QUALITY, ParsePdqError, Pdq, SHORTCUT_SIDE, pdq, pdq_dihedral,
};
pub use picture::Picture;
pub use reduced::decode_reduced;
pub use search::{HashIndex, Hit, IndexError};
pub use shrink::shrink;
pub use turn::Turn;
pub use verdict::{
    COPY_SCORE, ColourChange, DecidedBy, HashMatch, PictureEdit, PictureEdits, PictureEvidence,
    PictureRelation, PictureVerdict, SIMILAR_COSINE, Subject, compare,
};
