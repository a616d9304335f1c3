//! Stage 3 of an image scan: fetch the pictures of a place and compare them with hers.

use bytes::Bytes;
use futures_util::stream::{self, LocalBoxStream, StreamExt};

use super::candidates::{FoundPlace, Sighting};
use super::stats::ImageScanStats;
use crate::comparison::{ReferenceImage, surer};
use crate::domain::{Comparison, Person, Verdict};
use crate::engines::{FetchRefusal, Fetcher};

/// How many found pictures are fetched at a time.
const CONCURRENT_FETCHES: usize = 4;

/// Compares places one after the other, while the pictures of the next are fetched.
pub(super) struct PlaceComparer<'a> {
    reference: &'a ReferenceImage,
    /// The pictures of all sightings of all places, in their order.
    fetched: LocalBoxStream<'static, Result<Bytes, FetchRefusal>>,
}

impl<'a> PlaceComparer<'a> {
    pub(super) fn of(
        fetcher: &Fetcher,
        reference: &'a ReferenceImage,
        places: &[FoundPlace],
    ) -> Self {
        let fetches: Vec<_> = places
            .iter()
            .flat_map(|place| &place.sightings)
            .map(|it| fetch(fetcher.clone(), it.picture.clone()))
            .collect();
        Self {
            reference,
            fetched: stream::iter(fetches)
                .buffered(CONCURRENT_FETCHES)
                .boxed_local(),
        }
    }

    /// The surest verdict on the next place, and on which sighting it is. `None`: nothing of her is there.
    pub(super) async fn verdict<'p>(
        &mut self,
        place: &'p FoundPlace,
        stats: &mut ImageScanStats,
    ) -> Option<(&'p Sighting, Verdict)> {
        let mut best = None;
        for sighting in &place.sightings {
            let comparison = match self.fetched.next().await {
                Some(Ok(bytes)) => self.reference.look(bytes).await,
                Some(Err(refusal)) => {
                    tracing::info!(refusal = %refusal, "a found picture could not be seen");
                    Comparison::Unseen
                }
                None => Comparison::Unseen,
            };
            stats.unseen += u32::from(comparison == Comparison::Unseen);
            let is_other_face = is_somebody_else(&comparison);
            match Verdict::of(sighting.claim, sighting.score, comparison) {
                Some(verdict) => best = Some(surer(best, (sighting, verdict))),
                None if is_other_face => stats.other_faces += 1,
                None => stats.other_pictures += 1,
            }
        }
        best
    }
}

/// Whether there is a face, and it is not hers.
fn is_somebody_else(comparison: &Comparison) -> bool {
    let Comparison::Compared(evidence) = comparison else {
        return false;
    };
    evidence
        .faces
        .as_ref()
        .is_some_and(|it| it.person == Person::Different)
}

/// The picture of a candidate. An engine that names none leaves nothing to look at.
async fn fetch(fetcher: Fetcher, picture: Option<String>) -> Result<Bytes, FetchRefusal> {
    let picture = picture.ok_or(FetchRefusal::NotAPicture)?;
    fetcher.picture(&picture).await
}
