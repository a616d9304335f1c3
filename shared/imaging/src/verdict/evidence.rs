//! `PictureEvidence`: the signals that a verdict rests on.

use crate::geometry::{LocalChange, Overlay};
use crate::models::PersonVerdict;
use crate::turn::Turn;

/// Two hashes held against each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashMatch {
    /// Bits in which they differ, in the best of the eight orientations.
    pub distance: u32,
    /// How the query is turned to come so near.
    pub turn: Turn,
    /// The lower of the two qualities.
    pub quality: u8,
}

/// How colours changed from the query to the candidate, over the common part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ColourChange {
    /// Mean change of brightness in grey levels; positive is brighter.
    pub brightness: f64,
    /// Mean change of hue and saturation in levels.
    pub tint: f64,
}

/// The signal that decided the relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DecidedBy {
    /// Every pixel is the same.
    Pixels,
    /// The hash of the whole picture.
    Hash,
    /// The hash without borders.
    BorderlessHash,
    /// The geometric check.
    Geometry,
    /// Faces.
    Faces,
    /// The vector.
    Vector,
    /// Nothing was found.
    Nothing,
}

impl DecidedBy {
    /// Its name in lines of output, which does not change.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pixels => "pixels",
            Self::Hash => "hash",
            Self::BorderlessHash => "borderless hash",
            Self::Geometry => "geometry",
            Self::Faces => "faces",
            Self::Vector => "vector",
            Self::Nothing => "nothing",
        }
    }
}

/// All signals that were taken before the relation was decided; what was not
/// needed, or not possible, is `None`.
#[derive(Clone, Debug, PartialEq)]
pub struct PictureEvidence {
    /// The signal that decided.
    pub decided_by: DecidedBy,
    /// The hashes of the whole pictures.
    pub pdq: Option<HashMatch>,
    /// The hashes without borders, when a picture has some.
    pub borderless: Option<HashMatch>,
    /// Whether the candidate's colours were inverted before it was compared; the
    /// hashes, the overlay and the colours are then of the inverse.
    pub inverted: bool,
    /// Where the query lies in the candidate.
    pub overlay: Option<Overlay>,
    /// What became of the colours there.
    pub colours: Option<ColourChange>,
    /// Whether the same person is in both, and which faces say so.
    pub faces: Option<PersonVerdict>,
    /// Cosine of the two vectors.
    pub vector: Option<f32>,
    /// What was done to parts of the query alone, areas by their size; empty of what is no copy.
    pub changes: Vec<LocalChange>,
    /// Whether nearly all of it was changed, and not evenly.
    pub(crate) is_changed_everywhere: bool,
    /// Whether the whole of one lies on the whole of the other.
    pub(crate) is_whole: bool,
    /// Whether two screens were laid on each other that show two pictures.
    pub(crate) is_contradicted: bool,
}

impl PictureEvidence {
    pub(crate) fn none() -> Self {
        Self {
            decided_by: DecidedBy::Nothing,
            pdq: None,
            borderless: None,
            inverted: false,
            overlay: None,
            colours: None,
            faces: None,
            vector: None,
            changes: Vec::new(),
            is_changed_everywhere: false,
            is_whole: false,
            is_contradicted: false,
        }
    }

    /// The same with the pictures exchanged; the sides are those of the new
    /// query.
    pub(crate) fn reversed(self, query: [f64; 2]) -> Self {
        let turned = |found: HashMatch| HashMatch {
            turn: invert_turn(found.turn),
            ..found
        };
        Self {
            pdq: self.pdq.map(turned),
            borderless: self.borderless.map(turned),
            overlay: self.overlay.and_then(|it| it.reversed(query)),
            colours: self.colours.map(|colours| ColourChange {
                brightness: -colours.brightness,
                ..colours
            }),
            faces: self.faces.map(|faces| PersonVerdict {
                query_face: faces.candidate_face,
                candidate_face: faces.query_face,
                ..faces
            }),
            ..self
        }
    }
}

/// The turn that undoes a turn.
fn invert_turn(turn: Turn) -> Turn {
    match turn {
        Turn::Rotate90 => Turn::Rotate270,
        Turn::Rotate270 => Turn::Rotate90,
        other => other,
    }
}
