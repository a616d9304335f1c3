use uuid::Uuid;

use super::*;
use crate::domain::feed::FeedTopic;
use crate::store::row::ERASED;
use crate::store::tx::{Change, Condition, TxOutcome};
use crate::testing;

fn change(at: u128) -> FeedChange {
    FeedChange::of(FeedTopic::Document, Uuid::from_u128(at))
}

/// Tells of these changes in one transaction.
async fn publish(store: &Store, user: UserId, changes: &[u128]) -> bool {
    let tx = changes
        .iter()
        .fold(store.tx(), |tx, it| tx.publish(user, change(*it)));
    tx.commit().await.unwrap().is_done()
}

async fn head(store: &Store, user: UserId) -> FeedHead {
    store.feed_head(user).await.unwrap()
}

/// The numbers of the frames behind `after` with the things they tell of.
async fn read(store: &Store, user: UserId, after: u64, most: usize) -> Option<Vec<(u64, u128)>> {
    let head = head(store, user).await;
    let frames = store.frames(user, &head, after, most).await.unwrap()?;
    let told = frames.into_iter().map(|it| match it {
        FeedFrame::Change(it) => (it.seq, it.id.unwrap().as_u128()),
        FeedFrame::Gap(_) => unreachable!("a gap is not stored"),
    });
    Some(told.collect())
}

#[tokio::test]
async fn frames_are_numbered_in_order_and_read_from_any_place() {
    let (store, user) = (testing::store().await, UserId::random());
    for changes in [&[1][..], &[2, 3, 4], &[5]] {
        assert!(publish(&store, user, changes).await);
    }
    assert_eq!(head(&store, user).await.next, 6);
    for after in 0..=5 {
        let left: Vec<_> = (after + 1..=5).map(|it| (it, u128::from(it))).collect();
        assert_eq!(read(&store, user, after, 200).await, Some(left));
    }
    assert_eq!(read(&store, user, 0, 1).await, Some(vec![(1, 1)]));
    assert_eq!(read(&store, user, 1, 1).await.unwrap()[0], (2, 2));
    assert_eq!(head(&store, UserId::random()).await, FeedHead::none());
}

#[tokio::test]
async fn a_frame_is_stored_with_its_change_or_not_at_all() {
    let (store, user) = (testing::store().await, UserId::random());
    let row = Row::new(Key::user(user, "THING"), change(1));
    let create = || store.tx().create(&row).named(Condition::IsNew);
    let done = create().publish(user, change(1)).commit().await.unwrap();
    assert!(done.is_done());
    let refused = create().publish(user, change(1)).commit().await.unwrap();
    assert_eq!(refused, TxOutcome::Refused(vec![Condition::IsNew]));
    assert_eq!(head(&store, user).await.next, 2);
}

#[tokio::test]
async fn writers_side_by_side_leave_no_gap() {
    let (store, user) = (testing::store().await, UserId::random());
    let writers = (1..=20).map(|it| {
        let store = store.clone();
        tokio::spawn(async move { publish(&store, user, &[it]).await })
    });
    for writer in writers.collect::<Vec<_>>() {
        assert!(writer.await.unwrap());
    }
    let mut told = read(&store, user, 0, 200).await.unwrap();
    assert!(told.iter().map(|it| it.0).eq(1..=20));
    told.sort_by_key(|it| it.1);
    assert!(told.iter().map(|it| it.1).eq(1..=20));
}

#[tokio::test]
async fn a_missing_or_unreadable_row_is_a_gap_and_loses_no_change() {
    let (store, user) = (testing::store().await, UserId::random());
    for at in 1..=3 {
        assert!(publish(&store, user, &[at]).await);
    }
    let second = frame_key(user, 2);
    store.tx().delete(&second).commit().await.unwrap();
    assert_eq!(read(&store, user, 0, 200).await, None);
    assert_eq!(read(&store, user, 2, 200).await, Some(vec![(3, 3)]));

    let broken = Change::default().set("changes", "none");
    assert!(store.change_row(&frame_key(user, 3), broken).await.unwrap());
    assert_eq!(read(&store, user, 2, 200).await, None);

    let before = head(&store, user).await;
    let broken = Change::default().set("next", "many");
    assert!(store.change_row(&head_key(user), broken).await.unwrap());
    assert!(publish(&store, user, &[4]).await);
    let after = head(&store, user).await;
    assert_ne!(after.epoch, before.epoch);
    // What lies behind it is of the epoch before.
    assert_eq!(read(&store, user, 0, 200).await, Some(vec![(1, 4)]));
}

#[tokio::test]
async fn an_erased_user_gets_no_feed() {
    let (store, user) = (testing::store().await, UserId::random());
    let receipt = Row::new(Key::user(user, ERASED), change(1));
    store.tx().put(&receipt).commit().await.unwrap();
    assert!(!publish(&store, user, &[1]).await);
    assert_eq!(head(&store, user).await, FeedHead::none());
}

#[test]
fn a_change_is_told_once_and_many_of_a_topic_as_one() {
    let changed = |changes: &[FeedChange]| {
        let none = Publication::of(UserId::random());
        let told = changes.iter().fold(none, |mut all, it| {
            all.add(*it);
            all
        });
        told.changes
    };
    let alert = |at: u128| FeedChange::of(FeedTopic::Alert, Uuid::from_u128(at));
    let scan = FeedChange::of(FeedTopic::Scan, Uuid::from_u128(1));
    assert_eq!(changed(&[alert(1), scan, alert(1)]), [alert(1), scan]);
    let any = FeedChange::any(FeedTopic::Alert);
    assert_eq!(changed(&[alert(1), scan, any, alert(2)]), [scan, any]);
    let many: Vec<FeedChange> = (0..=MAX_CHANGES_AT_ONCE as u128).map(alert).collect();
    assert_eq!(changed(&many[1..]), many[1..]);
    assert_eq!(changed(&many), [any]);
}
