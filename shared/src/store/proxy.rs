//! How many proxy addresses are good now. They are not kept themselves; each is counted in the minute
//! in which it ends.

use serde::Deserialize;

use super::tx::Change;
use super::{Key, Store};
use crate::domain::{Error, Result, Timestamp};

/// The most minutes an address is good for.
const MINUTES: i64 = 5;

/// How long a row outlives its minute, in seconds.
const AFTERLIFE: i64 = 60;

#[derive(Deserialize)]
struct Links {
    links: u64,
}

fn key(minute: i64) -> Key {
    Key::lone(format!("PROXY#{minute}"))
}

fn minute(at: Timestamp) -> i64 {
    at.epoch_seconds().div_euclid(60)
}

impl Store {
    /// Counts an address that is good until `ends_at`.
    pub async fn count_proxy_link(&self, ends_at: Timestamp) -> Result<()> {
        let change = Change::default()
            .add("links", 1)
            .set("ttl", ends_at.plus_seconds(60 + AFTERLIFE).epoch_seconds());
        self.change::<Links>(&key(minute(ends_at)), change)
            .await?
            .map(|_| ())
            .ok_or_else(|| {
                Error::bug(
                    "counting an address",
                    "a change without condition was refused",
                )
            })
    }

    /// How many addresses are good now, those included that end within this minute.
    pub async fn proxy_links(&self, now: Timestamp) -> Result<u64> {
        let first = minute(now);
        let keys: Vec<Key> = (first..=first + MINUTES).map(key).collect();
        let rows: Vec<Links> = self.get_all(&keys).await?;
        Ok(rows.iter().map(|it| it.links).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn addresses_count_until_the_minute_they_end_in_is_over() {
        let store = crate::testing::store().await;
        let at = |seconds: i64| Timestamp::from_epoch_seconds(1_800_000_000 + seconds).unwrap();
        assert_eq!(store.proxy_links(at(0)).await.unwrap(), 0);
        for ends in [180, 185, 300] {
            store.count_proxy_link(at(ends)).await.unwrap();
        }
        for (now, good) in [(0, 3), (180, 3), (239, 3), (240, 1), (300, 1), (360, 0)] {
            assert_eq!(store.proxy_links(at(now)).await.unwrap(), good, "{now}");
        }
    }
}
