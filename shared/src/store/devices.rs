//! Devices she has signed in on: `USER#<id>` / `DEVICE#<keyed hash of account, network and browser>`.
//! The hash cannot be read back. A row is forgotten half a year after the device was last used.

use serde::{Deserialize, Serialize};

use super::users::account_key;
use super::{Key, Row, Store, failure};
use crate::domain::{Result, Timestamp, UserId};

/// How long a device is known after it was last used, in seconds.
const KNOWN_FOR: i64 = 180 * 24 * 3600;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Device {
    used_at: Timestamp,
}

fn key(user: UserId, name: &str) -> Key {
    Key::user(user, format!("DEVICE#{name}"))
}

impl Store {
    /// Whether she has signed in on the device of this name.
    pub async fn knows_device(&self, user: UserId, name: &str) -> Result<bool> {
        Ok(self.item(&key(user, name)).await?.is_some())
    }

    /// Whether she has signed in on any device at all.
    pub(crate) async fn knows_any_device(&self, user: UserId) -> Result<bool> {
        let rows = self.rows_starting(key(user, "")).limit(1).send().await;
        let rows = rows.map_err(|err| failure("looking for devices", err))?;
        Ok(!rows.items.unwrap_or_default().is_empty())
    }

    /// Notes that she is signed in on the device of this name, and forgets these tries. Does nothing if
    /// there is no account any more.
    pub async fn remember_device(
        &self,
        user: UserId,
        name: &str,
        tries: &[String],
        now: Timestamp,
    ) -> Result<()> {
        let mut row = Row::new(key(user, name), Device { used_at: now });
        row.ttl = Some(now.plus_seconds(KNOWN_FOR).epoch_seconds());
        let tx = self.tx().require(&account_key(user)).put(&row);
        tx.forget_tries(tries).commit().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Account, Throttle};

    #[tokio::test]
    async fn a_device_is_known_to_its_account_and_remembering_it_forgets_tries() {
        let store = crate::testing::store().await;
        let now = Timestamp::parse("2026-11-20T12:00:00Z").unwrap();
        let ana = Account::new(UserId::random(), "ana@example.net", now);
        assert!(store.provision(&ana).await.unwrap());
        let rule = Throttle::Bucket {
            burst: 1,
            interval: 60,
        };
        let rules = [("t".to_owned(), rule)];
        assert_eq!(store.admit(&rules, now).await.unwrap(), None);
        assert_eq!(store.admit(&rules, now).await.unwrap(), Some(60));
        assert!(!store.knows_device(ana.id(), "d").await.unwrap());
        assert!(!store.knows_any_device(ana.id()).await.unwrap());
        for _ in 0..2 {
            let tries = ["t".to_owned()];
            let remembered = store.remember_device(ana.id(), "d", &tries, now);
            remembered.await.unwrap();
        }
        assert!(store.knows_device(ana.id(), "d").await.unwrap());
        assert!(store.knows_any_device(ana.id()).await.unwrap());
        assert!(!store.knows_device(ana.id(), "e").await.unwrap());
        assert_eq!(store.admit(&rules, now).await.unwrap(), None);
        let nobody = UserId::random();
        store.remember_device(nobody, "d", &[], now).await.unwrap();
        assert!(!store.knows_device(nobody, "d").await.unwrap());
    }
}
