//! The JSON fields of a verdict.

use serde::Serialize;
use vara_imaging::{
    HashMatch, Overlay, PersonMatch, PersonVerdict, PictureEdit, PictureEvidence, PictureRelation,
    PictureVerdict, Turn,
};

/// The part of a line that a verdict fills; all null where there is none.
#[derive(Clone, Default, Serialize)]
pub(crate) struct VerdictFields {
    /// exact, edited, same person, similar or different.
    relation: Option<&'static str>,
    /// What was done to it; empty unless edited.
    edits: Option<Vec<&'static str>>,
    /// How likely it is the same picture, 0 to 1.
    score: Option<f64>,
    evidence: Option<EvidenceFields>,
}

/// What was looked at; null is what was not needed or not there.
#[derive(Clone, Serialize)]
struct EvidenceFields {
    decided_by: &'static str,
    pdq: Option<HashMatchFields>,
    borderless: Option<HashMatchFields>,
    /// Whether B was looked at with its colours inverted.
    inverted: bool,
    overlay: Option<OverlayFields>,
    colours: Option<ColourFields>,
    faces: Option<FacesFields>,
    vector: Option<f32>,
    /// Parts of A that were changed alone.
    changes: Vec<ChangeFields>,
}

#[derive(Clone, Serialize)]
struct ChangeFields {
    edit: &'static str,
    /// Left, top, right, bottom in pixels of A.
    region: [f64; 4],
}

#[derive(Clone, Serialize)]
struct HashMatchFields {
    distance: u32,
    /// How A is turned to come so near to B.
    turn: &'static str,
    quality: u8,
}

/// How A lies in B.
#[derive(Clone, Serialize)]
struct OverlayFields {
    /// Pixels of A to pixels of B, row by row.
    matrix: [f64; 9],
    affine: bool,
    mirrored: bool,
    inliers: u32,
    matched: u32,
    /// Share of A seen in B.
    overlap: f64,
    /// Share of B covered by A.
    covered: f64,
    /// A's corners in B, clockwise from the upper left: x, y.
    region: [f64; 8],
    agreement: f64,
    /// How well the fine texture correlates; null when nobody asked.
    texture: Option<f64>,
    /// Around what was done to a part of A alone: left, top, right, bottom.
    altered: Option<[f64; 4]>,
}

#[derive(Clone, Serialize)]
struct ColourFields {
    brightness: f64,
    tint: f64,
}

#[derive(Clone, Serialize)]
struct FacesFields {
    person: &'static str,
    similarity: Option<f32>,
    a_face: Option<usize>,
    b_face: Option<usize>,
}

pub(crate) fn verdict_fields(verdict: &PictureVerdict) -> VerdictFields {
    let edits = match verdict.relation {
        PictureRelation::Edited(edits) => edits.iter().map(|edit| edit.name()).collect(),
        _ => Vec::new(),
    };
    VerdictFields {
        relation: Some(verdict.relation.name()),
        edits: Some(edits),
        score: Some(verdict.score),
        evidence: Some(evidence_fields(&verdict.evidence)),
    }
}

fn evidence_fields(evidence: &PictureEvidence) -> EvidenceFields {
    EvidenceFields {
        decided_by: evidence.decided_by.name(),
        pdq: evidence.pdq.as_ref().map(hash_match_fields),
        borderless: evidence.borderless.as_ref().map(hash_match_fields),
        inverted: evidence.inverted,
        overlay: evidence.overlay.as_ref().map(overlay_fields),
        colours: evidence.colours.map(|colours| ColourFields {
            brightness: colours.brightness,
            tint: colours.tint,
        }),
        faces: evidence.faces.as_ref().map(faces_fields),
        vector: evidence.vector,
        changes: evidence
            .changes
            .iter()
            .map(|change| ChangeFields {
                edit: PictureEdit::from(change.kind).name(),
                region: change.region,
            })
            .collect(),
    }
}

fn hash_match_fields(found: &HashMatch) -> HashMatchFields {
    HashMatchFields {
        distance: found.distance,
        turn: turn(found.turn),
        quality: found.quality,
    }
}

fn overlay_fields(overlay: &Overlay) -> OverlayFields {
    OverlayFields {
        matrix: overlay.matrix,
        affine: overlay.affine,
        mirrored: overlay.mirrored,
        inliers: overlay.inliers,
        matched: overlay.matched,
        overlap: overlay.overlap,
        covered: overlay.covered,
        region: overlay.region,
        agreement: overlay.agreement,
        texture: overlay.texture,
        altered: overlay.altered,
    }
}

fn faces_fields(verdict: &PersonVerdict) -> FacesFields {
    FacesFields {
        person: match verdict.person {
            PersonMatch::Same => "same",
            PersonMatch::Candidate => "candidate",
            PersonMatch::Unknown => "unknown",
            PersonMatch::Different => "different",
        },
        similarity: verdict.similarity,
        a_face: verdict.query_face,
        b_face: verdict.candidate_face,
    }
}

/// The names do not change.
fn turn(turn: Turn) -> &'static str {
    match turn {
        Turn::Keep => "keep",
        Turn::Rotate90 => "rotate90",
        Turn::Rotate180 => "rotate180",
        Turn::Rotate270 => "rotate270",
        Turn::FlipX => "flip_x",
        Turn::FlipY => "flip_y",
        Turn::Transpose => "transpose",
        Turn::AntiTranspose => "anti_transpose",
    }
}
