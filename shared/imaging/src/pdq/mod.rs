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

/// Lowest quality at which a hash says anything; below it the picture is too
/// flat and its bits are noise.
pub const MIN_QUALITY: u8 = 50;

/// From this many pixels on both sides the eight hashes may be derived from
/// one. Samples are not taken quite symmetrically, so the derived ones are off:
/// by up to 8 bits on large photographs, but by up to 100 on small ones.
pub const SHORTCUT_SIDE: u32 = 1000;

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
    let (coefficients, quality) = coefficients(picture, Turn::Keep)?;
    Some(Fingerprint {
        pdq: coefficients.hash(),
        quality,
    })
}

/// The fingerprints of a picture turned and mirrored in all eight ways, in the
/// order of [`Turn::ALL`]; `None` when a side is under five pixels.
///
/// Small pictures are really turned. Large ones are filtered once and turned as
/// coefficients: exact for [`Turn::Keep`] and nearly so for the others.
pub fn pdq_dihedral(picture: &Picture) -> Option<[Fingerprint; 8]> {
    if picture.width().min(picture.height()) >= SHORTCUT_SIDE {
        return shortcut(picture);
    }
    let mut turned = [pdq(picture)?; 8];
    for (fingerprint, turn) in turned.iter_mut().zip(Turn::ALL).skip(1) {
        let (coefficients, quality) = coefficients(picture, turn)?;
        *fingerprint = Fingerprint {
            pdq: coefficients.hash(),
            quality,
        };
    }
    Some(turned)
}

/// The eight hashes from one set of coefficients.
fn shortcut(picture: &Picture) -> Option<[Fingerprint; 8]> {
    let (coefficients, quality) = coefficients(picture, Turn::Keep)?;
    Some(Turn::ALL.map(|turn| Fingerprint {
        pdq: coefficients.turned(turn).hash(),
        quality,
    }))
}

/// The 16x16 coefficients and the quality of a picture seen through a turn.
fn coefficients(picture: &Picture, turn: Turn) -> Option<(Coefficients, u8)> {
    if picture.width().min(picture.height()) < MIN_SIDE {
        return None;
    }
    let walk = turn.walk(picture.width() as usize, picture.height() as usize);
    let samples = tent::samples(picture.pixels(), &walk);
    Some((Coefficients::of(&samples), quality::of(&samples)))
}
