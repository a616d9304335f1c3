//! Lease of a scan: one worker has it at a time, and keeps it by heartbeats.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::stop::ScanStop;
use crate::clock;
use crate::store::{ScanRow, Store};

/// How long may pass without a heartbeat: a third of the lease, so that two may fail. Each is a write of a row
/// that stands in both indexes.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(15);

/// A scan that this worker has.
pub(crate) struct Lease {
    store: Store,
    row: ScanRow,
}

impl Lease {
    /// The lease of a scan as it was claimed.
    pub(crate) fn of(store: Store, row: ScanRow) -> Self {
        Self { store, row }
    }

    /// The scan as it was claimed, and how far it has come.
    pub(crate) fn row(&self) -> &ScanRow {
        &self.row
    }

    /// Says how far the scan has come, which is a heartbeat too.
    ///
    /// # Errors
    /// [`ScanStop::Lost`] if the scan is another worker's by now, or she stopped it, or deleted her account.
    pub(crate) async fn advance(&mut self, progress: u8) -> Result<(), ScanStop> {
        let beat = self.store.beat_scan(&mut self.row, progress, clock::now());
        let is_ours = beat.await?;
        let has_left = self.store.erasure(self.row.scan.user_id);
        match is_ours && has_left.await?.is_none() {
            true => Ok(()),
            false => Err(ScanStop::Lost),
        }
    }

    /// Does something that takes long, with heartbeats. If the scan is lost meanwhile, the work is
    /// dropped where it stands, as if this worker had been killed.
    pub(crate) async fn hold_during<T>(
        &mut self,
        work: impl Future<Output = Result<T, ScanStop>>,
    ) -> Result<T, ScanStop> {
        let mut work = std::pin::pin!(work);
        let mut due = interval_at(Instant::now() + HEARTBEAT_EVERY, HEARTBEAT_EVERY);
        // One write after a long sleep, not one for each heartbeat that was slept through.
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                // A worker that was asleep looks whether the scan is still its own before it goes on.
                biased;
                _ = due.tick() => self.advance(self.row.scan.progress).await?,
                done = &mut work => return done,
            }
        }
    }
}
