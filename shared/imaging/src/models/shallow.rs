//! Convolutions of which each plane of the answer is made of few planes: of one, or of the three
//! colours of a picture.
//!
//! All four networks are made of them for a good part. The runtime (0.27) computes the former a
//! number at a time and is slow to sort the pixels for the latter; here as many numbers are computed
//! at once as the processor's vectors hold.

use fearless_simd::{Level, dispatch};
use rten_tensor::{Layout, NdTensor};

/// Where the planes are made larger before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Padding {
    /// So that the answer has as many numbers as were looked at, the odd one behind.
    Same,
    /// By this many rows or columns, before and behind.
    By([usize; 2]),
}

/// One convolution. Each plane of its answer is made of `each` planes: of all there are, or of the
/// one in its own place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shallow {
    pub(super) each: usize,
    /// Side of the square that each number is made of: three or five.
    pub(super) side: usize,
    /// From one square to the next.
    pub(super) stride: usize,
    /// Down and across.
    pub(super) padding: [Padding; 2],
    /// For each plane of the answer the weights of its squares.
    pub(super) weights: Vec<f32>,
    /// For each plane of the answer what is added.
    pub(super) bias: Vec<f32>,
}

/// What is known here: planes that one of the answer is made of, and the side of the square.
pub(super) const KINDS: [(usize, usize); 3] = [(1, 3), (1, 5), (3, 3)];

/// Numbers that are computed side by side: a multiple of what any processor's vectors hold.
const ABREAST: usize = 16;

/// The planes that are looked at, laid out with their margins. A row is parted by what is left of the
/// column when divided by the stride, so that the numbers of neighbouring squares are neighbours.
struct Laid {
    /// Rows or columns before the first, down and across.
    before: [usize; 2],
    /// Numbers in each part of a row, and in a row.
    part: usize,
    row: usize,
    /// Numbers in a plane.
    plane: usize,
    numbers: Vec<f32>,
}

impl Shallow {
    /// The answer to planes of one size; `None` when they are not those this was made for.
    pub(super) fn run(&self, planes: NdTensor<f32, 4>) -> Option<NdTensor<f32, 4>> {
        let [1, channels, rows, columns] = planes.shape() else {
            return None;
        };
        let size = [rows, columns];
        let is_one = self.each == 1 && channels == self.bias.len();
        let known = KINDS.contains(&(self.each, self.side)) && (is_one || self.each == channels);
        let (before, wanted) = self.margins(size).filter(|_| known && rows * columns > 0)?;
        let mut laid = self.laid(size, before, wanted);
        let planes = planes.into_data();
        let mut answer = vec![0.0; self.bias.len() * wanted[0] * wanted[1]];
        let level = Level::new();
        dispatch!(level, _simd => match self.each * self.side * self.side {
            9 => self.all::<9>(&planes, size, &mut laid, wanted, &mut answer),
            25 => self.all::<25>(&planes, size, &mut laid, wanted, &mut answer),
            _ => self.all::<27>(&planes, size, &mut laid, wanted, &mut answer),
        });
        let shape = [1, self.bias.len(), wanted[0], wanted[1]];
        Some(NdTensor::from_data(shape, answer))
    }

    /// What is put before the planes, and the size of the answer.
    fn margins(&self, size: [usize; 2]) -> Option<([usize; 2], [usize; 2])> {
        let along = |axis: usize| {
            let (length, side, stride) = (size[axis], self.side, self.stride);
            match self.padding[axis] {
                Padding::Same => {
                    let wanted = length.div_ceil(stride);
                    let needed = wanted.saturating_sub(1) * stride + side;
                    Some((needed.saturating_sub(length) / 2, wanted))
                }
                Padding::By([before, behind]) => {
                    let room = (before + length + behind).checked_sub(side)?;
                    Some((before, room / stride + 1))
                }
            }
        };
        let (down, across) = (along(0)?, along(1)?);
        Some(([down.0, across.0], [down.1, across.1]))
    }

    /// Room for as many planes as are looked at at once, all zero.
    fn laid(&self, size: [usize; 2], before: [usize; 2], wanted: [usize; 2]) -> Laid {
        let abreast = wanted[1].next_multiple_of(ABREAST);
        let last = (abreast - 1) * self.stride + self.side;
        let part = (before[1] + size[1]).max(last).div_ceil(self.stride);
        let height = (before[0] + size[0]).max((wanted[0] - 1) * self.stride + self.side);
        let row = part * self.stride;
        Laid {
            before,
            part,
            row,
            plane: height * row,
            numbers: vec![0.0; self.each * height * row],
        }
    }

    // All of it is inlined into the code for each kind of processor.
    #[inline(always)]
    fn all<const SQUARES: usize>(
        &self,
        planes: &[f32],
        size: [usize; 2],
        laid: &mut Laid,
        wanted: [usize; 2],
        answer: &mut [f32],
    ) {
        let places: [usize; SQUARES] = std::array::from_fn(|at| self.place(at, laid));
        let mut groups = planes.chunks_exact(self.each * size[0] * size[1]);
        let answers = answer.chunks_exact_mut(wanted[0] * wanted[1]);
        let weights = self.weights.as_chunks::<SQUARES>().0;
        for ((answer, weights), bias) in answers.zip(weights).zip(&self.bias) {
            // What every plane of the answer is made of is taken once.
            if let Some(group) = groups.next() {
                for (number, plane) in group.chunks_exact(size[0] * size[1]).enumerate() {
                    self.take(plane, size[1], number, laid);
                }
            }
            for (row, line) in answer.chunks_exact_mut(wanted[1]).enumerate() {
                let row = &laid.numbers[row * self.stride * laid.row..];
                for (chunk, line) in line.chunks_mut(ABREAST).enumerate() {
                    let sums = sums(&row[chunk * ABREAST..], &places, weights, *bias);
                    match <&mut [f32; ABREAST]>::try_from(&mut *line) {
                        Ok(line) => *line = sums,
                        Err(_) => line.copy_from_slice(&sums[..line.len()]),
                    }
                }
            }
        }
    }

    /// How far behind the first number of a square another one is in the laid.
    fn place(&self, at: usize, laid: &Laid) -> usize {
        let square = self.side * self.side;
        let (plane, down, across) = (at / square, at % square / self.side, at % self.side);
        let part = across % self.stride * laid.part + across / self.stride;
        plane * laid.plane + down * laid.row + part
    }

    /// Lays a plane out; the margins stay as they are.
    #[inline(always)]
    fn take(&self, plane: &[f32], columns: usize, number: usize, laid: &mut Laid) {
        let start = number * laid.plane + laid.before[0] * laid.row;
        let rows = laid.numbers[start..].chunks_exact_mut(laid.row);
        for (row, numbers) in rows.zip(plane.chunks_exact(columns)) {
            if self.stride == 1 {
                row[laid.before[1]..][..columns].copy_from_slice(numbers);
                continue;
            }
            for first in 0..self.stride.min(columns) {
                let at = laid.before[1] + first;
                let part = &mut row[at % self.stride * laid.part..][..laid.part];
                let every = numbers[first..].iter().step_by(self.stride);
                for (number, value) in part[at / self.stride..].iter_mut().zip(every) {
                    *number = *value;
                }
            }
        }
    }
}

/// The sums of neighbouring squares.
#[inline(always)]
fn sums<const SQUARES: usize>(
    numbers: &[f32],
    places: &[usize; SQUARES],
    weights: &[f32; SQUARES],
    bias: f32,
) -> [f32; ABREAST] {
    let mut sums = [bias; ABREAST];
    for at in 0..SQUARES {
        let seen = &numbers[places[at]..][..ABREAST];
        for (sum, number) in sums.iter_mut().zip(seen) {
            *sum += number * weights[at];
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// The definition, square by square.
    fn by_hand(it: &Shallow, planes: &NdTensor<f32, 4>, before: [usize; 2]) -> Vec<f32> {
        let [_, _, rows, columns] = planes.shape();
        let [_, channels, down, across] = it.run(planes.clone()).unwrap().shape();
        let mut answer = Vec::new();
        for channel in 0..channels {
            for place in 0..down * across {
                let (y, x) = (place / across * it.stride, place % across * it.stride);
                let mut sum = it.bias[channel];
                for at in 0..it.each * it.side * it.side {
                    let (plane, square) = (at / (it.side * it.side), at % (it.side * it.side));
                    let row = (y + square / it.side).checked_sub(before[0]);
                    let column = (x + square % it.side).checked_sub(before[1]);
                    if let (Some(row), Some(column)) = (row, column)
                        && row < rows
                        && column < columns
                    {
                        let plane = if it.each == 1 { channel } else { plane };
                        let weight = it.weights[channel * it.each * it.side * it.side + at];
                        sum += weight * planes[[0, plane, row, column]];
                    }
                }
                answer.push(sum);
            }
        }
        answer
    }

    fn numbers(count: usize) -> Vec<f32> {
        (0..count)
            .map(|n| (n * 37 % 101) as f32 / 50.0 - 1.0)
            .collect()
    }

    #[test]
    fn every_kind_is_what_its_definition_says() {
        let sizes = [[1, 1], [2, 7], [7, 2], [8, 8], [9, 33], [20, 50]];
        let kinds = [
            (3, 1, 1),
            (3, 1, 2),
            (5, 1, 1),
            (5, 1, 2),
            (3, 3, 1),
            (3, 3, 2),
        ];
        let with_size = |(side, each, stride)| sizes.map(|size| (side, each, stride, size));
        for (side, each, stride, size) in kinds.into_iter().flat_map(with_size) {
            let missing =
                |of: usize| ((of.div_ceil(stride) - 1) * stride + side).saturating_sub(of);
            let half = side / 2;
            for (padding, before) in [
                (Padding::Same, size.map(|of| missing(of) / 2)),
                (Padding::By([half; 2]), [half; 2]),
                (Padding::By([0, side - 1]), [0; 2]),
            ] {
                let it = Shallow {
                    each,
                    side,
                    stride,
                    padding: [padding; 2],
                    weights: numbers(4 * each * side * side),
                    bias: vec![0.5, -0.25, 0.0, 3.0],
                };
                let channels = if each == 1 { 4 } else { each };
                let shape = [1, channels, size[0], size[1]];
                let planes = NdTensor::from_data(shape, numbers(channels * size[0] * size[1]));
                let expected = by_hand(&it, &planes, before);
                let answer = it.run(planes).unwrap().into_data();
                assert_eq!(answer.len(), expected.len());
                let near = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-4;
                assert!(
                    answer.iter().zip(&expected).all(near),
                    "{side} {each} {stride} {size:?} {padding:?}"
                );
            }
        }
    }

    #[test]
    fn as_large_as_what_was_looked_at() {
        let it = |stride, padding| Shallow {
            each: 1,
            side: 3,
            stride,
            padding: [padding; 2],
            weights: vec![0.0; 9],
            bias: vec![0.0],
        };
        let shape = |it: Shallow, rows, columns| {
            let planes = NdTensor::from_data([1, 1, rows, columns], vec![0.0; rows * columns]);
            it.run(planes).map(|it| it.shape())
        };
        assert_eq!(shape(it(1, Padding::Same), 6, 7), Some([1, 1, 6, 7]));
        assert_eq!(shape(it(2, Padding::Same), 6, 7), Some([1, 1, 3, 4]));
        assert_eq!(shape(it(2, Padding::By([1, 1])), 6, 7), Some([1, 1, 3, 4]));
        assert_eq!(shape(it(1, Padding::By([0, 0])), 6, 7), Some([1, 1, 4, 5]));
        assert_eq!(shape(it(1, Padding::By([0, 0])), 2, 7), None);
    }

    #[test]
    fn other_planes_are_refused() {
        let it = Shallow {
            each: 1,
            side: 3,
            stride: 1,
            padding: [Padding::Same; 2],
            weights: vec![0.0; 18],
            bias: vec![0.0; 2],
        };
        let planes =
            |shape: [usize; 4]| NdTensor::from_data(shape, vec![0.0; shape.iter().product()]);
        assert!(it.run(planes([1, 2, 4, 4])).is_some());
        assert!(it.run(planes([1, 3, 4, 4])).is_none());
        assert!(it.run(planes([2, 2, 4, 4])).is_none());
        assert!(it.run(planes([1, 2, 0, 4])).is_none());
    }
}
