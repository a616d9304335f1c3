//! The lease of a scan: claim by a worker, heartbeat, release.

use super::{DUE_SCAN, ScanRow, changed, count, ended, key, locked, place};
use crate::domain::{Result, ScanOrigin, ScanStatus, Timestamp};
use crate::store::Store;
use crate::store::tx::Change;

/// How long a worker that gives no sign of life keeps a scan, in seconds. Longer than its longest step.
pub(super) const LEASE_SECONDS: i64 = 45;

/// How long after a sign of life a scan is looked after, in seconds.
pub(super) const STUCK_AFTER: i64 = 60;

/// Whether a worker got a scan.
#[derive(Clone, Debug, PartialEq)]
pub enum ScanClaim {
    /// It did.
    Got(Box<ScanRow>),
    /// Another worker has it, or another scan runs in its stead, until about then.
    Busy(Timestamp),
}

impl Store {
    /// Gives a scan to a worker, for as long as it gives signs of life. A failed scan begins again.
    pub async fn claim_scan(
        &self,
        before: &ScanRow,
        worker: &str,
        attempt: u32,
        now: Timestamp,
    ) -> Result<ScanClaim> {
        let was_over = before.scan.status.is_over();
        let after = ScanRow {
            scan: before.scan.clone().taken(worker, attempt, now),
            lease_until: Some(now.plus_seconds(LEASE_SECONDS)),
            advanced_at: if was_over {
                Some(now)
            } else {
                before.advanced_at.or(Some(now))
            },
            ..before.clone()
        };
        let user = before.scan.user_id;
        let mut tx = self
            .tx()
            .update(&key(user, before.scan.id), claim(before, &after, now));
        if was_over {
            tx = tx.delete(&ended(user, before.scan.id));
            if before.origin == ScanOrigin::User {
                tx = tx.create(&locked(&before.scan));
            }
        }
        if before.scan.status != after.scan.status {
            tx = tx.count(user, &[count(before, -1), count(&after, 1)]);
            tx = tx.publish(user, changed(before.scan.id));
        }
        Ok(if tx.commit().await?.is_done() {
            ScanClaim::Got(Box::new(after))
        } else {
            ScanClaim::Busy(now.plus_seconds(LEASE_SECONDS))
        })
    }

    /// A sign of life, and how far the scan has come. `false`: it is another worker's by now.
    pub async fn beat_scan(&self, row: &mut ScanRow, progress: u8, now: Timestamp) -> Result<bool> {
        let progress = progress.max(row.scan.progress);
        let advanced = progress > row.scan.progress;
        let change = mine(row)
            .set("progress", progress)
            .set("leaseUntil", now.plus_seconds(LEASE_SECONDS))
            .set("due_at", now.plus_seconds(STUCK_AFTER))
            .apply(|it| match advanced {
                true => it.set("advancedAt", now),
                false => it,
            });
        let key = key(row.scan.user_id, row.scan.id);
        if !self.change_row(&key, change).await? {
            return Ok(false);
        }
        row.scan.progress = progress;
        row.lease_until = Some(now.plus_seconds(LEASE_SECONDS));
        row.advanced_at = if advanced { Some(now) } else { row.advanced_at };
        if advanced {
            self.tell_scan_progress(&row.scan).await;
        }
        Ok(true)
    }

    /// Leaves a scan for another delivery of its message, to come in about `seconds`.
    pub async fn leave_scan(&self, row: &ScanRow, seconds: i64, now: Timestamp) -> Result<()> {
        let due = now.plus_seconds(seconds + row.pending_stuck_after());
        let change = mine(row).remove("leaseUntil").set("due_at", due);
        // Refused means it is another worker's by now, who will look after it.
        let key = key(row.scan.user_id, row.scan.id);
        self.change_row(&key, change).await.map(drop)
    }

    /// Leaves a scan to be sent again by the schedule, soon.
    pub async fn pause_scan(&self, row: &ScanRow, now: Timestamp) -> Result<()> {
        self.leave_scan(row, -row.pending_stuck_after(), now).await
    }
}

/// The claim's change of the row, if no living worker has it.
fn claim(before: &ScanRow, after: &ScanRow, now: Timestamp) -> Change {
    Change::default()
        .set("status", after.scan.status)
        .set("progress", after.scan.progress)
        .set("retryCount", after.scan.retry_count)
        .set("workerId", &after.scan.worker_id)
        .set("startedAt", after.scan.started_at)
        .set("completedAt", after.scan.completed_at)
        .set("errorMessage", &after.scan.error_message)
        .set("leaseUntil", after.lease_until)
        .set("advancedAt", after.advanced_at)
        .due(
            DUE_SCAN,
            &key(after.scan.user_id, after.scan.id),
            now.plus_seconds(STUCK_AFTER),
        )
        .set("list", place(after))
        .when("list", "=", place(before))
        .when_or_absent("leaseUntil", "<", now)
}

/// A change that goes through only while the scan is this worker's.
fn mine(row: &ScanRow) -> Change {
    Change::default()
        .when("status", "=", ScanStatus::Running)
        .when("workerId", "=", &row.scan.worker_id)
}
