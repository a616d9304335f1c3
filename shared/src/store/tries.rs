//! What may be done only so often, as trying passwords or having links mailed: `TRIES#<keyed hash of who
//! and from where>` holds counts and nothing that could be read back, and is forgotten after hours.

use futures_util::future::try_join_all;

use super::retry::retry_until_stored;
use super::tx::{Change, Tx};
use super::{Key, RowState, Store};
use crate::domain::{Error, Meter, Result, Throttle, Timestamp};

/// How long a row outlives its meter, in seconds, for clocks that differ.
const AFTERLIFE: i64 = 60;

fn key(name: &str) -> Key {
    Key::lone(format!("TRIES#{name}"))
}

impl Store {
    /// Counts a try before it is made, so that many at once are counted too. `false`: there were `most`
    /// in the `seconds` since the first.
    pub async fn count_try(
        &self,
        name: &str,
        most: u32,
        seconds: i64,
        now: Timestamp,
    ) -> Result<bool> {
        let ends_at = now.plus_seconds(seconds).epoch_seconds();
        let now = now.epoch_seconds();
        // Again after the last, as another may have begun the count anew beside us.
        Ok(self.add_try(name, most, ends_at, now).await?
            || self.first_try(name, ends_at, now).await?
            || self.add_try(name, most, ends_at, now).await?)
    }

    async fn add_try(&self, name: &str, most: u32, ends_at: i64, now: i64) -> Result<bool> {
        let change = Change::default()
            .add("tries", 1)
            .set_once("ttl", ends_at)
            .when_or_absent("ttl", ">", now)
            .when_or_absent("tries", "<", most);
        let tx = self.tx().update(&key(name), change);
        Ok(tx.commit().await?.is_done())
    }

    /// Counts anew after a span that is over; DynamoDB takes its time to forget the row.
    async fn first_try(&self, name: &str, ends_at: i64, now: i64) -> Result<bool> {
        let change = Change::default()
            .set("tries", 1)
            .set("ttl", ends_at)
            .when("ttl", "<=", now);
        let tx = self.tx().update(&key(name), change);
        Ok(tx.commit().await?.is_done())
    }

    /// Admits a try under all of these names, each by its rule, before it is made, so that many at once
    /// are counted too. `Some`: the seconds it has to wait; then nothing was counted.
    pub async fn admit(&self, rules: &[(String, Throttle)], now: Timestamp) -> Result<Option<i64>> {
        let now = now.epoch_seconds();
        let admitted = retry_until_stored(|| async {
            let rows = rules.iter().map(async |(name, rule)| {
                let before = self.get_state::<Meter>(&key(name)).await?;
                let meter = before.clone().readable().unwrap_or_default();
                Ok::<_, Error>((key(name), before, rule.admit(meter, now)))
            });
            let rows = try_join_all(rows).await?;
            let waits = rows.iter().filter_map(|(.., after)| after.err());
            if let Some(longest) = waits.max() {
                return Ok(Some(Some(longest)));
            }
            let mut tx = self.tx();
            for (key, before, after) in &rows {
                if let Ok(after) = after {
                    tx = tx.update(key, counted(before, after));
                }
            }
            if tx.commit().await?.is_done() {
                return Ok(Some(None));
            }
            Ok::<_, Error>(None)
        });
        Ok(admitted.await?.unwrap_or(Some(1)))
    }

    /// Forgets the tries under these names.
    pub async fn forget_tries(&self, names: &[String]) -> Result<()> {
        self.tx().forget_tries(names).commit().await?;
        Ok(())
    }
}

impl Tx<'_> {
    pub(super) fn forget_tries(self, names: &[String]) -> Self {
        names.iter().fold(self, |tx, name| tx.delete(&key(name)))
    }
}

/// The change of a meter that holds only while the meter is what it was. An unreadable one is replaced.
fn counted(before: &RowState<Meter>, after: &Meter) -> Change {
    let change = Change::default()
        .set("count", after.count)
        .set("at", after.at)
        .set("endsAt", after.ends_at)
        .set("ttl", after.ends_at + AFTERLIFE);
    match before {
        RowState::Unreadable(_) => change,
        RowState::Readable(it) if *it != Meter::default() => change
            .when("count", "=", it.count)
            .when("endsAt", "=", it.ends_at),
        RowState::Absent | RowState::Readable(_) => change.if_absent("endsAt"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_so_many() {
        let store = crate::testing::store().await;
        let now = Timestamp::parse("2026-11-20T12:04:59Z").unwrap();
        let fine = async |name, after| {
            let counted = store.count_try(name, 2, 300, now.plus_seconds(after));
            counted.await.unwrap()
        };
        assert!(fine("a", 0).await);
        assert!(fine("a", 1).await);
        assert!(!fine("a", 2).await);
        assert!(!fine("a", 299).await);
        assert!(fine("b", 299).await);
        // It begins anew when five minutes are over since the first, as often as they are.
        for round in [300, 600] {
            assert!(fine("a", round).await);
            assert!(fine("a", round).await);
            assert!(!fine("a", round + 299).await);
        }
    }

    #[tokio::test]
    async fn of_many_at_once_after_a_span_none_is_refused_that_fits() {
        let store = crate::testing::store().await;
        let now = Timestamp::parse("2026-11-20T12:00:00Z").unwrap();
        assert!(store.count_try("a", 4, 300, now).await.unwrap());
        let later = now.plus_seconds(300);
        let many = (0..6).map(|_| store.count_try("a", 4, 300, later));
        let fine = futures_util::future::try_join_all(many).await.unwrap();
        assert_eq!(fine.into_iter().filter(|&fine| fine).count(), 4);
    }

    const BACKOFF: Throttle = Throttle::Backoff {
        free: 3,
        forgotten_after: 900,
    };

    #[tokio::test]
    async fn a_try_is_counted_under_all_of_its_names_or_under_none() {
        let store = crate::testing::store().await;
        let now = Timestamp::parse("2026-11-20T12:00:00Z").unwrap();
        let rules = |names: &[&str]| -> Vec<_> {
            names.iter().map(|it| ((*it).to_owned(), BACKOFF)).collect()
        };
        let admit = async |names: &[&str], second| {
            let at = now.plus_seconds(second);
            store.admit(&rules(names), at).await.unwrap()
        };
        for _ in 0..3 {
            assert_eq!(admit(&["a", "b"], 0).await, None);
        }
        assert_eq!(admit(&["b"], 0).await, Some(1));
        // "c" has no tries from the call that "b" refused.
        assert_eq!(admit(&["b", "c"], 0).await, Some(1));
        for _ in 0..3 {
            assert_eq!(admit(&["c"], 0).await, None);
        }
        assert_eq!(admit(&["a", "b"], 1).await, None);
        assert_eq!(admit(&["a", "b"], 1).await, Some(2));
        store.forget_tries(&["a".to_owned()]).await.unwrap();
        assert_eq!(admit(&["a"], 1).await, None);
        assert_eq!(admit(&["a", "b"], 1).await, Some(2));
    }

    #[tokio::test]
    async fn of_many_tries_at_once_only_the_free_ones_are_admitted() {
        let store = crate::testing::store().await;
        let now = Timestamp::parse("2026-11-20T12:00:00Z").unwrap();
        let rules = [("a".to_owned(), BACKOFF), ("b".to_owned(), BACKOFF)];
        let many = (0..20).map(|_| store.admit(&rules, now));
        let waits = try_join_all(many).await.unwrap();
        assert_eq!(waits.iter().filter(|it| it.is_none()).count(), 3);
    }

    #[tokio::test]
    async fn a_row_from_before_there_were_meters_counts_as_none() {
        let store = crate::testing::store().await;
        let now = Timestamp::parse("2026-11-20T12:00:00Z").unwrap();
        assert!(store.count_try("a", 20, 300, now).await.unwrap());
        let rules = [("a".to_owned(), BACKOFF)];
        assert_eq!(store.admit(&rules, now).await.unwrap(), None);
    }
}
