//! The way of one picture through an image scan: search → candidates → compare → findings → record.
//!
//! Each stage is a file of its own. Where a checkpoint is taken is said at the call; a worker that comes
//! later goes on from there.

use futures_util::FutureExt;

use super::candidates::{FoundPlace, exhaustive_engines, group_by_page};
use super::compare::{LazyReference, PlaceComparer, PlaceOutcome};
use super::context::ScanContext;
use super::expand::{ExpansionSeed, MAX_EXPANSIONS, expand};
use super::findings::{see_unchanged, skip_stored, store_finding};
use super::picture::{OpenedPicture, PictureScan};
use super::record::{record, remember_places};
use super::search::search;
use super::stats::{EngineOutcome, ImageOutcome};
use crate::domain::ImageId;
use crate::services::scans::stop::{ScanStop, check_deadline};

/// Scans one picture.
///
/// # Errors
/// [`ScanStop::Late`] if an engine needs more time than this invocation has; what the others found is
/// stored.
pub(super) async fn scan_picture(
    context: &ScanContext<'_>,
    id: ImageId,
) -> Result<ImageOutcome, ScanStop> {
    let mut picture = match PictureScan::open(context, id).await? {
        OpenedPicture::Ready(picture) => picture,
        OpenedPicture::Over(outcome) => return Ok(outcome),
    };
    // Boxed, here and below: the future of a whole picture is too large for a thread's stack.
    // Checkpoint: each answer is kept before it is used.
    let searched = search(&mut picture).boxed_local().await?;
    let is_cut_short = !searched.late.is_empty() && context.ends_before_resume();
    if is_cut_short {
        for &vendor in &searched.late {
            picture.stats.record_engine(vendor, EngineOutcome::Failed);
        }
    }
    let is_silent = searched.failures.is_empty() && searched.late.is_empty();
    if !picture.stats.is_searched() && is_silent {
        return Ok(ImageOutcome::Unsearched(picture.stats));
    }
    let places = group_by_page(id, &searched.answers);
    let exhaustive = exhaustive_engines(&searched.answers, &places);
    // Checkpoint: each finding is stored as soon as its place is compared.
    let compared = compare_and_expand(&mut picture, places);
    compared.boxed_local().await?;
    if !searched.late.is_empty() && !is_cut_short {
        return Err(ScanStop::Late);
    }
    // Checkpoint: the picture is marked as done.
    record(&picture, &searched, &exhaustive).await?;
    Ok(ImageOutcome::Searched(picture.stats, searched.failures))
}

/// Compares all places, and then those where her other pictures among them are.
async fn compare_and_expand(
    picture: &mut PictureScan<'_>,
    places: Vec<FoundPlace>,
) -> Result<(), ScanStop> {
    if places.is_empty() {
        return Ok(());
    }
    picture.recall().await?;
    let (new, mut seeds) = skip_stored(picture, places);
    let agrees = picture.store().may_recognise(picture.user()).await?;
    let reference = LazyReference::of(picture, agrees);
    let compared = compare_places(picture, &reference, new);
    seeds.extend(compared.boxed_local().await?);
    for seed in seeds {
        if picture.stats.expansions >= MAX_EXPANSIONS {
            break;
        }
        let places = expand(picture, seed).boxed_local().await?;
        let compared = compare_places(picture, &reference, places);
        compared.boxed_local().await?;
    }
    remember_places(picture).await;
    Ok(())
}

/// Compares each place and stores it, if it is a finding, with its alert. What the findings lead to.
async fn compare_places(
    picture: &mut PictureScan<'_>,
    reference: &LazyReference,
    places: Vec<FoundPlace>,
) -> Result<Vec<ExpansionSeed>, ScanStop> {
    let mut comparer = PlaceComparer::of(picture, reference, &places);
    let mut seeds = Vec::new();
    for place in &places {
        check_deadline(picture.context.deadline)?;
        let (outcome, seen) = comparer.verdict(place, &mut picture.stats).await;
        let found = match outcome {
            PlaceOutcome::Unchanged => see_unchanged(picture, place).await?,
            PlaceOutcome::Compared(Some(best)) => {
                let (sighting, verdict) = *best;
                Some(store_finding(picture, place, sighting, verdict).await?)
            }
            PlaceOutcome::Compared(None) => None,
        };
        if let Some(seen) = seen {
            picture.memory.set(place.id, seen);
        }
        if let Some(found) = found {
            picture.stats.add(&found);
            let mut sightings = place.sightings.iter();
            seeds.extend(sightings.find_map(|it| ExpansionSeed::of(&found, it)));
        }
    }
    Ok(seeds)
}
