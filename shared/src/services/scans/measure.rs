//! How long a scan took and how it ended, as a metric.

use crate::domain::{Scan, ScanStatus};
use crate::metrics::Measure;

/// How long a scan took that has ended, and how it did.
pub(crate) fn measure(ended: &Scan) -> Measure {
    let took = ended.completed_at.map_or(0, |it| {
        it.millis_since(ended.started_at.unwrap_or(ended.created_at))
    });
    let outcome = match ended.status {
        _ if ended.is_cancelled() => "cancelled",
        ScanStatus::Failed => "failed",
        _ if ended.is_partial() => "partial",
        _ => "completed",
    };
    Measure::Scan {
        kind: ended.kind.as_str(),
        outcome,
        ms: u64::try_from(took).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::domain::{ScanId, ScanResult, ScanType, UserId};

    #[test]
    fn how_a_scan_ended_is_measured() {
        let now = clock::now();
        let result = |partial, cancelled| ScanResult {
            partial: Some(partial),
            cancelled: Some(cancelled),
            ..ScanResult::default()
        };
        let scan = |result| {
            let scan = Scan::pending(
                ScanId::next(),
                UserId::random(),
                ScanType::ImageScan,
                None,
                now,
            );
            scan.taken("w", 1, now)
                .completed(result, now.plus_seconds(2))
        };
        let failed = scan(ScanResult::default()).failed("no", None, now.plus_seconds(3));
        for (ended, outcome, ms) in [
            (scan(result(false, false)), "completed", 2000),
            (scan(result(true, false)), "partial", 2000),
            (failed.clone(), "failed", 3000),
            (
                failed.cancelled(result(true, true), now.plus_seconds(4)),
                "cancelled",
                4000,
            ),
        ] {
            let kind = "IMAGE_SCAN";
            assert_eq!(measure(&ended), Measure::Scan { kind, outcome, ms });
        }
    }
}
