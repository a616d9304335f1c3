//! Converts a verdict of the imaging crate into stored evidence.

use vara_imaging as imaging;

use crate::domain::{
    ChangeEvidence, ColourEvidence, Edit, Evidence, FaceEvidence, HashEvidence, OverlayEvidence,
    Person, Relation, Signal,
};

/// What a verdict on hers and a found picture rests on; the sizes are theirs.
pub(super) fn evidence(
    verdict: &imaging::PictureVerdict,
    own: [u32; 2],
    found: [u32; 2],
) -> Evidence {
    let rests = &verdict.evidence;
    let edits = match verdict.relation {
        imaging::PictureRelation::Edited(edits) => edits.iter().map(edit).collect(),
        _ => Vec::new(),
    };
    Evidence {
        relation: relation(verdict.relation),
        edits,
        changes: rests
            .changes
            .iter()
            .filter_map(|it| change(it, own))
            .collect(),
        score: hundredths(verdict.score),
        decided_by: signal(rests.decided_by),
        pdq: rests.pdq.map(hashes),
        borderless: rests.borderless.map(hashes),
        overlay: rests
            .overlay
            .as_ref()
            .and_then(|it| overlay(it, own, found)),
        colours: rests.colours.map(|it| ColourEvidence {
            brightness: hundredths(it.brightness),
            tint: hundredths(it.tint),
        }),
        faces: rests.faces.map(|it| FaceEvidence {
            person: person(it.person),
            similarity: it.similarity.map(|it| hundredths(it.into())),
            own_face: it.query_face,
            found_face: it.candidate_face,
        }),
        vector: rests.vector.map(|it| hundredths(it.into())),
    }
}

/// Nothing if its numbers are none.
fn overlay(lies: &imaging::Overlay, own: [u32; 2], found: [u32; 2]) -> Option<OverlayEvidence> {
    let numbers = lies.matrix.iter().chain(&lies.region);
    let is_told = numbers
        .chain([&lies.overlap, &lies.covered, &lies.agreement])
        .all(|it| it.is_finite());
    is_told.then(|| OverlayEvidence {
        own_size: own,
        found_size: found,
        matrix: lies.matrix.map(billionths),
        affine: lies.affine,
        mirrored: lies.mirrored,
        inliers: lies.inliers,
        matched: lies.matched,
        overlap: thousandths(lies.overlap),
        covered: thousandths(lies.covered),
        region: lies.region.map(thousandths),
        agreement: thousandths(lies.agreement),
    })
}

fn hashes(found: imaging::HashMatch) -> HashEvidence {
    HashEvidence {
        distance: found.distance,
        turn: turn(found.turn).to_owned(),
        quality: found.quality,
    }
}

fn relation(relation: imaging::PictureRelation) -> Relation {
    match relation {
        imaging::PictureRelation::Exact => Relation::Exact,
        imaging::PictureRelation::Edited(_) => Relation::Edited,
        imaging::PictureRelation::SamePerson => Relation::SamePerson,
        imaging::PictureRelation::Similar => Relation::Similar,
        imaging::PictureRelation::Different => Relation::Different,
    }
}

fn edit(edit: imaging::PictureEdit) -> Edit {
    match edit {
        imaging::PictureEdit::Cropped => Edit::Cropped,
        imaging::PictureEdit::Rotated => Edit::Rotated,
        imaging::PictureEdit::Mirrored => Edit::Mirrored,
        imaging::PictureEdit::Recoloured => Edit::Recoloured,
        imaging::PictureEdit::Captioned => Edit::Captioned,
        imaging::PictureEdit::Embedded => Edit::Embedded,
        imaging::PictureEdit::Stretched => Edit::Stretched,
        imaging::PictureEdit::Watermarked => Edit::Watermarked,
        imaging::PictureEdit::Covered => Edit::Covered,
        imaging::PictureEdit::BlurredPart => Edit::BlurredPart,
    }
}

/// Nothing if its place is no number.
fn change(change: &imaging::LocalChange, own: [u32; 2]) -> Option<ChangeEvidence> {
    let sides = own.map(f64::from);
    let share = |n: usize| (change.region[n] / sides[n % 2]).clamp(0.0, 1.0);
    let region = std::array::from_fn(|n| thousandths(share(n)));
    region
        .iter()
        .all(|it| it.is_finite())
        .then(|| ChangeEvidence {
            edit: edit(change.kind.into()),
            region,
        })
}

fn signal(decided: imaging::DecidedBy) -> Signal {
    match decided {
        imaging::DecidedBy::Pixels => Signal::Pixels,
        imaging::DecidedBy::Hash => Signal::Hash,
        imaging::DecidedBy::BorderlessHash => Signal::BorderlessHash,
        imaging::DecidedBy::Geometry => Signal::Geometry,
        imaging::DecidedBy::Faces => Signal::Faces,
        imaging::DecidedBy::Vector => Signal::Vector,
        imaging::DecidedBy::Nothing => Signal::Nothing,
    }
}

fn person(person: imaging::PersonMatch) -> Person {
    match person {
        imaging::PersonMatch::Same => Person::Same,
        imaging::PersonMatch::Candidate => Person::Candidate,
        imaging::PersonMatch::Unknown => Person::Unknown,
        imaging::PersonMatch::Different => Person::Different,
    }
}

/// The names of the imaging crate's own tool.
fn turn(turn: imaging::Turn) -> &'static str {
    match turn {
        imaging::Turn::Keep => "keep",
        imaging::Turn::Rotate90 => "rotate90",
        imaging::Turn::Rotate180 => "rotate180",
        imaging::Turn::Rotate270 => "rotate270",
        imaging::Turn::FlipX => "flip_x",
        imaging::Turn::FlipY => "flip_y",
        imaging::Turn::Transpose => "transpose",
        imaging::Turn::AntiTranspose => "anti_transpose",
    }
}

fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn thousandths(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

/// Fine enough for a homography over thousands of pixels, and never smaller than a row can hold.
fn billionths(value: f64) -> f64 {
    (value * 1e9).round() / 1e9
}
