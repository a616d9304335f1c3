//! Working on a scan: from a message to findings, alerts and an end.
//!
//! A message may come twice, late, or to two workers at once, and a worker may be killed between any
//! two writes. What holds all the same: a scan has one worker at a time (its lease); a search that was
//! paid for is kept before it is used; findings and alerts have ids that follow from what was found; a
//! picture is counted together with the mark that it is done; and the scan ends last of all. Whoever
//! comes later finds the marks and goes on from there.

pub(super) mod evidence;
mod image;
mod looking;
mod outcome;
mod places;
mod verify;

use futures_util::FutureExt;

use super::picture_names::picture_names;
use super::work::{self, Again, Outcome, Work, is_late};
use crate::clock;
use crate::domain::{ImageId, Result, Scan, Sendings, Timestamp, progress, rescan_after};
use crate::engines::Fetcher;
use crate::objects::Objects;
use crate::queues::Queues;
use crate::runtime::Delivered;
use crate::services::governor::Asker;
use crate::services::searching::Engines;
use crate::services::seeing::Eyes;
use crate::store::{ScanRow, Store};

use image::{Means, Stop};
use outcome::Tally;

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
    pub eyes: Eyes,
}

impl Scanner {
    /// Takes a delivery. An error means it must come again; how soon is arranged.
    pub async fn take(&self, delivered: &Delivered) -> Result<()> {
        work::take(self, delivered).await
    }

    /// Where her pictures may be sent.
    async fn sendings(&self, scan: &Scan) -> Result<Sendings> {
        let chosen = self.store.preferences(scan.user_id).await?;
        Ok(chosen.map(|it| it.preferences.engines).unwrap_or_default())
    }
}

/// The pictures a scan looks for.
pub(super) async fn images_of(store: &Store, scan: &Scan) -> Result<Vec<ImageId>> {
    if let Some(image) = scan.protected_image_id {
        return Ok(vec![image]);
    }
    let mut rows = store.searchable_images(scan.user_id).await?;
    // A budget that ends with some of them goes on with the others the next time.
    rows.sort_by_key(|it| (it.image.last_scanned, it.image.id));
    Ok(rows.iter().map(|it| it.image.id).collect())
}

impl Work for Scanner {
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
    async fn run(&self, row: &mut ScanRow, delivered: &Delivered) -> Result<(), Again> {
        let images = images_of(&self.store, &row.scan).await?;
        let sendings = self.sendings(&row.scan).await?;
        let names = picture_names(&self.store, row.scan.user_id, clock::now()).await?;
        let means = Means {
            sendings: &sendings,
            asker: Asker::of(&self.store, row, clock::now()).await?,
            names: &names,
            deadline: delivered.deadline,
            last: delivered.last,
        };
        let mut tally = Tally::new(self.engines.vendors());
        for (at, &image) in images.iter().enumerate() {
            match self.image(row, image, &means).boxed_local().await {
                Ok(seen) => tally.add(image, seen),
                Err(Stop::Lost) => return work::lost(),
                Err(Stop::Late) => return work::pause(self, row).await,
                Err(Stop::Failed) => tally.fail(image),
            }
            if !work::beat(self, row, progress(at + 1, images.len())).await? {
                return work::lost();
            }
        }
        if tally.has_failures() && !delivered.last {
            return Err(Again {
                error: tally.error(),
                wait: tally.wait(),
            });
        }
        let open = self.store.open_findings(&row.scan, &images).await?;
        work::conclude(self, row, |fresh, now| Outcome {
            result: tally.result(fresh, open, now),
            failure: tally.all_failed().then(|| (tally.message(), tally.error())),
        })
        .await
    }

    /// A scan of all her pictures settles when the next is due; one of a single picture sees to it that
    /// there is a next.
    async fn next(&self, row: &ScanRow, now: Timestamp) -> Result<Option<Timestamp>> {
        let risk = self.store.risk_level(row.scan.user_id).await?;
        let next = risk.map(|it| now.plus_seconds(rescan_after(it)));
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
