//! Scans in a real table API: their lists, their lock, their totals.

use super::lease::{LEASE_SECONDS, STUCK_AFTER};
use super::*;
use crate::domain::ScanResult;
use crate::store::DUE_RESCAN;
use crate::testing;

const ALL: Page = Page {
    number: 1,
    limit: 100,
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_epoch_seconds(1_800_000_000 + second).unwrap()
}

fn scan(user: UserId, second: i64) -> Scan {
    Scan::pending(ScanId::next(), user, ScanType::ImageScan, None, at(second))
}

async fn start(store: &Store, scan: &Scan, origin: ScanOrigin) -> ScanRow {
    assert!(store.create_scan(scan, origin).await.unwrap());
    store.scan(scan.user_id, scan.id).await.unwrap().unwrap()
}

async fn claim(store: &Store, row: &ScanRow, worker: &str, now: Timestamp) -> ScanRow {
    match store.claim_scan(row, worker, 1, now).await.unwrap() {
        ScanClaim::Got(row) => *row,
        ScanClaim::Busy(_) => panic!("the scan is free"),
    }
}

/// A scan of hers from beginning to end.
async fn whole(store: &Store, user: UserId, begin: i64, end: i64, good: bool) -> ScanId {
    let row = start(store, &scan(user, begin), ScanOrigin::User).await;
    let row = claim(store, &row, "w", at(begin)).await;
    let ended = match good {
        true => row.scan.clone().completed(ScanResult::default(), at(end)),
        false => row.scan.clone().failed("no", None, at(end)),
    };
    assert!(store.end_scan(&row, ended, None).await.unwrap());
    row.scan.id
}

async fn list(
    store: &Store,
    user: UserId,
    statuses: Option<&[ScanStatus]>,
    kind: Option<ScanType>,
) -> Vec<ScanId> {
    let filter = ScanFilter {
        statuses: statuses.map(<[_]>::to_vec),
        kind,
    };
    let found = store.scans(user, &filter, ALL).await.unwrap();
    assert_eq!(
        found.pagination.total,
        found.items.len() as u64,
        "{filter:?}"
    );
    found.items.into_iter().map(|it| it.id).collect()
}

#[tokio::test]
async fn lists_are_in_the_order_the_screens_need() {
    use ScanStatus::{Completed, Failed, Pending, Running};
    let (store, user) = (testing::store().await, UserId::random());
    let long_failed = {
        // Begun first, ended last; a system scan, so that others can run beside it.
        let row = start(&store, &scan(user, 0), ScanOrigin::System).await;
        let row = claim(&store, &row, "w", at(1)).await;
        let ended = row.scan.clone().failed("no", None, at(500));
        assert!(store.end_scan(&row, ended, None).await.unwrap());
        row.scan.id
    };
    let good = whole(&store, user, 10, 20, true).await;
    let bad = whole(&store, user, 30, 40, false).await;
    let system = start(&store, &scan(user, 50), ScanOrigin::System)
        .await
        .scan
        .id;
    let mine = start(&store, &scan(user, 60), ScanOrigin::User)
        .await
        .scan
        .id;

    assert_eq!(
        list(&store, user, None, None).await,
        [mine, system, bad, good, long_failed]
    );
    assert_eq!(
        list(&store, user, Some(&[Running, Pending]), None).await,
        [mine]
    );
    assert_eq!(
        list(&store, user, Some(&[Completed, Failed]), None).await,
        [bad, good, long_failed],
        "hers come first, though ours ended last"
    );
    assert_eq!(list(&store, user, Some(&[Completed]), None).await, [good]);
    let ours = {
        let row = store.scan(user, system).await.unwrap().unwrap();
        let row = claim(&store, &row, "w", at(70)).await;
        let ended = row.scan.clone().completed(ScanResult::default(), at(80));
        assert!(store.end_scan(&row, ended, None).await.unwrap());
        row.scan.id
    };
    assert_eq!(
        list(&store, user, Some(&[Completed]), None).await,
        [ours, good],
        "what the dashboard asks for: all that ended well"
    );
    assert_eq!(
        list(&store, user, Some(&[Completed, Failed]), None).await,
        [bad, good, long_failed, ours]
    );
    let image = Some(ScanType::ImageScan);
    assert_eq!(
        list(&store, user, Some(&[Completed, Failed]), image).await,
        [long_failed, ours, bad, good]
    );
    assert_eq!(
        list(&store, user, Some(&[Running, Pending]), image).await,
        [mine]
    );
    assert_eq!(
        list(&store, user, Some(&[Pending, Completed]), image).await,
        [mine, ours, good]
    );
    assert!(
        list(&store, user, None, Some(ScanType::BreachCheck))
            .await
            .is_empty()
    );
    assert!(list(&store, UserId::random(), None, None).await.is_empty());
}

#[tokio::test]
async fn pages_add_up_to_the_list() {
    let (store, user) = (testing::store().await, UserId::random());
    let mut ids = Vec::new();
    for begin in 0..7 {
        ids.push(whole(&store, user, begin * 10, begin * 10 + 5, begin % 2 == 0).await);
    }
    ids.reverse();
    // Ours ended last, and come after hers all the same.
    for begin in [200, 100] {
        let row = start(&store, &scan(user, begin), ScanOrigin::System).await;
        let row = claim(&store, &row, "w", at(begin)).await;
        let ended = row.scan.clone().completed(ScanResult::default(), at(begin));
        assert!(store.end_scan(&row, ended, None).await.unwrap());
        ids.push(row.scan.id);
    }
    let filter = ScanFilter {
        statuses: Some(vec![ScanStatus::Completed, ScanStatus::Failed]),
        kind: None,
    };
    let mut seen = Vec::new();
    for number in 1..=5 {
        let found = store
            .scans(user, &filter, Page { number, limit: 2 })
            .await
            .unwrap();
        assert_eq!(
            (found.pagination.total, found.pagination.total_pages),
            (9, 5)
        );
        seen.extend(found.items.into_iter().map(|it| it.id));
    }
    assert_eq!(seen, ids);
}

#[tokio::test]
async fn one_of_hers_at_a_time_and_any_number_of_ours() {
    let (store, user) = (testing::store().await, UserId::random());
    let first = scan(user, 0);
    let (one, two) = (scan(user, 1), scan(user, 2));
    assert!(store.create_scan(&first, ScanOrigin::User).await.unwrap());
    assert!(!store.create_scan(&one, ScanOrigin::User).await.unwrap());
    assert!(store.create_scan(&two, ScanOrigin::System).await.unwrap());
    assert!(
        !store.create_scan(&two, ScanOrigin::System).await.unwrap(),
        "told twice"
    );
    assert!(store.withdraw_scan(&first, ScanOrigin::User).await.unwrap());
    assert!(store.create_scan(&one, ScanOrigin::User).await.unwrap());
    assert_eq!(list(&store, user, None, None).await.len(), 2);
}

#[tokio::test]
async fn a_scan_that_has_begun_cannot_be_withdrawn() {
    let (store, user) = (testing::store().await, UserId::random());
    let row = start(&store, &scan(user, 0), ScanOrigin::User).await;
    claim(&store, &row, "w", at(1)).await;
    assert!(
        !store
            .withdraw_scan(&row.scan, ScanOrigin::User)
            .await
            .unwrap()
    );
    assert!(
        !store
            .create_scan(&scan(user, 2), ScanOrigin::User)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn a_lease_keeps_others_out_until_it_has_run_out() {
    let (store, user) = (testing::store().await, UserId::random());
    let row = start(&store, &scan(user, 0), ScanOrigin::User).await;
    let mut first = claim(&store, &row, "one", at(0)).await;
    let now = store.scan(user, row.scan.id).await.unwrap().unwrap();
    assert!(matches!(
        store
            .claim_scan(&now, "two", 2, at(LEASE_SECONDS))
            .await
            .unwrap(),
        ScanClaim::Busy(_)
    ));
    assert!(
        store
            .beat_scan(&mut first, 50, at(LEASE_SECONDS))
            .await
            .unwrap()
    );
    let now = store.scan(user, row.scan.id).await.unwrap().unwrap();
    assert!(matches!(
        store
            .claim_scan(&now, "two", 2, at(LEASE_SECONDS + 1))
            .await
            .unwrap(),
        ScanClaim::Busy(_)
    ));
    let second = claim(&store, &now, "two", at(2 * LEASE_SECONDS + 1)).await;
    assert_eq!(
        (second.scan.progress, second.scan.started_at),
        (50, Some(at(0)))
    );
    assert!(
        !store
            .beat_scan(&mut first, 60, at(2 * LEASE_SECONDS + 2))
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn progress_only_rises() {
    let (store, user) = (testing::store().await, UserId::random());
    let row = start(&store, &scan(user, 0), ScanOrigin::System).await;
    let mut row = claim(&store, &row, "w", at(0)).await;
    for (told, want) in [(37, 37), (20, 37), (63, 63), (10, 63)] {
        assert!(store.beat_scan(&mut row, told, at(1)).await.unwrap());
        assert_eq!(
            store
                .scan(user, row.scan.id)
                .await
                .unwrap()
                .unwrap()
                .scan
                .progress,
            want
        );
    }
}

#[tokio::test]
async fn a_failed_scan_that_begins_again_leaves_the_list_of_the_ended() {
    let (store, user) = (testing::store().await, UserId::random());
    let id = whole(&store, user, 0, 5, false).await;
    let failed = store.scan(user, id).await.unwrap().unwrap();
    let blocking = start(&store, &scan(user, 6), ScanOrigin::User).await;
    assert!(
        matches!(
            store.claim_scan(&failed, "w", 1, at(7)).await.unwrap(),
            ScanClaim::Busy(_)
        ),
        "another one runs"
    );
    assert!(
        store
            .withdraw_scan(&blocking.scan, ScanOrigin::User)
            .await
            .unwrap()
    );
    claim(&store, &failed, "w", at(8)).await;
    assert!(
        list(&store, user, Some(&[ScanStatus::Failed]), None)
            .await
            .is_empty()
    );
    assert_eq!(
        list(&store, user, Some(&[ScanStatus::Running]), None).await,
        [id]
    );
    assert!(
        !store
            .create_scan(&scan(user, 9), ScanOrigin::User)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn a_scan_waits_in_the_index_of_what_is_due_until_it_ends() {
    let (store, user) = (testing::store().await, UserId::random());
    let row = start(&store, &scan(user, 0), ScanOrigin::User).await;
    let due = |now| store.due(DUE_SCAN, now, 10);
    let first = at(WATCHED_PENDING_STUCK_AFTER - 1);
    assert!(due(first).await.unwrap().is_empty());
    let found = due(at(WATCHED_PENDING_STUCK_AFTER)).await.unwrap();
    assert_eq!(
        (found.len(), found[0].user(), found[0].scan()),
        (1, Some(user), Some(row.scan.id))
    );
    assert!(store.take_due(&found[0], at(1000)).await.unwrap());
    assert!(
        !store.take_due(&found[0], at(2000)).await.unwrap(),
        "taken by somebody"
    );
    let row = claim(&store, &row, "w", at(200)).await;
    assert_eq!(due(at(200 + STUCK_AFTER)).await.unwrap().len(), 1);
    let done = row.scan.clone().completed(ScanResult::default(), at(201));
    assert!(store.end_scan(&row, done, Some(at(900))).await.unwrap());
    assert!(due(at(100_000)).await.unwrap().is_empty());
    assert_eq!(store.due(DUE_RESCAN, at(900), 10).await.unwrap().len(), 1);
}

/// The screen stops asking when the list of open scans is empty, so a scan that begins while the list
/// is read must be in it.
#[tokio::test]
async fn a_scan_that_begins_while_it_is_listed_is_not_missed() {
    let store = testing::store().await;
    let open = [ScanStatus::Pending, ScanStatus::Running];
    for round in 0..40 {
        let user = UserId::random();
        let row = start(&store, &scan(user, round), ScanOrigin::User).await;
        let begin = claim(&store, &row, "w", at(round));
        let look = async {
            for _ in 0..4 {
                assert_eq!(list(&store, user, Some(&open), None).await, [row.scan.id]);
            }
        };
        tokio::join!(look, begin);
    }
}

/// It would hold the lock of its type for ever.
#[tokio::test]
async fn an_unreadable_scan_is_set_aside_and_another_may_begin() {
    for origin in [ScanOrigin::User, ScanOrigin::System] {
        let (store, client) = testing::table().await;
        let user = UserId::random();
        let bad = start(&store, &scan(user, 1), origin).await.scan;
        let good = start(&store, &scan(user, 2), ScanOrigin::System).await.scan;
        testing::spoil(&client, user, &format!("SCAN#{}", bad.id), "createdAt").await;
        assert!(store.scan(user, bad.id).await.is_err());
        let RowState::Unreadable(row) = store.scan_state(user, bad.id).await.unwrap() else {
            panic!("it is unreadable");
        };
        for is_first in [true, false] {
            let aside = store.set_scan_aside(user, bad.id, &row).await.unwrap();
            assert_eq!(aside, is_first, "{origin:?}");
        }
        let due = store.due(DUE_SCAN, at(1000), 10).await.unwrap();
        let due: Vec<_> = due.iter().filter_map(|it| it.scan()).collect();
        assert_eq!(due, [good.id]);
        assert_eq!(
            list(&store, user, None, Some(ScanType::ImageScan)).await,
            [good.id]
        );
        start(&store, &scan(user, 3), ScanOrigin::User).await;
        let kept = store.scan_state(user, bad.id).await.unwrap();
        assert!(matches!(kept, RowState::Unreadable(_)), "nothing is lost");
    }
}
