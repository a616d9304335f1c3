//! Face comparison: whether two pictures show the same person.

use super::faces::Face;

/// From this cosine on two faces are of the same person. Of 300 labelled pairs
/// the same person was never under 0.494, another never over 0.371.
pub const SAME_PERSON: f32 = 0.45;

/// What is asked instead when one of the faces is small. Among the 29 people
/// of a printed photograph, with faces of 50 pixels, strangers reach 0.483;
/// the same person in another photograph, made as small, stays over 0.58.
pub const SAME_PERSON_SMALL: f32 = 0.55;

/// Shorter side in pixels below which a face is small.
pub const SMALL_FACE_SIDE: f32 = 64.0;

/// From this cosine on two faces may be of the same person: the threshold its
/// authors give, at which one pair of strangers in a few hundred passes.
pub const MAYBE_SAME_PERSON: f32 = 0.363;

/// Whether two pictures show the same person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PersonMatch {
    /// A face in one is the same person as a face in the other.
    Same,
    /// It may be; somebody should look.
    Candidate,
    /// One of them shows no face that is clear enough to be compared.
    Unknown,
    /// All faces are of different people.
    Different,
}

/// The answer, and which faces it rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PersonVerdict {
    /// The answer.
    pub person: PersonMatch,
    /// Cosine of the two nearest faces; `None` when unknown.
    pub similarity: Option<f32>,
    /// Index of the query's face that is nearest.
    pub query_face: Option<usize>,
    /// Index of the candidate's face that is nearest: in a group picture, who
    /// was recognised.
    pub candidate_face: Option<usize>,
}

/// Compares every clear face of one picture with every clear face of the other
/// and answers by the nearest pair. Symmetric.
pub fn compare_faces(query: &[Face], candidate: &[Face]) -> PersonVerdict {
    let mut best: Option<(f32, f32, usize, usize)> = None;
    for (row, face) in clear_faces(query) {
        for (column, other) in clear_faces(candidate) {
            let Some(cosine) = face.vector.cosine(&other.vector) else {
                continue;
            };
            // A sure pair goes before one that is only more alike.
            let margin = cosine - same_person_threshold(face, other);
            if best.is_none_or(|(widest, ..)| margin > widest) {
                best = Some((margin, cosine, row, column));
            }
        }
    }
    PersonVerdict {
        person: best.map_or(PersonMatch::Unknown, |(margin, cosine, ..)| {
            classify(margin, cosine)
        }),
        similarity: best.map(|it| it.1),
        query_face: best.map(|it| it.2),
        candidate_face: best.map(|it| it.3),
    }
}

/// The cosine from which on two such faces are the same person's.
fn same_person_threshold(face: &Face, other: &Face) -> f32 {
    let shorter = |it: &Face| it.area[2].min(it.area[3]);
    if shorter(face).min(shorter(other)) < SMALL_FACE_SIDE {
        SAME_PERSON_SMALL
    } else {
        SAME_PERSON
    }
}

/// The clear faces and their places among all.
fn clear_faces(faces: &[Face]) -> impl Iterator<Item = (usize, &Face)> {
    faces.iter().enumerate().filter(|(_, face)| face.is_clear())
}

fn classify(margin: f32, cosine: f32) -> PersonMatch {
    if margin >= 0.0 {
        PersonMatch::Same
    } else if cosine >= MAYBE_SAME_PERSON {
        PersonMatch::Candidate
    } else {
        PersonMatch::Different
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::{ModelId, Vector};

    /// A face at this angle in a plane, so that cosines are known.
    fn face(model: &'static str, cosine: f32) -> Face {
        Face {
            area: [0.0, 0.0, 90.0, 100.0],
            confidence: 0.9,
            landmarks: [[0.0; 2]; 5],
            vector: Vector {
                model: ModelId::new(model, [0; 32]),
                values: vec![cosine, (1.0 - cosine * cosine).sqrt()],
            },
        }
    }

    #[test]
    fn the_two_thresholds() {
        let her = [face("m", 1.0)];
        for (cosine, person) in [
            (1.0, PersonMatch::Same),
            (0.451, PersonMatch::Same),
            (0.449, PersonMatch::Candidate),
            (0.364, PersonMatch::Candidate),
            (0.362, PersonMatch::Different),
            (-1.0, PersonMatch::Different),
        ] {
            assert_eq!(compare_faces(&her, &[face("m", cosine)]).person, person);
        }
    }

    #[test]
    fn a_group_says_who() {
        let her = [face("m", -0.9), face("m", 1.0)];
        let group = [
            face("m", 0.1),
            face("m", 0.2),
            face("m", 0.8),
            face("m", 0.3),
        ];
        let verdict = compare_faces(&her, &group);
        assert_eq!(verdict.person, PersonMatch::Same);
        assert_eq!(
            (verdict.query_face, verdict.candidate_face),
            (Some(1), Some(2))
        );
        let back = compare_faces(&group, &her);
        assert_eq!((back.query_face, back.candidate_face), (Some(2), Some(1)));
        assert_eq!(back.similarity, verdict.similarity);
    }

    #[test]
    fn small_faces_must_be_more_alike() {
        let small = |cosine: f32| {
            let area = [0.0, 0.0, 60.0, 90.0];
            Face {
                area,
                ..face("m", cosine)
            }
        };
        let her = [face("m", 1.0)];
        assert_eq!(
            compare_faces(&her, &[small(0.54)]).person,
            PersonMatch::Candidate
        );
        assert_eq!(
            compare_faces(&[small(0.54)], &her).person,
            PersonMatch::Candidate
        );
        assert_eq!(
            compare_faces(&her, &[small(0.56)]).person,
            PersonMatch::Same
        );
        // A sure pair counts before one that is only more alike.
        let verdict = compare_faces(&her, &[small(0.52), face("m", 0.47)]);
        assert_eq!(
            (verdict.person, verdict.candidate_face),
            (PersonMatch::Same, Some(1))
        );
    }

    #[test]
    fn unclear_faces_are_nobody() {
        let mut blurred = face("m", 1.0);
        blurred.confidence = 0.7;
        let her = [face("m", 1.0)];
        let verdict = compare_faces(&her, &[blurred.clone(), face("m", 0.1)]);
        assert_eq!(verdict.person, PersonMatch::Different);
        assert_eq!(verdict.candidate_face, Some(1));
        assert_eq!(compare_faces(&[blurred], &her).person, PersonMatch::Unknown);
    }

    #[test]
    fn without_faces_nothing_is_known() {
        let unknown = PersonVerdict {
            person: PersonMatch::Unknown,
            similarity: None,
            query_face: None,
            candidate_face: None,
        };
        assert_eq!(compare_faces(&[], &[face("m", 1.0)]), unknown);
        assert_eq!(compare_faces(&[face("m", 1.0)], &[]), unknown);
        assert_eq!(compare_faces(&[face("m", 1.0)], &[face("n", 1.0)]), unknown);
    }
}
