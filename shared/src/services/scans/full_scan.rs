//! Full scans: start the parts, sum their progress and results, end when they end.
//!
//! Nobody works on the whole. Whoever ends a part settles it; should he be killed in between, the next
//! copy of his message does, or the schedule. Settling reads every part and can be repeated.

use crate::clock;
use crate::domain::{
    ChildScan, Result, Scan, ScanId, ScanResult, ScanStatus, ScanType, Timestamp, UserId,
};
use crate::metrics;
use crate::services::scans::measure::measure;
use crate::services::scans::searched_images::searched_images;
use crate::store::{ScanRow, Store, retry_on_conflict};

/// What a full scan is made of.
pub(crate) const PARTS: [ScanType; 4] = [
    ScanType::ImageScan,
    ScanType::ProfileScan,
    ScanType::BreachCheck,
    ScanType::BehavioralAnalysis,
];

/// The most that is shown while a part still runs.
const MAX_RUNNING_PROGRESS: u8 = 90;

/// The parts of a new full scan.
pub(crate) fn parts(parent: &Scan) -> Vec<ScanRow> {
    let part = |kind| {
        let id = ScanId::part_of(parent.id, kind);
        let scan = Scan::pending(id, parent.user_id, kind, None, parent.created_at);
        Store::part(parent, &scan)
    };
    PARTS.into_iter().map(part).collect()
}

/// Settles the scan that this one is a part of, if it is.
pub(crate) async fn settle_of(store: &Store, part: &ScanRow) -> Result<()> {
    match part.parent {
        Some(parent) => settle(store, part.scan.user_id, parent).await,
        None => Ok(()),
    }
}

/// Moves a scan to where its parts are, or ends it with them.
pub(crate) async fn settle(store: &Store, user: UserId, id: ScanId) -> Result<()> {
    retry_on_conflict("settling a scan", || async {
        let row = store.scan(user, id).await?;
        let Some(row) = row.filter(|it| !it.scan.status.is_over()) else {
            return Ok(Some(()));
        };
        let parts = read(store, &row.scan).await?;
        let done = match parts.iter().all(|it| it.scan.status.is_over()) {
            true => end_with(store, &row, &parts).await?,
            false => advance_to(store, &row, progress(&parts)).await?,
        };
        Ok(done.then_some(()))
    })
    .await
}

async fn end_with(store: &Store, row: &ScanRow, parts: &[ScanRow]) -> Result<bool> {
    let open = open_findings(store, parts).await?;
    let ended = ended(&row.scan, parts, open, clock::now());
    let measure = measure(&ended);
    let done = store.end_scan(row, ended, None).await?;
    if done {
        metrics::note(measure);
    }
    Ok(done)
}

async fn advance_to(store: &Store, row: &ScanRow, progress: u8) -> Result<bool> {
    match progress > row.scan.progress {
        true => store.advance_scan(row, progress, clock::now()).await,
        false => Ok(true),
    }
}

/// The scan as far as its parts have come by now; nothing is stored.
pub(crate) async fn as_of_now(store: &Store, mut scan: Scan) -> Result<Scan> {
    if scan.kind == ScanType::FullScan && !scan.status.is_over() {
        let parts = read(store, &scan).await?;
        scan.progress = scan.progress.max(progress(&parts));
    }
    Ok(scan)
}

/// The parts of a scan; none, unless it is made of others.
pub(crate) async fn parts_of(store: &Store, scan: &Scan) -> Result<Vec<ScanRow>> {
    match scan.kind {
        ScanType::FullScan => read(store, scan).await,
        _ => Ok(Vec::new()),
    }
}

async fn read(store: &Store, parent: &Scan) -> Result<Vec<ScanRow>> {
    let ids = PARTS.map(|kind| ScanId::part_of(parent.id, kind));
    let rows = ids.map(|id| store.scan(parent.user_id, id));
    let rows = futures_util::future::try_join_all(rows).await?;
    Ok(rows.into_iter().flatten().collect())
}

/// How many findings are open after all parts.
pub(crate) async fn open_findings(store: &Store, parts: &[ScanRow]) -> Result<u64> {
    let open = parts.iter().map(|part| async move {
        let told = part.scan.result.as_ref().and_then(|it| it.matches_found);
        match told {
            Some(open) => Ok(open),
            None => open_after(store, part).await.map(|it| it as u64),
        }
    });
    let open = futures_util::future::try_join_all(open).await?;
    Ok(open.into_iter().sum())
}

/// How many findings are open after a scan that says nothing of it, because it was stopped or given up:
/// of pictures all that are known, of anything else those that it found.
pub(crate) async fn open_after(store: &Store, row: &ScanRow) -> Result<usize> {
    if row.scan.kind != ScanType::ImageScan {
        return Ok(row.findings as usize);
    }
    let images = searched_images(store, &row.scan).await?;
    store.open_findings(&row.scan, &images).await
}

fn progress(parts: &[ScanRow]) -> u8 {
    let sum: usize = parts.iter().map(|it| share(&it.scan)).sum();
    let mean = sum.checked_div(parts.len()).unwrap_or_default();
    u8::try_from(mean)
        .unwrap_or(MAX_RUNNING_PROGRESS)
        .min(MAX_RUNNING_PROGRESS)
}

fn share(scan: &Scan) -> usize {
    if scan.status.is_over() {
        100
    } else {
        scan.progress.into()
    }
}

/// The whole at its end. It failed only if every part did.
fn ended(parent: &Scan, parts: &[ScanRow], open: u64, now: Timestamp) -> Scan {
    let failed = |it: &&ScanRow| it.scan.status == ScanStatus::Failed;
    let failures = parts.iter().filter(failed).count();
    let result = result(parent, parts, (open, failures > 0), now);
    if failures == parts.len() {
        let message =
            "No part of this scan could be finished. You can start a new one at any time.";
        parent.clone().failed(message, Some(result), now)
    } else {
        parent.clone().completed(result, now)
    }
}

/// What a scan came to, by what its parts did; `open` is [`open_findings`] of them.
pub(crate) fn result(
    parent: &Scan,
    parts: &[ScanRow],
    (open, partial): (u64, bool),
    now: Timestamp,
) -> ScanResult {
    let results = || parts.iter().filter_map(|it| it.scan.result.as_ref());
    let sum = |of: fn(&ScanResult) -> Option<u64>| Some(results().filter_map(of).sum());
    let partial = partial || results().any(|it| it.partial == Some(true));
    let children = parts.iter().map(|it| ChildScan {
        id: it.scan.id,
        kind: it.scan.kind,
        status: it.scan.status,
        result: it.scan.result.clone(),
        error_message: it.scan.error_message.clone(),
    });
    let started = parent.started_at.unwrap_or(parent.created_at);
    ScanResult {
        scanned_at: Some(now),
        images_scanned: sum(|it| it.images_scanned),
        images_processed: sum(|it| it.images_processed),
        profiles_checked: sum(|it| it.profiles_checked),
        breaches_found: sum(|it| it.breaches_found),
        matches_found: Some(open),
        new_matches: Some(parts.iter().map(|it| it.findings).sum()),
        alerts_created: Some(parts.iter().map(ScanRow::alerts).sum()),
        duration: Some(now.millis_since(started)),
        errors: Some(
            results()
                .flat_map(|it| it.errors.clone())
                .flatten()
                .collect(),
        ),
        partial: Some(partial),
        engines: Some(
            results()
                .flat_map(|it| it.engines.clone())
                .flatten()
                .collect(),
        ),
        children: Some(children.collect()),
        ..ScanResult::default()
    }
}

#[cfg(test)]
mod tests;
