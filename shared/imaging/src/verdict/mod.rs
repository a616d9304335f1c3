//! The comparison of two pictures: whether one is a copy of the other, and which edits were made.
//!
//! A [`Subject`] is a picture and what has been found out
//! about it; [`compare`] takes two and answers with a [`PictureVerdict`]: the
//! [`PictureRelation`], a score, and the [`PictureEvidence`] it rests on.
//!
//! Cheap signals come first. A hash that matches is confirmed on small copies and
//! decides within a millisecond; then come hashes
//! without borders, the geometric check, and, when models are given, faces and
//! the vector, which never make a picture hers but say who or what it resembles.
//!
//! *Invariant:* exchanging the two pictures exchanges what is said about them
//! and changes neither the kind of relation nor the score. Every pair is judged
//! in one order and the answer turned round when it was asked the other way.
//!
//! What may not enter: reading pixels (that is `pdq`, `geometry`, `models`),
//! and what is done about a verdict.

mod calibration;
mod compare;
mod edits;
mod evidence;
mod naming;
mod relation;
mod subject;

pub use calibration::{COPY_SCORE, SIMILAR_COSINE};
pub use compare::compare;
pub use edits::{PictureEdit, PictureEdits};
pub use evidence::{ColourChange, DecidedBy, HashMatch, PictureEvidence};
pub use relation::{PictureRelation, PictureVerdict};
pub use subject::Subject;
