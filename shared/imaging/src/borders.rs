//! Border trimming: takes letterboxes and frames of flat colour off a picture.
//!
//! Bars and frames move every frequency a hash is made of, so a framed copy is
//! as far from its original as any stranger. Only flat borders are known here:
//! lines at an edge that are of one colour. Frames with something drawn on
//! them are the business of the geometric check.

use crate::picture::Picture;

/// How far from the colour of the border a channel may be: what strong JPEG
/// compression does to a flat colour.
const COLOUR_TOLERANCE: u8 = 18;

/// One pixel in this many of a line may be of another colour; specks happen
/// where compressed picture and border meet.
const PIXELS_PER_SPECK: usize = 48;

/// Pixels sampled in one line; more change nothing.
const MAX_LINE_SAMPLES: usize = 512;

/// Frames within frames that are taken off: bars around a white margin around
/// a black line is what is seen.
const MAX_FRAMES: usize = 3;

/// At least one part in this many of each side is left. A picture of which
/// less would be left is a flat one.
const MIN_LEFT_DIVISOR: usize = 4;

/// A border under one part in this many of the side changes no hash.
const MIN_BORDER_DIVISOR: usize = 128;

/// The picture without its letterbox, pillarbox or frame of flat colour;
/// `None` when there is none.
///
/// A picture with a flat edge of its own, such as a clear sky, is trimmed too.
/// Compared are therefore trimmed pictures with trimmed pictures.
pub fn trim_borders(picture: &Picture) -> Option<Picture> {
    let whole = TrimArea::whole(picture);
    let mut area = whole;
    for _ in 0..MAX_FRAMES {
        let before = area;
        for edge in [
            FrameEdge::Top,
            FrameEdge::Bottom,
            FrameEdge::Left,
            FrameEdge::Right,
        ] {
            area.trim(picture, edge);
        }
        if !area.keeps_enough(&whole) {
            return None;
        }
        if area == before {
            break;
        }
    }
    area.is_noticeably_less_than(&whole)
        .then(|| area.cut(picture))
        .flatten()
}

#[derive(Clone, Copy)]
enum FrameEdge {
    Top,
    Bottom,
    Left,
    Right,
}

/// Rows and columns of a picture, the last ones excluded.
#[derive(Clone, Copy, PartialEq, Eq)]
struct TrimArea {
    top: usize,
    bottom: usize,
    left: usize,
    right: usize,
}

impl TrimArea {
    fn whole(picture: &Picture) -> Self {
        Self {
            top: 0,
            bottom: picture.height() as usize,
            left: 0,
            right: picture.width() as usize,
        }
    }

    fn width(&self) -> usize {
        self.right - self.left
    }

    fn height(&self) -> usize {
        self.bottom - self.top
    }

    fn keeps_enough(&self, whole: &Self) -> bool {
        self.width() * MIN_LEFT_DIVISOR >= whole.width()
            && self.height() * MIN_LEFT_DIVISOR >= whole.height()
    }

    fn is_noticeably_less_than(&self, whole: &Self) -> bool {
        (whole.width() - self.width()) * MIN_BORDER_DIVISOR >= whole.width()
            || (whole.height() - self.height()) * MIN_BORDER_DIVISOR >= whole.height()
    }

    /// Takes lines off one edge as long as they have its colour.
    fn trim(&mut self, picture: &Picture, edge: FrameEdge) {
        let Some(colour) = self.line(picture, edge).and_then(flat_colour) else {
            return;
        };
        while let Some(line) = self.line(picture, edge)
            && has_colour(line, colour)
        {
            match edge {
                FrameEdge::Top => self.top += 1,
                FrameEdge::Bottom => self.bottom -= 1,
                FrameEdge::Left => self.left += 1,
                FrameEdge::Right => self.right -= 1,
            }
        }
    }

    /// Pixels of the outermost line of one edge; `None` when nothing is left.
    fn line<'a>(
        &self,
        picture: &'a Picture,
        edge: FrameEdge,
    ) -> Option<impl Iterator<Item = [u8; 3]> + Clone + use<'a>> {
        if self.width() == 0 || self.height() == 0 {
            return None;
        }
        let row = picture.width() as usize;
        let (start, along, length) = match edge {
            FrameEdge::Top => (self.top * row + self.left, 1, self.width()),
            FrameEdge::Bottom => ((self.bottom - 1) * row + self.left, 1, self.width()),
            FrameEdge::Left => (self.top * row + self.left, row, self.height()),
            FrameEdge::Right => (self.top * row + self.right - 1, row, self.height()),
        };
        let step = length.div_ceil(MAX_LINE_SAMPLES);
        let line = picture.pixels()[start..].iter().step_by(along * step);
        Some(line.take(length.div_ceil(step)).copied())
    }

    fn cut(&self, picture: &Picture) -> Option<Picture> {
        let row = picture.width() as usize;
        let rows = picture.pixels().chunks_exact(row);
        let kept: Vec<u8> = rows
            .skip(self.top)
            .take(self.height())
            .flat_map(|pixels| pixels[self.left..self.right].as_flattened())
            .copied()
            .collect();
        let width = u32::try_from(self.width()).ok()?;
        let height = u32::try_from(self.height()).ok()?;
        Picture::from_rgb(width, height, kept)
    }
}

/// The middle value of each channel.
fn flat_colour(line: impl Iterator<Item = [u8; 3]> + Clone) -> Option<[u8; 3]> {
    let mut colour = [0; 3];
    for (channel, middle) in colour.iter_mut().enumerate() {
        let mut values: Vec<u8> = line.clone().map(|pixel| pixel[channel]).collect();
        if values.is_empty() {
            return None;
        }
        let half = values.len() / 2;
        let (_, median, _) = values.select_nth_unstable(half);
        *middle = *median;
    }
    Some(colour)
}

fn has_colour(line: impl Iterator<Item = [u8; 3]>, colour: [u8; 3]) -> bool {
    let (mut all, mut others) = (0_usize, 0_usize);
    for pixel in line {
        let mut channels = pixel.iter().zip(&colour);
        all += 1;
        others += usize::from(channels.any(|(a, b)| a.abs_diff(*b) > COLOUR_TOLERANCE));
    }
    others * PIXELS_PER_SPECK <= all
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Busy everywhere: no line is flat.
    fn busy(width: u32, height: u32) -> Picture {
        let rgb = (0..width * height)
            .flat_map(|n| {
                let n = n.wrapping_mul(2_654_435_761) >> 24;
                [n as u8, (n * 7) as u8, (n * 13) as u8]
            })
            .collect();
        Picture::from_rgb(width, height, rgb).unwrap()
    }

    /// The picture on a ground of one colour: left, top, right, bottom.
    fn framed(inner: &Picture, [l, t, r, b]: [u32; 4], colour: [u8; 3]) -> Picture {
        let (width, height) = (inner.width() + l + r, inner.height() + t + b);
        let mut rgb = colour.repeat((width * height) as usize);
        for (y, row) in inner.pixels().chunks(inner.width() as usize).enumerate() {
            let at = ((y as u32 + t) * width + l) as usize * 3;
            rgb[at..at + row.len() * 3].copy_from_slice(row.as_flattened());
        }
        Picture::from_rgb(width, height, rgb).unwrap()
    }

    #[test]
    fn bars_and_frames_come_off_to_the_pixel() {
        let inner = busy(120, 80);
        for sides in [[0, 20, 0, 20], [15, 0, 33, 0], [5, 6, 7, 8], [0, 0, 0, 40]] {
            let outer = framed(&inner, sides, [0, 0, 0]);
            assert_eq!(trim_borders(&outer).as_ref(), Some(&inner), "{sides:?}");
        }
    }

    #[test]
    fn frames_within_frames() {
        let inner = busy(120, 80);
        let white = framed(&inner, [10; 4], [250, 251, 249]);
        let line = framed(&white, [2; 4], [90, 10, 10]);
        let bars = framed(&line, [0, 30, 0, 30], [0, 0, 0]);
        assert_eq!(trim_borders(&bars), Some(inner));
    }

    #[test]
    fn noise_and_specks_do_not_hide_a_border() {
        let inner = busy(200, 160);
        let outer = framed(&inner, [0, 40, 0, 40], [20, 20, 20]);
        let mut rgb = outer.rgb().to_vec();
        for (n, value) in rgb[..200 * 30 * 3].iter_mut().enumerate() {
            *value += (n % 11) as u8;
        }
        rgb[200 * 10 * 3] = 255;
        let noisy = Picture::from_rgb(outer.width(), outer.height(), rgb).unwrap();
        assert_eq!(trim_borders(&noisy), Some(inner));
    }

    #[test]
    fn pictures_without_a_border_are_left_alone() {
        assert_eq!(trim_borders(&busy(100, 70)), None);
        assert_eq!(trim_borders(&framed(&busy(300, 300), [1; 4], [0; 3])), None);
    }

    #[test]
    fn flat_pictures_and_stamps_on_a_page_are_left_alone() {
        let flat = Picture::from_rgb(50, 40, vec![9; 6000]).unwrap();
        assert_eq!(trim_borders(&flat), None);
        let page = framed(&busy(20, 20), [90; 4], [255; 3]);
        assert_eq!(trim_borders(&page), None);
    }
}
