//! A sketch: twelve by twelve cells of a frame, without brightness and contrast. Two
//! sketches are compared by one dot product, so thousands of frames can be tried.

use super::canvas::{Canvas, Frame};

/// Cells per side. A shift of half a cell, 4 % of the frame, is forgiven.
pub(crate) const CELLS: usize = 12;

/// Scale of the stored numbers: the largest a cell of a unit vector can be is 1.
const SCALE: f32 = 320.0;

/// The cells of a frame as a vector of about unit length; nothing for an even surface.
#[derive(Clone)]
pub(crate) struct Sketch([i8; CELLS * CELLS]);

impl Sketch {
    pub(crate) fn of(canvas: &Canvas, frame: Frame) -> Option<Self> {
        Self::from_cells(&canvas.cells(frame, CELLS))
    }

    pub(crate) fn from_cells(cells: &[f32]) -> Option<Self> {
        let unit = unit(cells)?;
        let mut sketch = [0; CELLS * CELLS];
        for (cell, value) in sketch.iter_mut().zip(unit) {
            // Saturates: only one lone bright cell would be as far out as that.
            *cell = (value * SCALE).round() as i8;
        }
        Some(Self(sketch))
    }

    /// How alike two sketches are: 1 for the same, about 0 for strangers.
    pub(crate) fn likeness(&self, other: &Self) -> f32 {
        let dot: i32 = self
            .0
            .iter()
            .zip(&other.0)
            .map(|(a, b)| i32::from(*a) * i32::from(*b))
            .sum();
        dot as f32 / (SCALE * SCALE)
    }
}

/// The cells without their mean, as a vector of length 1; nothing for an even surface.
pub(crate) fn unit(cells: &[f32]) -> Option<Vec<f32>> {
    /// The least spread of brightness, of 255, that is something to see.
    const EVEN: f32 = 3.0;
    let count = cells.len() as f32;
    let mean = cells.iter().sum::<f32>() / count;
    let length = cells
        .iter()
        .map(|it| (it - mean).powi(2))
        .sum::<f32>()
        .sqrt();
    let spread = length / count.sqrt();
    (spread >= EVEN).then(|| cells.iter().map(|it| (it - mean) / length).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brightness_and_contrast_do_not_count() {
        let cells: Vec<f32> = (0..CELLS * CELLS)
            .map(|it| (it * 37 % 101) as f32)
            .collect();
        let duller: Vec<f32> = cells.iter().map(|it| it * 0.5 + 60.0).collect();
        let negative: Vec<f32> = cells.iter().map(|it| 255.0 - it).collect();
        let [one, two, not] =
            [&cells, &duller, &negative].map(|it| Sketch::from_cells(it).unwrap());
        assert!((one.likeness(&two) - 1.0).abs() < 0.03);
        assert!((one.likeness(&not) + 1.0).abs() < 0.03);
    }

    #[test]
    fn an_even_surface_has_no_sketch() {
        assert!(Sketch::from_cells(&[128.0; CELLS * CELLS]).is_none());
    }
}
