//! The answer of a comparison: how two pictures are related, the score, and the evidence.

use super::edits::PictureEdits;
use super::evidence::PictureEvidence;

/// What one picture is to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PictureRelation {
    /// The same picture, whole; saved again, resized or softened at most.
    Exact,
    /// The same picture after these edits; none of them where something else was
    /// done to a part of it, which the overlay tells.
    Edited(PictureEdits),
    /// Another picture with the same person in it.
    SamePerson,
    /// Another picture that looks alike.
    Similar,
    /// None of these.
    Different,
}

impl PictureRelation {
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
pub struct PictureVerdict {
    /// What the candidate is to the query.
    pub relation: PictureRelation,
    /// How likely the candidate is the query's picture, 0 to 1. From
    /// [`COPY_SCORE`](super::COPY_SCORE) on the relation is exact or edited. The other relations are
    /// not copies, and their scores stay below whatever they resemble; how near
    /// a face or a look is stands in the evidence.
    pub score: f64,
    /// What the answer rests on.
    pub evidence: PictureEvidence,
}
