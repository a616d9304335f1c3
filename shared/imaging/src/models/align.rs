//! Face alignment: turns a face upright and to the one size that the recogniser was trained on.

use super::pixels;
use crate::picture::Picture;

/// Side of an aligned face.
pub(super) const SIDE: usize = 112;

/// Where eyes, nose and corners of the mouth lie in an aligned face: the
/// template of `ArcFace`, on which the recogniser was trained.
const TEMPLATE: [[f64; 2]; 5] = [
    [38.2946, 51.6963],
    [73.5318, 51.5014],
    [56.0252, 71.7366],
    [41.5493, 92.3655],
    [70.7299, 92.2041],
];

/// A turn, a scale and a shift of the plane: `z` becomes `turn * z + shift`,
/// in complex numbers.
#[derive(Clone, Copy, Debug)]
struct SimilarityTransform {
    turn: [f64; 2],
    shift: [f64; 2],
}

impl SimilarityTransform {
    /// The one that brings `from` nearest to `to`, by least squares. It never
    /// mirrors. `None` when all points are one.
    fn fit(from: &[[f64; 2]; 5], to: &[[f64; 2]; 5]) -> Option<Self> {
        let (centre, target) = (mean_point(from), mean_point(to));
        let (mut turn, mut spread) = ([0.0, 0.0], 0.0);
        for (a, b) in from.iter().zip(to) {
            let (x, y) = (a[0] - centre[0], a[1] - centre[1]);
            let (u, v) = (b[0] - target[0], b[1] - target[1]);
            turn = [turn[0] + x * u + y * v, turn[1] + x * v - y * u];
            spread += x * x + y * y;
        }
        let turn = turn.map(|it| it / spread);
        let moved = multiply(turn, centre);
        let shift = [target[0] - moved[0], target[1] - moved[1]];
        let scale = turn[0].hypot(turn[1]);
        (scale.is_normal() && shift.iter().all(|it| it.is_finite())).then_some(Self { turn, shift })
    }

    /// How much longer distances become.
    fn scale(&self) -> f64 {
        self.turn[0].hypot(self.turn[1])
    }

    /// What is moved to this place.
    fn apply_inverse(&self, place: [f64; 2]) -> [f64; 2] {
        let square = self.scale().powi(2);
        let back = [self.turn[0] / square, -self.turn[1] / square];
        multiply(back, [place[0] - self.shift[0], place[1] - self.shift[1]])
    }
}

fn multiply([a, b]: [f64; 2], [x, y]: [f64; 2]) -> [f64; 2] {
    [a * x - b * y, a * y + b * x]
}

fn mean_point(points: &[[f64; 2]; 5]) -> [f64; 2] {
    [0, 1].map(|axis| points.iter().map(|point| point[axis]).sum::<f64>() / 5.0)
}

/// The face with these landmarks, upright, [`SIDE`] pixels wide and tall,
/// black where the picture ends. `None` when the landmarks are no face's.
pub(super) fn align_face(picture: &Picture, landmarks: &[[f32; 2]; 5]) -> Option<Picture> {
    let landmarks = landmarks.map(|point| point.map(f64::from));
    let map = SimilarityTransform::fit(&landmarks, &TEMPLATE)?;
    let (part, [left, top], step) = crop_source(picture, &map)?;
    let (across, down) = step;
    let mut rgb = Vec::with_capacity(3 * SIDE * SIDE);
    for row in 0..SIDE {
        for column in 0..SIDE {
            let [x, y] = map.apply_inverse([column as f64, row as f64]);
            // Between places in the picture and in its excerpt: pixels have a
            // width, and whole numbers are their middles.
            let x = (x + 0.5 - left) / across - 0.5;
            let y = (y + 0.5 - top) / down - 0.5;
            rgb.extend(interpolate(&part, x, y));
        }
    }
    Picture::from_rgb(SIDE as u32, SIDE as u32, rgb)
}

/// The part of the picture that the aligned face is made of, made smaller
/// when it is larger than needed, so that sampling it skips no pixels; where
/// it begins, and how many pixels of the picture each of its pixels spans.
fn crop_source(
    picture: &Picture,
    map: &SimilarityTransform,
) -> Option<(Picture, [f64; 2], (f64, f64))> {
    let end = (SIDE - 1) as f64;
    let corners = [[0.0, 0.0], [end, 0.0], [0.0, end], [end, end]].map(|it| map.apply_inverse(it));
    let range = |axis: usize, length: u32| {
        let places = corners.map(|corner| corner[axis]);
        let first = places.iter().copied().fold(f64::INFINITY, f64::min) - 2.0;
        let last = places.iter().copied().fold(f64::NEG_INFINITY, f64::max) + 3.0;
        let length = f64::from(length);
        let (first, last) = (
            first.floor().clamp(0.0, length),
            last.ceil().clamp(0.0, length),
        );
        (last > first).then_some((first, last - first))
    };
    let (left, width) = range(0, picture.width())?;
    let (top, height) = range(1, picture.height())?;
    let scale = map.scale().min(1.0);
    let side = |of: f64| ((of * scale).round() as u32).max(1);
    let area = [left, top, width, height];
    let part = pixels::resize(picture, Some(area), side(width), side(height))?;
    let step = (
        width / f64::from(part.width()),
        height / f64::from(part.height()),
    );
    Some((part, [left, top], step))
}

/// The colour between four pixels.
fn interpolate(picture: &Picture, x: f64, y: f64) -> [u8; 3] {
    let (column, row) = (x.floor(), y.floor());
    let (right, low) = ((x - column) as f32, (y - row) as f32);
    let weights = [
        (0.0, 0.0, (1.0 - right) * (1.0 - low)),
        (1.0, 0.0, right * (1.0 - low)),
        (0.0, 1.0, (1.0 - right) * low),
        (1.0, 1.0, right * low),
    ];
    let mut sum = [0.0_f32; 3];
    for (across, down, weight) in weights {
        let pixel = pixel(picture, column + across, row + down);
        for (sum, value) in sum.iter_mut().zip(pixel) {
            *sum += weight * f32::from(value);
        }
    }
    sum.map(|value| value.round() as u8)
}

/// Black outside.
fn pixel(picture: &Picture, column: f64, row: f64) -> [u8; 3] {
    let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
    if column < 0.0 || row < 0.0 || column >= width || row >= height {
        return [0; 3];
    }
    picture.pixels()[row as usize * picture.width() as usize + column as usize]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// A smooth picture in which red tells the column and green the row.
    fn ramp(side: u32) -> Picture {
        let scale = |place: u32| (place * 250 / side) as u8;
        let pixels = (0..side).flat_map(|y| (0..side).map(move |x| [scale(x), scale(y), 7]));
        Picture::from_rgb(side, side, pixels.flatten().collect()).unwrap()
    }

    fn placed(turn: [f64; 2], shift: [f64; 2]) -> [[f32; 2]; 5] {
        TEMPLATE.map(|point| {
            let [x, y] = multiply(turn, point);
            [(x + shift[0]) as f32, (y + shift[1]) as f32]
        })
    }

    #[test]
    fn a_face_in_place_stays() {
        let picture = ramp(112);
        let face = align_face(&picture, &TEMPLATE.map(|it| it.map(|side| side as f32))).unwrap();
        assert_eq!(face, picture);
    }

    #[test]
    fn turned_and_large_faces_come_upright() {
        let picture = ramp(1000);
        for (angle, scale) in [(0.5_f64, 3.0), (-2.0, 2.5), (0.0, 0.8), (3.1, 4.0)] {
            let turn = [angle.cos() * scale, angle.sin() * scale];
            let middle = multiply(turn, [56.0, 56.0]);
            let shift = [500.0 - middle[0], 500.0 - middle[1]];
            let face = align_face(&picture, &placed(turn, shift)).unwrap();
            for (column, row) in [(5, 5), (56, 56), (100, 20), (30, 110)] {
                let [x, y] = multiply(turn, [f64::from(column), f64::from(row)]);
                let expected = [x + shift[0], y + shift[1]].map(|it| it / 4.0);
                let pixel = face.pixels()[row as usize * SIDE + column as usize];
                for axis in 0..2 {
                    let error = (f64::from(pixel[axis]) - expected[axis]).abs();
                    assert!(error < 1.5, "{angle} {scale} {column} {row}: {error}");
                }
            }
        }
    }

    #[test]
    fn what_is_outside_is_black() {
        let face = align_face(&ramp(112), &placed([1.0, 0.0], [-60.0, 0.0])).unwrap();
        assert_eq!(face.pixels()[0], [0; 3]);
        assert_eq!(face.pixels()[111][2], 7);
    }

    #[test]
    fn impossible_landmarks() {
        let picture = ramp(50);
        assert!(align_face(&picture, &[[3.0, 3.0]; 5]).is_none());
        assert!(align_face(&picture, &[[f32::NAN; 2]; 5]).is_none());
        assert!(align_face(&picture, &placed([1.0, 0.0], [1e6, 0.0])).is_none());
        let vast = placed([1e6, 0.0], [0.0, 0.0]);
        assert!(align_face(&picture, &vast).is_some());
    }

    #[test]
    fn a_mirror_image_is_not_mirrored_back() {
        let mirrored = TEMPLATE.map(|[x, y]| [111.0 - x, y]);
        let map = SimilarityTransform::fit(&mirrored, &TEMPLATE).unwrap();
        let [x, y] = map.apply_inverse([56.0, 0.0]);
        assert!(map.scale() <= 1.0 && (x, y) != (56.0, 0.0));
    }
}
