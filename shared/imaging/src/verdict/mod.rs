//! Is this her picture, and what was done to it?
//!
//! Dramatis personae: a [`Subject`] is a picture and what has been found out
//! about it; [`compare`] takes two and answers with a [`Verdict`]: the
//! [`Relation`], a score, and the [`Evidence`] it rests on.
//!
//! The cheap signals speak first. A hash that matches is confirmed by a look at
//! small copies and ends the matter within a millisecond; then come hashes
//! without borders, the geometric check, and, when models are given, faces and
//! the vector, which never make a picture hers but say who or what it resembles.
//!
//! *Invariant:* exchanging the two pictures exchanges what is said about them
//! and changes neither the kind of relation nor the score. Every pair is judged
//! in one order and the answer turned round when it was asked the other way.
//!
//! What may not enter: looking at pixels (that is `pdq`, `geometry`, `models`),
//! and what is done about a verdict.

mod calibration;
mod compare;
mod edits;
mod evidence;
mod naming;
mod relation;
mod subject;

pub use calibration::{DECIDED, SIMILAR};
pub use compare::compare;
pub use edits::{Edit, Edits};
pub use evidence::{ColourChange, DecidedBy, Evidence, HashMatch};
pub use relation::{Relation, Verdict};
pub use subject::Subject;
