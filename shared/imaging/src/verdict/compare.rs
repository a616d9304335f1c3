//! `compare`: collects evidence on two pictures, cheap signals first, each stage only
//! when the ones before it have not decided.

use std::cmp::Ordering;

use super::calibration::{self, COPY_SCORE, SIMILAR_COSINE};
use super::evidence::{ColourChange, DecidedBy, HashMatch, PictureEvidence};
use super::naming;
use super::relation::{PictureRelation, PictureVerdict};
use super::subject::Subject;
use crate::geometry::{
    Features, LocalChanges, Overlay, TextureInput, Transform, count_pictured_squares, find_changes,
    find_overlay, find_overlay_unsqueezed, measure_texture, overlay_by_transform,
};
use crate::models::{Models, PersonMatch, PersonVerdict, compare_faces};
use crate::pdq::{Fingerprint, MATCH_DISTANCE, MIN_QUALITY};
use crate::turn::Turn;

/// Largest distance of two hashes at which the small copies are compared; it proves
/// nothing by itself.
const MAX_DISTANCE_TO_CONFIRM: u32 = 90;

/// Bits of a hash.
const HASH_BITS: u32 = 256;

/// Compares two pictures: whether the candidate is the query's picture, and what was done to it.
///
/// Without models only copies are recognised, and everything else is
/// different. Deterministic; symmetric as said in [`PictureVerdict`].
pub fn compare(query: &Subject, candidate: &Subject, models: Option<&Models>) -> PictureVerdict {
    let turned_round = order_subjects(candidate, query).is_lt();
    let (first, second) = if turned_round {
        (candidate, query)
    } else {
        (query, candidate)
    };
    let (mut evidence, score) = judge(first, second, models);
    let mut changes = (score >= COPY_SCORE)
        .then(|| find_local_changes(&evidence, [first, second], usize::from(turned_round)))
        .flatten();
    if turned_round {
        evidence = evidence.reversed(query.size());
        changes = changes.map(|it| it.reversed(query.size()));
    }
    if let Some(changes) = changes {
        evidence.changes = changes.changes;
        evidence.is_changed_everywhere = changes.is_everywhere;
        evidence.is_whole = changes.is_whole;
    }
    PictureVerdict {
        relation: conclude_relation(&evidence, score, query, candidate),
        score,
        evidence,
    }
}

/// A fixed order of any two pictures; hashes are worked out and pixels read only
/// when all else is equal.
fn order_subjects(one: &Subject, other: &Subject) -> Ordering {
    let sides = |subject: &Subject| (subject.picture().width(), subject.picture().height());
    let hash = |subject: &Subject| subject.upright().map(|hash| hash.pdq);
    let hashes = || hash(one).cmp(&hash(other));
    let pixels = || one.picture().rgb().cmp(other.picture().rgb());
    sides(one)
        .cmp(&sides(other))
        .then_with(hashes)
        .then_with(pixels)
}

/// Collects evidence until it suffices.
fn judge(query: &Subject, candidate: &Subject, models: Option<&Models>) -> (PictureEvidence, f64) {
    let mut evidence = PictureEvidence::none();
    evidence.pdq = nearest_turn(query.dihedral(), candidate.upright());
    let mut score = judge_by_pixels(&mut evidence, query, candidate);
    if score < COPY_SCORE {
        score = judge_by_hash(&mut evidence, query, candidate, models);
    }
    if score < COPY_SCORE {
        score = score.max(judge_by_inverse(&mut evidence, query, candidate, models));
    }
    if score < COPY_SCORE {
        score = score.max(judge_by_geometry(&mut evidence, query, candidate, models));
    }
    if score < COPY_SCORE && !evidence.is_contradicted {
        score = score.max(judge_by_detail(&mut evidence, query, candidate, models));
    }
    if score < COPY_SCORE {
        score = score.max(judge_by_hash_alone(&mut evidence, query, candidate));
    }
    if score < COPY_SCORE
        && let Some(models) = models
    {
        judge_by_models(&mut evidence, query, candidate, models);
    }
    (evidence, score)
}

/// The best of the eight ways to turn the query.
fn nearest_turn(
    query: Option<&[Fingerprint; 8]>,
    candidate: Option<&Fingerprint>,
) -> Option<HashMatch> {
    match_turns(query?, candidate?).min_by_key(|found| found.distance)
}

/// The best of the eight ways when the candidate's colours are inverted.
fn nearest_inverted_turn(
    query: Option<&[Fingerprint; 8]>,
    candidate: Option<&Fingerprint>,
) -> Option<HashMatch> {
    let inverted = |found: HashMatch| HashMatch {
        distance: HASH_BITS - found.distance,
        ..found
    };
    match_turns(query?, candidate?)
        .map(inverted)
        .min_by_key(|found| found.distance)
}

/// The query's hashes in all orientations against the candidate's.
fn match_turns(
    query: &[Fingerprint; 8],
    candidate: &Fingerprint,
) -> impl Iterator<Item = HashMatch> {
    query.iter().zip(Turn::ALL).map(|(hash, turn)| HashMatch {
        distance: hash.pdq.distance(&candidate.pdq),
        turn,
        quality: hash.quality.min(candidate.quality),
    })
}

fn is_match(found: &HashMatch) -> bool {
    found.distance <= MATCH_DISTANCE && found.quality >= MIN_QUALITY
}

/// Equal pixels decide at once; a flat picture has no features that could be compared.
fn judge_by_pixels(evidence: &mut PictureEvidence, query: &Subject, candidate: &Subject) -> f64 {
    if query.picture() != candidate.picture() {
        return 0.0;
    }
    evidence.decided_by = DecidedBy::Pixels;
    1.0
}

/// Lays the whole query on the whole candidate as the hashes propose.
fn judge_by_hash(
    evidence: &mut PictureEvidence,
    query: &Subject,
    candidate: &Subject,
    models: Option<&Models>,
) -> f64 {
    let found = evidence
        .pdq
        .filter(|found| found.distance <= MAX_DISTANCE_TO_CONFIRM);
    let laid = found.and_then(|found| overlay_by_hash(found, [query, candidate], models));
    let Some((laid, score)) = laid else {
        return calibration::score_without_overlay(evidence.pdq);
    };
    if score >= COPY_SCORE || evidence.pdq.is_some_and(|found| is_match(&found)) {
        evidence.is_contradicted = is_contradicted(&laid, query, candidate);
        if evidence.is_contradicted {
            return calibration::score_without_overlay(None);
        }
    }
    if score >= COPY_SCORE {
        evidence.decided_by = DecidedBy::Hash;
        evidence.record_overlay(laid);
    }
    score
}

/// The same with the candidate's colours inverted, which turns about every bit
/// of its hash.
fn judge_by_inverse(
    evidence: &mut PictureEvidence,
    query: &Subject,
    candidate: &Subject,
    models: Option<&Models>,
) -> f64 {
    let found = nearest_inverted_turn(query.dihedral(), candidate.upright());
    let Some(found) = found.filter(|found| found.distance <= MAX_DISTANCE_TO_CONFIRM) else {
        return 0.0;
    };
    let Some((laid, score)) = overlay_by_hash(found, [query, candidate.inverse()], models) else {
        return 0.0;
    };
    if score >= COPY_SCORE {
        evidence.decided_by = DecidedBy::Hash;
        evidence.inverted = true;
        evidence.pdq = Some(found);
        evidence.record_overlay(laid);
    }
    score
}

/// How the whole of one picture looks on the whole of the other, and the score
/// of that; `None` when only a part agrees.
fn overlay_by_hash(
    found: HashMatch,
    [query, candidate]: [&Subject; 2],
    models: Option<&Models>,
) -> Option<(Overlay, f64)> {
    let whole = whole_onto_whole(found.turn, query.size(), candidate.size());
    let laid = overlay_by_transform(query.thumbs(), candidate.thumbs(), &whole);
    let mut laid = laid.filter(|laid| laid.detail.part.is_none())?;
    let mut score = calibration::score_hash(found, &laid);
    if score >= COPY_SCORE && !is_match(&found) && may_be_two_faces([query, candidate], models) {
        laid.texture = measure_texture_of_subjects(&laid, query, candidate);
        score = score.min(calibration::limit_by_hash_texture(&laid));
    }
    Some((laid, score))
}

fn judge_by_geometry(
    evidence: &mut PictureEvidence,
    query: &Subject,
    candidate: &Subject,
    models: Option<&Models>,
) -> f64 {
    Subject::extract_both([query, candidate]);
    let features = [query.features(), candidate.features()];
    let Some(found) = find_overlay(features[0], features[1]) else {
        return calibration::score_without_overlay(evidence.pdq);
    };
    judge_overlay(evidence, found, features, || {
        may_be_two_faces([query, candidate], models)
    })
}

/// The same with a finer copy of one of the two, in which the other may be small.
fn judge_by_detail(
    evidence: &mut PictureEvidence,
    query: &Subject,
    candidate: &Subject,
    models: Option<&Models>,
) -> f64 {
    let fine_candidate = candidate
        .fine_features()
        .map(|fine| [query.features(), fine]);
    let fine_query = query
        .fine_features()
        .map(|fine| [fine, candidate.features()]);
    for features in [fine_candidate, fine_query].into_iter().flatten() {
        let Some(found) = find_overlay_unsqueezed(features[0], features[1]) else {
            continue;
        };
        let mut seen = evidence.clone();
        let score = judge_overlay(&mut seen, found, features, || {
            may_be_two_faces([query, candidate], models)
        });
        if score >= COPY_SCORE {
            *evidence = seen;
            return score;
        }
    }
    0.0
}

/// Scores an overlay, and records it.
fn judge_overlay(
    evidence: &mut PictureEvidence,
    mut found: Overlay,
    [query, candidate]: [&Features; 2],
    may_be_two_faces: impl FnOnce() -> bool,
) -> f64 {
    let [mut score, confirmed] = calibration::score_geometry(&found);
    if confirmed >= COPY_SCORE && calibration::may_be_screens(&found) {
        let pictured = count_pictured_squares(&found, query.thumbs(), candidate.thumbs());
        if calibration::is_contradicted(&pictured) {
            evidence.is_contradicted = true;
            return calibration::score_without_overlay(None);
        }
        if calibration::is_confirmed(&pictured) {
            score = confirmed;
        }
    }
    if score >= COPY_SCORE
        && !calibration::is_beyond_doubt(&found)
        && (calibration::is_on_grounds(&found) || may_be_two_faces())
    {
        found.texture = measure_texture(&found, query.working(), candidate.working());
        score = score.min(calibration::limit_by_texture(&found));
    }
    if score >= COPY_SCORE {
        evidence.decided_by = DecidedBy::Geometry;
    }
    evidence.record_overlay(found);
    score
}

/// What was done to parts of a copy: where the overlay lays it, or the hash that found it.
/// `original` is which of the two it was asked about.
fn find_local_changes(
    evidence: &PictureEvidence,
    [query, candidate]: [&Subject; 2],
    original: usize,
) -> Option<LocalChanges> {
    let candidate = if evidence.inverted {
        candidate.inverse()
    } else {
        candidate
    };
    let (transform, part) = match (evidence.decided_by, &evidence.overlay) {
        (DecidedBy::Geometry, Some(laid)) => (Transform(laid.matrix), laid.detail.part),
        (DecidedBy::Hash, _) => {
            let turn = evidence.pdq?.turn;
            let whole = whole_onto_whole(turn, query.size(), candidate.size());
            (whole, None)
        }
        _ => return None,
    };
    let both = [query, candidate].map(|it| TextureInput {
        plane: it.working(),
        size: it.size(),
    });
    find_changes(both, &transform, part, original)
}

/// Whether two screens that lie on each other show two pictures.
fn is_contradicted(overlay: &Overlay, query: &Subject, candidate: &Subject) -> bool {
    calibration::may_be_screens(overlay)
        && calibration::is_contradicted(&count_pictured_squares(
            overlay,
            query.thumbs(),
            candidate.thumbs(),
        ))
}

/// Whether what agrees may be two photographs of faces, which lie on each other
/// as copies do, but for their texture. Without models that is not known, and
/// they may. Nobody is recognised for it.
fn may_be_two_faces(both: [&Subject; 2], models: Option<&Models>) -> bool {
    models.is_none_or(|models| both.iter().all(|it| it.has_face(models).unwrap_or(true)))
}

fn measure_texture_of_subjects(
    overlay: &Overlay,
    query: &Subject,
    candidate: &Subject,
) -> Option<f64> {
    measure_texture(
        overlay,
        (query.working().as_ref(), query.size()),
        (candidate.working().as_ref(), candidate.size()),
    )
}

/// Hashes that match although nothing more was found: of the whole pictures, or
/// of what is left without borders when one of the two has some.
fn judge_by_hash_alone(
    evidence: &mut PictureEvidence,
    query: &Subject,
    candidate: &Subject,
) -> f64 {
    if evidence.is_contradicted {
        return 0.0;
    }
    if let Some(found) = evidence.pdq.filter(is_match) {
        evidence.decided_by = DecidedBy::Hash;
        return calibration::score_hash_alone(found);
    }
    // A texture that says two photographs is not overruled by a hash.
    let overlay = evidence.overlay.as_ref();
    if overlay.is_some_and(|it| it.texture.is_some()) {
        return 0.0;
    }
    let (within_query, within_candidate) = (query.borderless(), candidate.borderless());
    if within_query.is_some() || within_candidate.is_some() {
        evidence.borderless = nearest_turn(
            within_query.or_else(|| query.dihedral()),
            within_candidate.map_or_else(|| candidate.upright(), |hashes| Some(&hashes[0])),
        );
    }
    match evidence.borderless.filter(is_match) {
        Some(found) => {
            evidence.decided_by = DecidedBy::BorderlessHash;
            calibration::score_hash_alone(found)
        }
        None => 0.0,
    }
}

/// Compares faces, and then the vectors.
fn judge_by_models(
    evidence: &mut PictureEvidence,
    query: &Subject,
    candidate: &Subject,
    models: &Models,
) {
    Subject::run_models([query, candidate], models);
    evidence.faces = compare_faces_of(query, candidate, models);
    if evidence
        .faces
        .is_some_and(|it| it.person == PersonMatch::Same)
    {
        evidence.decided_by = DecidedBy::Faces;
        return;
    }
    evidence.vector = compare_vectors(query, candidate, models);
    if evidence.vector.is_some_and(|it| it >= SIMILAR_COSINE) {
        evidence.decided_by = DecidedBy::Vector;
    }
}

fn compare_vectors(query: &Subject, candidate: &Subject, models: &Models) -> Option<f32> {
    query.vector(models)?.cosine(candidate.vector(models)?)
}

fn compare_faces_of(
    query: &Subject,
    candidate: &Subject,
    models: &Models,
) -> Option<PersonVerdict> {
    if !Subject::show_somebody([query, candidate], models)? {
        // At least one shows no clear face.
        return Some(compare_faces(&[], &[]));
    }
    Some(compare_faces(
        query.faces(models)?,
        candidate.faces(models)?,
    ))
}

fn conclude_relation(
    evidence: &PictureEvidence,
    score: f64,
    query: &Subject,
    candidate: &Subject,
) -> PictureRelation {
    match evidence.decided_by {
        DecidedBy::Faces => PictureRelation::SamePerson,
        DecidedBy::Vector => PictureRelation::Similar,
        _ if score < COPY_SCORE => PictureRelation::Different,
        _ => {
            let edits = naming::name_edits(evidence, query.size(), candidate.size());
            let overlay = evidence.overlay.as_ref();
            let is_altered = evidence.is_changed_everywhere
                || overlay.is_some_and(|overlay| overlay.altered.is_some());
            if edits.is_empty() && !is_altered {
                PictureRelation::Exact
            } else {
                PictureRelation::Edited(edits)
            }
        }
    }
}

impl PictureEvidence {
    /// Records an overlay and the change of colours in it.
    fn record_overlay(&mut self, overlay: Overlay) {
        let colours = overlay.detail.colours;
        self.colours = Some(ColourChange {
            brightness: colours.brightness,
            tint: colours.tint,
        });
        self.overlay = Some(overlay);
    }
}

/// The whole of one picture, turned, onto the whole of another.
fn whole_onto_whole(turn: Turn, [w, h]: [f64; 2], to: [f64; 2]) -> Transform {
    let (turned, size) = match turn {
        Turn::Keep => ([1.0, 0.0, 0.0, 0.0, 1.0, 0.0], [w, h]),
        Turn::Rotate90 => ([0.0, 1.0, 0.0, -1.0, 0.0, w], [h, w]),
        Turn::Rotate180 => ([-1.0, 0.0, w, 0.0, -1.0, h], [w, h]),
        Turn::Rotate270 => ([0.0, -1.0, h, 1.0, 0.0, 0.0], [h, w]),
        Turn::FlipX => ([1.0, 0.0, 0.0, 0.0, -1.0, h], [w, h]),
        Turn::FlipY => ([-1.0, 0.0, w, 0.0, 1.0, 0.0], [w, h]),
        Turn::Transpose => ([0.0, 1.0, 0.0, 1.0, 0.0, 0.0], [h, w]),
        Turn::AntiTranspose => ([0.0, -1.0, h, -1.0, 0.0, w], [h, w]),
    };
    let [a, b, x, c, d, y] = turned;
    let turned = Transform::affine(a, b, x, c, d, y);
    Transform::scale(to[0] / size[0], to[1] / size[1]).after(&turned)
}
