//! Retry a failed, cancelled or partial scan.
//!
//! The scan and its parts change at once or not at all. One that begins again skips what is marked as done
//! and asks no engine what it was told before, as any delivery that comes again does.

use crate::auth::Caller;
use crate::domain::{Error, Result, Scan, ScanId, ScanOrigin, ScanType, Timestamp};
use crate::services::scans::full_scan;
use crate::services::scans::start::{Scans, already_running};
use crate::store::ScanRow;

impl Scans {
    /// Has a scan begin again that failed, was stopped, or left something undone.
    ///
    /// A message that cannot be sent is no failure: the schedule finds the scan waiting.
    pub async fn retry(&self, caller: &Caller, id: ScanId, now: Timestamp) -> Result<Scan> {
        let user = caller.user;
        let row = self.row(user, id).await?;
        if !row.scan.status.is_over() {
            return Err(already_running());
        }
        if row.scan.is_continued() {
            return Err(not_retryable(
                "What is missing is being looked for already; you will be told of what is found.",
            ));
        }
        if !row.scan.is_retryable() {
            return Err(not_retryable(
                "This scan is done; there is nothing left to try.",
            ));
        }
        if row.parent.is_some() {
            return Err(not_retryable(
                "This scan is a part of another; that one can be tried again.",
            ));
        }
        let mut parts = full_scan::parts_of(&self.store, &row.scan).await?;
        parts.retain(|it| it.scan.is_retryable());
        let all: Vec<&ScanRow> = std::iter::once(&row).chain(&parts).collect();
        let event = self.event(caller, "scan.retried", &row.scan, now).await?;
        if !self.store.restart_scans(&all, event, now).await? {
            // It began again a moment ago, or another one of its type runs.
            return Err(already_running());
        }
        for waiting in all {
            // Whoever wanted it first, she waits for it now.
            let waiting = ScanRow {
                origin: ScanOrigin::User,
                ..waiting.clone()
            };
            if let Err(err) = self.send(&waiting).await {
                tracing::warn!(scan.id = %waiting.scan.id, error.chain = err.chain(), "a scan waits for the schedule");
            }
        }
        if row.scan.kind == ScanType::FullScan && parts.is_empty() {
            // Its parts had come to their ends when it was stopped.
            full_scan::settle(&self.store, user, id).await?;
        }
        tracing::info!(user.id = %user, scan.id = %id, "scan begins again");
        self.get(user, id).await
    }
}

fn not_retryable(why: &'static str) -> Error {
    Error::conflict("SCAN_NOT_RETRYABLE", why)
}
