//! Makes the edited pictures and compares them, on every core.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use rustix::time::{ClockId, clock_gettime};
use vara_imaging::{Limits, Models, Pdq, Picture, Subject, compare, decode, pdq};

use crate::edits::{EditCase, EditError};
use crate::judge::{VerdictSummary, single_hash};
use crate::options::BenchOptions;

/// One picture of the folder.
pub(crate) struct Original {
    pub(crate) name: String,
    picture: Picture,
    known: Subject,
    hash: Option<Pdq>,
}

/// What a pair is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PairKind {
    /// An edited picture and the picture it was made from.
    Same,
    /// An edited picture and another picture.
    Other,
    /// Two different pictures in the same frame, nothing known of either.
    Framed,
}

/// One compared pair.
pub(crate) struct ComparedPair {
    /// Place of the case in the list of cases.
    pub(crate) case: usize,
    /// Place of the picture that was edited.
    pub(crate) edited: usize,
    /// Place of the picture it was held against.
    pub(crate) original: usize,
    pub(crate) kind: PairKind,
    pub(crate) answer: VerdictSummary,
    /// Whether one PDQ hash of each would have been enough; only known of
    /// [`PairKind::Same`].
    pub(crate) hashed: bool,
    /// Whether the parts it names are the parts that were changed, and no others.
    pub(crate) is_placed: bool,
    pub(crate) milliseconds: f64,
}

/// The files of a folder, sorted by name.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, EditError> {
    let mut paths = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()?;
    paths.retain(|path| path.is_file());
    paths.sort();
    Ok(paths)
}

/// The folder's pictures, sorted by name; what cannot be read as a picture is
/// passed over.
pub(crate) fn originals(folder: &Path) -> Result<Vec<Original>, EditError> {
    let mut found = Vec::new();
    for path in files(folder)? {
        let Ok(picture) = decode(&fs::read(&path)?, &Limits::DEFAULT) else {
            continue;
        };
        found.push(Original {
            name: path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            hash: pdq(&picture).map(|print| print.pdq),
            known: Subject::new(picture.clone()),
            picture,
        });
    }
    Ok(found)
}

/// The half of the folder a picture belongs to.
pub(crate) fn half(place: usize) -> usize {
    place % 2
}

/// Every case on every picture that is asked for.
pub(crate) fn run(
    originals: &[Original],
    cases: &[EditCase],
    options: &BenchOptions,
    models: Option<&Models>,
) -> Result<Vec<ComparedPair>, EditError> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let work = || -> Result<(), EditError> {
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            if place >= originals.len() {
                return Ok(());
            }
            if (place / 2).is_multiple_of(options.every) {
                let outcomes = one_picture(originals, place, cases, options, models)?;
                done.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .extend(outcomes);
            }
        }
    };
    thread::scope(|scope| {
        let started: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        started.into_iter().try_for_each(|worker| {
            worker
                .join()
                .unwrap_or_else(|_| Err("a worker died".into()))
        })
    })?;
    let mut outcomes = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    outcomes.sort_by_key(|outcome: &ComparedPair| (outcome.edited, outcome.case));
    Ok(outcomes)
}

/// Every case of one picture.
fn one_picture(
    originals: &[Original],
    place: usize,
    cases: &[EditCase],
    options: &BenchOptions,
    models: Option<&Models>,
) -> Result<Vec<ComparedPair>, EditError> {
    let mut outcomes = Vec::new();
    for (case, edits) in cases.iter().enumerate() {
        let picture = edits.apply(&originals[place].picture)?;
        let hashed = single_hash(&picture, originals[place].hash);
        let edited = Subject::new(picture.clone());
        // As in the product: hers is the query, what was found is the candidate.
        let mut measure = |original: usize, kind: PairKind, known: &Subject, found: &Subject| {
            let start = processor_milliseconds();
            let verdict = compare(known, found, models);
            let milliseconds = processor_milliseconds() - start;
            let answer = VerdictSummary::from(&verdict);
            let hashed = hashed && kind == PairKind::Same;
            let is_placed = is_placed(
                &edits.regions(&originals[place].picture),
                &answer,
                &originals[place].picture,
            );
            outcomes.push(ComparedPair {
                case,
                edited: place,
                original,
                kind,
                answer,
                hashed,
                is_placed,
                milliseconds,
            });
        };
        measure(place, PairKind::Same, &originals[place].known, &edited);
        let others = others(place, case, originals.len(), options.negatives);
        for &other in &others {
            measure(other, PairKind::Other, &originals[other].known, &edited);
        }
        if let (true, Some(&other)) = (edits.framed(), others.first()) {
            let framed = Subject::new(edits.apply(&originals[other].picture)?);
            measure(other, PairKind::Framed, &framed, &Subject::new(picture));
        }
    }
    Ok(outcomes)
}

/// Shares by which what is found may lie beside what was changed, in length of a side; a cell is a
/// thirty-second of the longer one.
const PLACE_TOLERANCE: f64 = 0.08;

/// Whether every changed part is found in its place, and all that is found is changed.
fn is_placed(regions: &[[f64; 4]], answer: &VerdictSummary, picture: &Picture) -> bool {
    let sides = [picture.width(), picture.height()].map(f64::from);
    let found: Vec<[f64; 4]> = answer
        .changes
        .iter()
        .map(|it| std::array::from_fn(|n| it.region[n] / sides[n % 2]))
        .collect();
    let is_within = |inner: &[f64; 4], outer: &[f64; 4]| {
        (0..2).all(|n| inner[n] >= outer[n] - PLACE_TOLERANCE)
            && (2..4).all(|n| inner[n] <= outer[n] + PLACE_TOLERANCE)
    };
    let area = |it: &[f64; 4]| (it[2] - it[0]).max(0.0) * (it[3] - it[1]).max(0.0);
    let is_found = |region: &[f64; 4]| {
        found
            .iter()
            .any(|it| is_within(it, region) && area(it) >= MIN_FOUND_AREA_SHARE * area(region))
    };
    regions.iter().all(is_found)
        && found
            .iter()
            .all(|it| regions.iter().any(|region| is_within(it, region)))
}

/// Least share of the area of a changed part that what is found of it has.
const MIN_FOUND_AREA_SHARE: f64 = 0.5;

/// What this thread has used of its core; unlike a clock on the wall it does not
/// count the work of others on a busy machine.
fn processor_milliseconds() -> f64 {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    used.tv_sec as f64 * 1e3 + used.tv_nsec as f64 / 1e6
}

/// Other pictures of the same half, spread evenly and differently for every case.
fn others(edited: usize, case: usize, count: usize, wanted: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count)
        .filter(|&place| half(place) == half(edited) && place != edited)
        .collect();
    if places.is_empty() {
        return places;
    }
    let wanted = wanted.min(places.len());
    let start = (edited * 31 + case * 17) % places.len();
    places.rotate_left(start);
    let step = places.len() / wanted.max(1);
    places
        .into_iter()
        .step_by(step.max(1))
        .take(wanted)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn others_are_of_the_same_half_and_never_the_picture_itself() {
        for edited in 0..40 {
            for case in 0..14 {
                let found = others(edited, case, 40, 7);
                assert_eq!(found.len(), 7);
                assert_eq!(found.iter().collect::<HashSet<_>>().len(), 7);
                assert!(
                    found
                        .iter()
                        .all(|&other| other != edited && half(other) == half(edited))
                );
            }
        }
    }

    #[test]
    fn no_more_others_than_there_are() {
        assert_eq!(others(0, 3, 6, 100).len(), 2);
        assert_eq!(others(0, 0, 1, 100), Vec::<usize>::new());
    }
}
