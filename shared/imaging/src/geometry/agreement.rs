//! Pixel agreement of two pictures laid on each other, square by square.
//!
//! Matches can agree by chance or because both pictures carry the same button
//! or frame; pixels then do not. Small squares are compared on their own, so
//! that brightness, contrast and colour may differ and a part may be covered.
//! The picture may also end within the other: of a crop inside a screenshot
//! everything around the crop disagrees. So the rectangle of squares is sought
//! that agrees best, and the answer is about that.

use super::area::{bounds, clip_to_picture};
use super::rectangle::{Rectangle, find_best_rectangle};
use super::squares::{
    Agreement, SQUARE, SamplePair, Square, SquareTally, silence_shared_furniture,
};
use super::thumbs::Thumbnails;
use super::transform::Transform;

/// Most samples along the longer side of the common area.
const MAX_SAMPLES: f64 = 48.0;

/// Most when the single pictures on a screen are compared.
const MAX_FINE_SAMPLES: f64 = 120.0;

/// Fewest that still say something.
const MIN_SAMPLES: f64 = 10.0;

/// Fewest along the shorter side.
const MIN_SHORT_SAMPLES: f64 = 3.0;

/// Fewest squares by which a part was altered.
const MIN_ALTERED_SQUARES: usize = 2;

/// Where in the query samples are taken.
struct Grid {
    left: f64,
    top: f64,
    step: f64,
    columns: usize,
    rows: usize,
}

/// Looks at both pictures where they overlap.
pub(crate) fn measure_agreement(
    query: &Thumbnails,
    candidate: &Thumbnails,
    transform: &Transform,
) -> Option<Agreement> {
    let (grid, look) = sample_common_area(query, candidate, transform, MAX_SAMPLES)?;
    Some(agree_in_best_part(&grid, look))
}

/// What squares of the whole common area say, those apart that are furniture.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct PicturedSquares {
    /// Squares that clearly show something and are not furniture of both.
    pub(crate) squares: u32,
    /// Those of them that show the same.
    pub(crate) same: u32,
    /// Furniture that clearly shows the same: words, buttons.
    pub(crate) furniture: u32,
}

/// Looks at the whole common area more closely, for pictures on a screen.
pub(crate) fn count_pictured(
    query: &Thumbnails,
    candidate: &Thumbnails,
    transform: &Transform,
) -> PicturedSquares {
    let mut seen = PicturedSquares::default();
    if let Some((grid, look)) = sample_common_area(query, candidate, transform, MAX_FINE_SAMPLES) {
        for square in grid.squares(&look) {
            seen.squares += u32::from(square.is_pictured());
            seen.same += u32::from(square.is_pictured() && square.is_same());
            seen.furniture += u32::from(square.is_shared_furniture());
        }
    }
    seen
}

/// The common area in at most so many samples, and how to look at both there.
fn sample_common_area<'a>(
    query: &'a Thumbnails,
    candidate: &'a Thumbnails,
    transform: &'a Transform,
    samples: f64,
) -> Option<(Grid, impl Fn([f64; 2]) -> Option<SamplePair> + 'a)> {
    let back = transform.inverse()?;
    let (from, to) = (
        [query.width, query.height],
        [candidate.width, candidate.height],
    );
    let [left, top, right, bottom] = bounds(&clip_to_picture(&back, to, from));
    let (width, height) = (right - left, bottom - top);
    let [a, b, c, d] = transform.linear_at([(left + right) / 2.0, (top + bottom) / 2.0]);
    let scale = (a * d - b * c).abs().sqrt();
    let finest = query.finest().max(candidate.finest() / scale);
    let step = (width.max(height) / samples).max(finest);
    let (long, short) = (width.max(height), width.min(height));
    if !step.is_finite() || short < step * MIN_SHORT_SAMPLES || long < step * MIN_SAMPLES {
        return None;
    }
    let grid = Grid {
        left,
        top,
        step,
        columns: (width / step) as usize,
        rows: (height / step) as usize,
    };
    let views = (query.at(step), candidate.at(step * scale));
    let look = move |place: [f64; 2]| {
        let there = transform.apply(place);
        let inside = (0.0..to[0]).contains(&there[0]) && (0.0..to[1]).contains(&there[1]);
        inside.then(|| SamplePair {
            colours: [
                grey_and_tint(views.0.colour(place)),
                grey_and_tint(views.1.colour(there)),
            ],
            on_ground: [query.on_ground(place), candidate.on_ground(there)],
        })
    };
    Some((grid, look))
}

/// Compares square by square, then within the rectangle of squares in which
/// the two pictures agree best.
fn agree_in_best_part(grid: &Grid, look: impl Fn([f64; 2]) -> Option<SamplePair>) -> Agreement {
    let (across, down) = grid.across_and_down();
    let squares = silence_shared_furniture(grid.squares(&look));
    let gains: Vec<f64> = squares.iter().map(Square::gain).collect();
    let best = find_best_rectangle(&gains, across);
    let mut tally = SquareTally::default();
    for row in best.rows.clone() {
        for column in best.columns.clone() {
            tally.add(&squares[row * across + column]);
        }
    }
    let whole = best.rows.len() * best.columns.len() * 8 >= across * down * 7;
    let mut agreement = tally.agreement((!whole).then(|| grid.part(&best)), &squares);
    agreement.altered = find_altered(&squares, across, &best, agreement.colours.brightness)
        .map(|rectangle| grid.part(&rectangle));
    agreement
}

/// Around the squares of a rectangle that changed otherwise than the rest; one
/// alone may be an edge that slid.
fn find_altered(
    squares: &[Square],
    across: usize,
    within: &Rectangle,
    brighter: f64,
) -> Option<Rectangle> {
    let places = within
        .rows
        .clone()
        .flat_map(|row| within.columns.clone().map(move |it| (row, it)));
    let altered: Vec<_> = places
        .filter(|(row, column)| squares[row * across + column].is_altered(brighter))
        .collect();
    let ends = |values: Vec<usize>| Some(*values.iter().min()?..values.iter().max()? + 1);
    (altered.len() >= MIN_ALTERED_SQUARES).then_some(())?;
    Some(Rectangle {
        rows: ends(altered.iter().map(|it| it.0).collect())?,
        columns: ends(altered.iter().map(|it| it.1).collect())?,
    })
}

impl Grid {
    /// Squares of a row, and rows of squares.
    fn across_and_down(&self) -> (usize, usize) {
        (self.columns.div_ceil(SQUARE), self.rows.div_ceil(SQUARE))
    }

    /// All squares, row by row.
    fn squares(&self, look: impl Fn([f64; 2]) -> Option<SamplePair>) -> Vec<Square> {
        let (across, down) = self.across_and_down();
        (0..across * down)
            .map(|n| Square::of(&self.square(n % across, n / across, &look)))
            .collect()
    }

    fn square(
        &self,
        column: usize,
        row: usize,
        look: impl Fn([f64; 2]) -> Option<SamplePair>,
    ) -> Vec<SamplePair> {
        (0..SQUARE * SQUARE)
            .filter_map(|n| {
                let (x, y) = (column * SQUARE + n % SQUARE, row * SQUARE + n / SQUARE);
                let inside = x < self.columns && y < self.rows;
                inside.then_some([
                    self.left + (x as f64 + 0.5) * self.step,
                    self.top + (y as f64 + 0.5) * self.step,
                ])
            })
            .filter_map(look)
            .collect()
    }

    fn part(&self, rectangle: &Rectangle) -> [f64; 4] {
        let at = |square: usize, most: usize| (square * SQUARE).min(most) as f64 * self.step;
        [
            self.left + at(rectangle.columns.start, self.columns),
            self.top + at(rectangle.rows.start, self.rows),
            self.left + at(rectangle.columns.end, self.columns),
            self.top + at(rectangle.rows.end, self.rows),
        ]
    }
}

fn grey_and_tint([red, green, blue]: [f32; 3]) -> [f32; 3] {
    let grey = 0.299 * red + 0.587 * green + 0.114 * blue;
    [grey, red - grey, blue - grey]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::picture::Picture;
    use crate::turn::Turn;

    fn waves(seed: f32) -> Picture {
        let (width, height) = (320u32, 240u32);
        let pixel = |n: u32| {
            let (x, y) = ((n % width) as f32, (n / width) as f32);
            let value = (x * (0.07 + seed / 90.0)).sin() * (y * 0.09 + seed).cos()
                + (x * 0.02 * seed + y * 0.05).sin();
            let grey = (120.0 + 50.0 * value) as u8;
            [grey, grey / 2, 255 - grey]
        };
        Picture::from_rgb(width, height, (0..width * height).flat_map(pixel).collect()).unwrap()
    }

    fn measure(a: &Picture, b: &Picture, transform: &Transform) -> Agreement {
        measure_agreement(&Thumbnails::of(a), &Thumbnails::of(b), transform).unwrap()
    }

    #[test]
    fn a_picture_agrees_with_itself_and_its_mirror_image() {
        let picture = waves(1.0);
        let own = measure(&picture, &picture, &Transform::scale(1.0, 1.0));
        assert!(own.correlation > 0.99 && own.same == own.squares && own.squares > 30);
        let mirror = Transform::affine(-1.0, 0.0, 320.0, 0.0, 1.0, 0.0);
        let mirrored = measure(&picture, &picture.turned(Turn::FlipY), &mirror);
        assert!(mirrored.correlation > 0.99);
        assert!(mirrored.colours.tint < 1.0 && mirrored.colours.brightness.abs() < 1.0);
    }

    #[test]
    fn different_pictures_do_not_agree() {
        let other = measure(&waves(1.0), &waves(4.0), &Transform::scale(1.0, 1.0));
        let own = measure(&waves(1.0), &waves(1.0), &Transform::scale(1.0, 1.0));
        assert!(other.same * 4 < own.same, "{other:?}");
    }

    #[test]
    fn the_common_part_ends_where_the_pictures_differ() {
        let (a, b) = (waves(1.0), waves(4.0));
        let both = a.pixels().iter().zip(b.pixels()).enumerate();
        let half = both
            .flat_map(|(n, (a, b))| if n % 320 < 160 { *a } else { *b })
            .collect();
        let half = Picture::from_rgb(320, 240, half).unwrap();
        let seen = measure(&a, &half, &Transform::scale(1.0, 1.0));
        let [left, top, right, bottom] = seen.part.unwrap();
        assert!(left < 1.0 && top < 1.0 && bottom > 230.0, "{seen:?}");
        assert!(
            (right - 160.0).abs() < 41.0 && seen.correlation > 0.9,
            "{seen:?}"
        );
    }

    #[test]
    fn colours_may_change() {
        let picture = waves(1.0);
        let grey = picture
            .pixels()
            .iter()
            .flat_map(|[red, ..]| [*red / 2; 3])
            .collect();
        let grey = Picture::from_rgb(320, 240, grey).unwrap();
        let seen = measure(&picture, &grey, &Transform::scale(1.0, 1.0));
        assert!(seen.correlation > 0.9, "{}", seen.correlation);
        assert!(seen.colours.tint > 20.0 && seen.colours.brightness < -10.0);
    }

    /// A page with three dark bars, and a picture in the middle of it.
    fn page(seed: f32) -> Picture {
        let picture = waves(seed);
        let pixels = (0..320 * 240u32).flat_map(|n| {
            let (x, y) = (n % 320, n / 320);
            if (80..240).contains(&x) && (70..200).contains(&y) {
                picture.pixels()[n as usize]
            } else if y % 20 < 4 && x % 50 < 30 {
                [40; 3]
            } else {
                [250; 3]
            }
        });
        Picture::from_rgb(320, 240, pixels.collect()).unwrap()
    }

    #[test]
    fn what_a_page_shows_is_told_from_its_furniture() {
        let identity = Transform::scale(1.0, 1.0);
        let [one, other] = [1.0, 4.0].map(|seed| Thumbnails::of(&page(seed)));
        let own = count_pictured(&one, &one, &identity);
        assert!(
            own.same == own.squares && own.squares > 40 && own.furniture > 20,
            "{own:?}"
        );
        let two = count_pictured(&one, &other, &identity);
        assert!(2 * two.same < two.squares && two.furniture > 20, "{two:?}");
    }

    #[test]
    fn too_little_in_common_says_nothing() {
        let thumbs = Thumbnails::of(&waves(1.0));
        let corner = Transform::affine(1.0, 0.0, 316.0, 0.0, 1.0, 236.0);
        assert!(measure_agreement(&thumbs, &thumbs, &corner).is_none());
        assert!(measure_agreement(&thumbs, &thumbs, &Transform::scale(0.0, 0.0)).is_none());
    }
}
