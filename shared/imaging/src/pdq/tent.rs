//! The tent filter of PDQ, from any size to 64x64: luma, two passes of a box filter each way, samples.
//!
//! The reference filters the whole picture four times in place. Here the rows
//! stream through all four filters: only as many are kept as a filter window is
//! high, the last two filters work on the 64 sampled columns alone, and rows go
//! eight abreast so that the processor's vector units carry the running sums.
//! None of this changes a bit: every output is computed from the same sums, in
//! the same order, in the same precision.

use std::ops::Range;

use fearless_simd::{Level, dispatch};

use crate::turn::Walk;

/// Samples per side.
pub(super) const SIDE: usize = 64;

/// What is left of a picture before its frequencies are taken.
pub(super) type Samples = [[f32; SIDE]; SIDE];

/// Rows that are filtered side by side.
const LANES: usize = 8;

/// One column of a few rows.
type Lanes = [f32; LANES];

/// Filters and samples the pixels, each as grey as `grey` says, as the walk turns them.
pub(super) fn sample_pixels<P: Copy>(
    pixels: &[P],
    grey: impl Fn(P) -> f32,
    walk: &Walk,
) -> Samples {
    let level = Level::new();
    dispatch!(level, _simd => filter_and_sample(pixels, grey, walk))
}

// This and what it calls are inlined into the code for each kind of processor.
#[inline(always)]
fn filter_and_sample<P: Copy>(pixels: &[P], grey: impl Fn(P) -> f32, walk: &Walk) -> Samples {
    if walk.rows == SIDE && walk.columns == SIDE {
        return copy_pixels(pixels, grey, walk);
    }
    let across = Window::for_side(walk.columns);
    let down = Window::for_side(walk.rows);
    let mut first = ColumnFilter::new(down, walk.columns);
    let mut second = SecondPass::new(across, down, walk);
    let mut luma = vec![[0.0; LANES]; walk.columns];
    let mut blurred = luma.clone();
    let mut row = vec![0.0; walk.columns];
    for top in (0..walk.rows).step_by(LANES) {
        let rows = LANES.min(walk.rows - top);
        read_rows(pixels, &grey, walk, top..top + rows, &mut luma);
        across.blur(&luma, &mut blurred);
        for lane in 0..rows {
            for (value, lanes) in row.iter_mut().zip(&blurred) {
                *value = lanes[lane];
            }
            if let Some(row) = first.push(&row) {
                second.push(row);
            }
        }
    }
    while let Some(row) = first.drain() {
        second.push(row);
    }
    second.finish()
}

/// Pictures of exactly 64x64 are taken as they are.
#[inline(always)]
fn copy_pixels<P: Copy>(pixels: &[P], grey: impl Fn(P) -> f32, walk: &Walk) -> Samples {
    let mut samples = [[0.0; SIDE]; SIDE];
    for (row, samples) in samples.iter_mut().enumerate() {
        for (column, sample) in samples.iter_mut().enumerate() {
            *sample = grey(pixels[walk.index(row, column)]);
        }
    }
    samples
}

/// How bright a pixel is.
pub(super) fn luma([red, green, blue]: [u8; 3]) -> f32 {
    0.299 * f32::from(red) + 0.587 * f32::from(green) + 0.114 * f32::from(blue)
}

#[inline(always)]
fn read_rows<P: Copy>(
    pixels: &[P],
    grey: &impl Fn(P) -> f32,
    walk: &Walk,
    rows: Range<usize>,
    into: &mut [Lanes],
) {
    for (column, lanes) in into.iter_mut().enumerate() {
        for (value, row) in lanes.iter_mut().zip(rows.clone()) {
            *value = grey(pixels[walk.index(row, column)]);
        }
    }
}

/// The index in a side of the centre of each sample.
fn centre(sample: usize, side: usize) -> usize {
    (2 * sample + 1) * side / (2 * SIDE)
}

/// A box filter along one side: how wide it is, and how many values it reads
/// before its first output.
#[derive(Clone, Copy)]
struct Window {
    width: usize,
    ahead: usize,
}

impl Window {
    /// Two windows for each sample.
    fn for_side(side: usize) -> Self {
        let width = side.div_ceil(2 * SIDE);
        Self {
            width,
            ahead: width / 2,
        }
    }

    /// Filters along the rows.
    #[inline(always)]
    fn blur(self, values: &[Lanes], blurred: &mut [Lanes]) {
        let mut outputs = blurred.iter_mut();
        self.slide(values, |sums, count| {
            if let Some(output) = outputs.next() {
                *output = sums.map(|sum| sum / count);
            }
        });
    }

    /// Filters along the rows, and works out the outputs at the centres only.
    #[inline(always)]
    fn pick(self, values: &[Lanes], centres: &[usize; SIDE], picked: &mut [Lanes; SIDE]) {
        let mut wanted = centres.iter().zip(picked).peekable();
        let mut position = 0;
        self.slide(values, |sums, count| {
            while let Some((_, output)) = wanted.next_if(|(centre, _)| **centre == position) {
                *output = sums.map(|sum| sum / count);
            }
            position += 1;
        });
    }

    /// Slides over the values and emits, for each, the sums in the window and
    /// how many values they cover: fewer at both ends.
    #[inline(always)]
    fn slide(self, values: &[Lanes], mut emit: impl FnMut(&Lanes, f32)) {
        let mut sums = [0.0; LANES];
        let (before, rest) = values.split_at(self.ahead);
        let (growing, full) = rest.split_at(self.width - self.ahead);
        for value in before {
            add(&mut sums, value);
        }
        for (count, value) in (self.ahead + 1..).zip(growing) {
            add(&mut sums, value);
            emit(&sums, count as f32);
        }
        for (value, leaving) in full.iter().zip(values) {
            add(&mut sums, value);
            subtract(&mut sums, leaving);
            emit(&sums, self.width as f32);
        }
        let shrinking = &values[full.len()..full.len() + self.ahead];
        for (gone, leaving) in (1..).zip(shrinking) {
            subtract(&mut sums, leaving);
            emit(&sums, (self.width - gone) as f32);
        }
    }
}

#[inline(always)]
fn add(sums: &mut Lanes, values: &Lanes) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += value;
    }
}

#[inline(always)]
fn subtract(sums: &mut Lanes, values: &Lanes) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum -= value;
    }
}

/// A box filter down the columns, fed row by row: a running sum per column and
/// the rows now in the window.
struct ColumnFilter {
    window: Window,
    kept: Vec<Vec<f32>>,
    sums: Vec<f32>,
    output: Vec<f32>,
    seen: usize,
    drained: usize,
}

impl ColumnFilter {
    fn new(window: Window, columns: usize) -> Self {
        Self {
            window,
            kept: vec![vec![0.0; columns]; window.width],
            sums: vec![0.0; columns],
            output: vec![0.0; columns],
            seen: 0,
            drained: 0,
        }
    }

    /// Takes a row in; gives one out once the window reaches far enough.
    #[inline(always)]
    fn push(&mut self, row: &[f32]) -> Option<&[f32]> {
        let kept = &mut self.kept[self.seen % self.window.width];
        let full = self.seen >= self.window.width;
        self.seen += 1;
        if full {
            let count = self.window.width as f32;
            let sums = self.sums.iter_mut().zip(&mut self.output);
            for ((value, kept), (sum, output)) in row.iter().zip(kept).zip(sums) {
                *sum += value;
                *sum -= *kept;
                *kept = *value;
                *output = *sum / count;
            }
            return Some(&self.output);
        }
        for ((value, kept), sum) in row.iter().zip(kept).zip(&mut self.sums) {
            *sum += value;
            *kept = *value;
        }
        (self.seen > self.window.ahead)
            .then(|| write_averages(&self.sums, self.seen, &mut self.output))
    }

    /// After the last row: gives out the rows whose window hangs over the edge.
    #[inline(always)]
    fn drain(&mut self) -> Option<&[f32]> {
        if self.drained == self.window.ahead {
            return None;
        }
        let oldest = &self.kept[(self.seen + self.drained) % self.window.width];
        self.drained += 1;
        for (sum, leaving) in self.sums.iter_mut().zip(oldest) {
            *sum -= leaving;
        }
        let count = self.window.width - self.drained;
        Some(write_averages(&self.sums, count, &mut self.output))
    }
}

#[inline(always)]
fn write_averages<'a>(sums: &[f32], count: usize, output: &'a mut [f32]) -> &'a [f32] {
    let count = count as f32;
    for (output, sum) in output.iter_mut().zip(sums) {
        *output = sum / count;
    }
    output
}

/// The second filter both ways, and the sampling, for rows that come one by one.
struct SecondPass {
    across: Window,
    centres: [usize; SIDE],
    /// Rows that wait until there is one for each lane.
    waiting: Vec<Lanes>,
    lanes: usize,
    down: ColumnFilter,
    sampler: Sampler,
}

impl SecondPass {
    fn new(across: Window, down: Window, walk: &Walk) -> Self {
        Self {
            across,
            centres: std::array::from_fn(|sample| centre(sample, walk.columns)),
            waiting: vec![[0.0; LANES]; walk.columns],
            lanes: 0,
            down: ColumnFilter::new(down, SIDE),
            sampler: Sampler::new(walk.rows),
        }
    }

    #[inline(always)]
    fn push(&mut self, row: &[f32]) {
        for (lanes, value) in self.waiting.iter_mut().zip(row) {
            lanes[self.lanes] = *value;
        }
        self.lanes += 1;
        if self.lanes == LANES {
            self.filter_waiting();
        }
    }

    #[inline(always)]
    fn filter_waiting(&mut self) {
        let mut picked = [[0.0; LANES]; SIDE];
        self.across.pick(&self.waiting, &self.centres, &mut picked);
        for lane in 0..self.lanes {
            let row = picked.map(|lanes| lanes[lane]);
            if let Some(row) = self.down.push(&row) {
                self.sampler.take(row);
            }
        }
        self.lanes = 0;
    }

    #[inline(always)]
    fn finish(mut self) -> Samples {
        self.filter_waiting();
        while let Some(row) = self.down.drain() {
            self.sampler.take(row);
        }
        self.sampler.samples
    }
}

/// Keeps the rows that are centres of samples.
struct Sampler {
    rows: usize,
    position: usize,
    next: usize,
    samples: Samples,
}

impl Sampler {
    fn new(rows: usize) -> Self {
        Self {
            rows,
            position: 0,
            next: 0,
            samples: [[0.0; SIDE]; SIDE],
        }
    }

    #[inline(always)]
    fn take(&mut self, row: &[f32]) {
        // Pictures under 64 pixels use a row more than once.
        while self.next < SIDE && centre(self.next, self.rows) == self.position {
            self.samples[self.next].copy_from_slice(row);
            self.next += 1;
        }
        self.position += 1;
    }
}
