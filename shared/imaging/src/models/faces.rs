//! Face recognition: the faces of a picture, each with the vector by which its person is recognised.

use vara_nets::{LazyNetwork, ModelError, Tensor};

use super::align;
use super::detect::{CLEAR_FACE_CONFIDENCE, Detection};
use super::orientations;
use super::pixels;
use super::vector::{ModelId, Vector};
use crate::picture::Picture;

/// Most faces of one picture that are recognised; the largest are kept.
pub const MAX_FACES: usize = 16;

/// Shorter side in pixels below which a face is too small to be recognised
/// and is not reported.
pub const MIN_FACE_SIDE: f32 = 24.0;

/// A face in a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Face {
    /// Where it is, in pixels of the picture: left, top, width, height.
    pub area: [f32; 4],
    /// How sure it is that this is a face, 0 to 1.
    pub confidence: f32,
    /// Both eyes, the nose, both corners of the mouth, first the one that is
    /// left when the face is upright.
    pub landmarks: [[f32; 2]; 5],
    /// Who it is: 128 numbers of length one, compared by cosine.
    pub vector: Vector,
}

impl Face {
    /// Whether it is clear enough to tell whose face it is.
    pub fn is_clear(&self) -> bool {
        self.confidence >= CLEAR_FACE_CONFIDENCE
    }
}

/// A face that was detected and not yet recognised; fields as in [`Face`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "as in Face")]
pub struct DetectedFace {
    pub area: [f32; 4],
    pub confidence: f32,
    pub landmarks: [[f32; 2]; 5],
}

impl DetectedFace {
    /// As of [`Face`].
    pub(crate) fn is_clear(&self) -> bool {
        self.confidence >= CLEAR_FACE_CONFIDENCE
    }
}

/// The faces large enough to be recognised, largest first.
pub(super) fn detect_faces(
    detector: &LazyNetwork,
    picture: &Picture,
) -> Result<Vec<DetectedFace>, ModelError> {
    let mut found = orientations::detect_in_any_orientation(detector.get()?, picture)?;
    found.retain(|it| it.area[2].min(it.area[3]) >= MIN_FACE_SIDE);
    found.sort_by(|a, b| area_of(b).total_cmp(&area_of(a)));
    found.truncate(MAX_FACES);
    let seen = found.into_iter().map(|it| DetectedFace {
        area: clip_area(it.area, picture),
        confidence: it.confidence,
        landmarks: it.landmarks,
    });
    Ok(seen.collect())
}

pub(super) fn recognise_faces(
    recogniser: &LazyNetwork,
    picture: &Picture,
    seen: &[DetectedFace],
) -> Result<Vec<Face>, ModelError> {
    let faces = seen
        .iter()
        .map(|it| recognise_face(recogniser, picture, it));
    faces.filter_map(Result::transpose).collect()
}

fn area_of(found: &Detection) -> f32 {
    found.area[2] * found.area[3]
}

/// `None` when the landmarks are no face's after all.
fn recognise_face(
    recogniser: &LazyNetwork,
    picture: &Picture,
    seen: &DetectedFace,
) -> Result<Option<Face>, ModelError> {
    let Some(upright) = align::align_face(picture, &seen.landmarks) else {
        return Ok(None);
    };
    let network = recogniser.get()?;
    let numbers = pixels::to_planes(&upright, |_, value| f32::from(value));
    let input = Tensor::from_floats([1, 3, align::SIDE, align::SIDE], numbers);
    let values = network.run(input)?.pop().unwrap_or_default();
    let vector = Vector::normalise(ModelId::of(recogniser.weights()), values);
    Ok(Some(Face {
        area: seen.area,
        confidence: seen.confidence,
        landmarks: seen.landmarks,
        vector: vector.ok_or_else(|| network.bad_answer())?,
    }))
}

/// The part of the area that is in the picture.
fn clip_area([left, top, width, height]: [f32; 4], picture: &Picture) -> [f32; 4] {
    let range = |start: f32, length: f32, side: u32| {
        let first = start.clamp(0.0, side as f32);
        (first, (start + length).clamp(first, side as f32) - first)
    };
    let (left, width) = range(left, width, picture.width());
    let (top, height) = range(top, height, picture.height());
    [left, top, width, height]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn areas_end_with_the_picture() {
        let picture = Picture::from_rgb(10, 10, vec![0; 300]).unwrap();
        assert_eq!(
            clip_area([-2.0, 4.0, 6.0, 20.0], &picture),
            [0.0, 4.0, 4.0, 6.0]
        );
        assert_eq!(
            clip_area([12.0, 12.0, 6.0, 6.0], &picture),
            [10.0, 10.0, 0.0, 0.0]
        );
    }
}
