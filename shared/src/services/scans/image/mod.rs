//! Image scans (queues image-scan, background-scan): from a message to findings, alerts and an end.
//!
//! A message may come twice, late, or to two workers at once, and a worker may be killed between any
//! two writes. What holds all the same: a scan has one worker at a time (its lease); a search that was
//! paid for is kept before it is used; findings and alerts have ids that follow from what was found; a
//! picture is counted together with the mark that it is done; and the scan ends last of all. Whoever
//! comes later finds the marks and goes on from there.
//!
//! A scan that she waits for has a time limit (`services::search::time_limit`). At the limit it ends with what
//! there is, and a scan of ours, its continuation, goes on from the same checkpoints.

mod candidates;
mod compare;
mod context;
mod expand;
mod findings;
mod memory;
mod picture;
mod record;
mod scan_picture;
mod scanner;
mod search;
mod stats;
mod totals;

use futures_util::FutureExt;

pub use scanner::Scanner;

use crate::clock;
use crate::domain::{ImageId, Result, Timestamp, scan};
use crate::queues::{QueueDelivery, Queues};
use crate::services::scans::delivery;
use crate::services::scans::ending::{self, ScanOutcome};
use crate::services::scans::lease::Lease;
use crate::services::scans::scan_worker::ScanWorker;
use crate::services::scans::searched_images::searched_images;
use crate::services::scans::start::message;
use crate::services::scans::stop::{RetryLater, ScanStop};
use crate::store::{ScanRow, Store};

use context::ScanContext;
use scan_picture::scan_picture;
use stats::ImageOutcome;
use totals::ImageScanTotals;

/// The end of the name of the queue of the scans we start.
const BACKGROUND: &str = "background-scan";

impl Scanner {
    /// Takes a delivery. An error means it must come again; how soon is arranged.
    pub async fn take(&self, delivered: &QueueDelivery) -> Result<()> {
        delivery::take(self, delivered).await
    }

    /// Ends the scan with what there is. If it continues, a scan of ours goes on with what is missing,
    /// and tells her of what it finds; so what is known to be open is an answer, though no picture of
    /// this scan was finished.
    async fn answer(
        &self,
        row: &ScanRow,
        images: &[ImageId],
        totals: &ImageScanTotals,
        continues: bool,
    ) -> Result<(), ScanStop> {
        let open = self.store.open_findings(&row.scan, images).await?;
        ending::conclude(self, row, |fresh, now| ScanOutcome {
            result: totals.result(fresh, (open, continues), now),
            failure: totals
                .failure((open > 0, fresh.findings > 0), continues)
                .map(|message| (message, totals.error())),
            continues,
        })
        .await?;
        if continues {
            let next = Store::continuation(row, clock::now());
            let message = message(&next.scan);
            let sent = self.queues.send(&self.background, &message);
            if let Err(err) = sent.await {
                tracing::warn!(scan.id = %next.scan.id, error.chain = err.chain(), "a scan waits for the schedule");
            }
        }
        Ok(())
    }
}

/// Scans a picture until the limit of the scan. What is dropped then is as if its worker had been
/// killed: what was paid for and found is kept, and whoever goes on begins there.
async fn within_limit(context: &ScanContext<'_>, image: ImageId) -> Result<ImageOutcome, ScanStop> {
    let scanned = scan_picture(context, image).boxed_local();
    let Some(limit) = &context.limit else {
        return scanned.await;
    };
    let left = limit.left();
    // A timeout of nothing would still run what is ready, or not, as it happens.
    if left.is_zero() {
        return Err(ScanStop::Late);
    }
    let scanned = tokio::time::timeout(left, scanned).await;
    scanned.unwrap_or(Err(ScanStop::Late))
}

impl ScanWorker for Scanner {
    fn store(&self) -> &Store {
        &self.store
    }

    fn queues(&self) -> &Queues {
        &self.queues
    }

    fn queue(&self, name: &str) -> &str {
        if name.ends_with(BACKGROUND) {
            &self.background
        } else {
            &self.queue
        }
    }

    /// All pictures of the scan, and then its end.
    async fn run(&self, lease: &mut Lease, delivered: &QueueDelivery) -> Result<(), ScanStop> {
        let context = ScanContext::of(self, lease.row(), delivered).await?;
        let images = searched_images(&self.store, &context.row.scan).await?;
        let mut totals = ImageScanTotals::new(self.engines.vendors());
        for (at, &image) in images.iter().enumerate() {
            let scanned = lease.hold_during(within_limit(&context, image));
            match scanned.await {
                Ok(outcome) => totals.add(image, outcome),
                Err(ScanStop::Late) if context.ends_before_resume() => {
                    totals.leave(images.len() - at);
                    break;
                }
                // Something of ours failed; the other pictures may do better.
                Err(ScanStop::Failed(RetryLater { error, .. })) => {
                    tracing::warn!(image.id = %image, error.chain = error.chain(), "a picture could not be scanned");
                    totals.fail(image);
                }
                Err(stop) => return Err(stop),
            }
            lease.advance(scan::progress(at + 1, images.len())).await?;
        }
        let is_retried = totals.has_failures() && !delivered.last;
        let ends_now = is_retried && context.ends_before_retry(totals.wait());
        let continues = totals.has_left() || ends_now;
        if is_retried && !continues {
            return Err(ScanStop::Failed(RetryLater {
                error: totals.error(),
                wait: totals.wait(),
            }));
        }
        self.answer(lease.row(), &images, &totals, continues).await
    }

    /// A scan of all her pictures settles when the next is due; one of a single picture sees to it that
    /// there is a next.
    async fn next(&self, row: &ScanRow, now: Timestamp) -> Result<Option<Timestamp>> {
        let risk = self.store.risk_level(row.scan.user_id).await?;
        let next = risk.map(|it| now.plus_seconds(scan::rescan_after(it)));
        if row.scan.protected_image_id.is_none() {
            return Ok(next);
        }
        if let Some(at) = next {
            self.store.plan_rescan(&row.scan, at).await?;
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
