//! Stage 3 of an image scan: fetch the pictures of a place and compare them with hers.

use bytes::Bytes;
use futures_util::stream::{self, LocalBoxStream, StreamExt};
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;
use tokio::task::JoinSet;
use tracing::Instrument;

use super::candidates::{FoundPlace, Sighting};
use super::memory::Remembered;
use super::picture::PictureScan;
use super::stats::ImageScanStats;
use crate::comparison::{FaceComparison, ImageAnalyzer, ReferenceImage, surer};
use crate::domain::{Comparison, FetchedVersion, Person, Prints, SeenPlace, Verdict};
use crate::engines::{FetchRefusal, FetchedPicture, Fetcher};
use crate::services::search::engines::digest;
use crate::store::ImageRow;

/// The way found pictures are compared. Raised with every change of models, signals or thresholds, so that
/// places are compared anew.
const COMPARISON_VERSION: u32 = 2;

/// How many found pictures are fetched at a time.
const CONCURRENT_FETCHES: usize = 4;

/// Her picture, read when the first place has to be compared with it.
pub(super) struct LazyReference {
    analyzer: ImageAnalyzer,
    image: ImageRow,
    copy: Bytes,
    prints: Option<Prints>,
    /// Whether she agrees to the comparison of faces.
    pub(super) agrees: bool,
    read: OnceCell<ReferenceImage>,
}

impl LazyReference {
    pub(super) fn of(picture: &PictureScan<'_>, agrees: bool) -> Self {
        Self {
            analyzer: picture.context.scanner.analyzer.clone(),
            image: picture.image.clone(),
            copy: picture.copy.clone(),
            prints: picture.prints.clone(),
            agrees,
            read: OnceCell::new(),
        }
    }

    async fn get(&self) -> &ReferenceImage {
        let read = || {
            ReferenceImage::of(
                self.analyzer.clone(),
                self.image.clone(),
                Some(self.copy.clone()),
                self.prints.clone(),
                FaceComparison::by_consent(self.agrees),
            )
        };
        self.read.get_or_init(read).await
    }
}

/// What became of a place.
pub(super) enum PlaceOutcome<'p> {
    /// It is as it was and keeps its verdict.
    Unchanged,
    /// The surest verdict, and on which sighting it is. `None`: nothing of her is there.
    Compared(Option<Box<(&'p Sighting, Verdict)>>),
}

/// Compares places one after the other, while the pictures of the next are fetched.
pub(super) struct PlaceComparer<'a> {
    fetcher: &'a Fetcher,
    reference: &'a LazyReference,
    /// Of each place that is still to come, what its verdict follows from and what is remembered.
    places: std::vec::IntoIter<(String, Option<Remembered>)>,
    /// The pictures of all sightings of all places, in their order.
    fetched: LocalBoxStream<'static, Result<FetchedPicture, FetchRefusal>>,
}

impl<'a> PlaceComparer<'a> {
    pub(super) fn of(
        picture: &PictureScan<'a>,
        reference: &'a LazyReference,
        places: &[FoundPlace],
    ) -> Self {
        let fetcher = &picture.context.scanner.fetcher;
        let recall = |place: &FoundPlace| {
            let known = picture.known.get(&place.id).map(|it| &it.found);
            let remembered = Remembered::of(&picture.memory, known, place);
            (basis(picture, reference.agrees, place), remembered)
        };
        let known: Vec<_> = places.iter().map(recall).collect();
        let mut fetches = Vec::new();
        for (place, (_, remembered)) in places.iter().zip(&known) {
            for (at, sighting) in place.sightings.iter().enumerate() {
                let version = remembered.as_ref().and_then(|it| it.conditional(at));
                let fetch = fetch(fetcher.clone(), sighting.picture.clone(), version);
                fetches.push(on_its_own(fetch));
            }
        }
        Self {
            fetcher,
            reference,
            places: known.into_iter(),
            fetched: stream::iter(fetches)
                .buffered(CONCURRENT_FETCHES)
                .boxed_local(),
        }
    }

    /// What became of the next place, and what is to be remembered of it: nothing of one whose picture came
    /// and could not be compared, which may have been our mistake.
    pub(super) async fn verdict<'p>(
        &mut self,
        place: &'p FoundPlace,
        stats: &mut ImageScanStats,
    ) -> (PlaceOutcome<'p>, Option<SeenPlace>) {
        let mut fetched = Vec::with_capacity(place.sightings.len());
        for _ in &place.sightings {
            let next = self.fetched.next().await;
            fetched.push(next.unwrap_or(Err(FetchRefusal::Unreachable)));
        }
        let (basis, remembered) = self.places.next().unwrap_or_default();
        let version = |it: &Result<FetchedPicture, FetchRefusal>| {
            it.as_ref().ok().map(|it| it.version.clone())
        };
        let mut seen = SeenPlace {
            basis,
            pictures: fetched.iter().map(version).collect(),
            is_finding: true,
        };
        if let Some(remembered) = remembered.filter(|it| it.is_same(&seen)) {
            seen.is_finding = remembered.is_finding();
            stats.unchanged += 1;
            let is_unseen = |it: &&Option<_>| it.is_none();
            let unseen = seen.pictures.iter().filter(is_unseen).count();
            stats.unseen += u32::try_from(unseen).unwrap_or(u32::MAX);
            return (PlaceOutcome::Unchanged, Some(seen));
        }
        let (best, compared) = self.look(place, fetched, stats).await;
        seen.is_finding = best.is_some();
        let is_whole = compared == seen.pictures.iter().flatten().count();
        let best = best.map(Box::new);
        (PlaceOutcome::Compared(best), is_whole.then_some(seen))
    }

    /// The surest verdict on a place, and how many of its pictures could be compared.
    async fn look<'p>(
        &self,
        place: &'p FoundPlace,
        fetched: Vec<Result<FetchedPicture, FetchRefusal>>,
        stats: &mut ImageScanStats,
    ) -> (Option<(&'p Sighting, Verdict)>, usize) {
        let (mut best, mut compared) = (None, 0);
        for (sighting, fetched) in place.sightings.iter().zip(fetched) {
            let comparison = match self.bytes(sighting, fetched).await {
                Ok(bytes) => self.reference.get().await.look(bytes).await,
                Err(refusal) => {
                    tracing::info!(refusal = %refusal, "a found picture could not be seen");
                    Comparison::Unseen
                }
            };
            let is_unseen = comparison == Comparison::Unseen;
            stats.unseen += u32::from(is_unseen);
            compared += usize::from(!is_unseen);
            let is_other_face = is_somebody_else(&comparison);
            match Verdict::of(sighting.claim, sighting.score, comparison) {
                Some(verdict) => best = Some(surer(best, (sighting, verdict))),
                None if is_other_face => stats.other_faces += 1,
                None => stats.other_pictures += 1,
            }
        }
        (best, compared)
    }

    /// The bytes of a picture. One that is as it was is fetched whole if another of its place is not.
    async fn bytes(
        &self,
        sighting: &Sighting,
        fetched: Result<FetchedPicture, FetchRefusal>,
    ) -> Result<Bytes, FetchRefusal> {
        match fetched?.bytes {
            Some(bytes) => Ok(bytes),
            None => {
                let link = sighting.picture.as_deref();
                self.fetcher
                    .picture(link.ok_or(FetchRefusal::NotAPicture)?)
                    .await
            }
        }
    }
}

/// Everything but the bytes of its pictures that the verdict on a place follows from.
fn basis(picture: &PictureScan<'_>, faces: bool, place: &FoundPlace) -> String {
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

/// The picture of a candidate, unless its server says that it is the version `known`. An engine that names
/// none leaves nothing to look at.
async fn fetch(
    fetcher: Fetcher,
    picture: Option<String>,
    known: Option<FetchedVersion>,
) -> Result<FetchedPicture, FetchRefusal> {
    let picture = picture.ok_or(FetchRefusal::NotAPicture)?;
    fetcher.picture_unless(&picture, known.as_ref()).await
}

/// A fetch that goes on while a place is compared and nobody waits for it: else its server's time runs out
/// with an answer nobody took. It ends with what waits for it.
async fn on_its_own(
    fetch: impl Future<Output = Result<FetchedPicture, FetchRefusal>> + Send + 'static,
) -> Result<FetchedPicture, FetchRefusal> {
    let mut task = JoinSet::new();
    task.spawn(fetch.in_current_span());
    match task.join_next().await {
        Some(Ok(fetched)) => fetched,
        _ => Err(FetchRefusal::Unreachable),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt;
    use tokio::sync::oneshot;

    use super::*;

    const LONG: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn a_fetch_goes_on_while_a_place_is_compared() {
        let (tell, told) = oneshot::channel();
        let fetch = async {
            tokio::task::yield_now().await;
            tell.send(()).unwrap();
            Err(FetchRefusal::TooSlow)
        };
        let mut waiting = Box::pin(on_its_own(fetch));
        assert!(waiting.as_mut().now_or_never().is_none());
        let done = tokio::time::timeout(LONG, told).await;
        done.expect("it went on").unwrap();
        assert!(matches!(waiting.await, Err(FetchRefusal::TooSlow)));
    }

    #[tokio::test]
    async fn a_fetch_ends_with_what_waits_for_it() {
        let (held, dropped) = oneshot::channel::<()>();
        let fetch = async move {
            let _held = held;
            std::future::pending().await
        };
        let waiting = on_its_own(fetch);
        assert!(waiting.now_or_never().is_none());
        let ended = tokio::time::timeout(LONG, dropped).await;
        assert!(ended.expect("it was dropped").is_err());
    }
}
