//! Erasures outlive backups: in a table that was restored, whoever left since is erased again.
//!
//! Each erasure is noted in the bucket, which is not restored with the table.

use serde::{Deserialize, Serialize};

use crate::auth::Keys;
use crate::clock;
use crate::domain::{Account, Error, Result, UserId};
use crate::objects::{Objects, key};
use crate::services::people::users::AccountEraser;
use crate::store::Store;

/// How many notes are looked at in one call.
const PAGE: i32 = 50;

/// From where on the notes are looked at.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReapplyFrom {
    /// What the call before answered as `next`. Absent in the first call.
    pub after: Option<UserId>,
}

/// What became of some of those who had left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReappliedErasures {
    /// How many notes were looked at.
    pub looked_at: usize,
    /// How many accounts had come back, and are gone now.
    pub erased_again: usize,
    /// How many could not be erased. The log says why; the call can be repeated.
    pub failed: usize,
    /// Where the next call goes on; absent when all were looked at.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub next: Option<UserId>,
}

/// Erases again whoever a restored table has brought back.
#[derive(Clone)]
pub struct PastErasures {
    store: Store,
    objects: Objects,
    keys: Keys,
    eraser: AccountEraser,
}

impl PastErasures {
    /// The service over this table and this bucket. `keys` name addresses.
    #[must_use]
    pub fn new(store: Store, objects: Objects, keys: Keys) -> Self {
        Self {
            eraser: AccountEraser::new(store.clone(), objects.clone()),
            store,
            objects,
            keys,
        }
    }

    /// Looks at the notes of one page. Can be repeated, and killed, at any point.
    pub async fn reapply(&self, from: ReapplyFrom) -> Result<ReappliedErasures> {
        let after = from.after.map(key::erased);
        let listed = self.objects.list_after(key::ERASED, after.as_deref(), PAGE);
        let (names, is_more) = listed.await?;
        let users: Vec<UserId> = names
            .iter()
            .filter_map(|it| key::parse_erased(it))
            .collect();
        let (mut erased_again, mut failed) = (0, 0);
        for &user in &users {
            match self.erase_again(user).await {
                Ok(true) => erased_again += 1,
                Ok(false) => {}
                // One row that cannot be read must not keep the others in.
                Err(err) => {
                    failed += 1;
                    tracing::error!(%user, error.chain = err.chain(), "an erasure could not be repeated");
                }
            }
        }
        Ok(ReappliedErasures {
            looked_at: names.len(),
            erased_again,
            failed,
            next: users.last().copied().filter(|_| is_more),
        })
    }

    /// `false`: the table does not have her, or is erasing her already.
    async fn erase_again(&self, user: UserId) -> Result<bool> {
        if let Some(receipt) = self.store.erasure(user).await? {
            // The backup is from while the account rested; it has had its time.
            let Some(until) = receipt.rests_until else {
                return Ok(false);
            };
            self.eraser.finish(user, until.max(clock::now())).await?;
            return Ok(true);
        }
        let Some(account) = self.store.account(user).await? else {
            return Ok(false);
        };
        self.begin(&account).await?;
        Ok(true)
    }

    /// The first step; what is left is due, and the schedule sees to it.
    async fn begin(&self, account: &Account) -> Result<()> {
        let sessions = self.store.sessions(account.id()).await?;
        let address = self.keys.address_name(&account.email);
        let begun = self
            .store
            .begin_erasure(account, &address, &sessions, clock::now());
        if !begun.await? {
            return Err(Error::unavailable(
                "erasing an account again",
                "it changed meanwhile",
            ));
        }
        self.store.end_sessions(account.id(), &sessions).await
    }
}
