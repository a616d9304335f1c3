//! Passwords that were tried: `TRIES#<keyed hash of who, from where and when>` holds a count and
//! nothing that could be read back, and is forgotten after minutes.

use super::tx::Change;
use super::{Key, Store};
use crate::domain::{Result, Timestamp};

fn key(name: &str) -> Key {
    Key::lone(format!("TRIES#{name}"))
}

impl Store {
    /// Counts a try before it is made, so that many at once are counted too. `false`: there were `most`.
    pub async fn count_try(&self, name: &str, most: u32, ends_at: Timestamp) -> Result<bool> {
        let change = Change::default()
            .add("tries", 1)
            .set("ttl", ends_at.epoch_seconds())
            .and_then(|it| it.when_or_absent("tries", "<", most));
        Ok(self
            .tx()
            .update(&key(name), change)
            .commit()
            .await?
            .is_done())
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
        let end = Timestamp::parse("2026-11-20T12:05:00Z").unwrap();
        for _ in 0..5 {
            assert!(store.count_try("a", 2, end).await.unwrap());
            store.forgive_try("a").await.unwrap();
        }
        assert!(store.count_try("a", 2, end).await.unwrap());
        assert!(store.count_try("a", 2, end).await.unwrap());
        assert!(!store.count_try("a", 2, end).await.unwrap());
        assert!(store.count_try("b", 2, end).await.unwrap());
    }
}
