//! A picture prepared so that the mean brightness of any rectangle costs four lookups.

use vara_imaging::{Picture, shrink};

/// Pictures are looked at in this size: nothing here sees anything finer.
const SIDE: u32 = 384;

/// A rectangle inside a picture, in shares of its sides, turned about its middle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Frame {
    pub(crate) left: f32,
    pub(crate) top: f32,
    pub(crate) width: f32,
    pub(crate) height: f32,
    /// Degrees, clockwise.
    pub(crate) angle: f32,
}

impl Frame {
    pub(crate) const WHOLE: Self = Self::upright(0.0, 0.0, 1.0, 1.0);

    pub(crate) const fn upright(left: f32, top: f32, width: f32, height: f32) -> Self {
        Self {
            left,
            top,
            width,
            height,
            angle: 0.0,
        }
    }

    /// The share of the picture's area.
    pub(crate) fn area(self) -> f32 {
        self.width * self.height
    }

    /// Inside the picture, give or take a rounding error, and large enough to show something.
    pub(crate) fn fits(self) -> bool {
        const ABOUT: f32 = 0.001;
        let inside = |from: f32, share: f32| from >= -ABOUT && from + share <= 1.0 + ABOUT;
        inside(self.left, self.width) && inside(self.top, self.height) && self.area() > 0.1
    }
}

/// Sums of brightness over every rectangle that begins at the picture's corner.
pub(crate) struct Canvas {
    columns: usize,
    rows: usize,
    sums: Vec<u32>,
}

impl Canvas {
    pub(crate) fn of(picture: &Picture) -> Self {
        let small = shrink(picture, SIDE);
        let (columns, rows) = (small.width() as usize, small.height() as usize);
        // One line and column of nothing in front: no rectangle is a special case.
        let stride = columns + 1;
        let mut sums = vec![0_u32; stride * (rows + 1)];
        for (row, line) in small.rgb().chunks_exact(columns * 3).enumerate() {
            let mut sum = 0;
            for (column, pixel) in line.as_chunks::<3>().0.iter().enumerate() {
                sum += luma(*pixel);
                let here = (row + 1) * stride + column + 1;
                sums[here] = sums[here - stride] + sum;
            }
        }
        Self {
            columns,
            rows,
            sums,
        }
    }

    /// The mean brightness of `side` x `side` equal cells of a frame, row after row.
    pub(crate) fn cells(&self, frame: Frame, side: usize) -> Vec<f32> {
        let (columns, rows) = (self.columns as f32, self.rows as f32);
        let (width, height) = (frame.width * columns, frame.height * rows);
        let middle = (
            frame.left * columns + width / 2.0,
            frame.top * rows + height / 2.0,
        );
        let (sin, cos) = frame.angle.to_radians().sin_cos();
        let (cell_width, cell_height) = (width / side as f32, height / side as f32);
        let mut cells = Vec::with_capacity(side * side);
        for row in 0..side {
            let down = (row as f32 + 0.5) * cell_height - height / 2.0;
            for column in 0..side {
                let along = (column as f32 + 0.5) * cell_width - width / 2.0;
                let x = middle.0 + along * cos - down * sin;
                let y = middle.1 + along * sin + down * cos;
                cells.push(self.mean(x, y, cell_width, cell_height));
            }
        }
        cells
    }

    /// The mean of a rectangle about (x, y), in pixels; of what is inside the picture.
    fn mean(&self, x: f32, y: f32, width: f32, height: f32) -> f32 {
        let (left, right) = ends(x, width, self.columns);
        let (top, bottom) = ends(y, height, self.rows);
        let sum = self.sum(right, bottom) + self.sum(left, top)
            - self.sum(left, bottom)
            - self.sum(right, top);
        let area = f64::from(right - left) * f64::from(bottom - top);
        (sum / area) as f32
    }

    /// The sum from the corner to a point that may lie between pixels.
    fn sum(&self, x: f32, y: f32) -> f64 {
        let (column, row) = (
            (x as usize).min(self.columns - 1),
            (y as usize).min(self.rows - 1),
        );
        let (dx, dy) = (f64::from(x - column as f32), f64::from(y - row as f32));
        let at = row * (self.columns + 1) + column;
        let below = at + self.columns + 1;
        let [a, b] = [self.sums[at], self.sums[at + 1]].map(f64::from);
        let [c, d] = [self.sums[below], self.sums[below + 1]].map(f64::from);
        (a + (b - a) * dx) * (1.0 - dy) + (c + (d - c) * dx) * dy
    }
}

/// Brightness in thousandths, rounded to eight bits.
fn luma([red, green, blue]: [u8; 3]) -> u32 {
    (299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue) + 500) / 1000
}

/// Both ends of a span about a middle, inside the picture and never empty.
fn ends(middle: f32, length: f32, side: usize) -> (f32, f32) {
    const LEAST: f32 = 0.25;
    let side = side as f32;
    let from = (middle - length / 2.0).clamp(0.0, side - LEAST);
    let to = (middle + length / 2.0).clamp(from + LEAST, side);
    (from, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 4 x 2 pixels: 0 10 20 30 above 40 50 60 70.
    fn canvas() -> Canvas {
        let rgb = (0..8).flat_map(|at| [at * 10; 3]).collect();
        Canvas::of(&Picture::from_rgb(4, 2, rgb).unwrap())
    }

    fn near(cells: &[f32], expected: &[f32]) -> bool {
        cells.len() == expected.len()
            && cells
                .iter()
                .zip(expected)
                .all(|(a, b)| (a - b).abs() < 0.01)
    }

    #[test]
    fn a_cell_is_the_mean_of_its_pixels() {
        assert!(near(&canvas().cells(Frame::WHOLE, 1), &[35.0]));
        assert!(near(
            &canvas().cells(Frame::WHOLE, 2),
            &[5.0, 25.0, 45.0, 65.0]
        ));
    }

    #[test]
    fn a_frame_may_cut_through_pixels() {
        let frame = Frame::upright(0.125, 0.0, 0.25, 0.5);
        assert!(near(&canvas().cells(frame, 1), &[5.0]));
    }

    #[test]
    fn a_half_turn_turns_the_cells_round() {
        let frame = Frame {
            angle: 180.0,
            ..Frame::WHOLE
        };
        assert!(near(&canvas().cells(frame, 2), &[65.0, 45.0, 25.0, 5.0]));
    }
}
