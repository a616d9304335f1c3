//! Continuation scans: stored when a scan of hers ends at its time limit.

use super::scans::waiting;
use super::{ScanRow, Store};
use crate::domain::{Match, Result, Scan, ScanId, ScanOrigin, Timestamp};

impl ScanRow {
    /// Since when somebody waits for it.
    #[must_use]
    pub fn wanted_at(&self) -> Timestamp {
        self.wanted_at.unwrap_or(self.scan.created_at)
    }

    /// The scan whose checkpoints it uses: its own, or those of the scan it goes on with, so that nothing
    /// is paid for twice.
    #[must_use]
    pub fn checkpointed(&self) -> Scan {
        Scan {
            id: self.continues.unwrap_or(self.scan.id),
            ..self.scan.clone()
        }
    }

    /// Whether it, or the scan it goes on with, saw this finding.
    #[must_use]
    pub fn has_seen(&self, found: &Match) -> bool {
        let by = found.scan_job_id;
        by.is_some() && (by == Some(self.scan.id) || by == self.continues)
    }
}

impl Store {
    /// The scan of ours that goes on with one of hers, which ends now.
    #[must_use]
    pub fn continuation(row: &ScanRow, now: Timestamp) -> ScanRow {
        let it = &row.scan;
        let id = ScanId::continuation_of(it.id);
        let target = it.protected_image_id;
        let scan = Scan::pending(id, it.user_id, it.kind, target, it.created_at);
        ScanRow {
            continues: Some(it.id),
            advanced_at: Some(now),
            ..waiting(&scan, ScanOrigin::System)
        }
    }

    /// Ends a scan as [`Store::end_scan`] does, and has another go on with it; both or neither.
    pub async fn end_and_continue(
        &self,
        before: &ScanRow,
        after: Scan,
        next: Option<Timestamp>,
        continuation: &ScanRow,
    ) -> Result<bool> {
        let tx = self.tx().end(before, after).plan_next(before, next);
        Ok(tx.start(continuation).commit().await?.is_done())
    }
}
