//! Face detection in all four orientations: which way up a picture lies is not known.
//!
//! The detector sees upright faces. One upside down it often sees as well, but
//! with eyes and mouth in each other's places, and one on its side it takes for
//! an unclear one. So a close-up of the clearest face is run in all four
//! turns before the picture counts as upright.

use vara_nets::{ModelError, NeuralNetwork};

use super::detect::{self, CLEAR_FACE_CONFIDENCE, Detection};
use super::pixels;
use crate::picture::Picture;
use crate::shrink::shrink;
use crate::turn::Turn;

/// Longer side at which faces are detected in the upright picture.
const UPRIGHT_SIDE: u32 = 640;

/// Longer side at which they are detected in turned pictures when none was
/// clear: three more runs for the price of one.
const TURNED_SIDE: u32 = 320;

/// Longer side of the close-up of one face that is run in all turns.
const CLOSE_UP_SIDE: u32 = 128;

/// Confidence wanted of a face when there was none in the upright picture.
/// Three more runs are three more chances of an error.
const MIN_TURNED_CONFIDENCE: f32 = 0.85;

/// The turns without mirroring: the detector finds mirrored faces as well.
const TURNS: [Turn; 4] = [Turn::Keep, Turn::Rotate90, Turn::Rotate180, Turn::Rotate270];

/// The faces of the picture, in any of its four positions.
pub(super) fn detect_in_any_orientation(
    detector: &NeuralNetwork,
    picture: &Picture,
) -> Result<Vec<Detection>, ModelError> {
    let upright = detect::detect_faces(detector, picture, UPRIGHT_SIDE)?;
    let turn = match upright.first() {
        Some(clearest) => find_upright_turn(detector, picture, clearest)?,
        None => None,
    };
    match turn {
        Some(Turn::Keep) => Ok(upright),
        Some(turn) => Ok(detect_turned(detector, picture, turn, UPRIGHT_SIDE)?),
        None => {
            let turned = detect_in_turned(detector, picture)?;
            Ok(if turned.is_empty() { upright } else { turned })
        }
    }
}

/// The turn in which this face is clearest; `None` when it is clear in none.
fn find_upright_turn(
    detector: &NeuralNetwork,
    picture: &Picture,
    face: &Detection,
) -> Result<Option<Turn>, ModelError> {
    let Some(close) = crop_around(picture, face) else {
        return Ok(None);
    };
    let mut best = (CLEAR_FACE_CONFIDENCE, None);
    for turn in TURNS {
        let found = detect::detect_faces(detector, &close.turned(turn), CLOSE_UP_SIDE)?;
        let confidence = found.first().map_or(0.0, |it| it.confidence);
        if confidence > best.0 {
            best = (confidence, Some(turn));
        }
    }
    Ok(best.1)
}

/// The face with half its size around it, made small. `None` when it is not
/// in the picture at all.
fn crop_around(picture: &Picture, face: &Detection) -> Option<Picture> {
    let [left, top, width, height] = face.area.map(f64::from);
    let reach = width.max(height);
    let range = |middle: f64, side: u32| {
        let first = (middle - reach).clamp(0.0, f64::from(side));
        (
            first,
            (middle + reach).clamp(first, f64::from(side)) - first,
        )
    };
    let (left, width) = range(left + width / 2.0, picture.width());
    let (top, height) = range(top + height / 2.0, picture.height());
    if width < 1.0 || height < 1.0 {
        return None;
    }
    let scale = (f64::from(CLOSE_UP_SIDE) / width.max(height)).min(1.0);
    let side = |of: f64| ((of * scale).round() as u32).max(1);
    let area = [left, top, width, height];
    pixels::resize(picture, Some(area), side(width), side(height))
}

/// The faces in the one of three turned pictures that has the clearest.
fn detect_in_turned(
    detector: &NeuralNetwork,
    picture: &Picture,
) -> Result<Vec<Detection>, ModelError> {
    let small = shrink(picture, TURNED_SIDE);
    let mut best: Vec<Detection> = Vec::new();
    for turn in &TURNS[1..] {
        let mut found = detect_turned(detector, &small, *turn, TURNED_SIDE)?;
        found.retain(|it| it.confidence >= MIN_TURNED_CONFIDENCE);
        let clearest = best.first().map_or(0.0, |it| it.confidence);
        if found.first().is_some_and(|it| it.confidence > clearest) {
            best = found;
        }
    }
    let across = picture.width() as f32 / small.width() as f32;
    let down = picture.height() as f32 / small.height() as f32;
    Ok(best.into_iter().map(|it| it.scaled(across, down)).collect())
}

/// The faces in the turned picture, where they lie in the picture given.
fn detect_turned(
    detector: &NeuralNetwork,
    picture: &Picture,
    turn: Turn,
    longest: u32,
) -> Result<Vec<Detection>, ModelError> {
    let sides = [picture.width() as f32, picture.height() as f32];
    // Turning few pixels is faster than turning all of them.
    let small = shrink(picture, longest);
    let small_sides = [small.width() as f32, small.height() as f32];
    let found = detect::detect_faces(detector, &small.turned(turn), longest)?;
    let (across, down) = (sides[0] / small_sides[0], sides[1] / small_sides[1]);
    let back = found.iter().map(|it| turn_back(it, turn, small_sides));
    Ok(back.map(|it| it.scaled(across, down)).collect())
}

/// A face found in a turned picture, in the picture of these sides as it was.
fn turn_back(found: &Detection, turn: Turn, sides: [f32; 2]) -> Detection {
    let place = |[x, y]: [f32; 2]| match turn {
        Turn::Rotate90 => [sides[0] - y, x],
        Turn::Rotate180 => [sides[0] - x, sides[1] - y],
        Turn::Rotate270 => [y, sides[1] - x],
        _ => [x, y],
    };
    let [left, top, width, height] = found.area;
    let (a, b) = (place([left, top]), place([left + width, top + height]));
    Detection {
        area: [
            a[0].min(b[0]),
            a[1].min(b[1]),
            (a[0] - b[0]).abs(),
            (a[1] - b[1]).abs(),
        ],
        confidence: found.confidence,
        landmarks: found.landmarks.map(place),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn found(area: [f32; 4]) -> Detection {
        Detection {
            area,
            confidence: 0.9,
            landmarks: [[area[0] + 0.5, area[1] + 0.5]; 5],
        }
    }

    /// One bright pixel in a dark picture, found again after each turn.
    #[test]
    fn turned_places_come_back() {
        let mut rgb = vec![0; 7 * 5 * 3];
        let (column, row) = (5, 1);
        rgb[3 * (row * 7 + column)] = 255;
        let picture = Picture::from_rgb(7, 5, rgb).unwrap();
        for turn in TURNS {
            let turned = picture.turned(turn);
            let index = turned.pixels().iter().position(|pixel| pixel[0] == 255);
            let width = turned.width() as usize;
            let (x, y) = (index.unwrap() % width, index.unwrap() / width);
            let there = found([x as f32, y as f32, 1.0, 1.0]);
            let back = turn_back(&there, turn, [7.0, 5.0]);
            assert_eq!(back.area, [5.0, 1.0, 1.0, 1.0], "{turn:?}");
            assert_eq!(back.landmarks[4], [5.5, 1.5], "{turn:?}");
        }
    }

    #[test]
    fn surroundings_end_with_the_picture() {
        let picture = Picture::from_rgb(1000, 400, vec![9; 1_200_000]).unwrap();
        let sides = |area| crop_around(&picture, &found(area)).map(|it| (it.width(), it.height()));
        assert_eq!(sides([400.0, 100.0, 100.0, 100.0]), Some((128, 128)));
        // Half of it would be left of the picture.
        assert_eq!(sides([-50.0, 150.0, 100.0, 100.0]), Some((64, 128)));
        assert_eq!(sides([500.0, 200.0, 20.0, 20.0]), Some((40, 40)));
        assert_eq!(sides([5000.0, 200.0, 20.0, 20.0]), None);
    }
}
