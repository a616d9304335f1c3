//! User account: read, rename, delete (erasure of everything of hers).

use futures_util::future::{try_join, try_join_all};
use serde::Serialize;

use crate::auth::{Caller, Keys};
use crate::clock;
use crate::domain::{Account, Error, Profile, Result, SessionId, Timestamp, UserId, user};
use crate::objects::{Objects, key};
use crate::store::Store;

/// After the first sweep there is a second, so long after: a message that was under way, or an upload
/// whose ticket was still good, may have written something more.
const SECOND_SWEEP: i64 = 3600;

/// How many rows of hers are removed while she waits. Few women have more.
const WHILE_SHE_WAITS: usize = 500;

/// How many sweeps there are.
const SWEEPS: u32 = 2;

/// The account as the user sees it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub struct User {
    pub id: UserId,
    pub email: String,
    pub email_verified: bool,
    pub created_at: Timestamp,
    pub profile: Profile,
}

impl From<Account> for User {
    fn from(account: Account) -> Self {
        Self {
            id: account.id(),
            email_verified: account.email_confirmed_at.is_some(),
            email: account.email,
            created_at: account.profile.created_at,
            profile: account.profile,
        }
    }
}

/// Reads, renames and deletes accounts.
#[derive(Clone)]
pub struct Users {
    store: Store,
    keys: Keys,
    eraser: AccountEraser,
}

/// Removes what is left of whoever left.
#[derive(Clone)]
pub struct AccountEraser {
    store: Store,
    objects: Objects,
}

impl Users {
    /// The service over this table and this bucket. `keys` name addresses.
    #[must_use]
    pub fn new(store: Store, objects: Objects, keys: Keys) -> Self {
        Self {
            eraser: AccountEraser::new(store.clone(), objects),
            store,
            keys,
        }
    }

    /// Her account.
    pub async fn me(&self, user: UserId) -> Result<User> {
        self.store
            .account(user)
            .await?
            .map(User::from)
            .ok_or_else(not_found)
    }

    /// Sets her display name (`Some`), clears it (`Some(None)` or nothing but spaces) or leaves it (`None`).
    pub async fn update(&self, user: UserId, name: Option<Option<&str>>) -> Result<Profile> {
        let account = match name {
            Some(name) => {
                self.store
                    .rename(user, user::display_name(name)?.as_deref(), clock::now())
                    .await?
            }
            None => self.store.account(user).await?,
        };
        account.map(|it| it.profile).ok_or_else(not_found)
    }

    /// Erases her. When this returns she is signed out everywhere and cannot come back; everything of hers
    /// is gone, or will be: what is too much or could not be removed now is taken up by the schedule.
    pub async fn delete(&self, caller: &Caller) -> Result<()> {
        let user = caller.user;
        let account = self.store.account(user).await?.ok_or_else(not_found)?;
        // The sign-in she leaves with is among those that end in the first step.
        let mut sessions: Vec<SessionId> = caller.session.into_iter().collect();
        sessions.extend(
            self.store
                .sessions(user)
                .await?
                .into_iter()
                .filter(|it| Some(*it) != caller.session),
        );
        let address = self.keys.address_name(&account.email);
        if !self
            .store
            .begin_erasure(&account, &address, &sessions, clock::now())
            .await?
        {
            return Err(Error::unavailable(
                "erasing an account",
                "it changed in between",
            ));
        }
        self.store.end_sessions(user, &sessions).await?;
        if let Err(err) = self.eraser.sweep(user, WHILE_SHE_WAITS).await {
            tracing::warn!(
                error.chain = err.chain(),
                "an erasure was begun and will be finished later"
            );
        }
        Ok(())
    }
}

impl AccountEraser {
    /// The service over this table and this bucket.
    #[must_use]
    pub fn new(store: Store, objects: Objects) -> Self {
        Self { store, objects }
    }

    /// Removes what is left of somebody who left. Can be repeated, and killed, at any point; does nothing
    /// to somebody who did not leave.
    pub async fn finish(&self, user: UserId) -> Result<()> {
        self.sweep(user, usize::MAX).await
    }

    async fn sweep(&self, user: UserId, most: usize) -> Result<()> {
        let Some(erasure) = self.store.erasure(user).await? else {
            return Ok(());
        };
        let folders = key::all_of(user);
        let pictures = try_join_all(folders.iter().map(|it| self.objects.delete_prefix(it)));
        let (_, (rows, whole)) = try_join(pictures, self.store.erase_all_rows(user, most)).await?;
        if !whole {
            tracing::info!(rows, "the rest of an erasure is left to the schedule");
            return Ok(());
        }
        let sweeps = erasure.sweeps + 1;
        let next = (sweeps < SWEEPS).then(|| clock::now().plus_seconds(SECOND_SWEEP));
        self.store.swept(user, sweeps, next).await?;
        tracing::info!(rows, sweeps, "an erasure was swept");
        Ok(())
    }
}

fn not_found() -> Error {
    Error::not_found("USER_NOT_FOUND", "There is no such account.")
}
