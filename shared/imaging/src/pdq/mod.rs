//! PDQ: a 256-bit perceptual hash by which copies of a picture are found.
//!
//! Written to give the very bits of the reference (the full-size path: no
//! shrinking before the filter), so that hashes can be compared with those of
//! other makers. The steps, each in its own file:
//!
//! ```text
//! pixels -> luma -> tent filter -> 64x64 samples   tent.rs
//!                                     |-> quality   quality.rs
//!                                     `-> 16x16 DCT -> median -> 256 bits   dct.rs
//! ```

mod dct;
mod hash;
mod quality;
mod tent;

#[cfg(test)]
mod vectors;

pub use hash::{MATCH_DISTANCE, ParsePdqError, Pdq};

use crate::limits::MIN_SIDE;
use crate::picture::Picture;
use crate::turn::Turn;
use dct::Coefficients;
use tent::Samples;

/// Lowest quality at which a hash says anything; below it the picture is too
/// flat and its bits are noise.
pub const MIN_QUALITY: u8 = 50;

/// From this many pixels on both sides the eight hashes may be derived from
/// one. Samples are not taken quite symmetrically, so the derived ones are off:
/// by up to 8 bits on large photographs, but by up to 100 on small ones.
pub const SHORTCUT_SIDE: u32 = 1000;

/// Pixels up to which a picture that is turned is made grey once for all turns; the greys of a
/// long one would take more memory than itself.
const MAX_GREY_PIXELS: usize = 1 << 21;

/// A hash with how far it can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    /// The hash.
    pub pdq: Pdq,
    /// Detail in the picture, 0 to 100; see [`MIN_QUALITY`].
    pub quality: u8,
}

/// The fingerprint of a picture; `None` when a side is under five pixels.
pub fn pdq(picture: &Picture) -> Option<Fingerprint> {
    sample_upright(picture).map(|samples| fingerprint(&samples))
}

/// The fingerprints of a picture turned and mirrored in all eight ways, in the
/// order of [`Turn::ALL`]; `None` when a side is under five pixels.
///
/// Small pictures are really turned. Large ones are filtered once and turned as
/// coefficients: exact for [`Turn::Keep`] and nearly so for the others.
pub fn pdq_dihedral(picture: &Picture) -> Option<[Fingerprint; 8]> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    if picture.width().min(picture.height()) >= SHORTCUT_SIDE {
        return derive_dihedral(picture);
    }
    if !is_large_enough(picture) {
        return None;
    }
    let pixels = picture.pixels();
    let greys = || pixels.iter().map(|it| tent::luma(*it)).collect::<Vec<_>>();
    let greys = (pixels.len() <= MAX_GREY_PIXELS).then(greys);
    Some(Turn::ALL.map(|turn| {
        let walk = turn.walk(width, height);
        let samples = match &greys {
            Some(greys) => tent::sample_pixels(greys, |grey| grey, &walk),
            None => tent::sample_pixels(pixels, tent::luma, &walk),
        };
        fingerprint(&samples)
    }))
}

/// The eight hashes from one set of coefficients.
fn derive_dihedral(picture: &Picture) -> Option<[Fingerprint; 8]> {
    let samples = sample_upright(picture)?;
    let (coefficients, quality) = (
        Coefficients::of(&samples),
        quality::measure_quality(&samples),
    );
    Some(Turn::ALL.map(|turn| Fingerprint {
        pdq: coefficients.turned(turn).hash(),
        quality,
    }))
}

/// The samples of a picture as it is.
fn sample_upright(picture: &Picture) -> Option<Samples> {
    let walk = Turn::Keep.walk(picture.width() as usize, picture.height() as usize);
    let samples = || tent::sample_pixels(picture.pixels(), tent::luma, &walk);
    is_large_enough(picture).then(samples)
}

fn fingerprint(samples: &Samples) -> Fingerprint {
    Fingerprint {
        pdq: Coefficients::of(samples).hash(),
        quality: quality::measure_quality(samples),
    }
}

fn is_large_enough(picture: &Picture) -> bool {
    picture.width().min(picture.height()) >= MIN_SIDE
}
