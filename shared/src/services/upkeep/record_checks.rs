//! Checks each record once a day: that no event was changed, taken out or moved.

use crate::domain::{Result, Timestamp, UserId};
use crate::metrics::{self, Measure};
use crate::store::{BrokenAt, RECORD_CHECK_SECONDS, Store};

/// Checks her record, and has it be checked again a day later.
pub(super) async fn check(store: &Store, user: UserId, now: Timestamp) -> Result<bool> {
    if let Some(at) = broken_place(store, user).await? {
        metrics::note(Measure::BrokenRecord);
        tracing::error!(
            user.id = %user,
            stream = at.stream,
            number = at.number,
            "an event is not what was recorded"
        );
    }
    let next = now.plus_seconds(RECORD_CHECK_SECONDS);
    store.plan_record_check(user, next).await?;
    Ok(true)
}

/// Where her record is broken. Looked at twice: a stream that is deleted while it is read looks broken once.
async fn broken_place(store: &Store, user: UserId) -> Result<Option<BrokenAt>> {
    let Some(first) = store.verify_events(user).await?.broken_at else {
        return Ok(None);
    };
    let again = store.verify_events(user).await?.broken_at;
    Ok(again.filter(|it| *it == first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::domain::event::{Actor, StreamName};
    use crate::store::{DUE_RECORD, due_partitions};
    use crate::testing;

    const DAY: i64 = RECORD_CHECK_SECONDS;

    #[tokio::test]
    async fn a_record_is_checked_each_day_and_a_changed_event_is_found() {
        let (store, table) = testing::table().await;
        let (user, now, stream) = (UserId::random(), clock::now(), StreamName::account());
        let log = testing::event_log(&store);
        for _ in 0..3 {
            let place = (user, Actor::system(), &stream);
            let said = serde_json::json!({});
            let event = log.tell_in(place, "account.restored", &said, now);
            let tx = store.tx().append(event.await.unwrap());
            assert!(tx.commit().await.unwrap().is_done());
        }
        let due = async |at| store.due(DUE_RECORD, at, 9).await.unwrap().len();
        assert_eq!(due(now.plus_seconds(DAY - 60)).await, 0);
        let day = now.plus_seconds(DAY + 60);
        assert_eq!(due(day).await, 1);
        assert_eq!(broken_place(&store, user).await.unwrap(), None);
        assert!(check(&store, user, day).await.unwrap());
        assert_eq!(due(day).await, 0);
        assert_eq!(due(day.plus_seconds(DAY)).await, 1);

        let row = "EVENT#account#000000000001";
        testing::set_text(&table, user, row, "payloadSha256", &"0".repeat(64)).await;
        let broken = broken_place(&store, user).await.unwrap().unwrap();
        assert_eq!((broken.stream.as_str(), broken.number), ("account", 1));
        assert!(
            check(&store, user, day).await.unwrap(),
            "and again tomorrow"
        );
        assert_eq!(due(day.plus_seconds(DAY)).await, 1);
    }

    #[tokio::test]
    async fn whoever_left_is_not_checked() {
        let store = testing::store().await;
        let (user, now) = (UserId::random(), clock::now());
        assert!(check(&store, user, now).await.unwrap());
        for partition in due_partitions(DUE_RECORD) {
            let later = now.plus_seconds(2 * DAY);
            let page = store.due_page(&partition, later, None).await.unwrap();
            assert!(page.found.is_empty());
        }
    }
}
