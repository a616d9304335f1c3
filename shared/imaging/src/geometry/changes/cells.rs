//! Cells of paired samples: which of them were changed, which belong together, and what was done.

use super::super::plane::Plane;
use super::kind::ChangeKind;
use super::range::{CELL, CellRange};
use super::samples::CopyView;

/// Grey levels by which a sample lies outside all near samples of the other picture to be foreign.
/// Twice what two fifths of the samples keep within is added: a filter moves all of them.
const FOREIGN_GREY_LEVELS: f32 = 18.0;

/// Foreign samples that make a cell foreign.
const MIN_FOREIGN_SAMPLES: u32 = 4;

/// Middle of the detail in the original, and share of it left in the copy, of a cell that was made
/// unclear; and greys beyond which detail may have been cut off.
const MIN_CLEAR_DETAIL: f32 = 2.5;
const MAX_UNCLEAR_SHARE: f32 = 0.4;
const MIN_UNCLIPPED_GREY: f32 = 8.0;
const MAX_UNCLIPPED_GREY: f32 = 244.0;

/// Cells by which two cells of one change may lie apart.
const REACH: usize = 2;

/// Samples by which one picture may lie beside the other.
const TOLERANCE_SAMPLES: usize = 2;

/// Fewest cells of a change, and of one in which nothing is foreign: noise and compression take
/// detail from single cells.
const MIN_CELLS: usize = 3;
const MIN_UNCLEAR_CELLS: usize = 6;

/// Share of the cells around such a change that it fills.
const MIN_UNCLEAR_FILL: f32 = 0.35;

/// Blur after which a part that was made unclear looks as before, in samples; how well it must then
/// correlate, how little its brightness may have changed, and the share of its cells that lost
/// detail.
const UNCLEAR_SIGMA: f32 = 5.0;
const MIN_UNCLEAR_CORRELATION: f32 = 0.75;
const MAX_UNCLEAR_SHIFT: f32 = 10.0;
const MIN_UNCLEAR_CELL_SHARE: f32 = 0.25;

/// Share of foreign samples from which a change is an area and not lines.
const MIN_AREA_SHARE: f32 = 0.45;

/// How well foreign samples correlate with what they lie upon when it shines through, and how
/// steeply they follow it.
const MIN_SHINE_CORRELATION: f32 = 0.6;
const MIN_SHINE_SLOPE: f32 = 0.2;

/// Share of both sides that lines reach over to be a watermark all over the picture.
const TILED_SHARE: f64 = 0.5;

/// One cell.
#[derive(Clone, Copy, Default)]
struct Cell {
    /// Whether enough of it lies in both pictures.
    is_seen: bool,
    is_foreign: bool,
    is_unclear: bool,
}

/// Cells that were changed, side by side.
struct ChangedPart {
    range: CellRange,
    cells: Vec<usize>,
    is_area: bool,
    is_blurred: bool,
    shines_through: bool,
}

impl ChangedPart {
    /// Share of the cells around it that are changed.
    fn fill(&self) -> f32 {
        let CellRange {
            left,
            top,
            right,
            bottom,
        } = self.range;
        self.cells.len() as f32 / ((right - left) * (bottom - top)).max(1) as f32
    }
}

/// All cells.
pub(super) struct CellGrid<'a> {
    view: &'a CopyView<'a>,
    foreign: Vec<bool>,
    /// Both, blurred until what was made unclear looks alike.
    coarse: [Plane; 2],
    across: usize,
    down: usize,
    cells: Vec<Cell>,
}

impl<'a> CellGrid<'a> {
    pub(super) fn new(view: &'a CopyView<'a>) -> Self {
        let mut grid = Self {
            view,
            foreign: mark_foreign(view),
            coarse: [&view.tones[1], view.copy].map(|it| it.blurred(UNCLEAR_SIGMA)),
            across: view.copy.width.div_ceil(CELL),
            down: view.copy.height.div_ceil(CELL),
            cells: Vec::new(),
        };
        grid.cells = (0..grid.across * grid.down)
            .map(|n| grid.look_at(n))
            .collect();
        grid
    }

    /// Places of the samples of a cell that lie in both pictures.
    fn places(&self, cell: usize) -> impl Iterator<Item = usize> + '_ {
        let Plane { width, height, .. } = *self.view.copy;
        let (left, top) = (cell % self.across * CELL, cell / self.across * CELL);
        (top..(top + CELL).min(height))
            .flat_map(move |row| (left..(left + CELL).min(width)).map(move |it| row * width + it))
            .filter(|place| self.view.inside[*place])
    }

    fn look_at(&self, cell: usize) -> Cell {
        let (mut count, mut foreign, mut grey) = (0u32, 0, 0.0);
        let mut detail = [(); 2].map(|()| Vec::with_capacity(CELL * CELL));
        for place in self.places(cell) {
            count += 1;
            foreign += u32::from(self.foreign[place]);
            grey += self.view.copy.values[place];
            for (values, of) in detail.iter_mut().zip(&self.view.detail) {
                values.push(of.values[place].abs());
            }
        }
        let [original, copy] = detail.map(|mut values| {
            let middle = values.len() / 2;
            match values.is_empty() {
                true => 0.0,
                false => *values.select_nth_unstable_by(middle, f32::total_cmp).1,
            }
        });
        let is_unclipped =
            (MIN_UNCLIPPED_GREY..MAX_UNCLIPPED_GREY).contains(&(grey / count.max(1) as f32));
        Cell {
            is_seen: count as usize >= CELL * CELL / 2,
            is_foreign: foreign >= MIN_FOREIGN_SAMPLES,
            is_unclear: is_unclipped
                && original >= MIN_CLEAR_DETAIL
                && copy < MAX_UNCLEAR_SHARE * original,
        }
    }

    /// Share of the cells that are foreign.
    pub(super) fn foreign_share(&self) -> f64 {
        let count = |is: fn(&Cell) -> bool| self.cells.iter().filter(|it| is(it)).count() as f64;
        count(|it| it.is_seen && it.is_foreign) / count(|it| it.is_seen).max(1.0)
    }

    /// What was done, and to which cells: areas by their size, then what shines through or is all
    /// over the picture. Where all of it was recoloured only opaque areas are believed: the others may
    /// be colours that were cut off.
    pub(super) fn changes(&self) -> Vec<(ChangeKind, CellRange)> {
        let mut parts = self.changed_parts();
        let is_opaque = |it: &ChangedPart| it.is_area && !it.is_blurred && !it.shines_through;
        parts.retain(|it| is_opaque(it) || !self.view.is_recoloured);
        let range_of = |is: fn(&ChangedPart) -> bool| {
            let ranges = parts.iter().filter(|it| is(it)).map(|it| it.range);
            ranges.reduce(CellRange::around)
        };
        let is_all_over = range_of(|it| !it.is_blurred && !it.is_area).is_some_and(|all| {
            let reach = |cells: usize, of: usize| cells as f64 / of.max(1) as f64;
            reach(all.right - all.left, self.across) >= TILED_SHARE
                && reach(all.bottom - all.top, self.down) >= TILED_SHARE
        });
        let is_mark = |it: &ChangedPart| {
            !it.is_blurred && (it.shines_through || (is_all_over && !it.is_area))
        };
        let marks = parts.iter().filter(|it| is_mark(it)).map(|it| it.range);
        let marks = marks.reduce(CellRange::around);
        let others = parts.iter().filter(|it| !is_mark(it)).map(|part| {
            let kind = if part.is_blurred {
                ChangeKind::Blurred
            } else {
                ChangeKind::Covered
            };
            (kind, part.range)
        });
        others
            .chain(marks.map(|range| (ChangeKind::Watermarked, range)))
            .collect()
    }

    /// The changed cells that lie side by side, the most of them first.
    fn changed_parts(&self) -> Vec<ChangedPart> {
        let is_changed = |cell: &Cell| cell.is_seen && (cell.is_foreign || cell.is_unclear);
        let mut is_open: Vec<bool> = self.cells.iter().map(is_changed).collect();
        let mut parts = Vec::new();
        for start in 0..is_open.len() {
            if !std::mem::take(&mut is_open[start]) {
                continue;
            }
            let (mut cells, mut next) = (vec![start], 0);
            while next < cells.len() {
                for near in self.neighbours(cells[next]) {
                    if std::mem::take(&mut is_open[near]) {
                        cells.push(near);
                    }
                }
                next += 1;
            }
            let is_foreign = cells.iter().any(|it| self.cells[*it].is_foreign);
            let least = if is_foreign {
                MIN_CELLS
            } else {
                MIN_UNCLEAR_CELLS
            };
            if cells.len() >= least {
                let part = self.changed_part(cells);
                if is_foreign || part.fill() >= MIN_UNCLEAR_FILL {
                    parts.push(part);
                }
            }
        }
        parts.sort_by_key(|it| std::cmp::Reverse(it.cells.len()));
        parts
    }

    /// The cells around a cell that belong to one change with it: there may be one between them, in
    /// which there was nothing to change.
    fn neighbours(&self, cell: usize) -> impl Iterator<Item = usize> + use<> {
        let (across, down) = (self.across, self.down);
        let (column, row) = (cell % across, cell / across);
        let rows = row.saturating_sub(REACH)..(row + REACH + 1).min(down);
        rows.flat_map(move |row| {
            (column.saturating_sub(REACH)..(column + REACH + 1).min(across))
                .map(move |it| row * across + it)
        })
    }

    fn changed_part(&self, cells: Vec<usize>) -> ChangedPart {
        let samples = || cells.iter().flat_map(|cell| self.places(*cell));
        let all = samples().count().max(1) as f32;
        let shining =
            ValueLine::through(samples().filter(|place| self.foreign[*place]).map(|place| {
                [
                    self.view.tones[1].values[place],
                    self.view.copy.values[place],
                ]
            }));
        let coarse =
            ValueLine::through(samples().map(|place| [0, 1].map(|n| self.coarse[n].values[place])));
        let unclear = cells
            .iter()
            .filter(|it| self.cells[**it].is_unclear)
            .count();
        let range = |cell: &usize| CellRange {
            left: cell % self.across,
            top: cell / self.across,
            right: cell % self.across + 1,
            bottom: cell / self.across + 1,
        };
        ChangedPart {
            range: cells
                .iter()
                .map(range)
                .reduce(CellRange::around)
                .unwrap_or_else(|| range(&0)),
            is_area: shining.count / all >= MIN_AREA_SHARE,
            is_blurred: coarse.correlation >= MIN_UNCLEAR_CORRELATION
                && coarse.shift.abs() <= MAX_UNCLEAR_SHIFT
                && unclear as f32 >= MIN_UNCLEAR_CELL_SHARE * cells.len() as f32,
            shines_through: shining.correlation >= MIN_SHINE_CORRELATION
                && shining.slope >= MIN_SHINE_SLOPE,
            cells,
        }
    }
}

/// How the values of one picture follow those of the other.
struct ValueLine {
    count: f32,
    /// Mean difference.
    shift: f32,
    correlation: f32,
    slope: f32,
}

impl ValueLine {
    fn through(pairs: impl Iterator<Item = [f32; 2]>) -> Self {
        let mut sums = [0.0f64; 6];
        for [x, y] in pairs.map(|pair| pair.map(f64::from)) {
            for (sum, value) in sums.iter_mut().zip([1.0, x, y, x * x, y * y, x * y]) {
                *sum += value;
            }
        }
        let [count, x, y, xx, yy, xy] = sums;
        let all = count.max(1.0);
        let [xx, yy, xy] = [xx - x * x / all, yy - y * y / all, xy - x * y / all];
        Self {
            count: count as f32,
            shift: ((y - x) / all) as f32,
            correlation: (xy / (xx * yy).max(1e-6).sqrt()) as f32,
            slope: (xy / xx.max(1e-6)) as f32,
        }
    }
}

/// Marks the samples of the copy that lie outside what the original shows near them.
fn mark_foreign(view: &CopyView<'_>) -> Vec<bool> {
    let low = extremes(&view.tones[0], TOLERANCE_SAMPLES, f32::min);
    let high = extremes(&view.tones[2], TOLERANCE_SAMPLES, f32::max);
    let outside: Vec<f32> = view
        .copy
        .values
        .iter()
        .zip(low.iter().zip(&high))
        .map(|(value, (low, high))| (value - high).max(low - value).max(0.0))
        .collect();
    let mut seen: Vec<f32> = outside
        .iter()
        .zip(view.inside)
        .filter(|(_, inside)| **inside)
        .map(|(value, _)| *value)
        .collect();
    let place = seen.len() * 2 / 5;
    let usual = match seen.is_empty() {
        true => 0.0,
        false => *seen.select_nth_unstable_by(place, f32::total_cmp).1,
    };
    let least = FOREIGN_GREY_LEVELS + 2.0 * usual;
    outside.into_iter().map(|it| it > least).collect()
}

/// The lowest or highest value within so many samples of each.
fn extremes(plane: &Plane, reach: usize, pick: fn(f32, f32) -> f32) -> Vec<f32> {
    let Plane { width, height, .. } = *plane;
    let mut rows = Vec::with_capacity(width * height);
    for row in plane.values.chunks_exact(width) {
        rows.extend((0..width).map(|it| {
            let near = &row[it.saturating_sub(reach)..(it + reach + 1).min(width)];
            near.iter().copied().fold(row[it], pick)
        }));
    }
    (0..width * height)
        .map(|n| {
            let (column, row) = (n % width, n / width);
            (row.saturating_sub(reach)..(row + reach + 1).min(height))
                .map(|it| rows[it * width + column])
                .fold(rows[n], pick)
        })
        .collect()
}
