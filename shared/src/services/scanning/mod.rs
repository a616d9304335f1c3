//! Working on a scan: from a message to findings, alerts and an end.
//!
//! A message may come twice, late, or to two workers at once, and a worker may be killed between any
//! two writes. What holds all the same: a scan has one worker at a time (its lease); a search that was
//! paid for is kept before it is used; findings and alerts have ids that follow from what was found; a
//! picture is counted together with the mark that it is done; and the scan ends last of all. Whoever
//! comes later finds the marks and goes on from there.

mod evidence;
mod image;
mod outcome;
mod verify;

use std::time::Duration;

use futures_util::FutureExt;
use tracing::Instrument;

use crate::clock;
use crate::domain::{
    Error, ImageId, Result, Scan, ScanOrigin, ScanStatus, Timestamp, progress, rescan_after,
};
use crate::engines::{Fetcher, TinEye};
use crate::objects::Objects;
use crate::queues::{Queues, ScanMessage};
use crate::services::seeing::Eyes;
use crate::store::{Claim, ScanRow, Store};

use image::Stop;
use outcome::Tally;

/// No new work is begun when less than this is left of the invocation, in seconds.
const RESERVE: i64 = 40;

/// A scan of hers is shown at least this long, so that the screen that started it sees it (Q17c).
const SHOWN_AT_LEAST: i64 = 1500;

/// The first wait before a message comes again, and the longest, in seconds.
const FIRST_WAIT: u64 = 5;
const LONGEST_WAIT: u64 = 300;

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
    /// The search engine, if there is a key for it.
    pub tineye: Option<TinEye>,
    /// The queue of the scans she starts.
    pub queue: String,
    /// The queue of the scans we start.
    pub background: String,
    /// What looks at pictures.
    pub eyes: Eyes,
}

/// One delivery of a scan's message.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// What it says.
    pub body: String,
    /// The name of its queue.
    pub queue: String,
    /// What is needed to delay it.
    pub receipt: String,
    /// Which delivery this is, from 1.
    pub attempt: u32,
    /// Whether it is given up if it fails now.
    pub last: bool,
    /// When we are stopped.
    pub deadline: Timestamp,
}

/// Why a message must come again, and after how long.
struct Again {
    error: Error,
    wait: Option<Duration>,
}

impl From<Error> for Again {
    fn from(error: Error) -> Self {
        Self { error, wait: None }
    }
}

impl Scanner {
    /// Takes a delivery. An error means it must come again; how soon is arranged.
    pub async fn take(&self, delivered: &Delivered) -> Result<()> {
        // Boxed, here and below: the type of a whole scan's future is too deep for the compiler.
        let Err(again) = self.open(delivered).boxed_local().await else {
            return Ok(());
        };
        let seconds = wait(&again, delivered);
        let queue = if delivered.queue.ends_with(BACKGROUND) {
            &self.background
        } else {
            &self.queue
        };
        if let Err(err) = self.queues.delay(queue, &delivered.receipt, seconds).await {
            tracing::warn!(
                error.chain = err.chain(),
                "a message could not be delayed and comes again later"
            );
        }
        Err(again.error)
    }

    async fn open(&self, delivered: &Delivered) -> Result<(), Again> {
        let message: ScanMessage = serde_json::from_str(&delivered.body)
            .map_err(|err| Error::bug("reading a scan's message", err))?;
        let correlation = message.correlation_id.as_deref().unwrap_or_default();
        let span = tracing::info_span!(
            "scan", scan.id = %message.scan_job_id, user.id = %message.user_id, correlation, attempt = delivered.attempt
        );
        self.claim(&message, delivered).instrument(span).await
    }

    async fn claim(&self, message: &ScanMessage, delivered: &Delivered) -> Result<(), Again> {
        let Some(row) = self
            .store
            .scan(message.user_id, message.scan_job_id)
            .await?
        else {
            tracing::info!("the scan is gone, and with it the work");
            return Ok(());
        };
        // A failed scan begins again when its message is sent back from the dead-letter queue, which
        // counts deliveries anew; a late copy of a message that was given up does not.
        let over = row.scan.status == ScanStatus::Completed
            || row.scan.status == ScanStatus::Failed && delivered.attempt > 1;
        if over {
            tracing::info!("the scan is over; nothing to do");
            return Ok(());
        }
        let worker = uuid::Uuid::new_v4().to_string();
        match self
            .store
            .claim_scan(&row, &worker, delivered.attempt, clock::now())
            .await?
        {
            Claim::Got(row) => self.work(*row, delivered).boxed_local().await,
            // The last delivery of a copy must not end among the dead: the other worker goes on, and
            // should it die, the schedule sends the scan again.
            Claim::Busy(_) if delivered.last => Ok(()),
            Claim::Busy(until) => {
                let left = u64::try_from(until.millis_since(clock::now())).unwrap_or_default();
                let error = Error::conflict("SCAN_BUSY", "Another worker has this scan.");
                Err(Again {
                    error,
                    wait: Some(Duration::from_millis(left)),
                })
            }
        }
    }

    async fn work(&self, mut row: ScanRow, delivered: &Delivered) -> Result<(), Again> {
        let Err(again) = self.run(&mut row, delivered).await else {
            return Ok(());
        };
        if delivered.last {
            let message = "This scan could not be finished. We will look again at the next one.";
            let failed = row.scan.clone().failed(message, None, clock::now());
            self.end(&row, failed).await?;
        } else {
            self.store
                .leave_scan(&row, wait(&again, delivered).into(), clock::now())
                .await?;
        }
        Err(again)
    }

    /// All pictures of the scan, and then its end.
    async fn run(&self, row: &mut ScanRow, delivered: &Delivered) -> Result<(), Again> {
        let images = self.images(&row.scan).await?;
        let mut tally = Tally::new(self.tineye.is_some());
        for (at, &image) in images.iter().enumerate() {
            let seen = match tally.refused() {
                // Asking for the next picture would come to the same.
                Some(stop) => Err(stop),
                None => {
                    self.image(row, image, delivered.deadline)
                        .boxed_local()
                        .await
                }
            };
            match seen {
                Ok(seen) => tally.add(seen),
                Err(Stop::Lost) => return lost(),
                Err(Stop::Late) => return self.pause(row).await,
                Err(Stop::Failed(trouble)) => tally.fail(image, trouble),
            }
            if !self
                .store
                .beat_scan(row, progress(at + 1, images.len()), clock::now())
                .await?
            {
                return lost();
            }
        }
        if tally.has_failures() && !delivered.last {
            return Err(Again {
                error: tally.error(),
                wait: tally.wait(),
            });
        }
        self.conclude(row, &tally).await
    }

    async fn images(&self, scan: &Scan) -> Result<Vec<ImageId>> {
        match scan.protected_image_id {
            Some(image) => Ok(vec![image]),
            None => Ok(self
                .store
                .searchable_images(scan.user_id)
                .await?
                .iter()
                .map(|it| it.image.id)
                .collect()),
        }
    }

    /// Leaves the rest for the next invocation: the schedule sends the scan again within a minute.
    async fn pause(&self, row: &ScanRow) -> Result<(), Again> {
        tracing::info!("the rest of the scan is left for another invocation");
        self.store.pause_scan(row, clock::now()).await?;
        Ok(())
    }

    /// Everything is stored; says how it went, last of all.
    async fn conclude(&self, row: &ScanRow, tally: &Tally) -> Result<(), Again> {
        self.show(row).await;
        let (user, id) = (row.scan.user_id, row.scan.id);
        let Some(fresh) = self.store.scan(user, id).await? else {
            return Ok(());
        };
        let now = clock::now();
        let result = tally.result(&fresh, now);
        let ended = if tally.all_failed() {
            fresh
                .scan
                .clone()
                .failed(&tally.message(), Some(result), now)
        } else {
            fresh.scan.clone().completed(result, now)
        };
        let status = ended.status;
        self.end(
            &ScanRow {
                scan: Scan {
                    worker_id: row.scan.worker_id.clone(),
                    ..fresh.scan.clone()
                },
                ..fresh
            },
            ended,
        )
        .await?;
        tracing::info!(
            scan.status = status.as_str(),
            findings = tally.findings(),
            "scan ended"
        );
        // A failed scan's message goes to the dead-letter queue, to be sent back when the engine is well.
        if status == ScanStatus::Failed {
            Err(tally.error().into())
        } else {
            Ok(())
        }
    }

    async fn end(&self, row: &ScanRow, ended: Scan) -> Result<()> {
        let now = clock::now();
        let risk = self.store.risk_level(row.scan.user_id).await?;
        let next = risk.map(|it| now.plus_seconds(rescan_after(it)));
        let whole = row.scan.protected_image_id.is_none();
        if let (Some(at), false) = (next, whole) {
            self.store.plan_rescan(&row.scan, at).await?;
        }
        if !self
            .store
            .end_scan(row, ended, next.filter(|_| whole))
            .await?
        {
            return Err(Error::conflict(
                "SCAN_CHANGED",
                "The scan changed while it was worked on.",
            ));
        }
        Ok(())
    }

    async fn show(&self, row: &ScanRow) {
        let left = SHOWN_AT_LEAST - clock::now().millis_since(row.scan.created_at);
        if let (ScanOrigin::User, Ok(left)) = (row.origin, u64::try_from(left)) {
            tokio::time::sleep(Duration::from_millis(left)).await;
        }
    }
}

fn lost() -> Result<(), Again> {
    tracing::info!("another worker has the scan by now");
    Ok(())
}

/// Five seconds, ten, twenty…, or as long as the engine asked for. A message that is given up goes at
/// once.
fn wait(again: &Again, delivered: &Delivered) -> i32 {
    if delivered.last {
        return 0;
    }
    let asked = again.wait.map_or(0, |it| it.as_secs() + 1);
    let usual = FIRST_WAIT << delivered.attempt.saturating_sub(1).min(10);
    i32::try_from(usual.max(asked).min(LONGEST_WAIT)).unwrap_or(i32::MAX)
}

/// Whether too little is left of the invocation to begin anything.
fn is_late(deadline: Timestamp) -> bool {
    clock::now() > deadline.minus_seconds(RESERVE)
}

#[cfg(test)]
mod tests;
