//! Cancel a scan.
//!
//! The scan and its parts change at once or not at all, and a click that comes twice finds what the first
//! one did. Whoever works on a scan that is stopped notices at the next heartbeat, because the scan is no
//! longer running.

use crate::auth::Caller;
use crate::domain::{Error, Result, Scan, ScanId, ScanResult, ScanType, Timestamp, scan};
use crate::metrics;
use crate::services::scans::full_scan;
use crate::services::scans::measure::measure;
use crate::services::scans::start::Scans;
use crate::store::{ScanRow, retry_on_conflict};

impl Scans {
    /// Stops a scan and its parts. One she stopped before is answered as it is.
    pub async fn cancel(&self, caller: &Caller, id: ScanId, now: Timestamp) -> Result<Scan> {
        let user = caller.user;
        retry_on_conflict("stopping a scan", || async {
            let row = self.row(user, id).await?;
            if row.scan.is_cancelled() {
                full_scan::settle_of(&self.store, &row).await?;
                return Ok(Some(row.scan));
            }
            if row.scan.status.is_over() {
                return Err(Error::conflict(
                    "SCAN_OVER",
                    "This scan has ended by itself already.",
                ));
            }
            let parts = full_scan::parts_of(&self.store, &row.scan).await?;
            let (whole, ended_parts) = self.stopped(&row, &parts, now).await?;
            let mut ends = vec![(&row, whole.clone())];
            ends.extend(ended_parts);
            self.keep_watching(&ends, now).await?;
            let event = self.event(caller, "scan.stopped", &row.scan, now).await?;
            if !self.store.end_family(&ends, event).await? {
                return Ok(None);
            }
            tracing::info!(user.id = %user, scan.id = %id, scans = ends.len(), "scan stopped");
            for (_, ended) in &ends {
                metrics::note(measure(ended));
            }
            full_scan::settle_of(&self.store, &row).await?;
            Ok(Some(whole))
        })
        .await
    }

    /// A scan of pictures that is stopped must not be the last: what follows it is planned as if it had
    /// ended, unless it is planned already.
    async fn keep_watching(&self, ends: &[(&ScanRow, Scan)], now: Timestamp) -> Result<()> {
        let of_pictures = ends.iter().find(|it| it.1.kind == ScanType::ImageScan);
        let Some((_, scan)) = of_pictures else {
            return Ok(());
        };
        match self.store.risk_level(scan.user_id).await? {
            Some(risk) => {
                let next = now.plus_seconds(scan::rescan_after(risk));
                self.store.plan_rescan(scan, next).await
            }
            None => Ok(()),
        }
    }

    /// The scan and those of its parts that still run, as she stops them.
    async fn stopped<'a>(
        &self,
        row: &ScanRow,
        parts: &'a [ScanRow],
        now: Timestamp,
    ) -> Result<(Scan, Vec<(&'a ScanRow, Scan)>)> {
        if parts.is_empty() {
            return Ok((self.stopped_alone(row, now).await?, Vec::new()));
        }
        let (mut ends, mut after) = (Vec::new(), parts.to_vec());
        for (part, stopped) in parts.iter().zip(&mut after) {
            if !part.scan.status.is_over() {
                stopped.scan = self.stopped_alone(part, now).await?;
                ends.push((part, stopped.scan.clone()));
            }
        }
        let open = full_scan::open_findings(&self.store, &after).await?;
        let result = ScanResult {
            cancelled: Some(true),
            ..full_scan::result(&row.scan, &after, (open, true), now)
        };
        Ok((row.scan.clone().cancelled(result, now), ends))
    }

    async fn stopped_alone(&self, row: &ScanRow, now: Timestamp) -> Result<Scan> {
        let open = full_scan::open_after(&self.store, row).await?;
        Ok(row.scan.clone().cancelled(so_far(row, open, now), now))
    }
}

/// What a scan came to until it was stopped, with so many findings open.
fn so_far(row: &ScanRow, open: usize, now: Timestamp) -> ScanResult {
    let began = row.scan.started_at.unwrap_or(row.scan.created_at);
    ScanResult {
        scanned_at: Some(now),
        matches_found: Some(open as u64),
        new_matches: Some(row.findings),
        alerts_created: Some(row.alerts()),
        duration: Some(now.millis_since(began)),
        errors: Some(Vec::new()),
        partial: Some(true),
        cancelled: Some(true),
        ..row.scan.result.clone().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
