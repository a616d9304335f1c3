//! Memory of a picture's places in an image scan: which of them are as they were, and keep their verdict.
//!
//! A place keeps its verdict when its pictures have the same bytes and all else that the verdict follows from
//! is the same. Only where we have confirmed a copy is the server asked whether the picture changed: another
//! could show us something harmless first and then deny that it changed.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::candidates::FoundPlace;
use super::picture::PictureScan;
use crate::clock;
use crate::domain::{FetchedVersion, MatchId, SeenPlace, Tier};
use crate::services::search::engines::digest;
use crate::store::SeenPlaces;

/// The way found pictures are compared. Raised with every change of models, signals or thresholds, so that
/// places are compared anew.
const COMPARISON_VERSION: u32 = 1;

/// What is remembered of the places of a picture.
#[derive(Debug, Default)]
pub(super) struct PlaceMemory {
    places: SeenPlaces,
    /// Those that this scan came to; the others are forgotten.
    touched: BTreeSet<MatchId>,
    has_changed: bool,
}

/// A place of which something is remembered that still counts.
#[derive(Clone, Debug)]
pub(super) struct Remembered {
    seen: SeenPlace,
    /// Our own look found a copy of hers there.
    is_confirmed: bool,
}

impl PlaceMemory {
    pub(super) fn of(places: SeenPlaces) -> Self {
        Self {
            places,
            ..Self::default()
        }
    }

    /// Keeps what is remembered of a place that is not looked at again.
    pub(super) fn touch(&mut self, place: MatchId) {
        self.touched.insert(place);
    }

    /// Remembers a place as it was seen now.
    pub(super) fn set(&mut self, place: MatchId, seen: SeenPlace) {
        self.touched.insert(place);
        let before = self.places.places.get(&place);
        // New validators of the same bytes are not worth a write.
        if before.is_none_or(|it| !is_same(it, &seen)) {
            self.has_changed = true;
            self.places.places.insert(place, seen);
        }
    }
}

impl Remembered {
    /// What is remembered of `place`. Nothing if its finding is gone, unknown, or news by now.
    pub(super) fn of(picture: &PictureScan<'_>, place: &FoundPlace) -> Option<Self> {
        let seen = picture.memory.places.places.get(&place.id)?;
        let known = picture.known.get(&place.id).map(|it| &it.found);
        let is_usable = match known {
            Some(found) => seen.is_finding && found.gone_at.is_none(),
            None => !seen.is_finding,
        };
        is_usable.then(|| Self {
            seen: seen.clone(),
            is_confirmed: known.is_some_and(|it| it.confidence == Some(Tier::High)),
        })
    }

    /// The version of a picture of which its server may say that it is the same.
    pub(super) fn conditional(&self, at: usize) -> Option<FetchedVersion> {
        let version = self.seen.pictures.get(at).cloned().flatten();
        version.filter(|_| self.is_confirmed)
    }

    /// Whether something of hers was there.
    pub(super) fn is_finding(&self) -> bool {
        self.seen.is_finding
    }

    /// Whether a place is as it was.
    pub(super) fn is_same(&self, now: &SeenPlace) -> bool {
        self.seen.basis == now.basis && hashes(&self.seen).eq(hashes(now))
    }
}

/// Everything but the bytes of its pictures that the verdict on a place follows from.
pub(super) fn basis(picture: &PictureScan<'_>, faces: bool, place: &FoundPlace) -> String {
    let mut text = format!("{COMPARISON_VERSION} {faces} {}", digest(&picture.copy));
    let prints = picture.prints.as_ref();
    let vector = prints.and_then(|it| it.vector.as_ref());
    let has_faces = prints.is_some_and(|it| it.faces.is_some());
    text += &format!(" {has_faces} {:?}", vector.map(|it| &it.model));
    for it in &place.sightings {
        text += &format!("\n{:?} {:?} {:?}", it.claim, it.score, it.picture);
    }
    hex::encode(&Sha256::digest(text)[..16])
}

/// Stores what is remembered, if it changed. It saves work only: a failure costs the next scan that work.
pub(super) async fn remember(picture: &mut PictureScan<'_>) {
    let memory = &mut picture.memory;
    let before = memory.places.places.len();
    let touched = std::mem::take(&mut memory.touched);
    memory.places.places.retain(|id, _| touched.contains(id));
    if !memory.has_changed && memory.places.places.len() == before {
        return;
    }
    let (store, scan) = (picture.store(), &picture.context.row.scan);
    let kept = store.keep_seen_places(scan, picture.id(), &picture.memory.places, clock::now());
    if let Err(err) = kept.await {
        tracing::warn!(image.id = %picture.id(), error.chain = err.chain(), "the places of a picture could not be remembered");
    }
}

fn is_same(one: &SeenPlace, other: &SeenPlace) -> bool {
    one.basis == other.basis && one.is_finding == other.is_finding && hashes(one).eq(hashes(other))
}

fn hashes(seen: &SeenPlace) -> impl Iterator<Item = Option<&str>> {
    seen.pictures
        .iter()
        .map(|it| it.as_ref().map(|it| it.hash.as_str()))
}
