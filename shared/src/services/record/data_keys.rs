//! Her data key: one for each woman, made at first use, kept opened in the process for minutes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Mutex as AsyncMutex;

use crate::auth::DataKey;
use crate::domain::{Error, Result, Timestamp, UserId};
use crate::store::{DataKeyRow, Store};
use crate::vault::Vault;

/// How long an opened key is kept, in seconds: so long may a process read what it already has of somebody who
/// has left.
const OPENED_FOR_SECONDS: i64 = 300;

/// How many opened keys are kept.
const MAX_OPENED: usize = 500;

type OpenedKeys = HashMap<UserId, (Timestamp, Arc<DataKey>)>;

/// Opens and makes data keys. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct DataKeys {
    store: Store,
    vault: Vault,
    opened: Arc<Mutex<OpenedKeys>>,
    /// Held by the one who asks the key service; the others, as when engines are asked side by side, wait for
    /// what it gets.
    asking: Arc<AsyncMutex<()>>,
}

impl DataKeys {
    pub(super) fn new(store: Store, vault: Vault) -> Self {
        Self {
            store,
            vault,
            opened: Arc::default(),
            asking: Arc::default(),
        }
    }

    /// Her key, if she has one.
    pub(super) async fn find(&self, user: UserId, now: Timestamp) -> Result<Option<Arc<DataKey>>> {
        if let Some(key) = self.opened(user, now) {
            return Ok(Some(key));
        }
        let _asking = self.asking.lock().await;
        self.ask(user, now).await
    }

    /// Her key, asked for unless somebody else did meanwhile.
    async fn ask(&self, user: UserId, now: Timestamp) -> Result<Option<Arc<DataKey>>> {
        if let Some(key) = self.opened(user, now) {
            return Ok(Some(key));
        }
        match self.store.data_key(user).await? {
            Some(row) => Ok(Some(self.open(user, &row, now).await?)),
            None => Ok(None),
        }
    }

    /// Her key, made now if she has none. Two makers agree: the one who is late takes the other's.
    pub(super) async fn find_or_make(&self, user: UserId, now: Timestamp) -> Result<Arc<DataKey>> {
        if let Some(key) = self.opened(user, now) {
            return Ok(key);
        }
        let _asking = self.asking.lock().await;
        if let Some(key) = self.ask(user, now).await? {
            return Ok(key);
        }
        let (wrapped, key) = self.vault.make_data_key(&account(user)).await?;
        let row = DataKeyRow {
            wrapped,
            created_at: now,
        };
        if self.store.keep_data_key(user, row).await? {
            return Ok(self.keep(user, key, now));
        }
        self.ask(user, now).await?.ok_or_else(gone)
    }

    /// Opens a key that lies elsewhere than in its row, and keeps it as one from there.
    pub(super) async fn open_kept(
        &self,
        user: UserId,
        row: &DataKeyRow,
        now: Timestamp,
    ) -> Result<()> {
        self.open(user, row, now).await.map(drop)
    }

    async fn open(&self, user: UserId, row: &DataKeyRow, now: Timestamp) -> Result<Arc<DataKey>> {
        let account = account(user);
        let opened = self.vault.open_data_key(&account, &row.wrapped).await?;
        Ok(self.keep(user, opened, now))
    }

    fn opened(&self, user: UserId, now: Timestamp) -> Option<Arc<DataKey>> {
        let opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, key) = opened.get(&user)?;
        (now < *until).then(|| Arc::clone(key))
    }

    fn keep(&self, user: UserId, key: DataKey, now: Timestamp) -> Arc<DataKey> {
        let key = Arc::new(key);
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if opened.len() >= MAX_OPENED {
            opened.retain(|_, (until, _)| now < *until);
        }
        if opened.len() >= MAX_OPENED {
            opened.clear();
        }
        let until = now.plus_seconds(OPENED_FOR_SECONDS);
        opened.insert(user, (until, Arc::clone(&key)));
        key
    }
}

/// What the key service binds her key to.
fn account(user: UserId) -> String {
    user.to_string()
}

/// The refusal to write for somebody who has left.
pub(super) fn gone() -> Error {
    Error::not_found("ACCOUNT_NOT_FOUND", "This account does not exist any more.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::domain::ErrorKind;
    use crate::testing::{self, Cloud};

    #[tokio::test]
    async fn two_makers_agree_and_an_opened_key_needs_no_key_service() {
        let store = testing::store().await;
        let vault = testing::vault();
        let (one, two) = (
            DataKeys::new(store.clone(), vault.clone()),
            DataKeys::new(store.clone(), vault),
        );
        let (user, now) = (UserId::random(), clock::now());
        assert!(one.find(user, now).await.unwrap().is_none());
        let (a, b) = tokio::join!(one.find_or_make(user, now), two.find_or_make(user, now));
        assert_eq!(a.unwrap().digest(b"x"), b.unwrap().digest(b"x"));
        let offline = DataKeys {
            vault: Cloud::vault_at("http://127.0.0.1:9"),
            ..one.clone()
        };
        assert!(offline.find(user, now).await.unwrap().is_some());
        let later = now.plus_seconds(OPENED_FOR_SECONDS);
        let err = offline.find(user, later).await.unwrap_err();
        assert_eq!(err.kind, ErrorKind::Unavailable);
        let other = offline.find_or_make(UserId::random(), now).await;
        assert_eq!(other.unwrap_err().kind, ErrorKind::Unavailable);
    }

    #[tokio::test]
    async fn side_by_side_in_one_process_a_key_is_opened_once() {
        let (store, vault) = (testing::store().await, testing::vault());
        let (user, now) = (UserId::random(), clock::now());
        let maker = DataKeys::new(store.clone(), vault.clone());
        maker.find_or_make(user, now).await.unwrap();
        let keys = DataKeys::new(store, vault);
        let asks = (0..4).map(|_| keys.find_or_make(user, now));
        let found = futures_util::future::try_join_all(asks).await.unwrap();
        assert!(found.iter().all(|it| Arc::ptr_eq(it, &found[0])));
    }

    #[tokio::test]
    async fn no_more_keys_are_kept_open_than_fit() {
        let keys = DataKeys::new(
            testing::silent_store(),
            Cloud::vault_at("http://127.0.0.1:9"),
        );
        for _ in 0..3 * MAX_OPENED {
            let key = DataKey::new(&[7; 32]).unwrap();
            keys.keep(UserId::random(), key, clock::now());
        }
        assert!(keys.opened.lock().unwrap().len() <= MAX_OPENED);
    }
}
