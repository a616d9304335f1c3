//! Evidence of a comparison of two pictures: relation, edits, distances, face similarity.
//!
//! It is stored with the finding and told with it, so that she, and whoever helps her, can see why we
//! say what we say. Signals, distances and places; never a face's numbers.

use serde::{Deserialize, Serialize};

/// How a found picture relates to the user's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Relation {
    /// The same picture, whole; saved again or resized at most.
    Exact,
    /// The same picture, edited.
    Edited,
    /// Another picture with the same person in it.
    SamePerson,
    /// Another picture that looks alike.
    Similar,
    /// None of these.
    Different,
}

/// One edit of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the words say it")]
pub enum Edit {
    Cropped,
    Rotated,
    Mirrored,
    Recoloured,
    Captioned,
    Embedded,
    Stretched,
    Watermarked,
    Covered,
    BlurredPart,
}

impl Edit {
    /// What was done, to follow "it was".
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Cropped => "cropped",
            Self::Rotated => "turned",
            Self::Mirrored => "mirrored",
            Self::Recoloured => "changed in colour",
            Self::Captioned => "given a caption",
            Self::Embedded => "put into a larger picture",
            Self::Stretched => "stretched",
            Self::Watermarked => "watermarked",
            Self::Covered => "partly covered",
            Self::BlurredPart => "partly blurred",
        }
    }
}

/// The signal that settled the matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Signal {
    /// Every pixel is the same.
    Pixels,
    /// The fingerprint of the whole picture.
    Hash,
    /// The fingerprint of what is left without borders.
    BorderlessHash,
    /// One picture was laid on the other.
    Geometry,
    /// Faces.
    Faces,
    /// What the pictures resemble as a whole.
    Vector,
    /// Nothing was found.
    Nothing,
}

/// Whether the same person is in both pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Person {
    /// Yes.
    Same,
    /// Perhaps; somebody should look.
    Candidate,
    /// One of them shows no face that is clear enough.
    Unknown,
    /// No.
    Different,
}

/// The comparison of two fingerprints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HashEvidence {
    /// Bits that differ, of 256.
    pub distance: u32,
    /// How hers is turned to come so near.
    pub turn: String,
    /// The lower of the two qualities, 0 to 100.
    pub quality: u8,
}

/// How her picture lies in the found one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct OverlayEvidence {
    /// Width and height of hers and of the found one, in whose pixels all places are.
    pub own_size: [u32; 2],
    /// The same of the found one.
    pub found_size: [u32; 2],
    /// From hers to the found one, row by row.
    pub matrix: [f64; 9],
    /// Whether the matrix is affine; a homography otherwise.
    pub affine: bool,
    /// Whether hers is seen in a mirror.
    pub mirrored: bool,
    /// Places that agree; 0 when a fingerprint proposed the matrix.
    pub inliers: u32,
    /// Places that were matched.
    pub matched: u32,
    /// Share of hers that is seen in the found one.
    pub overlap: f64,
    /// Share of the found one that hers covers.
    pub covered: f64,
    /// The corners of hers in the found one, x and y, clockwise from the upper left.
    pub region: [f64; 8],
    /// How well the pixels of the common part agree, 0 to 1.
    pub agreement: f64,
}

/// A part of her picture that was changed alone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeEvidence {
    /// What was done to it.
    pub edit: Edit,
    /// Where: left, top, right, bottom in shares of the sides of hers, 0 to 1.
    pub region: [f64; 4],
}

/// How the colours differ in the common part.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ColourEvidence {
    /// Mean change in grey levels.
    pub brightness: f64,
    /// Mean change of hue and saturation.
    pub tint: f64,
}

/// What the faces said.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct FaceEvidence {
    /// The answer.
    pub person: Person,
    /// Cosine of the two nearest faces.
    pub similarity: Option<f64>,
    /// Which of the faces in hers, the largest being 0.
    pub own_face: Option<usize>,
    /// Which of the faces in the found one.
    pub found_face: Option<usize>,
}

/// The evidence of a comparison; null for what was not needed or not available.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// What the found picture is to hers.
    pub relation: Relation,
    /// What was done to it, if it is hers.
    pub edits: Vec<Edit>,
    /// Which parts of hers were covered, blurred or marked; empty in what was compared before parts were
    /// looked at.
    #[serde(default)]
    pub changes: Vec<ChangeEvidence>,
    /// How likely it is hers, 0 to 1.
    pub score: f64,
    /// What settled it.
    pub decided_by: Signal,
    /// The fingerprints of the whole pictures.
    pub pdq: Option<HashEvidence>,
    /// The fingerprints without borders.
    pub borderless: Option<HashEvidence>,
    /// Where hers lies in the found one.
    pub overlay: Option<OverlayEvidence>,
    /// What became of the colours.
    pub colours: Option<ColourEvidence>,
    /// Whether the same person is in both.
    pub faces: Option<FaceEvidence>,
    /// Cosine of what the two resemble as a whole.
    pub vector: Option<f64>,
}

impl Evidence {
    /// Whether it is her picture.
    #[must_use]
    pub fn is_copy(&self) -> bool {
        matches!(self.relation, Relation::Exact | Relation::Edited)
    }

    /// What the faces say, in the contract's words; nothing where they were not asked or are in doubt,
    /// or where hers shows none.
    #[must_use]
    pub fn face_verified(&self, own_has_face: bool) -> Option<&'static str> {
        match self.faces?.person {
            Person::Same => Some(FACE_VERIFIED),
            Person::Different => Some("MISMATCH"),
            Person::Unknown if own_has_face => Some("NO_FACE_DETECTED"),
            Person::Unknown | Person::Candidate => None,
        }
    }

    /// What confirmed that it is hers, or shows her.
    #[must_use]
    pub fn verified_by(&self) -> Option<&'static str> {
        match (self.relation, self.decided_by) {
            (Relation::Similar | Relation::Different, _) => None,
            (Relation::SamePerson, _) => Some("faces"),
            (_, Signal::Geometry) => Some("geometry"),
            _ => Some("pdq"),
        }
    }
}

/// The contract's word for a face that was compared and is hers.
pub(super) const FACE_VERIFIED: &str = "VERIFIED";

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Evidence of a relation and nothing beside it.
    pub(crate) fn evidence(relation: Relation, score: f64) -> Evidence {
        Evidence {
            relation,
            edits: Vec::new(),
            changes: Vec::new(),
            score,
            decided_by: Signal::Hash,
            pdq: None,
            borderless: None,
            overlay: None,
            colours: None,
            faces: None,
            vector: None,
        }
    }

    fn with_faces(person: Person) -> Evidence {
        Evidence {
            faces: Some(FaceEvidence {
                person,
                similarity: Some(0.5),
                own_face: Some(0),
                found_face: Some(2),
            }),
            ..evidence(Relation::Different, 0.1)
        }
    }

    #[test]
    fn faces_in_the_contracts_words() {
        for (person, own_has_face, word) in [
            (Person::Same, true, Some("VERIFIED")),
            (Person::Different, true, Some("MISMATCH")),
            (Person::Unknown, true, Some("NO_FACE_DETECTED")),
            (Person::Unknown, false, None),
            (Person::Candidate, true, None),
        ] {
            assert_eq!(with_faces(person).face_verified(own_has_face), word);
        }
        assert_eq!(evidence(Relation::Exact, 1.0).face_verified(true), None);
    }

    #[test]
    fn who_confirmed_it() {
        assert_eq!(evidence(Relation::Exact, 1.0).verified_by(), Some("pdq"));
        let laid = Evidence {
            decided_by: Signal::Geometry,
            ..evidence(Relation::Edited, 0.9)
        };
        assert_eq!(laid.verified_by(), Some("geometry"));
        let her = evidence(Relation::SamePerson, 0.1);
        assert_eq!(her.verified_by(), Some("faces"));
        assert_eq!(evidence(Relation::Similar, 0.1).verified_by(), None);
    }

    #[test]
    fn it_is_told_in_words_that_do_not_change() {
        let told = serde_json::to_value(Evidence {
            edits: vec![Edit::Cropped, Edit::Recoloured],
            decided_by: Signal::BorderlessHash,
            ..with_faces(Person::Candidate)
        });
        let told = told.unwrap();
        assert_eq!(told["edits"], serde_json::json!(["CROPPED", "RECOLOURED"]));
        assert_eq!(told["decidedBy"], "BORDERLESS_HASH");
        assert_eq!(
            (&told["faces"]["person"], &told["faces"]["foundFace"]),
            (&serde_json::json!("CANDIDATE"), &serde_json::json!(2))
        );
        assert_eq!(
            serde_json::to_value([Edit::Watermarked, Edit::Covered, Edit::BlurredPart]).unwrap(),
            serde_json::json!(["WATERMARKED", "COVERED", "BLURRED_PART"])
        );
        assert!(told["overlay"].is_null() && told.get("overlay").is_some());
        assert_eq!(
            serde_json::to_value(Relation::SamePerson).unwrap(),
            "SAME_PERSON"
        );
    }
    #[test]
    fn evidence_of_before_parts_were_looked_at_is_read() {
        let mut stored = serde_json::to_value(evidence(Relation::Edited, 0.9)).unwrap();
        stored.as_object_mut().unwrap().remove("changes");
        let read: Evidence = serde_json::from_value(stored).unwrap();
        assert_eq!((read.relation, read.changes), (Relation::Edited, vec![]));
    }
}
