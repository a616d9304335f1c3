//! Compares portraits: every two of different people, and every two of one person.
//!
//! A portrait's name begins with whose it is, up to an underscore:
//! `p001_smile.jpg` and `p001_street.jpg` show one person. In a picture of
//! several people each face is a person of its own.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use image::RgbImage;
use image::imageops::{self, FilterType};
use vara_imaging::{
    CLEAR_FACE_CONFIDENCE, DetectedFace, Limits, MATCH_DISTANCE, Models, Picture, Subject, compare,
    decode,
};

use crate::edits::{EditError, SAVED_QUALITY, saved, to_picture};
use crate::judge::VerdictSummary;
use crate::run::files;

/// Sides of the square around a face, in longer sides of the face.
const FACE_CUT_RATIO: f32 = 1.4;

/// Shorter sides of faces that are not cut out.
const MIN_CUT_SIDE: f32 = 40.0;

/// What is compared of a portrait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum BenchView {
    /// The picture as it is.
    Whole,
    /// The face with what is close around it, at most so many pixels a side.
    Face(u32),
}

/// The views that are compared with each other.
const COMPARED: [[BenchView; 2]; 6] = [
    [BenchView::Whole, BenchView::Whole],
    [BenchView::Whole, BenchView::Face(150)],
    [BenchView::Whole, BenchView::Face(64)],
    [BenchView::Face(150), BenchView::Face(150)],
    [BenchView::Face(150), BenchView::Face(64)],
    [BenchView::Face(64), BenchView::Face(64)],
];

/// What two portraits are to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PortraitPairKind {
    DifferentPeople,
    OnePerson,
    /// Two views of one file.
    OnePicture,
}

/// One view of one portrait.
pub(crate) struct BenchPortrait {
    pub(crate) name: String,
    person: String,
    view: BenchView,
    subject: Subject,
}

/// One compared pair of portraits.
pub(crate) struct ComparedPortraits {
    pub(crate) places: [usize; 2],
    pub(crate) half: usize,
    views: [BenchView; 2],
    pub(crate) kind: PortraitPairKind,
    /// Whether the hashes match: two frames of one sitting are no test of
    /// whether two photographs are told apart.
    near_copies: bool,
    pub(crate) answer: VerdictSummary,
}

impl ComparedPortraits {
    fn is_copy(&self) -> bool {
        self.answer.edits.is_some()
    }

    /// Whether the pair is one of those that are counted.
    fn is_of(&self, half: usize, kind: PortraitPairKind, views: Option<[BenchView; 2]>) -> bool {
        let turned = [self.views[1], self.views[0]];
        let is_doubtful = kind == PortraitPairKind::OnePerson && self.near_copies;
        self.half == half
            && self.kind == kind
            && !is_doubtful
            && views.is_none_or(|views| views == self.views || views == turned)
    }

    /// Whether two photographs were taken for one, or a copy for none.
    pub(crate) fn is_wrong(&self) -> bool {
        match self.kind {
            PortraitPairKind::DifferentPeople => self.is_copy(),
            PortraitPairKind::OnePerson => self.is_copy() && !self.near_copies,
            PortraitPairKind::OnePicture => !self.is_copy(),
        }
    }
}

/// Whose picture it is: its file's name up to an underscore.
pub(crate) fn person(name: &str) -> &str {
    name.split_once('_').map_or(name, |(person, _)| person)
}

/// Every view of every portrait of a folder, sorted by file.
pub(crate) fn portraits(folder: &Path, models: &Models) -> Result<Vec<BenchPortrait>, EditError> {
    let mut found = Vec::new();
    for path in files(folder)? {
        let Ok(picture) = decode(&fs::read(&path)?, &Limits::DEFAULT) else {
            continue;
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        found.extend(views(&name, picture, models)?);
    }
    Ok(found)
}

/// The views of one file.
fn views(name: &str, picture: Picture, models: &Models) -> Result<Vec<BenchPortrait>, EditError> {
    let mut faces = models.detect_faces(&picture)?;
    faces.retain(|face| {
        face.confidence >= CLEAR_FACE_CONFIDENCE && face.area[2].min(face.area[3]) >= MIN_CUT_SIDE
    });
    let alone = faces.len() == 1;
    let mut views = Vec::new();
    for (place, face) in faces.iter().enumerate() {
        let who = person(name);
        let person = if alone {
            who.to_owned()
        } else {
            format!("{who} face {place}")
        };
        let mut add = |view, picture| {
            views.push(BenchPortrait {
                name: format!("{name} face {place} {view:?}"),
                person: person.clone(),
                view,
                subject: Subject::new(picture),
            });
        };
        for side in [150, 64] {
            if let Some(cut) = cut(&picture, face, side)? {
                add(BenchView::Face(side), cut);
            }
        }
        if alone {
            add(BenchView::Whole, picture.clone());
        }
    }
    Ok(views)
}

/// The square around a face, as far as it is in the picture, made no larger;
/// none when the picture is smaller than what is asked for.
fn cut(picture: &Picture, face: &DetectedFace, side: u32) -> Result<Option<Picture>, EditError> {
    let [left, top, width, height] = face.area;
    let half = FACE_CUT_RATIO / 2.0 * width.max(height);
    let within = |middle: f32, length: u32| {
        let from = (middle - half).max(0.0) as u32;
        let to = ((middle + half) as u32).min(length);
        (from, to.saturating_sub(from))
    };
    let (left, width) = within(left + width / 2.0, picture.width());
    let (top, height) = within(top + height / 2.0, picture.height());
    if width.max(height) < side * 4 / 5 {
        return Ok(None);
    }
    let pixels = RgbImage::from_raw(picture.width(), picture.height(), picture.rgb().to_vec())
        .ok_or("the pixels do not fit the sides")?;
    let pixels = imageops::crop_imm(&pixels, left, top, width, height).to_image();
    let share = (f64::from(side) / f64::from(width.max(height))).min(1.0);
    let scaled = |length: u32| ((f64::from(length) * share).round() as u32).max(1);
    let small = imageops::resize(&pixels, scaled(width), scaled(height), FilterType::Triangle);
    to_picture(saved(small, SAVED_QUALITY)?).map(Some)
}

/// The half that each person belongs to: every second one of those sorted by name.
fn halves(portraits: &[BenchPortrait]) -> BTreeMap<&str, usize> {
    let mut halves: BTreeMap<&str, usize> = portraits
        .iter()
        .map(|portrait| (portrait.person.as_str(), 0))
        .collect();
    for (place, half) in halves.values_mut().enumerate() {
        *half = place % 2;
    }
    halves
}

/// The pairs to be compared: views that go together, of people of one half.
fn pairs(portraits: &[BenchPortrait]) -> Vec<([usize; 2], usize)> {
    let halves = halves(portraits);
    let half = |place: usize| halves[portraits[place].person.as_str()];
    let mut pairs = Vec::new();
    for one in 0..portraits.len() {
        for other in one + 1..portraits.len() {
            let views = [portraits[one].view, portraits[other].view];
            let meet = COMPARED.contains(&views) || COMPARED.contains(&[views[1], views[0]]);
            // People in one file may stand so near that their cuts share pixels.
            let neighbours = portraits[one].file() == portraits[other].file()
                && portraits[one].person != portraits[other].person;
            if meet && !neighbours && half(one) == half(other) {
                pairs.push(([one, other], half(one)));
            }
        }
    }
    pairs
}

impl BenchPortrait {
    fn file(&self) -> &str {
        self.name.split(" face ").next().unwrap_or_default()
    }

    fn kind(&self, other: &Self) -> PortraitPairKind {
        if self.file() == other.file() {
            PortraitPairKind::OnePicture
        } else if self.person == other.person {
            PortraitPairKind::OnePerson
        } else {
            PortraitPairKind::DifferentPeople
        }
    }
}

/// Compares all pairs on every core.
pub(crate) fn compare_portraits(
    portraits: &[BenchPortrait],
    every: usize,
    models: Option<&Models>,
) -> Vec<ComparedPortraits> {
    let pairs: Vec<_> = pairs(portraits).into_iter().step_by(every).collect();
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(pairs.len()));
    let work = || {
        while let Some(&(places, half)) = pairs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let [one, other] = places.map(|place| &portraits[place]);
            let verdict = compare(&one.subject, &other.subject, models);
            let meeting = ComparedPortraits {
                places,
                half,
                views: [one.view, other.view],
                kind: one.kind(other),
                near_copies: verdict
                    .evidence
                    .pdq
                    .is_some_and(|found| found.distance <= MATCH_DISTANCE),
                answer: VerdictSummary::from(&verdict),
            };
            done.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(meeting);
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let mut meetings = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    meetings.sort_by_key(|meeting: &ComparedPortraits| meeting.places);
    meetings
}

/// How many pairs of each kind were called copies, by half and by view.
pub(crate) fn print(
    out: &mut impl Write,
    portraits: &[BenchPortrait],
    meetings: &[ComparedPortraits],
) -> io::Result<()> {
    let halves = halves(portraits);
    for (half, name) in ["calibration half", "reported half"]
        .into_iter()
        .enumerate()
    {
        let people = halves.values().filter(|it| **it == half).count();
        writeln!(out, "\n== {name}: {people} people")?;
        for kind in [
            PortraitPairKind::DifferentPeople,
            PortraitPairKind::OnePerson,
            PortraitPairKind::OnePicture,
        ] {
            for views in COMPARED.map(Some).into_iter().chain([None]) {
                let of_kind = || meetings.iter().filter(|it| it.is_of(half, kind, views));
                let (all, copies) = (
                    of_kind().count(),
                    of_kind().filter(|it| it.is_copy()).count(),
                );
                if all == 0 {
                    continue;
                }
                let views = views.map_or_else(|| "all".to_owned(), |it| format!("{it:?}"));
                writeln!(
                    out,
                    "{:<16} {views:<22} {all:>7} pairs, {copies:>5} called copies, {:.5}",
                    format!("{kind:?}"),
                    copies as f64 / all as f64,
                )?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Before texture was asked one pair in four was taken for a copy.
    #[test]
    fn two_people_are_never_one_picture() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench-portraits");
        let models = Models::embedded().unwrap();
        let mut paths: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|it| it.unwrap().path())
            .collect();
        paths.sort();
        let mut portraits = Vec::new();
        for path in paths
            .iter()
            .filter(|it| it.extension().is_some_and(|it| it == "jpg"))
            .step_by(8)
        {
            let picture = decode(&fs::read(path).unwrap(), &Limits::DEFAULT).unwrap();
            let name = path.file_name().unwrap().to_string_lossy();
            portraits.extend(views(&name, picture, &models).unwrap());
        }
        let meetings = compare_portraits(&portraits, 1, None);
        let of_kind = |kind| meetings.iter().filter(move |it| it.kind == kind);
        assert!(of_kind(PortraitPairKind::DifferentPeople).count() > 500);
        let alarms: Vec<_> = of_kind(PortraitPairKind::DifferentPeople)
            .filter(|it| it.is_wrong())
            .map(|it| {
                (
                    it.places.map(|place| &portraits[place].name),
                    &it.answer.words,
                )
            })
            .collect();
        assert!(alarms.is_empty(), "{alarms:?}");
        let missed = of_kind(PortraitPairKind::OnePicture)
            .filter(|it| it.is_wrong())
            .count();
        let all = of_kind(PortraitPairKind::OnePicture).count();
        assert!(all > 50 && 20 * missed <= all, "{missed} of {all}");
    }
}
