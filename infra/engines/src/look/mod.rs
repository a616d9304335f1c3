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
mod features;
mod frames;
mod pose;
mod sketch;
mod trim;

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, LazyLock, Mutex};

use axum::body::Bytes;
use vara_imaging::{DecodeError, Format, Limits, decode, read_dimensions};

pub(crate) use self::compare::Likeness;
pub(crate) use self::features::PictureFeatures;
use crate::limits::PICTURE_LIMIT;
use crate::lock::lock;

/// So many looks and comparisons are remembered; then all are forgotten.
const REMEMBERED: usize = 256;
const COMPARED: usize = 1 << 20;

/// The same file is asked for again and again. A look says nothing but what is in the file, so that
/// all worlds may share it.
static LOOKS: LazyLock<Mutex<HashMap<Bytes, Seen>>> = LazyLock::new(Mutex::default);
static LIKENESSES: LazyLock<Mutex<Likenesses>> = LazyLock::new(Mutex::default);

/// How two looks compare.
type Likenesses = HashMap<(u64, u64), Option<Likeness>>;

/// A decoded picture's facts, and its look when it has one.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) format: Format,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) look: Option<Arc<PictureFeatures>>,
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
        look: PictureFeatures::of(&picture).map(Arc::new),
    })
}

impl PictureFeatures {
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
