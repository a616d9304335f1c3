//! Convolutions in which each output channel is made of few input channels: of one (depthwise), or
//! of the three colours of a picture.
//!
//! All four embedded networks are made of them for a good part. The runtime (0.27) computes the
//! depthwise ones a number at a time and is slow to rearrange the pixels for the others. Here each
//! step computes as many numbers as a vector register holds.

use fearless_simd::{Level, Simd, dispatch, f32x16, prelude::*};
use rten_tensor::{Layout, NdTensor, NdTensorView};

/// Zero padding along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Padding {
    /// As much as makes the output as long as the input over the stride; an odd one is behind.
    Same,
    /// This many rows or columns, before and behind.
    By([usize; 2]),
}

/// One convolution with what follows it: bias, clamp, slope below zero, and max pooling.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SmallConv {
    /// Input channels of each output channel. With one, an output channel is made of the input
    /// channel of the same index; otherwise of all input channels.
    pub(crate) input_channels: usize,
    /// Side of the kernel: three or five.
    pub(crate) kernel: usize,
    /// One or two.
    pub(crate) stride: usize,
    /// Down and across.
    pub(crate) padding: [Padding; 2],
    /// The kernels of each output channel, one after the other.
    pub(crate) weights: Vec<f32>,
    /// What is added to each output channel.
    pub(crate) bias: Vec<f32>,
    /// Least and largest value of an output.
    pub(crate) clamp: [f32; 2],
    /// For each output channel the share of a sum below zero that is added after the clamp (`PReLU`).
    pub(crate) slopes: Vec<f32>,
    /// Whether the output is then reduced to the largest of each two by two numbers.
    pub(crate) has_max_pool: bool,
}

/// The supported input channels, kernels and strides.
const SUPPORTED: [(usize, usize, usize); 6] = [
    (1, 3, 1),
    (1, 3, 2),
    (1, 5, 1),
    (1, 5, 2),
    (3, 3, 1),
    (3, 3, 2),
];

/// Numbers of a row that are computed in one step.
const LANES: usize = 16;

/// Output rows that are computed in one step, so that each number that is read serves several.
const ROWS: usize = 4;

/// The padded input rows of the output rows of one step. With a stride of two the even columns of a
/// row come first and then the odd ones (one part for each), so that the inputs of neighbouring
/// outputs are neighbours.
struct RowBuffer {
    /// Rows of padding above the first row, and columns before the first column.
    padding_before: [usize; 2],
    /// Numbers in each part of a row, and in a row.
    part: usize,
    row: usize,
    /// Rows of each channel.
    rows: usize,
    numbers: Vec<f32>,
}

impl SmallConv {
    /// Whether it can be computed here.
    pub(crate) fn is_supported(&self) -> bool {
        SUPPORTED.contains(&(self.input_channels, self.kernel, self.stride))
    }

    /// Computes the convolution; `None` when the input is of a shape that it does not take.
    pub(crate) fn run(&self, input: NdTensorView<f32, 4>) -> Option<NdTensor<f32, 4>> {
        let [1, channels, rows, columns] = input.shape() else {
            return None;
        };
        let size = [rows, columns];
        let is_depthwise = self.input_channels == 1 && channels == self.bias.len();
        let fits = self.is_supported() && (is_depthwise || self.input_channels == channels);
        let (before, convolved) = self
            .output_size(size)
            .filter(|_| fits && rows * columns > 0)?;
        let mut buffer = self.new_buffer(size, before, convolved);
        let input = input.to_slice();
        let output_size = if self.has_max_pool {
            convolved.map(|it| it / 2)
        } else {
            convolved
        };
        let mut output = vec![0.0; self.bias.len() * output_size[0] * output_size[1]];
        if output.is_empty() {
            return None;
        }
        let level = Level::new();
        dispatch!(level, simd => match (self.kernel, self.stride) {
            (3, 1) => self.conv_all::<_, 3, 1>(simd, &input, size, &mut buffer, output_size, &mut output),
            (3, _) => self.conv_all::<_, 3, 2>(simd, &input, size, &mut buffer, output_size, &mut output),
            (_, 1) => self.conv_all::<_, 5, 1>(simd, &input, size, &mut buffer, output_size, &mut output),
            _ => self.conv_all::<_, 5, 2>(simd, &input, size, &mut buffer, output_size, &mut output),
        });
        let shape = [1, self.bias.len(), output_size[0], output_size[1]];
        Some(NdTensor::from_data(shape, output))
    }

    /// The padding before the input, and the size of the output before pooling.
    fn output_size(&self, size: [usize; 2]) -> Option<([usize; 2], [usize; 2])> {
        let along = |axis: usize| {
            let (length, kernel, stride) = (size[axis], self.kernel, self.stride);
            match self.padding[axis] {
                Padding::Same => {
                    let output = length.div_ceil(stride);
                    let needed = output.saturating_sub(1) * stride + kernel;
                    Some((needed.saturating_sub(length) / 2, output))
                }
                Padding::By([before, behind]) => {
                    let room = (before + length + behind).checked_sub(kernel)?;
                    Some((before, room / stride + 1))
                }
            }
        };
        let (down, across) = (along(0)?, along(1)?);
        Some(([down.0, across.0], [down.1, across.1]))
    }

    /// A buffer for the rows of one step, all zero.
    fn new_buffer(
        &self,
        size: [usize; 2],
        padding_before: [usize; 2],
        convolved: [usize; 2],
    ) -> RowBuffer {
        let columns = convolved[1].next_multiple_of(LANES);
        let last = (columns - 1) * self.stride + self.kernel;
        let part = (padding_before[1] + size[1])
            .max(last)
            .div_ceil(self.stride);
        let rows = (ROWS - 1) * self.stride + self.kernel;
        let row = part * self.stride;
        RowBuffer {
            padding_before,
            part,
            row,
            rows,
            numbers: vec![0.0; self.input_channels * rows * row],
        }
    }

    // Everything below is inlined into the code for each kind of processor.
    /// Computes all output channels, a few rows at a time.
    #[inline(always)]
    fn conv_all<S: Simd, const KERNEL: usize, const STRIDE: usize>(
        &self,
        simd: S,
        input: &[f32],
        size: [usize; 2],
        buffer: &mut RowBuffer,
        [rows, columns]: [usize; 2],
        output: &mut [f32],
    ) {
        let group_length = self.input_channels * size[0] * size[1];
        // A depthwise convolution has one output channel a group; otherwise there is one group.
        let channels = self.bias.len() / (input.len() / group_length);
        let outputs = output.chunks_exact_mut(channels * rows * columns);
        let (at_once, pool) = if self.has_max_pool {
            (ROWS / 2, 2)
        } else {
            (ROWS, 1)
        };
        let groups = input.chunks_exact(group_length).zip(outputs);
        for (group, (input, outputs)) in groups.enumerate() {
            for top in (0..rows).step_by(at_once) {
                buffer.load_rows::<STRIDE>(input, size, top * pool);
                for (at, output) in outputs.chunks_exact_mut(rows * columns).enumerate() {
                    let mut lines = output[top * columns..].chunks_exact_mut(columns);
                    let lines = std::array::from_fn(|at| match at < at_once {
                        true => lines.next().unwrap_or_default(),
                        false => &mut [],
                    });
                    let channel = group * channels + at;
                    self.conv_rows::<S, KERNEL, STRIDE>(simd, buffer, channel, lines);
                }
            }
        }
    }

    /// Computes a few rows of one output channel.
    #[inline(always)]
    fn conv_rows<S: Simd, const KERNEL: usize, const STRIDE: usize>(
        &self,
        simd: S,
        buffer: &RowBuffer,
        channel: usize,
        mut lines: [&mut [f32]; ROWS],
    ) {
        let kernels = &self.weights[channel * self.input_channels * KERNEL * KERNEL..];
        let kernels = kernels.as_chunks::<KERNEL>().0.as_chunks::<KERNEL>().0;
        let kernels = &kernels[..self.input_channels];
        let [least, most] = self.clamp.map(|it| f32x16::splat(simd, it));
        let [slope, zero] = [self.slopes[channel], 0.0].map(|it| f32x16::splat(simd, it));
        let step = if self.has_max_pool { LANES / 2 } else { LANES };
        for (chunk, first) in (0..lines[0].len()).step_by(step).enumerate() {
            let bias = self.bias[channel];
            let sums = buffer.sum_rows::<S, KERNEL, STRIDE>(simd, kernels, bias, chunk * LANES);
            let activate = |sum: f32x16<S>| slope.mul_add(sum.min(zero), sum.max(least).min(most));
            let numbers = sums.map(activate);
            if self.has_max_pool {
                let [upper, lower] = [numbers[0].max(numbers[1]), numbers[2].max(numbers[3])];
                let both = upper.unzip_low(lower).max(upper.unzip_high(lower));
                let (upper, lower) = both.as_slice().split_at(LANES / 2);
                write_numbers(lines[0], first, upper);
                write_numbers(lines[1], first, lower);
            } else {
                for (line, numbers) in lines.iter_mut().zip(&numbers) {
                    write_numbers(line, first, numbers.as_slice());
                }
            }
        }
    }
}

/// Writes numbers into a row, as far as it goes.
#[inline(always)]
fn write_numbers(line: &mut [f32], first: usize, numbers: &[f32]) {
    let line = line.get_mut(first..).unwrap_or_default();
    match line.get_mut(..numbers.len()) {
        Some(line) => line.copy_from_slice(numbers),
        None => line.copy_from_slice(&numbers[..line.len()]),
    }
}

impl RowBuffer {
    /// Loads the input rows of the output rows from `top` on.
    #[inline(always)]
    fn load_rows<const STRIDE: usize>(&mut self, input: &[f32], size: [usize; 2], top: usize) {
        let strips = self.numbers.chunks_exact_mut(self.rows * self.row);
        for (strip, channel) in strips.zip(input.chunks_exact(size[0] * size[1])) {
            for (row, numbers) in strip.chunks_exact_mut(self.row).enumerate() {
                let from = (top * STRIDE + row).checked_sub(self.padding_before[0]);
                let Some(from) = from.filter(|from| *from < size[0]) else {
                    numbers.fill(0.0);
                    continue;
                };
                let line = &channel[from * size[1]..][..size[1]];
                if STRIDE == 1 {
                    numbers[self.padding_before[1]..][..size[1]].copy_from_slice(line);
                    continue;
                }
                for first in 0..STRIDE.min(size[1]) {
                    let at = self.padding_before[1] + first;
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

    /// The sums of [`LANES`] neighbouring outputs in each of [`ROWS`] neighbouring rows.
    #[inline(always)]
    fn sum_rows<S: Simd, const KERNEL: usize, const STRIDE: usize>(
        &self,
        simd: S,
        kernels: &[[[f32; KERNEL]; KERNEL]],
        bias: f32,
        first: usize,
    ) -> [f32x16<S>; ROWS] {
        let mut sums = [f32x16::splat(simd, bias); ROWS];
        for (strip, kernel) in self.numbers.chunks_exact(self.rows * self.row).zip(kernels) {
            // Unrolled by a macro, so that the test of which kernels a row is in costs nothing.
            macro_rules! rows {
                ($($row:literal)*) => { $(
                    if $row < (ROWS - 1) * STRIDE + KERNEL {
                        let line = &strip[$row * self.row..][..self.row];
                        self.add_row::<S, KERNEL, STRIDE, $row>(simd, line, kernel, first, &mut sums);
                    }
                )* };
            }
            rows!(0 1 2 3 4 5 6 7 8 9 10);
        }
        sums
    }

    /// Adds what one input row contributes to each output row.
    #[inline(always)]
    fn add_row<S: Simd, const KERNEL: usize, const STRIDE: usize, const ROW: usize>(
        &self,
        simd: S,
        line: &[f32],
        kernel: &[[f32; KERNEL]; KERNEL],
        first: usize,
        sums: &mut [f32x16<S>; ROWS],
    ) {
        for part in 0..STRIDE {
            let places = (KERNEL - 1 - part) / STRIDE;
            let line = &line[part * self.part + first..][..LANES + places];
            for place in 0..=places {
                let numbers = f32x16::from_slice(simd, &line[place..][..LANES]);
                for (number, sum) in sums.iter_mut().enumerate() {
                    let down = ROW.wrapping_sub(number * STRIDE);
                    if down < KERNEL {
                        *sum = numbers.mul_add(kernel[down][place * STRIDE + part], *sum);
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

    /// The definition, number by number.
    fn by_hand(it: &SmallConv, input: &NdTensor<f32, 4>, before: [usize; 2]) -> Vec<f32> {
        let [_, _, rows, columns] = input.shape();
        let [_, channels, down, across] = it.run(input.view()).unwrap().shape();
        let mut output = Vec::new();
        for channel in 0..channels {
            for place in 0..down * across {
                let (y, x) = (place / across * it.stride, place % across * it.stride);
                let mut sum = it.bias[channel];
                for at in 0..it.input_channels * it.kernel * it.kernel {
                    let (plane, square) =
                        (at / (it.kernel * it.kernel), at % (it.kernel * it.kernel));
                    let row = (y + square / it.kernel).checked_sub(before[0]);
                    let column = (x + square % it.kernel).checked_sub(before[1]);
                    if let (Some(row), Some(column)) = (row, column)
                        && row < rows
                        && column < columns
                    {
                        let plane = if it.input_channels == 1 {
                            channel
                        } else {
                            plane
                        };
                        let weight =
                            it.weights[channel * it.input_channels * it.kernel * it.kernel + at];
                        sum += weight * input[[0, plane, row, column]];
                    }
                }
                let [least, most] = it.clamp;
                output.push(sum.clamp(least, most) + it.slopes[channel] * sum.min(0.0));
            }
        }
        output
    }

    fn numbers(count: usize) -> Vec<f32> {
        (0..count)
            .map(|n| (n * 37 % 101) as f32 / 50.0 - 1.0)
            .collect()
    }

    /// Three by three of one plane each, positive sums only.
    fn small(channels: usize) -> SmallConv {
        SmallConv {
            input_channels: 1,
            kernel: 3,
            stride: 1,
            padding: [Padding::Same; 2],
            weights: numbers(9 * channels),
            bias: vec![0.25; channels],
            clamp: [0.0, f32::INFINITY],
            slopes: vec![0.0; channels],
            has_max_pool: false,
        }
    }

    #[test]
    fn every_supported_kind_is_what_its_definition_says() {
        let sizes = [[1, 1], [2, 7], [7, 2], [8, 8], [9, 33], [20, 50]];
        let with_size = |(input_channels, kernel, stride)| {
            sizes.map(|size| (kernel, input_channels, stride, size))
        };
        for (kernel, input_channels, stride, size) in SUPPORTED.into_iter().flat_map(with_size) {
            let missing =
                |of: usize| ((of.div_ceil(stride) - 1) * stride + kernel).saturating_sub(of);
            let half = kernel / 2;
            for (padding, before) in [
                (Padding::Same, size.map(|of| missing(of) / 2)),
                (Padding::By([half; 2]), [half; 2]),
                (Padding::By([0, kernel - 1]), [0; 2]),
            ] {
                let it = SmallConv {
                    input_channels,
                    kernel,
                    stride,
                    padding: [padding; 2],
                    weights: numbers(4 * input_channels * kernel * kernel),
                    bias: vec![0.5, -0.25, 0.0, 3.0],
                    clamp: [-0.4, 1.5],
                    slopes: vec![0.0, 0.5, 0.0, -0.25],
                    has_max_pool: false,
                };
                let channels = if input_channels == 1 {
                    4
                } else {
                    input_channels
                };
                let shape = [1, channels, size[0], size[1]];
                let input = NdTensor::from_data(shape, numbers(channels * size[0] * size[1]));
                let expected = by_hand(&it, &input, before);
                let output = it.run(input.view()).unwrap().into_data();
                assert_eq!(output.len(), expected.len());
                let near = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-4;
                assert!(
                    output.iter().zip(&expected).all(near),
                    "{kernel} {input_channels} {stride} {size:?} {padding:?}"
                );
            }
        }
    }

    #[test]
    fn max_pooling_keeps_the_largest_of_four() {
        for size in [[2, 2], [5, 7], [8, 34], [10, 33]] {
            let mut it = small(2);
            let input =
                NdTensor::from_data([1, 2, size[0], size[1]], numbers(2 * size[0] * size[1]));
            let all = it.run(input.view()).unwrap();
            it.has_max_pool = true;
            let kept = it.run(input.view()).unwrap();
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
        let one = SmallConv {
            has_max_pool: true,
            ..small(1)
        };
        assert!(
            one.run(NdTensor::from_data([1, 1, 1, 5], numbers(5)).view())
                .is_none()
        );
    }

    #[test]
    fn the_output_size_follows_from_stride_and_padding() {
        let it = |stride, padding| SmallConv {
            stride,
            padding: [padding; 2],
            ..small(1)
        };
        let shape = |it: SmallConv, rows, columns| {
            let input = NdTensor::from_data([1, 1, rows, columns], vec![0.0; rows * columns]);
            it.run(input.view()).map(|it| it.shape())
        };
        assert_eq!(shape(it(1, Padding::Same), 6, 7), Some([1, 1, 6, 7]));
        assert_eq!(shape(it(2, Padding::Same), 6, 7), Some([1, 1, 3, 4]));
        assert_eq!(shape(it(2, Padding::By([1, 1])), 6, 7), Some([1, 1, 3, 4]));
        assert_eq!(shape(it(1, Padding::By([0, 0])), 6, 7), Some([1, 1, 4, 5]));
        assert_eq!(shape(it(1, Padding::By([0, 0])), 2, 7), None);
    }

    #[test]
    fn inputs_of_other_shapes_are_refused() {
        let it = small(2);
        let input =
            |shape: [usize; 4]| NdTensor::from_data(shape, vec![0.0; shape.iter().product()]);
        assert!(it.run(input([1, 2, 4, 4]).view()).is_some());
        assert!(it.run(input([1, 3, 4, 4]).view()).is_none());
        assert!(it.run(input([2, 2, 4, 4]).view()).is_none());
        assert!(it.run(input([1, 2, 0, 4]).view()).is_none());
    }
}
