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
mod outcome;
mod picture;
mod places;
mod stats;

use std::time::Duration;

use futures_util::FutureExt;

use crate::clock;
use crate::comparison::ImageAnalyzer;
use crate::domain::{EngineConsent, ImageId, Result, Scan, Timestamp, scan};
use crate::engines::Fetcher;
use crate::objects::Objects;
use crate::queues::QueueDelivery;
use crate::queues::Queues;
use crate::services::scans::start::message;
use crate::services::scans::worker::{self, RetryLater, ScanOutcome, ScanWorker, is_late};
use crate::services::search::engines::Engines;
use crate::services::search::governor::Asker;
use crate::services::search::time_limit::TimeLimit;
use crate::store::{ScanRow, Store};

use outcome::ImageScanTotals;
use picture::{ImageOutcome, ImageScanError, ScanContext};

/// The end of the name of the queue of the scans we start.
const BACKGROUND: &str = "background-scan";

/// What working on scans needs.
#[derive(Clone)]
pub struct Scanner {
    /// The table.
    pub store: Store,
    /// The bucket.
    pub objects: Objects,
    /// The queue service.
    pub queues: Queues,
    /// For the pictures that are found.
    pub fetcher: Fetcher,
    /// The search engines.
    pub engines: Engines,
    /// The queue of the scans she starts.
    pub queue: String,
    /// The queue of the scans we start.
    pub background: String,
    /// What looks at pictures.
    pub analyzer: ImageAnalyzer,
    /// How long after her request a scan that she waits for ends.
    pub answer_within: Duration,
}

impl Scanner {
    /// Takes a delivery. An error means it must come again; how soon is arranged.
    pub async fn take(&self, delivered: &QueueDelivery) -> Result<()> {
        worker::take(self, delivered).await
    }

    /// Where her pictures may be sent.
    async fn sendings(&self, scan: &Scan) -> Result<EngineConsent> {
        let chosen = self.store.preferences(scan.user_id).await?;
        Ok(chosen.map(|it| it.preferences.engines).unwrap_or_default())
    }
}

impl Scanner {
    /// Looks for a picture until the limit of the scan. What is dropped then is as if its worker had been
    /// killed: what was paid for and found is kept, and whoever goes on begins there.
    async fn within_limit(
        &self,
        row: &mut ScanRow,
        image: ImageId,
        context: &ScanContext<'_>,
    ) -> Result<ImageOutcome, ImageScanError> {
        let seen = self.scan_picture(row, image, context).boxed_local();
        let Some(limit) = &context.limit else {
            return seen.await;
        };
        let left = limit.left();
        // A timeout of nothing would still run what is ready, or not, as it happens.
        if left.is_zero() {
            return Err(ImageScanError::Late);
        }
        let seen = tokio::time::timeout(left, seen).await;
        seen.unwrap_or(Err(ImageScanError::Late))
    }

    /// Ends the scan with what there is. If it continues, a scan of ours goes on with what is missing,
    /// and tells her of what it finds; so what is known to be open is an answer, though no picture of
    /// this scan was finished.
    async fn answer(
        &self,
        row: &ScanRow,
        images: &[ImageId],
        tally: &ImageScanTotals,
        continues: bool,
    ) -> Result<(), RetryLater> {
        let open = self.store.open_findings(&row.scan, images).await?;
        worker::conclude(self, row, |fresh, now| ScanOutcome {
            result: tally.result(fresh, (open, continues), now),
            failure: tally
                .failure((open > 0, fresh.findings > 0), continues)
                .map(|message| (message, tally.error())),
            continues,
        })
        .await?;
        if continues {
            let next = Store::continuation(row, clock::now());
            let told = message(&next.scan);
            let sent = self.queues.send(&self.background, &told);
            if let Err(err) = sent.await {
                tracing::warn!(scan.id = %next.scan.id, error.chain = err.chain(), "a scan waits for the schedule");
            }
        }
        Ok(())
    }
}

/// The pictures a scan looks for.
pub(crate) async fn images_of(store: &Store, scan: &Scan) -> Result<Vec<ImageId>> {
    if let Some(image) = scan.protected_image_id {
        return Ok(vec![image]);
    }
    let mut rows = store.searchable_images(scan.user_id).await?;
    // A budget that ends with some of them goes on with the others the next time, also one of several:
    // a picture that only another engine searched for counts as scanned.
    rows.sort_by_key(|it| (!it.awaits_budget, it.image.last_scanned, it.image.id));
    Ok(rows.iter().map(|it| it.image.id).collect())
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
    async fn run(&self, row: &mut ScanRow, delivered: &QueueDelivery) -> Result<(), RetryLater> {
        let images = images_of(&self.store, &row.scan).await?;
        let sendings = self.sendings(&row.scan).await?;
        let names = self
            .store
            .picture_names(row.scan.user_id, clock::now())
            .await?;
        let context = ScanContext {
            sendings: &sendings,
            asker: Asker::of(&self.store, row, clock::now()).await?,
            names: &names,
            deadline: delivered.deadline,
            attempt: delivered.attempt,
            last: delivered.last,
            limit: TimeLimit::of(row, self.answer_within),
        };
        let mut tally = ImageScanTotals::new(self.engines.vendors());
        for (at, &image) in images.iter().enumerate() {
            match self.within_limit(row, image, &context).await {
                Ok(seen) => tally.add(image, seen),
                Err(ImageScanError::Lost) => return worker::lost(),
                Err(ImageScanError::Late) if context.ends_before_schedule() => {
                    tally.leave(images.len() - at);
                    break;
                }
                Err(ImageScanError::Late) => return worker::pause(self, row).await,
                Err(ImageScanError::Failed) => tally.fail(image),
            }
            if !worker::heartbeat(self, row, scan::progress(at + 1, images.len())).await? {
                return worker::lost();
            }
        }
        let is_retried = tally.has_failures() && !delivered.last;
        let ends_now = is_retried && context.ends_before_retry(tally.wait());
        let continues = tally.has_left() || ends_now;
        if is_retried && !continues {
            return Err(RetryLater {
                error: tally.error(),
                wait: tally.wait(),
            });
        }
        self.answer(row, &images, &tally, continues).await
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
