//! Names the edits that were made to a picture, from how it lies in the other.

use super::edits::{PictureEdit, PictureEdits};
use super::evidence::{DecidedBy, PictureEvidence};
use crate::geometry::{
    ChangeKind, LocalChange, Overlay, Transform, bounds, clip_to_picture, singular_values,
};

/// Shares from this on count as the whole: edges are not seen to the pixel.
const WHOLE_SHARE: f64 = 0.94;

/// Smallest turn that counts as an edit, in degrees.
const MIN_TURN_DEGREES: f64 = 2.5;

/// Sides whose proportion changed by less are in the same proportion.
const MIN_STRETCH_RATIO: f64 = 1.07;

/// Changes of brightness and of tint, in levels, that a new compression or
/// another decoder does not make.
const MIN_BRIGHTNESS_CHANGE: f64 = 14.0;
const MIN_TINT_CHANGE: f64 = 6.0;

/// Share of the squares hidden under something from which it is a caption.
const MIN_HIDDEN_SHARE: f64 = 0.15;

/// Most of the side that may be left beside a captioned picture, and least
/// share of it all that the picture keeps.
const MAX_BESIDE_SHARE: f64 = 0.03;
const MIN_CAPTIONED_SHARE: f64 = 0.5;

/// Most of the height that a bar for words covers.
const MAX_BAR_SHARE: f64 = 0.35;

/// The edits that lead from the query to the candidate, whose sides are given.
pub(super) fn name_edits(
    evidence: &PictureEvidence,
    query: [f64; 2],
    candidate: [f64; 2],
) -> PictureEdits {
    let mut edits = PictureEdits::default();
    if let Some(overlay) = &evidence.overlay {
        edits.extend(shape_edits(overlay, query));
        // Of a whole that lies on a whole nothing was cut off: what does not agree was covered.
        if !evidence.is_whole || evidence.changes.is_empty() {
            edits.extend((overlay.overlap < WHOLE_SHARE).then_some(PictureEdit::Cropped));
            let turned = edits.contains(PictureEdit::Rotated);
            edits.extend(surrounding_edit(overlay, turned, query, candidate));
        }
    }
    if evidence.decided_by == DecidedBy::BorderlessHash {
        edits.extend([PictureEdit::Embedded]);
    }
    for change in &evidence.changes {
        edits.extend([change.kind.into()]);
        edits.extend(is_bar(change, query).then_some(PictureEdit::Captioned));
    }
    let recoloured = evidence.colours.is_some_and(|colours| {
        colours.brightness.abs() >= MIN_BRIGHTNESS_CHANGE || colours.tint >= MIN_TINT_CHANGE
    });
    edits.extend((recoloured || evidence.inverted).then_some(PictureEdit::Recoloured));
    edits
}

/// Turned, mirrored, stretched.
fn shape_edits(overlay: &Overlay, query: [f64; 2]) -> impl Iterator<Item = PictureEdit> {
    let middle = [query[0] / 2.0, query[1] / 2.0];
    let [a, b, c, d] = Transform(overlay.matrix).linear_at(middle);
    let (large, small) = singular_values([a, b, c, d]);
    let turn = if overlay.mirrored {
        // Top and bottom exchanged is a mirror image like left and right.
        (b + c).abs().atan2((d - a).abs())
    } else {
        (c - b).atan2(a + d).abs()
    };
    let seen = [
        (turn.to_degrees() >= MIN_TURN_DEGREES, PictureEdit::Rotated),
        (overlay.mirrored, PictureEdit::Mirrored),
        (large >= MIN_STRETCH_RATIO * small, PictureEdit::Stretched),
    ];
    seen.into_iter().filter_map(|(is, edit)| is.then_some(edit))
}

/// Whether it is a bar from side to side, as for words.
fn is_bar(change: &LocalChange, [width, height]: [f64; 2]) -> bool {
    let [left, top, right, bottom] = change.region;
    change.kind == ChangeKind::Covered
        && right - left >= WHOLE_SHARE * width
        && bottom - top <= MAX_BAR_SHARE * height
}

/// What is around the query in the candidate, or upon it. The empty corners of
/// a turned picture are no surroundings.
fn surrounding_edit(
    overlay: &Overlay,
    turned: bool,
    query: [f64; 2],
    candidate: [f64; 2],
) -> Option<PictureEdit> {
    let [left, top, right, bottom] = overlay
        .detail
        .part
        .unwrap_or([0.0, 0.0, query[0], query[1]]);
    let shift = Transform::affine(1.0, 0.0, left, 0.0, 1.0, top);
    let part = Transform(overlay.matrix).after(&shift);
    let [west, north, east, south] = bounds(&clip_to_picture(
        &part,
        [right - left, bottom - top],
        candidate,
    ));
    let (across, down) = ((east - west) / candidate[0], (south - north) / candidate[1]);
    if overlay.covered < WHOLE_SHARE && !(turned && across * down >= WHOLE_SHARE) {
        let caption = 1.0 - across <= MAX_BESIDE_SHARE && across * down >= MIN_CAPTIONED_SHARE;
        return Some(if caption {
            PictureEdit::Captioned
        } else {
            PictureEdit::Embedded
        });
    }
    (overlay.detail.hidden >= MIN_HIDDEN_SHARE).then_some(PictureEdit::Captioned)
}
