//! The faces of a picture and the vectors by which people are recognised.

use vara_nets::{LazyNetwork, ModelError, Tensor};

use super::align;
use super::detect::{CLEAR_FACE, Found};
use super::look;
use super::pixels;
use super::vector::{ModelId, Vector};
use crate::picture::Picture;

/// Most faces of one picture that are recognised; the largest are kept.
pub const MAX_FACES: usize = 16;

/// Shorter side in pixels below which a face is too small to be recognised
/// and is not reported.
pub const MIN_FACE: f32 = 24.0;

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
        self.confidence >= CLEAR_FACE
    }
}

/// A face of which nobody asked yet whose it is; fields as in [`Face`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "as in Face")]
pub struct SeenFace {
    pub area: [f32; 4],
    pub confidence: f32,
    pub landmarks: [[f32; 2]; 5],
}

impl SeenFace {
    /// As of [`Face`].
    pub(crate) fn is_clear(&self) -> bool {
        self.confidence >= CLEAR_FACE
    }
}

/// Those large enough, largest first.
pub(super) fn seen(detector: &LazyNetwork, picture: &Picture) -> Result<Vec<SeenFace>, ModelError> {
    let mut found = look::look(detector.get()?, picture)?;
    found.retain(|it| it.area[2].min(it.area[3]) >= MIN_FACE);
    found.sort_by(|a, b| size(b).total_cmp(&size(a)));
    found.truncate(MAX_FACES);
    let seen = found.into_iter().map(|it| SeenFace {
        area: inside(it.area, picture),
        confidence: it.confidence,
        landmarks: it.landmarks,
    });
    Ok(seen.collect())
}

pub(super) fn recognised(
    recogniser: &LazyNetwork,
    picture: &Picture,
    seen: &[SeenFace],
) -> Result<Vec<Face>, ModelError> {
    let faces = seen.iter().map(|it| face(recogniser, picture, it));
    faces.filter_map(Result::transpose).collect()
}

fn size(found: &Found) -> f32 {
    found.area[2] * found.area[3]
}

/// `None` when the landmarks are no face's after all.
fn face(
    recogniser: &LazyNetwork,
    picture: &Picture,
    seen: &SeenFace,
) -> Result<Option<Face>, ModelError> {
    let Some(upright) = align::aligned(picture, &seen.landmarks) else {
        return Ok(None);
    };
    let network = recogniser.get()?;
    let numbers = pixels::planes(&upright, |_, value| f32::from(value));
    let input = Tensor::from_floats([1, 3, align::SIDE, align::SIDE], numbers);
    let values = network.run(input)?.pop().unwrap_or_default();
    let vector = Vector::normalised(ModelId::of(recogniser.weights()), values);
    Ok(Some(Face {
        area: seen.area,
        confidence: seen.confidence,
        landmarks: seen.landmarks,
        vector: vector.ok_or_else(|| network.bad_answer())?,
    }))
}

/// The part of the area that is in the picture.
fn inside([left, top, width, height]: [f32; 4], picture: &Picture) -> [f32; 4] {
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
            inside([-2.0, 4.0, 6.0, 20.0], &picture),
            [0.0, 4.0, 4.0, 6.0]
        );
        assert_eq!(
            inside([12.0, 12.0, 6.0, 6.0], &picture),
            [10.0, 10.0, 0.0, 0.0]
        );
    }
}
