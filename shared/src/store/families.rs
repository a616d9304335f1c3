//! Full-scan rows: a scan and its parts, stored and settled together.

use super::scans::{changed, count, key, place, waiting};
use super::tx::Change;
use super::{Append, ScanRow, Store};
use crate::domain::{Result, Scan, ScanOrigin, ScanStatus, Timestamp};

impl Store {
    /// Stores a scan she started with its parts, or none of them. `false`: she has one of its type
    /// running.
    pub(crate) async fn create_family(
        &self,
        parent: &Scan,
        parts: &[ScanRow],
        event: Append,
    ) -> Result<bool> {
        let whole = self.tx().start(&waiting(parent, ScanOrigin::User));
        let tx = parts.iter().fold(whole, |tx, part| tx.start(part));
        let tx = tx.append(event);
        Ok(tx.commit().await?.is_done())
    }

    /// A part of `parent`, waiting to be worked on.
    #[must_use]
    pub fn part(parent: &Scan, part: &Scan) -> ScanRow {
        ScanRow {
            parent: Some(parent.id),
            ..waiting(part, ScanOrigin::System)
        }
    }

    /// Ends a scan and the parts that have not ended, all of them or none. `false`: one of them changed
    /// in between.
    pub(crate) async fn end_family(
        &self,
        ends: &[(&ScanRow, Scan)],
        event: Append,
    ) -> Result<bool> {
        let tx = ends.iter().fold(self.tx(), |tx, (before, after)| {
            tx.end(before, after.clone())
        });
        let tx = tx.append(event);
        Ok(tx.commit().await?.is_done())
    }

    /// Has ended scans wait to be worked on once more, all of them or none. `false`: one of them changed
    /// in between, or she started it and one of its type runs.
    pub(crate) async fn restart_scans(
        &self,
        before: &[&ScanRow],
        event: Append,
        now: Timestamp,
    ) -> Result<bool> {
        let tx = before.iter().fold(self.tx(), |tx, it| tx.restart(it, now));
        let tx = tx.append(event);
        Ok(tx.commit().await?.is_done())
    }

    /// Moves a scan on whose parts have come further. `false`: it changed in between.
    pub async fn advance_scan(
        &self,
        before: &ScanRow,
        progress: u8,
        now: Timestamp,
    ) -> Result<bool> {
        let mut after = before.clone();
        after.scan.status = ScanStatus::Running;
        after.scan.started_at = after.scan.started_at.or(Some(now));
        after.scan.progress = progress;
        let user = before.scan.user_id;
        let change = Change::default()
            .set("status", after.scan.status)
            .set("startedAt", after.scan.started_at)
            .set("progress", progress)
            .set("advancedAt", now)
            .set("list", place(&after))
            .when("list", "=", place(before))
            .when("progress", "=", before.scan.progress);
        let mut tx = self.tx().update(&key(user, before.scan.id), change);
        if before.scan.status != after.scan.status {
            tx = tx.count(user, &[count(before, -1), count(&after, 1)]);
            tx = tx.publish(user, changed(before.scan.id));
        }
        let is_done = tx.commit().await?.is_done();
        if is_done {
            self.tell_scan_progress(&after.scan).await;
        }
        Ok(is_done)
    }
}
