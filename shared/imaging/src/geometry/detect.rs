//! Blob detection: blobs of any size, found as extremes of the difference of
//! Gaussians over place and scale (Lowe 2004).

use fearless_simd::{Level, dispatch};

use super::plane::Plane;

/// Scales searched between one octave and the next.
const LAYERS: usize = 3;

/// Blur of the first plane of an octave.
const FIRST_SIGMA: f32 = 1.6;

/// Blur that a picture is taken to come with, in its pixels.
pub(crate) const OWN_SIGMA: f32 = 0.5;

/// Smallest side of a plane that is still searched.
const MIN_PLANE_SIDE: usize = 12;

/// Pixels at the edge of a plane in which nothing is found.
const EDGE_PIXELS: usize = 3;

/// Weakest contrast of a blob, in grey levels. Far below the customary 3.4:
/// skies and skin have little more, and the strongest are chosen afterwards.
const MIN_CONTRAST: f32 = 0.2;

/// Weakest pixel that is refined: between pixels the contrast may be a little higher.
const MIN_PIXEL_CONTRAST: f32 = 0.7 * MIN_CONTRAST;

/// Blobs longer than this many times their width are edges and slide.
const MAX_ELONGATION: f32 = 10.0;

/// Squares per side, in each of which blobs compete with each other only.
const SQUARES_PER_SIDE: usize = 10;

/// The planes of one halving: Gaussians, and what differs between them.
pub(crate) struct Octave {
    pub(crate) gaussians: Vec<Plane>,
    differences: Vec<Plane>,
    /// Working pixels per pixel of these planes.
    pub(crate) step: f32,
}

/// A blob.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blob {
    pub(crate) octave: usize,
    /// The Gaussian nearest in scale.
    pub(crate) layer: usize,
    /// Place in the octave's planes, from the first pixel's centre.
    pub(crate) x: f32,
    pub(crate) y: f32,
    /// Blur at which it stands out most, in pixels of the octave.
    pub(crate) sigma: f32,
    pub(crate) contrast: f32,
    /// Whether it is brighter than what is around it.
    pub(crate) bright: bool,
}

/// All octaves of a working copy that is blurred by so much already.
pub(crate) fn build_octaves(plane: &Plane, own_sigma: f32) -> Vec<Octave> {
    let missing = (FIRST_SIGMA * FIRST_SIGMA - own_sigma * own_sigma).sqrt();
    let mut first = plane.blurred(missing);
    let mut octaves = Vec::new();
    let mut step = 1.0;
    while first.width.min(first.height) >= MIN_PLANE_SIDE {
        let octave = build_octave(first, step);
        first = octave.gaussians[LAYERS].halved();
        octaves.push(octave);
        step *= 2.0;
    }
    octaves
}

fn build_octave(first: Plane, step: f32) -> Octave {
    let ratio = 2f32.powf(1.0 / LAYERS as f32);
    let growth = (ratio * ratio - 1.0).sqrt();
    let mut gaussians = vec![first];
    let mut sigma = FIRST_SIGMA;
    for layer in 0..LAYERS + 2 {
        gaussians.push(gaussians[layer].blurred(sigma * growth));
        sigma *= ratio;
    }
    let differences = gaussians.windows(2).map(|two| two[1].minus(&two[0]));
    Octave {
        differences: differences.collect(),
        gaussians,
        step,
    }
}

/// At most `most` blobs, spread over the picture and over the scales.
pub(crate) fn detect_blobs(octaves: &[Octave], most: usize) -> Vec<Blob> {
    let mut found = Vec::new();
    for (index, octave) in octaves.iter().enumerate() {
        for layer in 1..=LAYERS {
            search_layer(octave, index, layer, &mut found);
        }
    }
    choose_spread(found, octaves, most)
}

fn search_layer(octave: &Octave, index: usize, layer: usize, found: &mut Vec<Blob>) {
    let level = Level::new();
    let three = &octave.differences[layer - 1..=layer + 1];
    let width = three[1].width;
    let is_extreme = dispatch!(level, _simd => find_extremes(three));
    let inner = is_extreme.chunks_exact(width).enumerate();
    for (row, line) in inner
        .skip(EDGE_PIXELS)
        .take(three[1].height.saturating_sub(2 * EDGE_PIXELS))
    {
        let last = width.saturating_sub(EDGE_PIXELS);
        let places = line.iter().enumerate().take(last).skip(EDGE_PIXELS);
        for (column, _) in places.filter(|(_, is_extreme)| **is_extreme) {
            found.extend(refine(octave, index, layer, column, row));
        }
    }
}

/// For each value of the plane in the middle whether it stands out and is above or below all 26
/// around it. Those at the edge have fewer around them and are left out.
// Inlined into the code for each kind of processor.
#[inline(always)]
fn find_extremes(three: &[Plane]) -> Vec<bool> {
    let Plane { width, height, .. } = three[1];
    let mut are = vec![false; width * height];
    let mut highest = vec![0.0f32; width];
    let mut lowest = vec![0.0f32; width];
    let higher = |a: f32, b: f32| if a > b { a } else { b };
    let lower = |a: f32, b: f32| if a < b { a } else { b };
    for row in 1..height.saturating_sub(1) {
        let middle = three[1].row(row);
        highest.copy_from_slice(middle);
        lowest.copy_from_slice(middle);
        for plane in three {
            let rows = [row - 1, row, row + 1].map(|row| plane.row(row));
            let around = rows[0].iter().zip(rows[1]).zip(rows[2]);
            for ((high, low), ((a, b), c)) in highest.iter_mut().zip(&mut lowest).zip(around) {
                *high = higher(higher(*high, *a), higher(*b, *c));
                *low = lower(lower(*low, *a), lower(*b, *c));
            }
        }
        let beside = highest.windows(3).zip(lowest.windows(3));
        let line = are[row * width..][..width].iter_mut().zip(middle).skip(1);
        for ((is, value), (high, low)) in line.zip(beside) {
            let high = higher(higher(high[0], high[1]), high[2]);
            let low = lower(lower(low[0], low[1]), low[2]);
            let is_high = (*value >= MIN_PIXEL_CONTRAST) & (*value >= high);
            *is = is_high | (*value <= -MIN_PIXEL_CONTRAST) & (*value <= low);
        }
    }
    are
}

/// Moved to the top of the parabola through its neighbours, over a few steps;
/// `None` when it has no clear top, is faint or is an edge.
fn refine(octave: &Octave, index: usize, layer: usize, column: usize, row: usize) -> Option<Blob> {
    let (mut column, mut row, mut layer) = (column, row, layer);
    for _ in 0..4 {
        let shape = QuadraticFit::at(octave, layer, column, row);
        let [dx, dy, ds] = shape.top()?;
        if dx.abs() <= 0.6 && dy.abs() <= 0.6 && ds.abs() <= 0.6 {
            let height = shape.height_at(dx, dy, ds);
            let contrast = height.abs();
            if contrast < MIN_CONTRAST || shape.is_edge() {
                return None;
            }
            let scale = layer as f32 + ds;
            return Some(Blob {
                octave: index,
                layer: (scale.round().max(1.0) as usize).min(LAYERS),
                x: column as f32 + dx,
                y: row as f32 + dy,
                sigma: FIRST_SIGMA * 2f32.powf(scale / LAYERS as f32),
                contrast,
                bright: height < 0.0,
            });
        }
        let plane = &octave.differences[layer];
        column = step_towards(column, dx, EDGE_PIXELS, plane.width - EDGE_PIXELS - 1)?;
        row = step_towards(row, dy, EDGE_PIXELS, plane.height - EDGE_PIXELS - 1)?;
        layer = step_towards(layer, ds, 1, LAYERS)?;
    }
    None
}

/// One step towards the top; `None` when that leads outside.
fn step_towards(place: usize, by: f32, first: usize, last: usize) -> Option<usize> {
    let step = if by > 0.5 {
        1
    } else if by < -0.5 {
        -1
    } else {
        0
    };
    let place = place.checked_add_signed(step)?;
    (first..=last).contains(&place).then_some(place)
}

/// Value, slope and curvature of the differences around a place.
struct QuadraticFit {
    value: f32,
    slope: [f32; 3],
    /// xx, yy, ss, xy, xs, ys.
    curve: [f32; 6],
}

impl QuadraticFit {
    fn at(octave: &Octave, layer: usize, column: usize, row: usize) -> Self {
        let at = |s: usize, y: usize, x: usize| octave.differences[s].row(y)[x];
        let (s, y, x) = (layer, row, column);
        let value = at(s, y, x);
        let cross = |pp: f32, pm: f32, mp: f32, mm: f32| (pp - pm - mp + mm) / 4.0;
        let (left, right) = (at(s, y, x - 1), at(s, y, x + 1));
        let (above, below) = (at(s, y - 1, x), at(s, y + 1, x));
        let (finer, coarser) = (at(s - 1, y, x), at(s + 1, y, x));
        let xy = cross(
            at(s, y + 1, x + 1),
            at(s, y - 1, x + 1),
            at(s, y + 1, x - 1),
            at(s, y - 1, x - 1),
        );
        let xs = cross(
            at(s + 1, y, x + 1),
            at(s - 1, y, x + 1),
            at(s + 1, y, x - 1),
            at(s - 1, y, x - 1),
        );
        let ys = cross(
            at(s + 1, y + 1, x),
            at(s - 1, y + 1, x),
            at(s + 1, y - 1, x),
            at(s - 1, y - 1, x),
        );
        let twice = 2.0 * value;
        Self {
            value,
            slope: [
                (right - left) / 2.0,
                (below - above) / 2.0,
                (coarser - finer) / 2.0,
            ],
            curve: [
                right + left - twice,
                below + above - twice,
                coarser + finer - twice,
                xy,
                xs,
                ys,
            ],
        }
    }

    /// Where the parabola is flat, by Cramer's rule.
    fn top(&self) -> Option<[f32; 3]> {
        let [xx, yy, ss, xy, xs, ys] = self.curve;
        let (p, q, r) = (yy * ss - ys * ys, xs * ys - xy * ss, xy * ys - xs * yy);
        let determinant = xx * p + xy * q + xs * r;
        if determinant.abs() < 1e-9 {
            return None;
        }
        let (u, v, w) = (xx * ss - xs * xs, xy * xs - xx * ys, xx * yy - xy * xy);
        let [gx, gy, gs] = self.slope;
        Some([
            -(p * gx + q * gy + r * gs) / determinant,
            -(q * gx + u * gy + v * gs) / determinant,
            -(r * gx + v * gy + w * gs) / determinant,
        ])
    }

    fn height_at(&self, dx: f32, dy: f32, ds: f32) -> f32 {
        self.value + (self.slope[0] * dx + self.slope[1] * dy + self.slope[2] * ds) / 2.0
    }

    fn is_edge(&self) -> bool {
        let [xx, yy, _, xy, ..] = self.curve;
        let (trace, determinant) = (xx + yy, xx * yy - xy * xy);
        let limit = (MAX_ELONGATION + 1.0).powi(2) / MAX_ELONGATION;
        determinant <= 0.0 || trace * trace >= limit * determinant
    }
}

/// Takes the strongest of every square and octave in turn, so that a crop
/// keeps its share and a blur leaves the coarse ones.
fn choose_spread(mut found: Vec<Blob>, octaves: &[Octave], most: usize) -> Vec<Blob> {
    found.sort_by(|a, b| b.contrast.total_cmp(&a.contrast));
    let mut squares: Vec<Vec<Blob>> =
        vec![Vec::new(); octaves.len() * SQUARES_PER_SIDE * SQUARES_PER_SIDE];
    for blob in found {
        let plane = &octaves[blob.octave].gaussians[0];
        let square = |place: f32, side: usize| {
            ((place / side as f32 * SQUARES_PER_SIDE as f32) as usize).min(SQUARES_PER_SIDE - 1)
        };
        let (column, row) = (square(blob.x, plane.width), square(blob.y, plane.height));
        squares[(blob.octave * SQUARES_PER_SIDE + row) * SQUARES_PER_SIDE + column].push(blob);
    }
    let mut chosen = Vec::with_capacity(most);
    for turn in 0.. {
        let mut round: Vec<Blob> = squares
            .iter()
            .filter_map(|square| square.get(turn))
            .copied()
            .collect();
        if round.is_empty() || chosen.len() >= most {
            break;
        }
        round.sort_by(|a, b| b.contrast.total_cmp(&a.contrast));
        round.truncate(most - chosen.len());
        chosen.extend(round);
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A grey plane with one round bright spot of the given blur.
    fn spot(sigma: f32) -> Plane {
        let (width, height) = (96, 80);
        let value = |n: usize| {
            let (x, y) = ((n % width) as f32 - 50.0, (n / width) as f32 - 33.0);
            60.0 + 150.0 * (-(x * x + y * y) / (2.0 * sigma * sigma)).exp()
        };
        Plane {
            width,
            height,
            values: (0..width * height).map(value).collect(),
        }
    }

    #[test]
    fn a_spot_is_found_where_it_is_and_as_large_as_it_is() {
        for sigma in [3.0, 5.0, 7.0, 9.0] {
            let octaves = build_octaves(&spot(sigma), OWN_SIGMA);
            let blobs = detect_blobs(&octaves, 50);
            let strongest = blobs
                .iter()
                .max_by(|a, b| a.contrast.total_cmp(&b.contrast));
            let found = strongest.map(|blob| {
                let step = octaves[blob.octave].step;
                (blob.x * step, blob.y * step, blob.sigma * step)
            });
            let near = found.is_some_and(|(x, y, size)| {
                (x - 50.0).abs() < 0.7
                    && (y - 33.0).abs() < 0.7
                    && (size / sigma - 1.0).abs() < 0.25
            });
            assert!(near, "{sigma}: {found:?}");
        }
    }

    #[test]
    fn extremes_are_what_their_definition_says() {
        let (width, height) = (37, 23);
        let plane = |seed: usize| Plane {
            width,
            height,
            // Few values, so that some neighbours are equal.
            values: (0..width * height)
                .map(|n| ((n * n * 7 + n * seed) % 11) as f32 * 0.2 - 1.0)
                .collect(),
        };
        let three = [plane(3), plane(5), plane(8)];
        let found = find_extremes(&three);
        assert_eq!(found.len(), width * height);
        for (n, is) in found.iter().enumerate() {
            let (row, column) = (n / width, n % width);
            let inside = (1..height - 1).contains(&row) && (1..width - 1).contains(&column);
            let value = three[1].values[n];
            let around = || {
                let places = (0..27).map(|m| (m / 9, row + m / 3 % 3 - 1, column + m % 3 - 1));
                places.map(|(plane, row, column)| three[plane].row(row)[column])
            };
            let is_extreme = inside
                && value.abs() >= MIN_PIXEL_CONTRAST
                && (value > 0.0 && around().all(|other| other <= value)
                    || value < 0.0 && around().all(|other| other >= value));
            assert_eq!(*is, is_extreme, "{row} {column}");
        }
        assert!(found.iter().filter(|is| **is).count() > 10);
    }

    #[test]
    fn flat_pictures_and_straight_edges_have_none() {
        let edge = Plane {
            width: 64,
            height: 64,
            values: (0..64 * 64)
                .map(|n| if n % 64 < 30 { 20.0 } else { 220.0 })
                .collect(),
        };
        assert!(detect_blobs(&build_octaves(&edge, OWN_SIGMA), 50).is_empty());
        let flat = Plane {
            width: 64,
            height: 64,
            values: vec![90.0; 64 * 64],
        };
        assert!(detect_blobs(&build_octaves(&flat, OWN_SIGMA), 50).is_empty());
    }

    #[test]
    fn never_more_than_asked_for() {
        let spots = Plane {
            width: 240,
            height: 240,
            values: (0..240 * 240)
                .map(|n| {
                    let (x, y) = ((n % 240) % 24 - 12, (n / 240) % 24 - 12_i32);
                    200.0 * (-((x * x + y * y) as f32) / 18.0).exp()
                })
                .collect(),
        };
        assert!(detect_blobs(&build_octaves(&spots, OWN_SIGMA), 1000).len() >= 64);
        assert_eq!(
            detect_blobs(&build_octaves(&spots, OWN_SIGMA), 40).len(),
            40
        );
    }
}
