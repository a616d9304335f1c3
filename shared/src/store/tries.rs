//! What may be done only so often, as trying passwords: `TRIES#<keyed hash of who and from where>`
//! holds a count and nothing that could be read back, and is forgotten after minutes.

use super::tx::Change;
use super::{Key, Store};
use crate::domain::{Result, Timestamp};

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
            .and_then(|it| it.when_or_absent("ttl", ">", now))
            .and_then(|it| it.when_or_absent("tries", "<", most));
        let tx = self.tx().update(&key(name), change);
        Ok(tx.commit().await?.is_done())
    }

    /// Counts anew after a span that is over; DynamoDB takes its time to forget the row.
    async fn first_try(&self, name: &str, ends_at: i64, now: i64) -> Result<bool> {
        let change = Change::default()
            .set("tries", 1)
            .and_then(|it| it.set("ttl", ends_at))
            .and_then(|it| it.when("ttl", "<=", now));
        let tx = self.tx().update(&key(name), change);
        Ok(tx.commit().await?.is_done())
    }

    /// Takes a try back: the password was right.
    pub async fn forgive_try(&self, name: &str) -> Result<()> {
        let change = Change::default().add("tries", -1).if_exists();
        self.tx().update(&key(name), Ok(change)).commit().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn only_so_many() {
        let store = crate::testing::store().await;
        let now = Timestamp::parse("2026-11-20T12:04:59Z").unwrap();
        let fine = async |name, after| {
            let counted = store.count_try(name, 2, 300, now.plus_seconds(after));
            counted.await.unwrap()
        };
        for _ in 0..5 {
            assert!(fine("a", 0).await);
            store.forgive_try("a").await.unwrap();
        }
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
}
