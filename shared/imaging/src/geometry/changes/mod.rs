//! Local changes: parts of a picture that were covered, blurred, pixelated or watermarked in its copy.
//!
//! Both pictures are sampled at one scale and equally sharp, and the change of brightness that all
//! of it underwent is taken out. What is left over is then looked at cell by cell. Samples of one
//! picture that are far from every near sample of the other are foreign: something was laid upon
//! it. Cells whose detail is gone are unclear: they were blurred, or pixelated. Cells side by side
//! are one change, and what kind of change it is follows from how densely foreign it is, and
//! whether the picture still shines through.

mod cells;
mod kind;
mod range;
mod samples;
#[cfg(test)]
mod tests;

use super::area::{area, bounds, clip_to_picture};
use super::texture::TextureInput;
use super::transform::Transform;
pub use kind::ChangeKind;

use cells::CellGrid;
use samples::PairedSamples;

/// Share of both pictures from which one lies as a whole on the whole of the other.
const WHOLE_SHARE: f64 = 0.94;

/// Share of the cells that are foreign from which the change is no longer local: a filter, a blend
/// of two pictures.
const MAX_FOREIGN_SHARE: f64 = 0.85;

/// A part of a picture that was changed otherwise than the rest of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LocalChange {
    /// What was done.
    pub kind: ChangeKind,
    /// Around the part, in pixels of the query: left, top, right, bottom.
    pub region: [f64; 4],
}

/// What was found out about the parts of a pair.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LocalChanges {
    pub(crate) changes: Vec<LocalChange>,
    /// Whether nearly all of it was changed, and not evenly.
    pub(crate) is_everywhere: bool,
    /// Whether one picture lies as a whole on the whole of the other.
    pub(crate) is_whole: bool,
    transform: Transform,
}

impl LocalChanges {
    /// The same with the pictures exchanged; the sides are those of the new query.
    pub(crate) fn reversed(mut self, query: [f64; 2]) -> Self {
        for change in &mut self.changes {
            let [left, top, right, bottom] = change.region;
            let shift = Transform::affine(1.0, 0.0, left, 0.0, 1.0, top);
            let part = self.transform.after(&shift);
            change.region = bounds(&clip_to_picture(&part, [right - left, bottom - top], query));
        }
        self
    }
}

/// What was done to parts of the query where the transform lays it on the candidate, within the
/// part in which both agree; `None` when the common part is too small.
///
/// Where the whole lies on the whole, what does not agree was covered and not cut off, so all of it
/// is looked at. `original` is which of the two is taken for the original first: where nothing was
/// done to the other, it may have been done to this one.
pub(crate) fn find_changes(
    both: [TextureInput<'_>; 2],
    transform: &Transform,
    part: Option<[f64; 4]>,
    original: usize,
) -> Option<LocalChanges> {
    let is_whole = lies_on_whole(transform, both.map(|it| it.size));
    let part = part.filter(|_| !is_whole);
    let samples = PairedSamples::new(both, transform, part)?;
    let mut changes = Vec::new();
    let mut is_everywhere = false;
    for original in [original, 1 - original] {
        let view = samples.view(original);
        let grid = CellGrid::new(&view);
        is_everywhere = grid.foreign_share() > MAX_FOREIGN_SHARE;
        if is_everywhere {
            break;
        }
        changes = grid.changes();
        if !changes.is_empty() {
            break;
        }
    }
    Some(LocalChanges {
        changes: changes
            .into_iter()
            .map(|(kind, cells)| LocalChange {
                kind,
                region: samples.region(cells),
            })
            .collect(),
        is_everywhere,
        is_whole,
        transform: *transform,
    })
}

/// Whether each of the two is covered by the other.
fn lies_on_whole(transform: &Transform, [from, to]: [[f64; 2]; 2]) -> bool {
    let Some(back) = transform.inverse() else {
        return false;
    };
    let share = |polygon: &[[f64; 2]], size: [f64; 2]| area(polygon) / (size[0] * size[1]);
    share(&clip_to_picture(transform, from, to), to) >= WHOLE_SHARE
        && share(&clip_to_picture(&back, to, from), from) >= WHOLE_SHARE
}
