//! The look of a picture: hashes, sketches and colours, taken once.

use std::sync::atomic::{AtomicU64, Ordering};

use vara_imaging::{Fingerprint, MIN_QUALITY, Pdq, Picture, pdq};

use super::canvas::{Canvas, Frame};
use super::colours::Colours;
use super::pose::{POSES, Pose};
use super::sketch::{CELLS, Sketch};
use super::{frames, trim};

/// Cells per side from which PDQ is made: its own size, so that it samples nothing away.
pub(crate) const PDQ_CELLS: usize = 64;

/// Below this quality a hash is noise, and a picture cannot be recognised at all.
const PLAIN: u8 = 10;

/// What is remembered of a picture to recognise it.
pub(crate) struct PictureFeatures {
    /// Its name among the looks that were taken.
    pub(crate) number: u64,
    pub(crate) canvas: Canvas,
    /// The whole picture, and the whole without its borders when it has some.
    pub(crate) wholes: Vec<Whole>,
    /// What another picture's parts are searched for: the wholes in every pose, and the
    /// middle turned a little.
    pub(crate) patterns: Vec<Pattern>,
    /// Every part another picture's patterns are searched in.
    pub(crate) windows: Vec<(Frame, Sketch)>,
    /// What is left when a strip is covered, always in the same order.
    pub(crate) strips: Vec<(Frame, Option<Pdq>)>,
    pub(crate) colours: Colours,
}

/// A hash of the whole picture in each of its eight poses, upright first.
pub(crate) struct Whole {
    pub(crate) frame: Frame,
    pub(crate) poses: [Pdq; 8],
    pub(crate) quality: u8,
}

/// A frame in one pose.
pub(crate) struct Pattern {
    pub(crate) frame: Frame,
    pub(crate) pose: Pose,
    pub(crate) sketch: Sketch,
}

impl PictureFeatures {
    /// The look of a picture; nothing when it is too plain or too small for one.
    pub(crate) fn of(picture: &Picture) -> Option<Self> {
        let canvas = Canvas::of(picture);
        let inner = trim::frame(&canvas);
        let mut wholes = Vec::from_iter(whole(&canvas, Frame::WHOLE));
        if inner != Frame::WHOLE {
            wholes.extend(whole(&canvas, inner));
        }
        if wholes.is_empty() {
            return None;
        }
        let windows = frames::windows();
        let windows = windows.filter_map(|frame| Some((frame, Sketch::of(&canvas, frame)?)));
        let strips = frames::strips().map(|frame| (frame, detailed(&canvas, frame)));
        static TAKEN: AtomicU64 = AtomicU64::new(0);
        Some(Self {
            number: TAKEN.fetch_add(1, Ordering::Relaxed),
            patterns: patterns(&canvas, &wholes),
            windows: windows.collect(),
            strips: strips.collect(),
            colours: Colours::of(picture),
            wholes,
            canvas,
        })
    }

    /// The picture's own hash as text, used to name a query.
    pub(crate) fn name(&self) -> String {
        self.wholes
            .first()
            .map(|it| it.poses[0].to_string())
            .unwrap_or_default()
    }
}

fn whole(canvas: &Canvas, frame: Frame) -> Option<Whole> {
    let cells = canvas.cells(frame, PDQ_CELLS);
    let upright = hash(&cells)?;
    let mut poses = [upright.pdq; 8];
    for (pdq, pose) in poses.iter_mut().zip(POSES) {
        *pdq = hash(&pose.of(&cells, PDQ_CELLS))?.pdq;
    }
    (upright.quality >= PLAIN).then_some(Whole {
        frame,
        poses,
        quality: upright.quality,
    })
}

/// PDQ of a square of cells.
pub(crate) fn hash(cells: &[f32]) -> Option<Fingerprint> {
    let side = u32::try_from(PDQ_CELLS).ok()?;
    let rgb = cells.iter().flat_map(|it| [it.round() as u8; 3]).collect();
    pdq(&Picture::from_rgb(side, side, rgb)?)
}

fn patterns(canvas: &Canvas, wholes: &[Whole]) -> Vec<Pattern> {
    let posed = wholes
        .iter()
        .flat_map(|whole| POSES.map(|pose| (whole.frame, pose)));
    let turned = frames::turns().map(|frame| (frame, POSES[0]));
    posed
        .chain(turned)
        .filter_map(|(frame, pose)| {
            let cells = pose.of(&canvas.cells(frame, CELLS), CELLS);
            Some(Pattern {
                frame,
                pose,
                sketch: Sketch::from_cells(&cells)?,
            })
        })
        .collect()
}

/// The hash of a part; absent when the part is too plain for one.
pub(crate) fn detailed(canvas: &Canvas, frame: Frame) -> Option<Pdq> {
    sure(&canvas.cells(frame, PDQ_CELLS))
}

pub(crate) fn sure(cells: &[f32]) -> Option<Pdq> {
    hash(cells)
        .filter(|it| it.quality >= MIN_QUALITY)
        .map(|it| it.pdq)
}
