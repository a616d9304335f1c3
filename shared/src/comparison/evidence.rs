//! Converts a verdict of the imaging crate into stored evidence.

use vara_imaging as seen;

use crate::domain::{
    ColourEvidence, Edit, Evidence, FaceEvidence, HashEvidence, OverlayEvidence, Person, Relation,
    Signal,
};

/// What a verdict on hers and a found picture rests on; the sizes are theirs.
pub(super) fn evidence(verdict: &seen::Verdict, own: [u32; 2], found: [u32; 2]) -> Evidence {
    let rests = &verdict.evidence;
    let edits = match verdict.relation {
        seen::Relation::Edited(edits) => edits.iter().map(edit).collect(),
        _ => Vec::new(),
    };
    Evidence {
        relation: relation(verdict.relation),
        edits,
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
fn overlay(lies: &seen::Overlay, own: [u32; 2], found: [u32; 2]) -> Option<OverlayEvidence> {
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

fn hashes(found: seen::HashMatch) -> HashEvidence {
    HashEvidence {
        distance: found.distance,
        turn: turn(found.turn).to_owned(),
        quality: found.quality,
    }
}

fn relation(relation: seen::Relation) -> Relation {
    match relation {
        seen::Relation::Exact => Relation::Exact,
        seen::Relation::Edited(_) => Relation::Edited,
        seen::Relation::SamePerson => Relation::SamePerson,
        seen::Relation::Similar => Relation::Similar,
        seen::Relation::Different => Relation::Different,
    }
}

fn edit(edit: seen::Edit) -> Edit {
    match edit {
        seen::Edit::Cropped => Edit::Cropped,
        seen::Edit::Rotated => Edit::Rotated,
        seen::Edit::Mirrored => Edit::Mirrored,
        seen::Edit::Recoloured => Edit::Recoloured,
        seen::Edit::Captioned => Edit::Captioned,
        seen::Edit::Embedded => Edit::Embedded,
        seen::Edit::Stretched => Edit::Stretched,
    }
}

fn signal(decided: seen::DecidedBy) -> Signal {
    match decided {
        seen::DecidedBy::Pixels => Signal::Pixels,
        seen::DecidedBy::Hash => Signal::Hash,
        seen::DecidedBy::BorderlessHash => Signal::BorderlessHash,
        seen::DecidedBy::Geometry => Signal::Geometry,
        seen::DecidedBy::Faces => Signal::Faces,
        seen::DecidedBy::Vector => Signal::Vector,
        seen::DecidedBy::Nothing => Signal::Nothing,
    }
}

fn person(person: seen::Person) -> Person {
    match person {
        seen::Person::Same => Person::Same,
        seen::Person::Candidate => Person::Candidate,
        seen::Person::Unknown => Person::Unknown,
        seen::Person::Different => Person::Different,
    }
}

/// The names of the imaging crate's own tool.
fn turn(turn: seen::Turn) -> &'static str {
    match turn {
        seen::Turn::Keep => "keep",
        seen::Turn::Rotate90 => "rotate90",
        seen::Turn::Rotate180 => "rotate180",
        seen::Turn::Rotate270 => "rotate270",
        seen::Turn::FlipX => "flip_x",
        seen::Turn::FlipY => "flip_y",
        seen::Turn::Transpose => "transpose",
        seen::Turn::AntiTranspose => "anti_transpose",
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
