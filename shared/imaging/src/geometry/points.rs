//! The points of a picture: blobs of its working copy with their descriptors.

use fearless_simd::{Level, dispatch};

use super::describe::{descriptor, directions};
use super::detect::{Blob, Octave, blobs, octaves};
use super::matching::Point;
use super::plane::Plane;
use super::transform::Transform;
use crate::picture::Picture;
use crate::shrink::shrink;

/// Pixels of the working copy.
const WORKING_AREA: f64 = 250_000.0;

/// Longest side of the working copy, for very long pictures.
const WORKING_SIDE: f64 = 1400.0;

/// Most blobs kept of a picture; each gives one or two points.
pub(crate) const MOST_BLOBS: usize = 900;

/// The points of one copy of a picture.
#[derive(Clone, Debug)]
pub(crate) struct Points {
    pub(crate) list: Vec<Point>,
    /// From pixels of the picture to those of the copy the points lie in.
    pub(crate) from_picture: Transform,
    /// Longest side of that copy.
    pub(crate) longest: f64,
}

/// A grey copy of bounded size.
pub(crate) fn working_copy(picture: &Picture) -> Plane {
    let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
    let longest = width.max(height);
    let factor = (WORKING_AREA / (width * height))
        .sqrt()
        .min(WORKING_SIDE / longest);
    if factor < 1.0 {
        Plane::luma(&shrink(picture, (longest * factor).round().max(1.0) as u32))
    } else {
        Plane::luma(picture)
    }
}

impl Points {
    /// The points of a copy of a picture that had this size, of at most so many
    /// blobs; the bright ones first.
    pub(crate) fn of(copy: &Plane, size: [f64; 2], most: usize) -> Self {
        let octaves = octaves(copy);
        let blobs = blobs(&octaves, most);
        let level = Level::new();
        let mut list = dispatch!(level, _simd => described(&octaves, &blobs));
        list.sort_by_key(|point| !point.bright);
        let (width, height) = (copy.width as f64, copy.height as f64);
        Self {
            list,
            from_picture: Transform::scale(width / size[0], height / size[1]),
            longest: width.max(height),
        }
    }
}

/// Each blob from each of its directions.
// Inlined into the code for each kind of processor.
#[inline(always)]
fn described(octaves: &[Octave], blobs: &[Blob]) -> Vec<Point> {
    let mut list = Vec::with_capacity(2 * blobs.len());
    for blob in blobs {
        let octave = &octaves[blob.octave];
        for angle in directions(octave, blob) {
            list.push(Point {
                x: (blob.x + 0.5) * octave.step,
                y: (blob.y + 0.5) * octave.step,
                size: blob.sigma * octave.step,
                angle,
                bright: blob.bright,
                descriptor: descriptor(octave, blob, angle),
            });
        }
    }
    list
}
