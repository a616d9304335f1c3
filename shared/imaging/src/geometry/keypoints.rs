//! Keypoints of a picture: blobs of its working copy with their descriptors.

use fearless_simd::{Level, dispatch};

use super::describe::{describe, find_directions};
use super::detect::{Blob, OWN_SIGMA, Octave, build_octaves, detect_blobs};
use super::matching::Keypoint;
use super::plane::Plane;
use super::transform::Transform;
use crate::picture::Picture;
use crate::shrink::shrink;

/// Pixels of the working copy.
const WORKING_PIXELS: f64 = 250_000.0;

/// Longest side of the working copy, for very long pictures.
const WORKING_SIDE: f64 = 1400.0;

/// Pixels of the finer copy, and of a picture from which on it is made.
const FINE_PIXELS: f64 = 4.0 * WORKING_PIXELS;
const MIN_FINE_PIXELS: f64 = 1_200_000.0;

/// Most blobs of the finer copy: a picture in it has few of them.
pub(crate) const MAX_FINE_BLOBS: usize = 4000;

/// Pixels below which a picture is doubled for a second search: most blobs of an
/// avatar of 64 pixels are too small for the first.
pub(crate) const MIN_UNDOUBLED_PIXELS: usize = 80 * 80;

/// Most blobs kept of a picture; each gives one or two points.
pub(crate) const MAX_BLOBS: usize = 900;

/// The points of one copy of a picture.
#[derive(Clone, Debug)]
pub(crate) struct Keypoints {
    pub(crate) list: Vec<Keypoint>,
    /// From pixels of the picture to those of the copy the points lie in.
    pub(crate) from_picture: Transform,
    /// Longest side of that copy.
    pub(crate) longest: f64,
    /// Whether the copy was doubled to find them.
    pub(crate) is_doubled: bool,
}

/// A grey copy of bounded size.
pub(crate) fn make_working_copy(picture: &Picture) -> Plane {
    let factor = scale_factor(picture, WORKING_PIXELS, WORKING_SIDE);
    scale_copy(picture, factor)
}

/// A larger one, of a picture with enough pixels to gain by it.
pub(crate) fn make_fine_copy(picture: &Picture) -> Option<Plane> {
    let pixels = f64::from(picture.width()) * f64::from(picture.height());
    let factor = scale_factor(picture, FINE_PIXELS, 2.0 * WORKING_SIDE);
    (pixels >= MIN_FINE_PIXELS).then(|| scale_copy(picture, factor))
}

/// What the sides are multiplied by to stay within an area and a side.
fn scale_factor(picture: &Picture, area: f64, side: f64) -> f64 {
    let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
    (area / (width * height))
        .sqrt()
        .min(side / width.max(height))
}

fn scale_copy(picture: &Picture, factor: f64) -> Plane {
    if factor >= 1.0 {
        return Plane::luma(picture);
    }
    let longest = f64::from(picture.width().max(picture.height()));
    let longest = (longest * factor).round().max(1.0);
    Plane::luma(&shrink(picture, longest as u32))
}

impl Keypoints {
    /// The points of a copy of a picture that had this size, of at most so many
    /// blobs; the bright ones first.
    pub(crate) fn of(copy: &Plane, size: [f64; 2], most: usize) -> Self {
        Self::found(copy, OWN_SIGMA, size, most)
    }

    /// Those of a small picture in its copy doubled.
    pub(crate) fn doubled(copy: &Plane, size: [f64; 2], most: usize) -> Self {
        Self {
            is_doubled: true,
            ..Self::found(&copy.doubled(), 2.0 * OWN_SIGMA, size, most)
        }
    }

    fn found(copy: &Plane, own_sigma: f32, size: [f64; 2], most: usize) -> Self {
        let octaves = build_octaves(copy, own_sigma);
        let blobs = detect_blobs(&octaves, most);
        let level = Level::new();
        let mut list = dispatch!(level, _simd => describe_blobs(&octaves, &blobs));
        list.sort_by_key(|point| !point.bright);
        let (width, height) = (copy.width as f64, copy.height as f64);
        Self {
            list,
            from_picture: Transform::scale(width / size[0], height / size[1]),
            longest: width.max(height),
            is_doubled: false,
        }
    }
}

/// Each blob from each of its directions.
// Inlined into the code for each kind of processor.
#[inline(always)]
fn describe_blobs(octaves: &[Octave], blobs: &[Blob]) -> Vec<Keypoint> {
    let mut list = Vec::with_capacity(2 * blobs.len());
    for blob in blobs {
        let octave = &octaves[blob.octave];
        for angle in find_directions(octave, blob) {
            list.push(Keypoint {
                x: (blob.x + 0.5) * octave.step,
                y: (blob.y + 0.5) * octave.step,
                size: blob.sigma * octave.step,
                angle,
                bright: blob.bright,
                descriptor: describe(octave, blob, angle),
            });
        }
    }
    list
}
