//! Summarises a verdict; the one file that reads the crate's verdicts.

use vara_imaging::{
    LocalChange, MATCH_DISTANCE, Overlay, Pdq, Picture, PictureEdits, PictureRelation,
    PictureVerdict, pdq,
};

/// Facts the geometric check's score is made of, the constant first.
pub(crate) const FACTS: usize = 5;

/// What was answered about a pair.
pub(crate) struct VerdictSummary {
    pub(crate) score: f64,
    /// What the relation says was done to the picture; `None` when it says that
    /// it is another one.
    pub(crate) edits: Option<PictureEdits>,
    pub(crate) is_exact: bool,
    /// Parts that were changed, in pixels of the original.
    pub(crate) changes: Vec<LocalChange>,
    /// What the geometric check found, if it was asked and found anything.
    pub(crate) facts: Option<[f64; FACTS]>,
    /// The relation and its evidence for a reader.
    pub(crate) words: String,
}

impl From<&PictureVerdict> for VerdictSummary {
    fn from(verdict: &PictureVerdict) -> Self {
        // An overlay without places was proposed by a hash.
        let checked = verdict
            .evidence
            .overlay
            .as_ref()
            .filter(|overlay| overlay.inliers > 0);
        Self {
            score: verdict.score,
            edits: match verdict.relation {
                PictureRelation::Exact => Some(PictureEdits::default()),
                PictureRelation::Edited(edits) => Some(edits),
                _ => None,
            },
            changes: verdict.evidence.changes.clone(),
            is_exact: verdict.relation == PictureRelation::Exact,
            facts: checked.map(facts),
            words: words(verdict),
        }
    }
}

/// The same facts as the crate's calibration uses, in its order.
fn facts(overlay: &Overlay) -> [f64; FACTS] {
    [
        1.0,
        f64::from(overlay.inliers + 1).ln(),
        overlay.agreement,
        f64::from(overlay.same + 1).ln(),
        f64::from(overlay.same) / f64::from(overlay.squares.max(1)),
    ]
}

fn words(verdict: &PictureVerdict) -> String {
    let relation = match verdict.relation {
        PictureRelation::Edited(edits) => format!("edited {edits:?}"),
        other => other.name().to_owned(),
    };
    let distance = verdict.evidence.pdq.map_or(256, |found| found.distance);
    let overlay = verdict.evidence.overlay.as_ref().map_or_else(
        || "no overlay".to_owned(),
        |overlay| {
            format!(
                "{} of {} places, {} of {} squares, agreement {:.2}, overlap {:.2}, covered {:.2}, texture {:.3}",
                overlay.inliers,
                overlay.matched,
                overlay.same,
                overlay.squares,
                overlay.agreement,
                overlay.overlap,
                overlay.covered,
                overlay.texture.unwrap_or(f64::NAN),
            )
        },
    );
    let changes = &verdict.evidence.changes;
    format!(
        "{relation} by {}, changes {changes:.0?}, PDQ {distance}, {overlay}",
        verdict.evidence.decided_by.name()
    )
}

/// Whether the single PDQ hash of each alone would have found it.
pub(crate) fn single_hash(edited: &Picture, original: Option<Pdq>) -> bool {
    match (pdq(edited), original) {
        (Some(print), Some(original)) => print.pdq.distance(&original) <= MATCH_DISTANCE,
        _ => false,
    }
}
