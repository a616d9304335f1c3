//! Scans that are due: those that nobody goes on with are sent again or ended, and the next of each type begins.

use super::due_work::DueWorker;
use crate::domain::{Result, RiskLevel, Scan, ScanId, ScanType, Timestamp, UserId, scan};
use crate::metrics;
use crate::services::scans::measure::measure;
use crate::services::scans::{full_scan, profile, start};
use crate::store::{Due, RowState, ScanRow};

/// How long a scan she started may come no step further, in seconds.
pub(super) const STUCK_AFTER: i64 = 15 * 60;

/// The same for one we started: it may have to wait for many others.
const BACKGROUND_STUCK_AFTER: i64 = 6 * 3600;

/// The same for a scan that she waits for, in seconds: less than the schedule's own pace.
const WATCHED_OUT_OF_SIGHT: i64 = 45;

/// After how many seconds a user is looked at again of whom nothing is known that a profile scan could
/// search by.
const PERSONA_RECHECK_SECONDS: i64 = 24 * 3600;

impl DueWorker {
    /// A scan nobody took, or whose worker fell silent: it is sent again, or ended if that did not help.
    pub(super) async fn revive(&self, due: &Due, now: Timestamp) -> Result<bool> {
        let (Some(user), Some(id)) = (due.user(), due.scan()) else {
            return Ok(false);
        };
        let row = match self.store.scan_state(user, id).await? {
            RowState::Absent => return Ok(false),
            RowState::Readable(row) => row,
            RowState::Unreadable(row) => {
                let aside = self.store.set_scan_aside(user, id, &row).await?;
                tracing::error!(user.id = %user, scan.id = %id, aside, "an unreadable scan is set aside");
                return Ok(aside);
            }
        };
        if row.scan.status.is_over() {
            return Ok(false);
        }
        if is_stuck(&row, now) {
            let message =
                "This scan took too long and was stopped. You can start a new one at any time.";
            let failed = row.scan.clone().failed(message, None, now);
            // Before its end: once it has ended nobody comes back to it.
            self.plan_next_of(&row, now).await?;
            let ended = self.store.end_scan(&row, failed.clone(), None).await?;
            tracing::warn!(user.id = %user, scan.id = %id, ended, "a stuck scan was ended");
            if ended {
                metrics::note(measure(&failed));
            }
            full_scan::settle_of(&self.store, &row).await?;
            return Ok(ended);
        }
        let Some(queue) = self.lanes.of(&row) else {
            full_scan::settle(&self.store, user, id).await?;
            return Ok(true);
        };
        tracing::warn!(user.id = %user, scan.id = %id, scan.status = row.scan.status.as_str(), "a silent scan is sent again");
        self.queues.send(queue, &start::message(&row.scan)).await?;
        if row.is_watched() {
            let again = now.plus_seconds(WATCHED_OUT_OF_SIGHT);
            self.store.put_off_due(due, again).await?;
        }
        Ok(true)
    }

    /// Sees to it that a scan which is given up is followed by another of its type, as one that comes to its
    /// own end is.
    async fn plan_next_of(&self, row: &ScanRow, now: Timestamp) -> Result<()> {
        let (user, kind) = (row.scan.user_id, row.scan.kind);
        let is_repeated = matches!(
            kind,
            ScanType::ImageScan | ScanType::BreachCheck | ScanType::ProfileScan
        );
        if !is_repeated {
            return Ok(());
        }
        let Some(risk) = self.store.risk_level(user).await? else {
            return Ok(());
        };
        let next = now.plus_seconds(scan::rescan_after(risk));
        self.store.plan_scans(user, kind, next).await
    }

    /// Begins the next scan of this type, if there is anything for it to search by.
    pub(super) async fn begin(&self, due: &Due, kind: ScanType, now: Timestamp) -> Result<bool> {
        let Some(user) = due.user() else {
            return Ok(false);
        };
        let Some(risk) = self.store.risk_level(user).await? else {
            return Ok(false);
        };
        let next = now.plus_seconds(scan::rescan_after(risk));
        if let Some(seconds) = self.seconds_until_searchable(user, kind, risk).await? {
            let again = now.plus_seconds(seconds);
            self.store.put_off_rescan(user, kind, again).await?;
            return Ok(false);
        }
        let scan = Scan::pending(ScanId::next(), user, kind, None, now);
        if !self.store.begin_rescan(&scan, next).await? {
            return Ok(false);
        }
        // Should this fail, the scan is found waiting and sent again.
        let queue = match kind {
            ScanType::BreachCheck => &self.lanes.breaches,
            ScanType::ProfileScan => &self.lanes.profiles,
            _ => &self.lanes.background,
        };
        self.queues.send(queue, &start::message(&scan)).await?;
        tracing::info!(user.id = %user, scan.id = %scan.id, kind = kind.as_str(), "a scan that was due begins");
        if kind == ScanType::BreachCheck {
            let kind = ScanType::ProfileScan;
            self.store.plan_scans(user, kind, now).await?;
        }
        Ok(true)
    }

    /// When to ask again whether a scan of this type has something to search by, in seconds. `None`: it
    /// has now.
    async fn seconds_until_searchable(
        &self,
        user: UserId,
        kind: ScanType,
        risk: RiskLevel,
    ) -> Result<Option<i64>> {
        let usual = scan::rescan_after(risk);
        Ok(match kind {
            ScanType::ImageScan if !self.store.has_pictures(user).await? => Some(usual),
            ScanType::ProfileScan if !self.has_profile_directory => Some(usual),
            ScanType::ProfileScan if !profile::has_persona(&self.store, user).await? => {
                Some(usual.min(PERSONA_RECHECK_SECONDS))
            }
            _ => None,
        })
    }
}

/// Whether a scan came no step further for too long.
fn is_stuck(row: &ScanRow, now: Timestamp) -> bool {
    let patience = if row.is_watched() {
        STUCK_AFTER
    } else {
        BACKGROUND_STUCK_AFTER
    };
    now.millis_since(row.advanced_at.unwrap_or(row.scan.created_at)) > patience * 1000
}
