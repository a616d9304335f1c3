//! Convolutions of which each plane of the answer is made of few planes: of one, or of the three
//! colours of a picture.
//!
//! All four networks are made of them for a good part. The runtime (0.27) computes the former a
//! number at a time and is slow to sort the pixels for the latter; here as many numbers are computed
//! at once as the processor's vectors hold.

use fearless_simd::{Level, Simd, dispatch, f32x16, prelude::*};
use rten_tensor::{Layout, NdTensor, NdTensorView};

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
    /// From one square to the next: one or two.
    pub(super) stride: usize,
    /// Down and across.
    pub(super) padding: [Padding; 2],
    /// For each plane of the answer the weights of its squares.
    pub(super) weights: Vec<f32>,
    /// For each plane of the answer what is added.
    pub(super) bias: Vec<f32>,
    /// What the sums are kept within at the end.
    pub(super) within: [f32; 2],
    /// For each plane of the answer how much of a sum below zero is added again after that.
    pub(super) slopes: Vec<f32>,
    /// Whether then only the largest of each two by two numbers is kept.
    pub(super) pooled: bool,
}

/// What is known here: planes that one of the answer is made of, side and stride.
const KINDS: [(usize, usize, usize); 6] = [
    (1, 3, 1),
    (1, 3, 2),
    (1, 5, 1),
    (1, 5, 2),
    (3, 3, 1),
    (3, 3, 2),
];

/// Numbers that are computed side by side.
const ABREAST: usize = 16;

/// Rows of the answer that are computed at once, so that what is read serves several.
const ROWS: usize = 4;

/// The rows of the planes that a few rows of the answer are made of, laid out with their margins. A
/// row is parted by what is left of the column when divided by the stride, so that the numbers of
/// neighbouring squares are neighbours.
struct Laid {
    /// Rows or columns before the first, down and across.
    before: [usize; 2],
    /// Numbers in each part of a row, and in a row.
    part: usize,
    row: usize,
    /// Rows of each plane.
    rows: usize,
    numbers: Vec<f32>,
}

impl Shallow {
    /// Whether it is one that can be computed here.
    pub(super) fn is_known(&self) -> bool {
        KINDS.contains(&(self.each, self.side, self.stride))
    }

    /// The answer to planes of one size; `None` when they are not those this was made for.
    pub(super) fn run(&self, planes: NdTensorView<f32, 4>) -> Option<NdTensor<f32, 4>> {
        let [1, channels, rows, columns] = planes.shape() else {
            return None;
        };
        let size = [rows, columns];
        let is_one = self.each == 1 && channels == self.bias.len();
        let known = self.is_known() && (is_one || self.each == channels);
        let (before, wanted) = self.margins(size).filter(|_| known && rows * columns > 0)?;
        let mut laid = self.laid(size, before, wanted);
        let planes = planes.to_slice();
        let kept = if self.pooled {
            wanted.map(|it| it / 2)
        } else {
            wanted
        };
        let mut answer = vec![0.0; self.bias.len() * kept[0] * kept[1]];
        if answer.is_empty() {
            return None;
        }
        let level = Level::new();
        dispatch!(level, simd => match (self.side, self.stride) {
            (3, 1) => self.all::<_, 3, 1>(simd, &planes, size, &mut laid, kept, &mut answer),
            (3, _) => self.all::<_, 3, 2>(simd, &planes, size, &mut laid, kept, &mut answer),
            (_, 1) => self.all::<_, 5, 1>(simd, &planes, size, &mut laid, kept, &mut answer),
            _ => self.all::<_, 5, 2>(simd, &planes, size, &mut laid, kept, &mut answer),
        });
        let shape = [1, self.bias.len(), kept[0], kept[1]];
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
        let rows = (ROWS - 1) * self.stride + self.side;
        let row = part * self.stride;
        Laid {
            before,
            part,
            row,
            rows,
            numbers: vec![0.0; self.each * rows * row],
        }
    }

    // All of it is inlined into the code for each kind of processor.
    #[inline(always)]
    fn all<S: Simd, const SIDE: usize, const STRIDE: usize>(
        &self,
        simd: S,
        planes: &[f32],
        size: [usize; 2],
        laid: &mut Laid,
        [rows, columns]: [usize; 2],
        answer: &mut [f32],
    ) {
        let each = self.each * size[0] * size[1];
        // Every plane of the answer is made of its own, or all of the same.
        let together = self.bias.len() / (planes.len() / each);
        let answers = answer.chunks_exact_mut(together * rows * columns);
        let (at_once, pool) = if self.pooled {
            (ROWS / 2, 2)
        } else {
            (ROWS, 1)
        };
        for (group, (planes, answers)) in planes.chunks_exact(each).zip(answers).enumerate() {
            for top in (0..rows).step_by(at_once) {
                laid.take::<STRIDE>(planes, size, top * pool);
                for (at, answer) in answers.chunks_exact_mut(rows * columns).enumerate() {
                    let mut lines = answer[top * columns..].chunks_exact_mut(columns);
                    let lines = std::array::from_fn(|at| match at < at_once {
                        true => lines.next().unwrap_or_default(),
                        false => &mut [],
                    });
                    self.some::<S, SIDE, STRIDE>(simd, laid, group * together + at, lines);
                }
            }
        }
    }

    /// A few rows of one plane of the answer.
    #[inline(always)]
    fn some<S: Simd, const SIDE: usize, const STRIDE: usize>(
        &self,
        simd: S,
        laid: &Laid,
        plane: usize,
        mut lines: [&mut [f32]; ROWS],
    ) {
        let weights = &self.weights[plane * self.each * SIDE * SIDE..];
        let weights = &weights.as_chunks::<SIDE>().0.as_chunks::<SIDE>().0[..self.each];
        let [least, most] = self.within.map(|it| f32x16::splat(simd, it));
        let [slope, zero] = [self.slopes[plane], 0.0].map(|it| f32x16::splat(simd, it));
        let abreast = if self.pooled { ABREAST / 2 } else { ABREAST };
        for (chunk, first) in (0..lines[0].len()).step_by(abreast).enumerate() {
            let bias = self.bias[plane];
            let sums = laid.sums::<S, SIDE, STRIDE>(simd, weights, bias, chunk * ABREAST);
            let bent = |sum: f32x16<S>| slope.mul_add(sum.min(zero), sum.max(least).min(most));
            let numbers = sums.map(bent);
            if self.pooled {
                let [upper, lower] = [numbers[0].max(numbers[1]), numbers[2].max(numbers[3])];
                let both = upper.unzip_low(lower).max(upper.unzip_high(lower));
                let (upper, lower) = both.as_slice().split_at(ABREAST / 2);
                put(lines[0], first, upper);
                put(lines[1], first, lower);
            } else {
                for (line, numbers) in lines.iter_mut().zip(&numbers) {
                    put(line, first, numbers.as_slice());
                }
            }
        }
    }
}

/// Writes numbers into a line, as far as it goes.
#[inline(always)]
fn put(line: &mut [f32], first: usize, numbers: &[f32]) {
    let line = line.get_mut(first..).unwrap_or_default();
    match line.get_mut(..numbers.len()) {
        Some(line) => line.copy_from_slice(numbers),
        None => line.copy_from_slice(&numbers[..line.len()]),
    }
}

impl Laid {
    /// Lays out what the rows from this one on are made of.
    #[inline(always)]
    fn take<const STRIDE: usize>(&mut self, planes: &[f32], size: [usize; 2], top: usize) {
        let strips = self.numbers.chunks_exact_mut(self.rows * self.row);
        for (strip, plane) in strips.zip(planes.chunks_exact(size[0] * size[1])) {
            for (row, numbers) in strip.chunks_exact_mut(self.row).enumerate() {
                let from = (top * STRIDE + row).checked_sub(self.before[0]);
                let Some(from) = from.filter(|from| *from < size[0]) else {
                    numbers.fill(0.0);
                    continue;
                };
                let line = &plane[from * size[1]..][..size[1]];
                if STRIDE == 1 {
                    numbers[self.before[1]..][..size[1]].copy_from_slice(line);
                    continue;
                }
                for first in 0..STRIDE.min(size[1]) {
                    let at = self.before[1] + first;
                    let part = &mut numbers[at % STRIDE * self.part..][..self.part];
                    let part = &mut part[at / STRIDE..];
                    let (every, last) = line[first..].as_chunks::<STRIDE>();
                    for (number, values) in part.iter_mut().zip(every) {
                        *number = values[0];
                    }
                    if let Some(last) = last.first() {
                        part[every.len()] = *last;
                    }
                }
            }
        }
    }

    /// The sums of neighbouring squares, in neighbouring rows.
    #[inline(always)]
    fn sums<S: Simd, const SIDE: usize, const STRIDE: usize>(
        &self,
        simd: S,
        weights: &[[[f32; SIDE]; SIDE]],
        bias: f32,
        first: usize,
    ) -> [f32x16<S>; ROWS] {
        let mut sums = [f32x16::splat(simd, bias); ROWS];
        for (strip, weights) in self.numbers.chunks_exact(self.rows * self.row).zip(weights) {
            // Told apart when this is compiled, so that no place is asked which squares it is in.
            macro_rules! rows {
                ($($row:literal)*) => { $(
                    if $row < (ROWS - 1) * STRIDE + SIDE {
                        let line = &strip[$row * self.row..][..self.row];
                        self.add::<S, SIDE, STRIDE, $row>(simd, line, weights, first, &mut sums);
                    }
                )* };
            }
            rows!(0 1 2 3 4 5 6 7 8 9 10);
        }
        sums
    }

    /// Adds what one row has in the squares of each row of the answer.
    #[inline(always)]
    fn add<S: Simd, const SIDE: usize, const STRIDE: usize, const ROW: usize>(
        &self,
        simd: S,
        line: &[f32],
        weights: &[[f32; SIDE]; SIDE],
        first: usize,
        sums: &mut [f32x16<S>; ROWS],
    ) {
        for part in 0..STRIDE {
            let places = (SIDE - 1 - part) / STRIDE;
            let line = &line[part * self.part + first..][..ABREAST + places];
            for place in 0..=places {
                let numbers = f32x16::from_slice(simd, &line[place..][..ABREAST]);
                for (number, sum) in sums.iter_mut().enumerate() {
                    let down = ROW.wrapping_sub(number * STRIDE);
                    if down < SIDE {
                        *sum = numbers.mul_add(weights[down][place * STRIDE + part], *sum);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use rten_tensor::AsView;

    use super::*;

    /// The definition, square by square.
    fn by_hand(it: &Shallow, planes: &NdTensor<f32, 4>, before: [usize; 2]) -> Vec<f32> {
        let [_, _, rows, columns] = planes.shape();
        let [_, channels, down, across] = it.run(planes.view()).unwrap().shape();
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
                let [least, most] = it.within;
                answer.push(sum.clamp(least, most) + it.slopes[channel] * sum.min(0.0));
            }
        }
        answer
    }

    fn numbers(count: usize) -> Vec<f32> {
        (0..count)
            .map(|n| (n * 37 % 101) as f32 / 50.0 - 1.0)
            .collect()
    }

    /// Three by three of one plane each, positive sums only.
    fn small(planes: usize) -> Shallow {
        Shallow {
            each: 1,
            side: 3,
            stride: 1,
            padding: [Padding::Same; 2],
            weights: numbers(9 * planes),
            bias: vec![0.25; planes],
            within: [0.0, f32::INFINITY],
            slopes: vec![0.0; planes],
            pooled: false,
        }
    }

    #[test]
    fn every_kind_is_what_its_definition_says() {
        let sizes = [[1, 1], [2, 7], [7, 2], [8, 8], [9, 33], [20, 50]];
        let with_size = |(each, side, stride)| sizes.map(|size| (side, each, stride, size));
        for (side, each, stride, size) in KINDS.into_iter().flat_map(with_size) {
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
                    within: [-0.4, 1.5],
                    slopes: vec![0.0, 0.5, 0.0, -0.25],
                    pooled: false,
                };
                let channels = if each == 1 { 4 } else { each };
                let shape = [1, channels, size[0], size[1]];
                let planes = NdTensor::from_data(shape, numbers(channels * size[0] * size[1]));
                let expected = by_hand(&it, &planes, before);
                let answer = it.run(planes.view()).unwrap().into_data();
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
    fn only_the_largest_of_four_is_kept() {
        for size in [[2, 2], [5, 7], [8, 34], [10, 33]] {
            let mut it = small(2);
            let planes =
                NdTensor::from_data([1, 2, size[0], size[1]], numbers(2 * size[0] * size[1]));
            let all = it.run(planes.view()).unwrap();
            it.pooled = true;
            let kept = it.run(planes.view()).unwrap();
            let [rows, columns] = size.map(|it| it / 2);
            assert_eq!(kept.shape(), [1, 2, rows, columns]);
            for plane in 0..2 {
                for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |it| (row, it)))
                {
                    let four = [(0, 0), (0, 1), (1, 0), (1, 1)]
                        .map(|(y, x)| all[[0, plane, 2 * row + y, 2 * column + x]]);
                    let largest = four.into_iter().fold(f32::MIN, f32::max);
                    assert_eq!(kept[[0, plane, row, column]], largest, "{size:?}");
                }
            }
        }
        // There are no four.
        let one = Shallow {
            pooled: true,
            ..small(1)
        };
        assert!(
            one.run(NdTensor::from_data([1, 1, 1, 5], numbers(5)).view())
                .is_none()
        );
    }

    #[test]
    fn as_large_as_what_was_looked_at() {
        let it = |stride, padding| Shallow {
            stride,
            padding: [padding; 2],
            ..small(1)
        };
        let shape = |it: Shallow, rows, columns| {
            let planes = NdTensor::from_data([1, 1, rows, columns], vec![0.0; rows * columns]);
            it.run(planes.view()).map(|it| it.shape())
        };
        assert_eq!(shape(it(1, Padding::Same), 6, 7), Some([1, 1, 6, 7]));
        assert_eq!(shape(it(2, Padding::Same), 6, 7), Some([1, 1, 3, 4]));
        assert_eq!(shape(it(2, Padding::By([1, 1])), 6, 7), Some([1, 1, 3, 4]));
        assert_eq!(shape(it(1, Padding::By([0, 0])), 6, 7), Some([1, 1, 4, 5]));
        assert_eq!(shape(it(1, Padding::By([0, 0])), 2, 7), None);
    }

    #[test]
    fn other_planes_are_refused() {
        let it = small(2);
        let planes =
            |shape: [usize; 4]| NdTensor::from_data(shape, vec![0.0; shape.iter().product()]);
        assert!(it.run(planes([1, 2, 4, 4]).view()).is_some());
        assert!(it.run(planes([1, 3, 4, 4]).view()).is_none());
        assert!(it.run(planes([2, 2, 4, 4]).view()).is_none());
        assert!(it.run(planes([1, 2, 0, 4]).view()).is_none());
    }
}
