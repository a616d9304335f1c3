//! Memory of a picture's places in an image scan: which of them are as they were, and keep their verdict.
//!
//! A place keeps its verdict when its pictures have the same bytes and all else that the verdict follows from
//! is the same. Only where we have confirmed a copy is the server asked whether the picture changed: another
//! could show us something harmless first and then deny that it changed.

use std::collections::BTreeSet;

use super::candidates::FoundPlace;
use crate::domain::{FetchedVersion, Match, MatchId, SeenPlace, Tier};
use crate::store::SeenPlaces;

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

    /// What is to be stored, if that is another than what was read.
    pub(super) fn changed(&mut self) -> Option<&SeenPlaces> {
        let places = &mut self.places.places;
        let before = places.len();
        places.retain(|id, _| self.touched.contains(id));
        (self.has_changed || places.len() != before).then_some(&self.places)
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
    /// What is remembered of `place`, whose finding is `known`. Nothing if that is gone, unknown, or news by
    /// now.
    pub(super) fn of(
        memory: &PlaceMemory,
        known: Option<&Match>,
        place: &FoundPlace,
    ) -> Option<Self> {
        let seen = memory.places.places.get(&place.id)?;
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

fn is_same(one: &SeenPlace, other: &SeenPlace) -> bool {
    one.basis == other.basis && one.is_finding == other.is_finding && hashes(one).eq(hashes(other))
}

fn hashes(seen: &SeenPlace) -> impl Iterator<Item = Option<&str>> {
    seen.pictures
        .iter()
        .map(|it| it.as_ref().map(|it| it.hash.as_str()))
}
