//! Stage 5 of an image scan: mark the picture as done, and its findings that are not there any more.

use super::candidates::EngineAnswer;
use super::picture::PictureScan;
use super::search::{Searched, longest_wait};
use super::stats::ImageScanStats;
use crate::clock;
use crate::domain::Intimacy;
use crate::services::scans::stop::ScanStop;
use crate::store::retry_on_conflict;

/// Records what was learnt of a picture. It is marked as done when every engine answered, or when there is
/// no other attempt at this scan.
///
/// # Errors
/// [`ScanStop::Lost`] if the scan or the picture is gone.
pub(super) async fn record(
    picture: &PictureScan<'_>,
    searched: &Searched,
    exhaustive: &[&str],
) -> Result<(), ScanStop> {
    let context = picture.context;
    let is_complete = searched.failures.is_empty() && searched.late.is_empty();
    if is_complete {
        mark_missing_findings(picture, exhaustive).await?;
    }
    let is_last = context.last
        || !searched.late.is_empty()
        || context.ends_before_retry(longest_wait(&searched.failures));
    if picture.stats.is_searched() && (is_complete || is_last) {
        mark(picture).await?;
        raise_intimacy(picture, &searched.answers).await?;
    }
    Ok(())
}

/// What these engines had found of the picture and do not any more.
///
/// A scan and the one that goes on with it are one look, and count as one miss.
pub(super) async fn mark_missing_findings(
    picture: &PictureScan<'_>,
    engines: &[&str],
) -> Result<(), ScanStop> {
    let image = &picture.image.image;
    if engines.is_empty() || image.match_count == 0 {
        return Ok(());
    }
    let scan = picture.context.row.checkpointed();
    let missed = picture
        .store()
        .miss_findings(&scan, image, engines, clock::now());
    match missed.await? {
        0 => {}
        gone => tracing::info!(image.id = %image.id, gone, "findings are gone"),
    }
    Ok(())
}

async fn mark(picture: &PictureScan<'_>) -> Result<(), ScanStop> {
    let (store, id) = (picture.store(), picture.id());
    let scan = picture.context.row.checkpointed();
    let stats = (&picture.stats, picture.stats.awaits_budget());
    if picture.was_marked {
        let amended = store.amend_image(&scan, id, stats, clock::now());
        return match amended.await? {
            true => Ok(()),
            false => Err(ScanStop::Lost),
        };
    }
    retry_on_conflict("marking a picture", || async {
        let found = store.image(picture.user(), id).await?;
        let Some(image) = found.filter(|it| it.image.is_searchable()) else {
            return Ok(Some(()));
        };
        let marked = store.finish_image(&scan, &image.image, stats, clock::now());
        if marked.await? {
            return Ok(Some(()));
        }
        let done: Option<ImageScanStats> = store.image_done(&scan, id).await?;
        Ok(done.map(|_| ()))
    })
    .await
}

/// Stores what is remembered of its places, if it changed. That saves work only: a failure costs the next scan
/// that work.
pub(super) async fn remember_places(picture: &mut PictureScan<'_>) {
    let (store, id) = (picture.store(), picture.id());
    let scan = &picture.context.row.scan;
    let Some(seen) = picture.memory.changed() else {
        return;
    };
    if let Err(err) = store.keep_seen_places(scan, id, seen, clock::now()).await {
        tracing::warn!(image.id = %id, error.chain = err.chain(), "the places of a picture could not be remembered");
    }
}

/// Marks the picture as more intimate than was known, if an engine says so.
async fn raise_intimacy(
    picture: &PictureScan<'_>,
    answers: &[EngineAnswer],
) -> Result<(), ScanStop> {
    if let Some(seen) = intimacy(answers).filter(|it| picture.intimacy < Some(it.score)) {
        let marked = picture
            .store()
            .mark_intimate(picture.user(), picture.id(), &seen);
        marked.await?;
    }
    Ok(())
}

/// What an engine says that saw the picture: ours may have missed it. It was sent as an ordinary one,
/// and is not again unless she lets that engine see such pictures too.
fn intimacy(answers: &[EngineAnswer]) -> Option<Intimacy> {
    answers.iter().find_map(|it| {
        let score = it.answer.safe_search?.intimacy()?;
        let model = format!("{}@safe-search", it.engine);
        Some(Intimacy { model, score })
    })
}
