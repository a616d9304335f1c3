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
mod subject;

pub use calibration::{DECIDED, SIMILAR};
pub use compare::compare;
pub use edits::{Edit, Edits};
pub use evidence::{ColourChange, DecidedBy, Evidence, HashMatch};
pub use subject::Subject;

/// What one picture is to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// The same picture, whole; saved again, resized or softened at most.
    Exact,
    /// The same picture after these edits; none of them where something else was
    /// done to a part of it, which the overlay tells.
    Edited(Edits),
    /// Another picture with the same person in it.
    SamePerson,
    /// Another picture that looks alike.
    Similar,
    /// None of these.
    Different,
}

impl Relation {
    /// Whether it is her picture.
    pub fn is_copy(&self) -> bool {
        matches!(self, Self::Exact | Self::Edited(_))
    }

    /// Its name in lines of output, which does not change.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Edited(_) => "edited",
            Self::SamePerson => "same person",
            Self::Similar => "similar",
            Self::Different => "different",
        }
    }
}

/// The answer about two pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// What the candidate is to the query.
    pub relation: Relation,
    /// How likely the candidate is the query's picture, 0 to 1. From
    /// [`DECIDED`] on the relation is exact or edited. The other relations are
    /// not copies, and their scores stay below whatever they resemble; how near
    /// a face or a look is stands in the evidence.
    pub score: f64,
    /// What the answer rests on.
    pub evidence: Evidence,
}
