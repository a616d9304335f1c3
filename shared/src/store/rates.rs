//! How many calls somebody made this minute: `RATE#<digest of who and when>` holds counts and is
//! forgotten after minutes.

use serde::Deserialize;

use super::tx::Change;
use super::{Key, Store};
use crate::domain::{Error, Result, Timestamp};

/// How many calls of each kind there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Calls {
    /// Of every kind, pictures apart.
    pub all: u64,
    /// To the sign-in routes, which are in `all` too.
    pub auth: u64,
    /// To the route of mailed links, which are in `all` too.
    pub link: u64,
    /// For the bytes of pictures.
    pub files: u64,
}

fn key(name: &str) -> Key {
    Key::lone(format!("RATE#{name}"))
}

impl Store {
    /// Counts so many calls in these kinds: one write, whatever the number of callers. How many there
    /// are now.
    pub async fn count_calls(
        &self,
        name: &str,
        kinds: &[&str],
        many: u32,
        ends_at: Timestamp,
    ) -> Result<Calls> {
        let change = kinds
            .iter()
            .fold(Change::default(), |it, kind| it.add(kind, many.into()));
        let change = change.set("ttl", ends_at.epoch_seconds());
        self.change(&key(name), change)
            .await?
            .ok_or_else(|| Error::bug("counting a call", "a change without condition was refused"))
    }

    /// How many calls there were so far.
    pub async fn calls(&self, name: &str) -> Result<Calls> {
        Ok(self.get(&key(name)).await?.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn calls_at_once_are_all_counted() {
        let store = crate::testing::store().await;
        let end = Timestamp::parse("2026-11-20T12:05:00Z").unwrap();
        assert_eq!(store.calls("a").await.unwrap(), Calls::default());
        let both = ["all", "auth"];
        let calls = (0..20).map(|_| store.count_calls("a", &both, 1, end));
        let seen = futures_util::future::try_join_all(calls).await.unwrap();
        let mut seen: Vec<u64> = seen.iter().map(|it| it.all).collect();
        seen.sort_unstable();
        assert_eq!(seen, (1..=20).collect::<Vec<u64>>());
        let last = store.count_calls("a", &["files"], 3, end).await.unwrap();
        assert_eq!((last.all, last.auth, last.files), (20, 20, 3));
        assert_eq!(store.calls("a").await.unwrap(), last);
        assert_eq!(store.calls("b").await.unwrap().all, 0);
    }
}
