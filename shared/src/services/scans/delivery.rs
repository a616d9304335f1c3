//! Delivery of a scan's message: claim the lease, run the scan, retry with back-off, dead-letter on the last
//! delivery.
//!
//! A message may come twice, late, or to two workers at once, and a worker may be killed between any
//! two writes. What holds all the same: a scan has one worker at a time (its [`Lease`]), and it ends last
//! of all. What a kind of scan looks at is in [`ScanWorker::run`]; it marks what it is through with, so
//! that whoever comes later goes on from there.

use std::time::Duration;

use futures_util::FutureExt;

use super::ending;
use super::full_scan;
use super::lease::Lease;
use super::scan_worker::ScanWorker;
use super::start;
use super::stop::{RetryLater, ScanStop, resume_after, wait};
use crate::clock;
use crate::correlation::Correlation;
use crate::domain::{Error, Result, ScanStatus};
use crate::queues::QueueDelivery;
use crate::queues::ScanMessage;
use crate::store::{ScanClaim, ScanRow};

/// Takes a delivery. An error means it must come again; how soon is arranged.
pub(crate) async fn take(worker: &impl ScanWorker, delivered: &QueueDelivery) -> Result<()> {
    // Boxed, here and below: the type of a whole scan's future is too deep for the compiler.
    let Err(again) = open(worker, delivered).boxed_local().await else {
        return Ok(());
    };
    let seconds = wait(&again, delivered);
    let queue = worker.queue(&delivered.queue);
    let delayed = worker.queues().delay(queue, &delivered.receipt, seconds);
    if let Err(err) = delayed.await {
        tracing::warn!(
            error.chain = err.chain(),
            "a message could not be delayed and comes again later"
        );
    }
    Err(again.error)
}

async fn open(worker: &impl ScanWorker, delivered: &QueueDelivery) -> Result<(), RetryLater> {
    let message: ScanMessage = serde_json::from_str(&delivered.body)
        .map_err(|err| Error::bug("reading a scan's message", err))?;
    let named = message.correlation_id.clone();
    let correlation = Correlation::named(named.unwrap_or_else(|| message.scan_job_id.to_string()));
    let span = tracing::info_span!(
        "scan", scan.id = %message.scan_job_id, user.id = %message.user_id, correlation = correlation.id, trace = correlation.root(),
        attempt = delivered.attempt
    );
    let taken = async {
        let done = claim(worker, &message, delivered).await;
        if let Err(again) = &done {
            tracing::warn!(error.chain = again.error.chain(), "a delivery failed");
        }
        done
    };
    correlation.follow(span, taken).await
}

async fn claim(
    worker: &impl ScanWorker,
    message: &ScanMessage,
    delivered: &QueueDelivery,
) -> Result<(), RetryLater> {
    let store = worker.store();
    let Some(row) = store.scan(message.user_id, message.scan_job_id).await? else {
        tracing::info!("the scan is gone, and with it the work");
        return Ok(());
    };
    if store.erasure(message.user_id).await?.is_some() {
        // Nothing is asked for an account that rests; the schedule takes the scan up if it is brought back.
        tracing::info!("her account is closed, and the scan waits");
        return Ok(());
    }
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
    let worker_id = uuid::Uuid::new_v4().to_string();
    let claimed = store.claim_scan(&row, &worker_id, delivered.attempt, clock::now());
    match claimed.await? {
        ScanClaim::Got(row) => run(worker, *row, delivered).boxed_local().await,
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

async fn run(
    worker: &impl ScanWorker,
    row: ScanRow,
    delivered: &QueueDelivery,
) -> Result<(), RetryLater> {
    let store = worker.store();
    let mut lease = Lease::of(store.clone(), row);
    let Err(stop) = worker.run(&mut lease, delivered).boxed_local().await else {
        return Ok(());
    };
    let row = lease.row();
    let again = match stop {
        ScanStop::Lost => {
            tracing::info!("another worker has the scan by now");
            return Ok(());
        }
        ScanStop::Late => {
            tracing::info!("the rest of the scan is left for another invocation");
            return Ok(resume_later(worker, row, delivered).await?);
        }
        ScanStop::Failed(again) => again,
    };
    if delivered.last {
        let message = "This scan could not be finished. We will look again at the next one.";
        let failed = row.scan.clone().failed(message, None, clock::now());
        ending::end(worker, row, failed, None).await?;
    } else {
        let seconds = wait(&again, delivered).into();
        store.leave_scan(row, seconds, clock::now()).await?;
    }
    Err(again)
}

/// Has the scan go on in another invocation: frees it, and sends its message with a delay. Should this worker
/// be killed in between, or the message not be sent, the schedule sends it.
async fn resume_later(
    worker: &impl ScanWorker,
    row: &ScanRow,
    delivered: &QueueDelivery,
) -> Result<()> {
    let (store, seconds) = (worker.store(), resume_after(row));
    store.leave_scan(row, seconds.into(), clock::now()).await?;
    let queue = worker.queue(&delivered.queue);
    let message = start::message(&row.scan);
    let sent = worker.queues().send_later(queue, &message, seconds);
    if let Err(err) = sent.await {
        tracing::warn!(
            error.chain = err.chain(),
            "a scan that goes on waits for the schedule"
        );
        store.pause_scan(row, clock::now()).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
