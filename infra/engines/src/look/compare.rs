//! Compares two looks.

use vara_imaging::{MATCH_DISTANCE, MIN_QUALITY};

use super::canvas::{Canvas, Frame};
use super::features::{PDQ_CELLS, Pattern, PictureFeatures, detailed, sure};
use super::sketch::unit;

/// The largest distance between hashes of one picture. Hashes of different pictures are
/// about 128 apart, and none of the few pairs that are hashed here comes under 90.
const FARTHEST: u32 = 68;
/// What two plain pictures must keep to: their hashes are closer to noise.
const FARTHEST_PLAIN: u32 = 20;
/// A distance beyond what counts as the same for PDQ needs this much colour in common.
const COLOURS_IN_COMMON: f32 = 0.2;

/// Sketches less alike than this show different things.
const WORTH_A_LOOK: f32 = 0.7;
/// So many of the best places are looked at closely.
const CLOSE_LOOKS: usize = 4;
/// Cells per side of a close look.
const CLOSE_CELLS: usize = 24;

/// Moves of one size, at most: enough to cross the distance between two windows.
const ROUNDS: usize = 12;

/// How two pictures are alike.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Likeness {
    /// Bits in which the two hashes differ.
    pub(crate) distance: u32,
    /// The part of the query that is seen in the planted picture.
    pub(crate) query: Frame,
    /// The part of the planted picture it is seen in.
    pub(crate) planted: Frame,
}

impl Likeness {
    /// 0 to 100: falls with the distance, and with how little of the pictures is shared.
    pub(crate) fn score(&self) -> f32 {
        let near = 100.0 - 1.2 * self.distance as f32;
        let share = self.query.area().min(self.planted.area()).clamp(0.0, 1.0);
        let score = near * (0.55 + 0.45 * share);
        (score * 10.0).round() / 10.0
    }

    fn turned_round(self) -> Self {
        Self {
            query: self.planted,
            planted: self.query,
            ..self
        }
    }
}

/// The best likeness there is, if any is good enough.
pub(crate) fn likeness(query: &PictureFeatures, planted: &PictureFeatures) -> Option<Likeness> {
    // Parts cost more to look at, and add nothing where the wholes are alike.
    let best = best(wholes(query, planted)).or_else(|| {
        let around = inside(planted, query).map(Likeness::turned_round);
        best(
            strips(query, planted)
                .chain(inside(query, planted))
                .chain(around),
        )
    })?;
    let sure = best.distance <= MATCH_DISTANCE;
    (sure || query.colours.shared(&planted.colours) >= COLOURS_IN_COMMON).then_some(best)
}

fn best(likenesses: impl Iterator<Item = Likeness>) -> Option<Likeness> {
    likenesses.max_by(|a, b| a.score().total_cmp(&b.score()))
}

/// Whole against whole, turned and mirrored.
fn wholes(query: &PictureFeatures, planted: &PictureFeatures) -> impl Iterator<Item = Likeness> {
    query.wholes.iter().flat_map(move |ours| {
        planted.wholes.iter().filter_map(move |theirs| {
            let plain = ours.quality.min(theirs.quality) < MIN_QUALITY;
            let farthest = if plain { FARTHEST_PLAIN } else { FARTHEST };
            let distances = theirs.poses.iter().map(|pose| ours.poses[0].distance(pose));
            let distance = distances.min().filter(|it| *it <= farthest)?;
            Some(Likeness {
                distance,
                query: ours.frame,
                planted: theirs.frame,
            })
        })
    })
}

/// The same part of both: something was put over the rest.
fn strips(query: &PictureFeatures, planted: &PictureFeatures) -> impl Iterator<Item = Likeness> {
    query
        .strips
        .iter()
        .zip(&planted.strips)
        .filter_map(|(ours, theirs)| {
            let distance = ours.1?.distance(&theirs.1?);
            let likeness = Likeness {
                distance,
                query: ours.0,
                planted: theirs.0,
            };
            (distance <= FARTHEST).then_some(likeness)
        })
}

/// The query somewhere inside the other picture: the best places by sketch, each moved to
/// where it fits best, and there decided by PDQ.
fn inside(query: &PictureFeatures, planted: &PictureFeatures) -> impl Iterator<Item = Likeness> {
    places(query, planted)
        .into_iter()
        .filter_map(move |(pattern, frame)| {
            let frame = fitted(&query.canvas, pattern, &planted.canvas, frame);
            let ours = pattern
                .pose
                .of(&query.canvas.cells(pattern.frame, PDQ_CELLS), PDQ_CELLS);
            let distance = sure(&ours)?.distance(&detailed(&planted.canvas, frame)?);
            let likeness = Likeness {
                distance,
                query: pattern.frame,
                planted: frame,
            };
            (distance <= FARTHEST).then_some(likeness)
        })
}

/// The patterns of the query and where in the other picture they may be, best first.
fn places<'a>(query: &'a PictureFeatures, planted: &PictureFeatures) -> Vec<(&'a Pattern, Frame)> {
    let mut places = Vec::new();
    for pattern in &query.patterns {
        let alike = |window: &(Frame, _)| (pattern.sketch.likeness(&window.1), window.0);
        let best = planted
            .windows
            .iter()
            .map(alike)
            .max_by(|a, b| a.0.total_cmp(&b.0));
        places.extend(
            best.filter(|it| it.0 >= WORTH_A_LOOK)
                .map(|it| (it.0, pattern, it.1)),
        );
    }
    places.sort_by(|a, b| b.0.total_cmp(&a.0));
    places
        .into_iter()
        .take(CLOSE_LOOKS)
        .map(|(_, pattern, frame)| (pattern, frame))
        .collect()
}

/// Moves the edges of a frame until it shows as nearly as can be what the pattern shows.
fn fitted(ours: &Canvas, pattern: &Pattern, theirs: &Canvas, start: Frame) -> Frame {
    let cells = pattern
        .pose
        .of(&ours.cells(pattern.frame, CLOSE_CELLS), CLOSE_CELLS);
    let Some(wanted) = unit(&cells) else {
        return start;
    };
    let alike = |frame: Frame| -> f32 {
        let cells = unit(&theirs.cells(frame, CLOSE_CELLS)).unwrap_or_default();
        wanted.iter().zip(&cells).map(|(a, b)| a * b).sum()
    };
    let mut best = (alike(start), start);
    for step in [0.02, 0.01, 0.005, 0.0025] {
        for _ in 0..ROUNDS {
            let before = best.0;
            for frame in moves(best.1, step).into_iter().filter(|it| it.fits()) {
                let now = alike(frame);
                if now > best.0 {
                    best = (now, frame);
                }
            }
            if best.0 <= before {
                break;
            }
        }
    }
    best.1
}

/// A frame moved, and with each edge in or out, by one step.
fn moves(frame: Frame, step: f32) -> [Frame; 12] {
    let moved = |left: f32, top: f32, width: f32, height: f32| Frame {
        left: frame.left + left * step,
        top: frame.top + top * step,
        width: frame.width + width * step,
        height: frame.height + height * step,
        angle: frame.angle,
    };
    [
        moved(1.0, 0.0, 0.0, 0.0),
        moved(-1.0, 0.0, 0.0, 0.0),
        moved(0.0, 1.0, 0.0, 0.0),
        moved(0.0, -1.0, 0.0, 0.0),
        moved(0.0, 0.0, 1.0, 0.0),
        moved(0.0, 0.0, -1.0, 0.0),
        moved(0.0, 0.0, 0.0, 1.0),
        moved(0.0, 0.0, 0.0, -1.0),
        moved(1.0, 0.0, -1.0, 0.0),
        moved(-1.0, 0.0, 1.0, 0.0),
        moved(0.0, 1.0, 0.0, -1.0),
        moved(0.0, -1.0, 0.0, 1.0),
    ]
}
