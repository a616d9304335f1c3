//! End of a scan: its result is stored with the end, last of all; what it is a part of is settled.

use std::time::Duration;

use super::full_scan;
use super::measure::measure;
use super::scan_worker::ScanWorker;
use super::stop::ScanStop;
use crate::clock;
use crate::domain::{EngineSummary, Error, Result, Scan, ScanResult, Timestamp};
use crate::metrics;
use crate::store::{ScanRow, Store};

/// A scan of hers is shown at least this long, so that the screen that started it sees it (Q17c).
pub(crate) const MIN_SHOWN_MILLIS: i64 = 1500;

/// How a scan went.
pub(crate) struct ScanOutcome {
    /// What is told of it.
    pub(crate) result: ScanResult,
    /// Why it failed, in words for her and for the queue.
    pub(crate) failure: Option<(String, Error)>,
    /// A scan of ours goes on with what was left undone.
    pub(crate) continues: bool,
}

/// How an engine fared, as results say it: why it was not asked, or from what failed and what was done.
pub(crate) fn engine_summary(
    name: &str,
    unasked: Option<&str>,
    failed: usize,
    searched: usize,
) -> EngineSummary {
    let state = match (unasked, failed, searched) {
        (Some(why), ..) => why,
        (None, 0, _) => "searched",
        (None, _, 0) => "failed",
        (None, ..) => "partial",
    };
    EngineSummary {
        name: name.to_owned(),
        state: state.to_owned(),
        searched: searched as u64,
        failed: failed as u64,
        not_searched: None,
    }
}

/// Everything is stored; says how it went, last of all.
pub(crate) async fn conclude(
    worker: &impl ScanWorker,
    row: &ScanRow,
    outcome: impl FnOnce(&ScanRow, Timestamp) -> ScanOutcome,
) -> Result<(), ScanStop> {
    show(row).await;
    let (user, id) = (row.scan.user_id, row.scan.id);
    let Some(fresh) = worker.store().scan(user, id).await? else {
        return Ok(());
    };
    if fresh.scan.status.is_over() {
        return Err(ScanStop::Lost);
    }
    let now = clock::now();
    let ScanOutcome {
        result,
        failure,
        continues,
    } = outcome(&fresh, now);
    let scan = fresh.scan.clone();
    let ended = match &failure {
        Some((message, _)) => scan.failed(message, Some(result), now),
        None => scan.completed(result, now),
    };
    let (status, findings) = (ended.status, fresh.findings);
    let mut before = fresh;
    before.scan.worker_id.clone_from(&row.scan.worker_id);
    let continuation = continues.then(|| Store::continuation(&before, now));
    end(worker, &before, ended, continuation.as_ref()).await?;
    tracing::info!(
        scan.status = status.as_str(),
        findings,
        continues,
        "scan ended"
    );
    // A failed scan's message goes to the dead-letter queue, to be sent back when the engine is well;
    // not that of one with which another scan goes on.
    let failure = failure.filter(|_| !continues);
    failure.map_or(Ok(()), |(_, error)| Err(error.into()))
}

pub(super) async fn end(
    worker: &impl ScanWorker,
    row: &ScanRow,
    ended: Scan,
    continuation: Option<&ScanRow>,
) -> Result<()> {
    let next = worker.next(row, clock::now()).await?;
    let (measure, store) = (measure(&ended), worker.store());
    let is_done = match continuation {
        Some(it) => store.end_and_continue(row, ended, next, it).await?,
        None => store.end_scan(row, ended, next).await?,
    };
    if !is_done {
        let now = worker.store().scan(row.scan.user_id, row.scan.id).await?;
        if now.is_none_or(|it| it.scan.status.is_over()) {
            tracing::info!("the scan was ended while it was worked on");
            return Ok(());
        }
        return Err(Error::conflict(
            "SCAN_CHANGED",
            "The scan changed while it was worked on.",
        ));
    }
    metrics::note(measure);
    full_scan::settle_of(worker.store(), row).await
}

async fn show(row: &ScanRow) {
    let left = MIN_SHOWN_MILLIS - clock::now().millis_since(row.scan.created_at);
    if let (true, Ok(left)) = (row.is_watched(), u64::try_from(left)) {
        tokio::time::sleep(Duration::from_millis(left)).await;
    }
}
