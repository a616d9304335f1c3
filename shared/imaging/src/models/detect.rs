//! Face detection with `YuNet`: makes its input, and decodes its outputs into detections.

use vara_nets::{ModelError, NeuralNetwork, Tensor};

use super::pixels;
use crate::picture::Picture;

/// From this confidence on something is a face. Her picture must not go
/// unnoticed, so it is lower than the 0.9 of the network's demonstrations.
pub(super) const MIN_CONFIDENCE: f32 = 0.6;

/// Confidence from which a face is clear enough to tell whose it is. Below it
/// are blurred and half hidden faces, and cats and dogs, some of which
/// resemble each other more than two people do.
pub const CLEAR_FACE_CONFIDENCE: f32 = 0.8;

/// Most intersection over union of two faces; of two that share more, the less certain one is dropped.
const MAX_OVERLAP: f32 = 0.3;

/// The network wants sides that are multiples of this.
const SIDE_MULTIPLE: usize = 32;

/// Sides of the cells of the three output grids.
const STRIDES: [usize; 3] = [8, 16, 32];

/// A face as the network detects it, in pixels of the picture that it was given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Detection {
    /// Left, top, width, height.
    pub(super) area: [f32; 4],
    pub(super) confidence: f32,
    /// As seen: left eye, right eye, nose, left and right corner of the mouth.
    pub(super) landmarks: [[f32; 2]; 5],
}

/// The faces of the picture, the most certain first, looked for with the
/// longer side at most `longest`. Never enlarges.
pub(super) fn detect_faces(
    network: &NeuralNetwork,
    picture: &Picture,
    longest: u32,
) -> Result<Vec<Detection>, ModelError> {
    let (width, height) = (picture.width(), picture.height());
    let scale = (longest as f32 / width.max(height) as f32).min(1.0);
    let side = |of: u32| ((of as f32 * scale).round() as u32).max(1);
    let small = pixels::resize(picture, None, side(width), side(height))
        .ok_or_else(|| network.bad_answer())?;
    let (columns, rows, numbers) = pad(&small);
    let input = Tensor::from_floats([1, 3, rows, columns], numbers);
    let outputs = network.run(input)?;
    let mut found = decode_outputs(&outputs, columns, rows).ok_or_else(|| network.bad_answer())?;
    found.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    let found = suppress_overlaps(found);
    let (across, down) = (
        width as f32 / small.width() as f32,
        height as f32 / small.height() as f32,
    );
    Ok(found
        .into_iter()
        .map(|it| it.scaled(across, down))
        .collect())
}

/// Blue, green and red planes of the picture in the top left corner of a
/// black one whose sides the network takes; its columns and rows.
fn pad(picture: &Picture) -> (usize, usize, Vec<f32>) {
    let width = picture.width() as usize;
    let columns = width.next_multiple_of(SIDE_MULTIPLE);
    let rows = (picture.height() as usize).next_multiple_of(SIDE_MULTIPLE);
    let mut numbers = vec![0.0; 3 * columns * rows];
    for (plane, channel) in numbers.chunks_exact_mut(columns * rows).zip([2, 1, 0]) {
        let lines = plane.chunks_exact_mut(columns);
        for (line, pixels) in lines.zip(picture.pixels().chunks_exact(width)) {
            for (number, pixel) in line.iter_mut().zip(pixels) {
                *number = f32::from(pixel[channel]);
            }
        }
    }
    (columns, rows, numbers)
}

/// All cells that are confident of a face; `None` when the outputs are not of
/// the sizes that belong to the input.
fn decode_outputs(outputs: &[Vec<f32>], columns: usize, rows: usize) -> Option<Vec<Detection>> {
    let outputs: &[Vec<f32>; 12] = outputs.try_into().ok()?;
    let mut found = Vec::new();
    for (index, stride) in STRIDES.into_iter().enumerate() {
        let (columns, cells) = (columns / stride, columns / stride * (rows / stride));
        let (class, object) = (&outputs[index], &outputs[3 + index]);
        let (boxes, points) = (
            outputs[6 + index].as_chunks::<4>().0,
            outputs[9 + index].as_chunks::<10>().0,
        );
        if [class.len(), object.len(), boxes.len(), points.len()] != [cells; 4] {
            return None;
        }
        for cell in 0..cells {
            let confidence = (class[cell].clamp(0.0, 1.0) * object[cell].clamp(0.0, 1.0)).sqrt();
            if confidence > MIN_CONFIDENCE {
                let corner = [(cell % columns) as f32, (cell / columns) as f32];
                let (area, points) = (&boxes[cell], &points[cell]);
                found.push(decode_cell(confidence, stride as f32, corner, area, points));
            }
        }
    }
    found.retain(|it| it.area.iter().all(|side| side.is_finite()));
    Some(found)
}

/// What one cell says: the centre and the landmarks relative to the cell, the
/// sides as logarithms, all in units of the stride.
fn decode_cell(
    confidence: f32,
    stride: f32,
    [x, y]: [f32; 2],
    area: &[f32; 4],
    points: &[f32; 10],
) -> Detection {
    let (width, height) = (area[2].exp() * stride, area[3].exp() * stride);
    let left = (x + area[0]) * stride - width / 2.0;
    let top = (y + area[1]) * stride - height / 2.0;
    let point = |index: usize| {
        [
            (points[2 * index] + x) * stride,
            (points[2 * index + 1] + y) * stride,
        ]
    };
    Detection {
        area: [left, top, width, height],
        confidence,
        landmarks: [0, 1, 2, 3, 4].map(point),
    }
}

/// Non-maximum suppression: keeps the first of those that cover the same place.
fn suppress_overlaps(sorted: Vec<Detection>) -> Vec<Detection> {
    let mut kept: Vec<Detection> = Vec::new();
    for face in sorted {
        if kept
            .iter()
            .all(|it| intersection_over_union(&it.area, &face.area) <= MAX_OVERLAP)
        {
            kept.push(face);
        }
    }
    kept
}

/// Common area as a share of the area of both together.
fn intersection_over_union(a: &[f32; 4], b: &[f32; 4]) -> f32 {
    let side = |axis: usize| {
        let end = (a[axis] + a[axis + 2]).min(b[axis] + b[axis + 2]);
        (end - a[axis].max(b[axis])).max(0.0)
    };
    let common = side(0) * side(1);
    let all = a[2] * a[3] + b[2] * b[3] - common;
    if all > 0.0 { common / all } else { 0.0 }
}

impl Detection {
    /// The same face in a picture of another size.
    pub(super) fn scaled(mut self, across: f32, down: f32) -> Self {
        let [left, top, width, height] = self.area;
        self.area = [left * across, top * down, width * across, height * down];
        self.landmarks = self.landmarks.map(|[x, y]| [x * across, y * down]);
        self
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Outputs for a picture of 64 by 32 in which nothing is found.
    fn nothing() -> Vec<Vec<f32>> {
        let cells = [32, 8, 2];
        let widths = [1, 1, 4, 10];
        let sizes = widths
            .iter()
            .flat_map(|width| cells.map(|cells| width * cells));
        sizes.map(|size| vec![0.0; size]).collect()
    }

    #[test]
    fn one_cell_by_hand() {
        let mut outputs = nothing();
        // Stride 16, second row, third column.
        let cell = 4 + 2;
        outputs[1][cell] = 0.81;
        outputs[4][cell] = 1.0;
        outputs[7][4 * cell..4 * cell + 4].copy_from_slice(&[0.5, 0.25, 0.0, 2.0_f32.ln()]);
        outputs[10][10 * cell] = 1.0;
        outputs[10][10 * cell + 9] = -1.0;
        let found = decode_outputs(&outputs, 64, 32).unwrap();
        assert_eq!(found.len(), 1);
        assert!((found[0].confidence - 0.9).abs() < 1e-6);
        assert_eq!(found[0].area, [32.0, 4.0, 16.0, 32.0]);
        assert_eq!(found[0].landmarks[0], [48.0, 16.0]);
        assert_eq!(found[0].landmarks[4], [32.0, 0.0]);
    }

    #[test]
    fn doubt_is_not_a_face() {
        let mut outputs = nothing();
        outputs[0][0] = 0.35;
        outputs[3][0] = 1.0;
        assert_eq!(decode_outputs(&outputs, 64, 32), Some(vec![]));
    }

    #[test]
    fn outputs_of_another_size_are_refused() {
        assert_eq!(decode_outputs(&nothing(), 64, 64), None);
        assert_eq!(decode_outputs(&nothing()[..11], 64, 32), None);
    }

    #[test]
    fn a_face_without_end_is_dropped() {
        let mut outputs = nothing();
        (outputs[0][0], outputs[3][0], outputs[6][2]) = (1.0, 1.0, 1e4);
        assert_eq!(decode_outputs(&outputs, 64, 32), Some(vec![]));
    }

    #[test]
    fn doubles_are_dropped() {
        let face = |left: f32, confidence: f32| Detection {
            area: [left, 0.0, 10.0, 10.0],
            confidence,
            landmarks: [[0.0; 2]; 5],
        };
        let sorted = vec![
            face(0.0, 0.9),
            face(5.0, 0.8),
            face(6.0, 0.7),
            face(30.0, 0.7),
        ];
        let kept: Vec<f32> = suppress_overlaps(sorted)
            .iter()
            .map(|it| it.area[0])
            .collect();
        // 5 of 15 shared is over the limit, 4 of 16 is not.
        assert_eq!(kept, [0.0, 6.0, 30.0]);
        assert_eq!(intersection_over_union(&[0.0; 4], &[0.0; 4]), 0.0);
    }

    #[test]
    fn padding_is_black_and_blue_comes_first() {
        let picture = Picture::from_rgb(2, 1, vec![1, 2, 3, 4, 5, 6]).unwrap();
        let (columns, rows, numbers) = pad(&picture);
        assert_eq!((columns, rows, numbers.len()), (32, 32, 3 * 1024));
        assert_eq!(numbers[..3], [3.0, 6.0, 0.0]);
        assert_eq!(numbers[1024..1027], [2.0, 5.0, 0.0]);
        assert_eq!(numbers[2048..2051], [1.0, 4.0, 0.0]);
        assert!(numbers[32..1024].iter().all(|&number| number == 0.0));
    }
}
