//! How the stand-in recognises a picture: a look is taken once, when a picture is planted
//! or asked for, and two looks are compared.
//!
//! More than PDQ alone finds, as the real engine does. Borders are removed, and hashes of
//! the whole are compared in all eight poses; sketches of thousands of parts tell where
//! one picture may lie inside the other, and PDQ of exactly these parts decides. It is a
//! stand-in: it may not be used to verify anything.

mod canvas;
mod colours;
mod compare;
mod frames;
mod pose;
mod sketch;
mod trim;

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use axum::body::Bytes;
use vara_imaging::{
    DecodeError, Fingerprint, Format, Limits, Pdq, Picture, decode, pdq, read_dimensions,
};

use self::canvas::{Canvas, Frame};
use self::colours::Colours;
pub(crate) use self::compare::Likeness;
use self::pose::{POSES, Pose};
use self::sketch::{CELLS, Sketch};
use crate::PICTURE_LIMIT;
use crate::world::lock;

/// Cells per side from which PDQ is made: its own size, so that it samples nothing away.
const PDQ_CELLS: usize = 64;

/// So many looks and comparisons are remembered; then all are forgotten.
const REMEMBERED: usize = 256;
const COMPARED: usize = 1 << 20;

/// The same file is asked for again and again. A look says nothing but what is in the file, so that
/// all worlds may share it.
static LOOKS: LazyLock<Mutex<HashMap<Bytes, Seen>>> = LazyLock::new(Mutex::default);
static LIKENESSES: LazyLock<Mutex<Likenesses>> = LazyLock::new(Mutex::default);

/// How two looks compare.
type Likenesses = HashMap<(u64, u64), Option<Likeness>>;

/// Below this quality a hash is noise, and a picture cannot be recognised at all.
const PLAIN: u8 = 10;

/// A decoded picture's facts, and its look when it has one.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) format: Format,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) look: Option<Arc<Look>>,
}

/// What is remembered of a picture to recognise it.
pub(crate) struct Look {
    /// Its name among the looks that were taken.
    number: u64,
    canvas: Canvas,
    /// The whole picture, and the whole without its borders when it has some.
    wholes: Vec<Whole>,
    /// What another picture's parts are searched for: the wholes in every pose, and the
    /// middle turned a little.
    patterns: Vec<Pattern>,
    /// Every part another picture's patterns are searched in.
    windows: Vec<(Frame, Sketch)>,
    /// What is left when a strip is covered, always in the same order.
    strips: Vec<(Frame, Option<Pdq>)>,
    colours: Colours,
}

/// A hash of the whole picture in each of its eight poses, upright first.
struct Whole {
    frame: Frame,
    poses: [Pdq; 8],
    quality: u8,
}

/// A frame in one pose.
struct Pattern {
    frame: Frame,
    pose: Pose,
    sketch: Sketch,
}

/// Decodes a picture and takes its look, away from the threads that answer.
pub(crate) async fn see(bytes: Bytes) -> Result<Seen, DecodeError> {
    let known = lock(&LOOKS).get(&bytes).cloned();
    if let Some(seen) = known {
        return Ok(seen);
    }
    let file = bytes.clone();
    let work = tokio::task::spawn_blocking(move || look_at(&file));
    let seen = work
        .await
        .unwrap_or_else(|_| Err(DecodeError::Corrupt("the decoder gave up".to_owned())))?;
    remember(&LOOKS, REMEMBERED, bytes, seen.clone());
    Ok(seen)
}

fn remember<K: Eq + Hash, V>(memory: &Mutex<HashMap<K, V>>, most: usize, key: K, value: V) {
    let mut memory = lock(memory);
    if memory.len() >= most {
        memory.clear();
    }
    memory.insert(key, value);
}

fn look_at(bytes: &[u8]) -> Result<Seen, DecodeError> {
    let limits = Limits {
        bytes: PICTURE_LIMIT,
        ..Limits::DEFAULT
    };
    let (format, _, _) = read_dimensions(bytes, &limits)?;
    let picture = decode(bytes, &limits)?;
    Ok(Seen {
        format,
        width: picture.width(),
        height: picture.height(),
        look: Look::of(&picture).map(Arc::new),
    })
}

impl Look {
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
        let strips = frames::strips().map(|frame| (frame, compare::detailed(&canvas, frame)));
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

    /// How alike two pictures are; nothing when they are different pictures.
    pub(crate) fn likeness(&self, planted: &Self) -> Option<Likeness> {
        let pair = (self.number, planted.number);
        let known = lock(&LIKENESSES).get(&pair).copied();
        known.unwrap_or_else(|| {
            let likeness = compare::likeness(self, planted);
            remember(&LIKENESSES, COMPARED, pair, likeness);
            likeness
        })
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
fn hash(cells: &[f32]) -> Option<Fingerprint> {
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
