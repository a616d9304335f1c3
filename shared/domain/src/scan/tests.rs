//! The life of a scan, and which scans a list shows.

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_epoch_seconds(1_800_000_000 + second).unwrap()
}

fn scan() -> Scan {
    Scan::pending(
        ScanId::next(),
        UserId::random(),
        ScanType::ImageScan,
        None,
        at(0),
    )
}

#[test]
fn progress_rises_from_ten_to_ninety() {
    assert_eq!(progress(0, 3), 10);
    assert_eq!(progress(1, 3), 37);
    assert_eq!(progress(2, 3), 63);
    assert_eq!(progress(3, 3), 90);
    assert_eq!(progress(0, 0), 90);
    assert_eq!(progress(9, 3), 90);
    let all: Vec<u8> = (0..=50).map(|done| progress(done, 50)).collect();
    assert!(all.is_sorted());
}

#[test]
fn a_second_attempt_keeps_the_start_and_the_progress() {
    let mut first = scan().taken("w1", 1, at(1));
    first.progress = 63;
    let second = first.taken("w2", 2, at(9));
    assert_eq!(
        (second.started_at, second.progress, second.retry_count),
        (Some(at(1)), 63, 1)
    );
    assert_eq!(second.worker_id.as_deref(), Some("w2"));
}

#[test]
fn a_failed_scan_that_is_taken_again_is_no_longer_failed() {
    let again = scan()
        .taken("w", 3, at(1))
        .failed("no", None, at(2))
        .taken("w", 1, at(3));
    assert_eq!(again.status, ScanStatus::Running);
    assert_eq!(
        (again.completed_at, again.error_message, again.retry_count),
        (None, None, 2)
    );
}

#[test]
fn what_left_something_undone_may_begin_again() {
    let running = || scan().taken("w", 2, at(1));
    let result = |partial, continues, cancelled| ScanResult {
        partial: Some(partial),
        continues: Some(continues),
        cancelled: Some(cancelled),
        ..ScanResult::default()
    };
    let partial = running().completed(result(true, false, false), at(2));
    let whole = running().completed(result(false, false, false), at(2));
    let failed = running().failed("no", None, at(2));
    let stopped = running().cancelled(result(true, false, true), at(2));
    let result = result(true, true, false);
    let continued = running().completed(result.clone(), at(2));
    let nothing = running().failed("no", Some(result), at(2));
    assert!(continued.is_continued() && nothing.is_continued() && !partial.is_continued());
    for (it, retryable, cancelled) in [
        (scan(), false, false),
        (running(), false, false),
        (whole, false, false),
        (partial, true, false),
        (failed, true, false),
        (stopped, true, true),
        (continued, false, false),
        (nothing, false, false),
    ] {
        assert_eq!(
            (it.is_retryable(), it.is_cancelled()),
            (retryable, cancelled),
            "{it:?}"
        );
    }
}

#[test]
fn a_scan_that_waits_again_keeps_its_target_and_counts() {
    let (image, now) = (ImageId::next(), at(0));
    let first = Scan::pending(
        ScanId::next(),
        UserId::random(),
        ScanType::ImageScan,
        Some(image),
        now,
    );
    let result = ScanResult {
        cancelled: Some(true),
        matches_found: Some(3),
        ..ScanResult::of_target(image)
    };
    let again = first
        .clone()
        .taken("w", 2, at(1))
        .cancelled(result, at(2))
        .again();
    assert_eq!(
        again,
        Scan {
            retry_count: 2,
            ..first
        }
    );
}

#[test]
fn by_status_alone_the_question_decides_whose_scans_are_shown() {
    use ScanStatus::{Completed, Failed, Pending, Running};
    let by_status = |statuses: &[ScanStatus]| ScanFilter {
        statuses: Some(statuses.to_vec()),
        kind: None,
    };
    let (hers, ours) = (ScanOrigin::User, ScanOrigin::System);
    for (statuses, origins, over) in [
        (&[Completed][..], vec![ScanOrigin::ALL.to_vec()], true),
        (&[Failed, Completed], vec![vec![hers], vec![ours]], true),
        (&[Failed], vec![vec![hers], vec![ours]], true),
        (&[Running, Pending], vec![vec![hers]], false),
        (&[Running, Completed], vec![vec![hers]], false),
        (&[], vec![vec![hers]], false),
    ] {
        let filter = by_status(statuses);
        assert_eq!(filter.origins(), origins, "{statuses:?}");
        assert_eq!(filter.kinds(), ScanType::FOLLOWED);
        assert_eq!(filter.is_over(), over, "{statuses:?}");
        let by_type = ScanFilter {
            kind: Some(ScanType::ImageScan),
            ..filter
        };
        assert_eq!(by_type.origins(), [ScanOrigin::ALL]);
    }
    assert_eq!(
        by_status(&[Failed, Completed]).states(),
        [Completed, Failed]
    );
    let all = ScanFilter::default();
    assert_eq!((all.kinds().len(), all.states().len()), (5, 4));
    assert_eq!(all.origins(), [ScanOrigin::ALL]);
    assert!(!all.is_over());
}

#[test]
fn the_wire_shape_is_the_contracts() {
    let value = serde_json::to_value(scan()).unwrap();
    let keys: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
    let mut want = [
        "id",
        "userId",
        "protectedImageId",
        "type",
        "status",
        "priority",
        "progress",
        "retryCount",
        "workerId",
        "startedAt",
        "completedAt",
        "result",
        "errorMessage",
        "createdAt",
    ];
    want.sort_unstable();
    assert_eq!(keys, want);
    assert_eq!(value["type"], "IMAGE_SCAN");
    assert_eq!(value["status"], "PENDING");
}
