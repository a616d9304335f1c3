//! `Picture`: upright sRGB pixels in memory, nothing else.

use std::fmt;

use crate::turn::Turn;

/// Pixels per side of the squares in which a picture is turned; one fits the
/// fastest cache with room to spare.
const TILE: usize = 32;

/// An upright picture in sRGB, eight bits a channel, without transparency.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
}

impl Picture {
    /// A picture from rows of red, green, blue; `None` when the length does
    /// not fit the sides or a side is zero.
    pub fn from_rgb(width: u32, height: u32, rgb: Vec<u8>) -> Option<Self> {
        let needed = u64::from(width)
            .checked_mul(u64::from(height))?
            .checked_mul(3)?;
        let fits = needed > 0 && u64::try_from(rgb.len()) == Ok(needed);
        fits.then_some(Self { width, height, rgb })
    }

    /// Width in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The pixels, row after row, three bytes each.
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// The picture turned or mirrored.
    pub fn turned(&self, turn: Turn) -> Self {
        if turn == Turn::Keep {
            return self.clone();
        }
        let walk = turn.walk(self.width as usize, self.height as usize);
        let pixels = self.pixels();
        let mut rgb = vec![0; self.rgb.len()];
        let (turned, _) = rgb.as_chunks_mut::<3>();
        // In squares, because one of the two pictures is walked down its columns.
        for top in (0..walk.rows).step_by(TILE) {
            for left in (0..walk.columns).step_by(TILE) {
                for row in top..(top + TILE).min(walk.rows) {
                    for column in left..(left + TILE).min(walk.columns) {
                        turned[row * walk.columns + column] = pixels[walk.index(row, column)];
                    }
                }
            }
        }
        Self {
            width: walk.columns as u32,
            height: walk.rows as u32,
            rgb,
        }
    }

    /// Every value the opposite one.
    pub(crate) fn inverted(&self) -> Self {
        Self {
            rgb: self.rgb.iter().map(|value| u8::MAX - value).collect(),
            ..*self
        }
    }

    /// The pixels, one array each.
    pub(crate) fn pixels(&self) -> &[[u8; 3]] {
        self.rgb.as_chunks().0
    }
}

/// Only the size: pixels have no place in a log.
impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Picture")
            .field("width", &self.width)
            .field("height", &self.height)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Two rows of three: 0 1 2 / 3 4 5.
    fn numbered() -> Picture {
        let rgb = (0..6).flat_map(|n| [n, n, n]).collect();
        Picture::from_rgb(3, 2, rgb).unwrap()
    }

    fn numbers(picture: &Picture) -> (u32, Vec<u8>) {
        let numbers = picture.pixels().iter().map(|pixel| pixel[0]).collect();
        (picture.width(), numbers)
    }

    #[test]
    fn each_turn_by_hand() {
        let expected = [
            (Turn::Keep, 3, [0, 1, 2, 3, 4, 5]),
            (Turn::Rotate90, 2, [2, 5, 1, 4, 0, 3]),
            (Turn::Rotate180, 3, [5, 4, 3, 2, 1, 0]),
            (Turn::Rotate270, 2, [3, 0, 4, 1, 5, 2]),
            (Turn::FlipX, 3, [3, 4, 5, 0, 1, 2]),
            (Turn::FlipY, 3, [2, 1, 0, 5, 4, 3]),
            (Turn::Transpose, 2, [0, 3, 1, 4, 2, 5]),
            (Turn::AntiTranspose, 2, [5, 2, 4, 1, 3, 0]),
        ];
        for (turn, width, pixels) in expected {
            let turned = numbered().turned(turn);
            assert_eq!(numbers(&turned), (width, pixels.to_vec()), "{turn:?}");
        }
    }

    #[test]
    fn square_pictures_turn_too() {
        let rgb = (0..4).flat_map(|n| [n, n, n]).collect();
        let square = Picture::from_rgb(2, 2, rgb).unwrap();
        assert_eq!(
            numbers(&square.turned(Turn::Rotate90)),
            (2, vec![1, 3, 0, 2])
        );
    }

    #[test]
    fn larger_than_a_tile() {
        let rgb = (0..70 * 41 * 3).map(|n| (n % 251) as u8).collect();
        let picture = Picture::from_rgb(70, 41, rgb).unwrap();
        let mut turned = picture.clone();
        for _ in 0..4 {
            turned = turned.turned(Turn::Rotate90);
        }
        assert_eq!(turned, picture);
        let twice = picture
            .turned(Turn::AntiTranspose)
            .turned(Turn::AntiTranspose);
        assert_eq!(twice, picture);
    }

    #[test]
    fn length_must_fit() {
        assert!(Picture::from_rgb(2, 2, vec![0; 11]).is_none());
        assert!(Picture::from_rgb(0, 2, vec![]).is_none());
        assert!(Picture::from_rgb(u32::MAX, u32::MAX, vec![0; 3]).is_none());
        assert!(Picture::from_rgb(2, 2, vec![0; 12]).is_some());
    }
}
