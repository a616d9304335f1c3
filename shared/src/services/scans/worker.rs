//! Worker on scans: claim the lease, heartbeat, retry with back-off, end once, dead-letter on the last
//! delivery.
//!
//! A message may come twice, late, or to two workers at once, and a worker may be killed between any
//! two writes. What holds all the same: a scan has one worker at a time (its lease), and it ends last
//! of all. What a kind of scan looks at is in [`Work::run`]; it marks what it is through with, so that
//! whoever comes later goes on from there.

use std::time::Duration;

use futures_util::FutureExt;
use serde_json::Value;

use crate::clock;
use crate::correlation::Correlation;
use crate::domain::{Error, Result, Scan, ScanStatus, Timestamp};
use crate::engines::EngineError;
use crate::metrics::{self, Measure};
use crate::queues::QueueDelivery;
use crate::queues::{Queues, ScanMessage};
use crate::services::scans::full_scan;
use crate::store::{ScanClaim, ScanRow, Store};

/// No new work is begun when less than this is left of the invocation, in seconds.
pub(crate) const RESERVED_SECONDS: i64 = 40;

/// A scan of hers is shown at least this long, so that the screen that started it sees it (Q17c).
pub(crate) const MIN_SHOWN_MILLIS: i64 = 1500;

/// The first wait before a message comes again, and the longest, in seconds.
const FIRST_RETRY_SECONDS: u64 = 5;
const MAX_RETRY_SECONDS: u64 = 300;

/// Why a message must come again, and after how long.
pub(crate) struct RetryLater {
    pub(crate) error: Error,
    pub(crate) wait: Option<Duration>,
}

impl From<Error> for RetryLater {
    fn from(error: Error) -> Self {
        Self { error, wait: None }
    }
}

/// An engine failed at these: the message comes again, unless that was its last delivery.
pub(crate) fn retry_after_failures<T>(
    what: &'static str,
    failures: &[(T, EngineError)],
    delivered: &QueueDelivery,
) -> Result<(), RetryLater> {
    match failures.first() {
        Some((_, err)) if !delivered.last => Err(RetryLater {
            error: Error::unavailable(what, err.clone()),
            wait: failures.iter().filter_map(|(_, it)| it.wait()).max(),
        }),
        _ => Ok(()),
    }
}

/// How an engine fared, as results say it: why it was not asked, or from what failed and what was done.
pub(crate) fn engine_state(
    unasked: Option<&'static str>,
    failed: usize,
    done: usize,
) -> &'static str {
    match (unasked, failed, done) {
        (Some(why), ..) => why,
        (None, 0, _) => "searched",
        (None, _, 0) => "failed",
        (None, ..) => "partial",
    }
}

/// How a scan went.
pub(crate) struct ScanOutcome {
    /// What is told of it.
    pub(crate) result: Value,
    /// Why it failed, in words for her and for the queue.
    pub(crate) failure: Option<(String, Error)>,
    /// A scan of ours goes on with what was left undone.
    pub(crate) continues: bool,
}

/// A kind of work on scans.
pub(crate) trait ScanWorker {
    /// The table.
    fn store(&self) -> &Store;
    /// The queue service.
    fn queues(&self) -> &Queues;
    /// The address of the queue of this name.
    fn queue(&self, name: &str) -> &str;
    /// Everything the scan looks at, and then its end by [`conclude`].
    async fn run(&self, row: &mut ScanRow, delivered: &QueueDelivery) -> Result<(), RetryLater>;
    /// When the next scan of this kind is due, if this one settles it.
    async fn next(&self, row: &ScanRow, now: Timestamp) -> Result<Option<Timestamp>>;
}

/// Takes a delivery. An error means it must come again; how soon is arranged.
pub(crate) async fn take(work: &impl ScanWorker, delivered: &QueueDelivery) -> Result<()> {
    // Boxed, here and below: the type of a whole scan's future is too deep for the compiler.
    let Err(again) = open(work, delivered).boxed_local().await else {
        return Ok(());
    };
    let seconds = wait(&again, delivered);
    let queue = work.queue(&delivered.queue);
    let delayed = work.queues().delay(queue, &delivered.receipt, seconds);
    if let Err(err) = delayed.await {
        tracing::warn!(
            error.chain = err.chain(),
            "a message could not be delayed and comes again later"
        );
    }
    Err(again.error)
}

async fn open(work: &impl ScanWorker, delivered: &QueueDelivery) -> Result<(), RetryLater> {
    let message: ScanMessage = serde_json::from_str(&delivered.body)
        .map_err(|err| Error::bug("reading a scan's message", err))?;
    let named = message.correlation_id.clone();
    let correlation = Correlation::named(named.unwrap_or_else(|| message.scan_job_id.to_string()));
    let span = tracing::info_span!(
        "scan", scan.id = %message.scan_job_id, user.id = %message.user_id, correlation = correlation.id, trace = correlation.root(),
        attempt = delivered.attempt
    );
    let taken = async {
        let done = claim(work, &message, delivered).await;
        if let Err(again) = &done {
            tracing::warn!(error.chain = again.error.chain(), "a delivery failed");
        }
        done
    };
    correlation.follow(span, taken).await
}

async fn claim(
    work: &impl ScanWorker,
    message: &ScanMessage,
    delivered: &QueueDelivery,
) -> Result<(), RetryLater> {
    let store = work.store();
    let Some(row) = store.scan(message.user_id, message.scan_job_id).await? else {
        tracing::info!("the scan is gone, and with it the work");
        return Ok(());
    };
    // A failed scan begins again when its message is sent back from the dead-letter queue, which
    // counts deliveries anew; a late copy of a message that was given up does not.
    // One she stopped begins again at her word only.
    // What one that is continued left undone is the work of another.
    let over = row.scan.status == ScanStatus::Completed
        || row.scan.is_cancelled()
        || row.scan.status.is_over() && row.scan.is_continued()
        || row.scan.status == ScanStatus::Failed && delivered.attempt > 1;
    if over {
        tracing::info!("the scan is over; nothing to do");
        // Its worker may have been killed before it told the scan this is a part of.
        return Ok(full_scan::settle_of(store, &row).await?);
    }
    let worker = uuid::Uuid::new_v4().to_string();
    let claimed = store.claim_scan(&row, &worker, delivered.attempt, clock::now());
    match claimed.await? {
        ScanClaim::Got(row) => work_on(work, *row, delivered).boxed_local().await,
        // The last delivery of a copy must not end among the dead: the other worker goes on, and
        // should it die, the schedule sends the scan again.
        ScanClaim::Busy(_) if delivered.last => Ok(()),
        ScanClaim::Busy(until) => {
            let left = u64::try_from(until.millis_since(clock::now())).unwrap_or_default();
            let error = Error::conflict("SCAN_BUSY", "Another worker has this scan.");
            Err(RetryLater {
                error,
                wait: Some(Duration::from_millis(left)),
            })
        }
    }
}

async fn work_on(
    work: &impl ScanWorker,
    mut row: ScanRow,
    delivered: &QueueDelivery,
) -> Result<(), RetryLater> {
    let Err(again) = work.run(&mut row, delivered).boxed_local().await else {
        return Ok(());
    };
    if delivered.last {
        let message = "This scan could not be finished. We will look again at the next one.";
        let failed = row.scan.clone().failed(message, None, clock::now());
        end(work, &row, failed, None).await?;
    } else {
        let seconds = wait(&again, delivered).into();
        work.store().leave_scan(&row, seconds, clock::now()).await?;
    }
    Err(again)
}

/// A sign of life, and how far the scan has come. `false`: it is another worker's by now.
pub(crate) async fn heartbeat(
    work: &impl ScanWorker,
    row: &mut ScanRow,
    progress: u8,
) -> Result<bool> {
    work.store().beat_scan(row, progress, clock::now()).await
}

/// Leaves the rest for the next invocation: the schedule sends the scan again within a minute.
pub(crate) async fn pause(work: &impl ScanWorker, row: &ScanRow) -> Result<(), RetryLater> {
    tracing::info!("the rest of the scan is left for another invocation");
    work.store().pause_scan(row, clock::now()).await?;
    Ok(())
}

pub(crate) fn lost() -> Result<(), RetryLater> {
    tracing::info!("another worker has the scan by now");
    Ok(())
}

/// Everything is stored; says how it went, last of all.
pub(crate) async fn conclude(
    work: &impl ScanWorker,
    row: &ScanRow,
    outcome: impl FnOnce(&ScanRow, Timestamp) -> ScanOutcome,
) -> Result<(), RetryLater> {
    show(row).await;
    let (user, id) = (row.scan.user_id, row.scan.id);
    let Some(fresh) = work.store().scan(user, id).await? else {
        return Ok(());
    };
    if fresh.scan.status.is_over() {
        return lost();
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
    end(work, &before, ended, continuation.as_ref()).await?;
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

async fn end(
    work: &impl ScanWorker,
    row: &ScanRow,
    ended: Scan,
    continuation: Option<&ScanRow>,
) -> Result<()> {
    let next = work.next(row, clock::now()).await?;
    let (measure, store) = (measure(&ended), work.store());
    let is_done = match continuation {
        Some(it) => store.end_and_continue(row, ended, next, it).await?,
        None => store.end_scan(row, ended, next).await?,
    };
    if !is_done {
        let now = work.store().scan(row.scan.user_id, row.scan.id).await?;
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
    full_scan::settle_of(work.store(), row).await
}

/// How long a scan took that has ended, and how it did.
pub(crate) fn measure(ended: &Scan) -> Measure {
    let took = ended.completed_at.map_or(0, |it| {
        it.millis_since(ended.started_at.unwrap_or(ended.created_at))
    });
    let outcome = match ended.status {
        _ if ended.is_cancelled() => "cancelled",
        ScanStatus::Failed => "failed",
        _ if ended.is_partial() => "partial",
        _ => "completed",
    };
    Measure::Scan {
        kind: ended.kind.as_str(),
        outcome,
        ms: u64::try_from(took).unwrap_or_default(),
    }
}

async fn show(row: &ScanRow) {
    let left = MIN_SHOWN_MILLIS - clock::now().millis_since(row.scan.created_at);
    if let (true, Ok(left)) = (row.is_watched(), u64::try_from(left)) {
        tokio::time::sleep(Duration::from_millis(left)).await;
    }
}

/// Five seconds, ten, twenty…, or as long as the engine asked for. A message that is given up goes at
/// once.
pub(crate) fn wait(again: &RetryLater, delivered: &QueueDelivery) -> i32 {
    if delivered.last {
        return 0;
    }
    i32::try_from(wait_after(delivered.attempt, again.wait)).unwrap_or(i32::MAX)
}

/// In how many seconds a message comes again after this delivery.
pub(crate) fn wait_after(attempt: u32, asked: Option<Duration>) -> u64 {
    let asked = asked.map_or(0, |it| it.as_secs() + 1);
    let usual = FIRST_RETRY_SECONDS << attempt.saturating_sub(1).min(10);
    usual.max(asked).min(MAX_RETRY_SECONDS)
}

/// Whether too little is left of the invocation to begin anything.
pub(crate) fn is_late(deadline: Timestamp) -> bool {
    clock::now() > deadline.minus_seconds(RESERVED_SECONDS)
}

#[cfg(test)]
mod tests;
