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

/// Her account as she sees it.
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

/// Her account.
pub async fn me(store: &Store, user: UserId) -> Result<User> {
    store
        .account(user)
        .await?
        .map(User::from)
        .ok_or_else(not_found)
}

/// Sets her display name (`Some`), clears it (`Some(None)` or nothing but spaces) or leaves it (`None`).
pub async fn update(store: &Store, user: UserId, name: Option<Option<&str>>) -> Result<Profile> {
    let account = match name {
        Some(name) => {
            store
                .rename(user, user::display_name(name)?.as_deref(), clock::now())
                .await?
        }
        None => store.account(user).await?,
    };
    account.map(|it| it.profile).ok_or_else(not_found)
}

/// Erases her. When this returns she is signed out everywhere and cannot come back; everything of hers
/// is gone, or will be: what is too much or could not be removed now is taken up by the schedule.
pub async fn delete(store: &Store, objects: &Objects, keys: &Keys, caller: &Caller) -> Result<()> {
    let user = caller.user;
    let account = store.account(user).await?.ok_or_else(not_found)?;
    // The sign-in she leaves with is among those that end in the first step.
    let mut sessions: Vec<SessionId> = caller.session.into_iter().collect();
    sessions.extend(
        store
            .sessions(user)
            .await?
            .into_iter()
            .filter(|it| Some(*it) != caller.session),
    );
    let address = keys.address_name(&account.email);
    if !store
        .begin_erasure(&account, &address, &sessions, clock::now())
        .await?
    {
        return Err(Error::unavailable(
            "erasing an account",
            "it changed in between",
        ));
    }
    store.end_sessions(user, &sessions).await?;
    if let Err(err) = sweep(store, objects, user, WHILE_SHE_WAITS).await {
        tracing::warn!(
            error.chain = err.chain(),
            "an erasure was begun and will be finished later"
        );
    }
    Ok(())
}

/// Removes what is left of somebody who left. Can be repeated, and killed, at any point; does nothing
/// to somebody who did not leave.
pub async fn finish_erasure(store: &Store, objects: &Objects, user: UserId) -> Result<()> {
    sweep(store, objects, user, usize::MAX).await
}

async fn sweep(store: &Store, objects: &Objects, user: UserId, most: usize) -> Result<()> {
    let Some(erasure) = store.erasure(user).await? else {
        return Ok(());
    };
    let folders = key::all_of(user);
    let pictures = try_join_all(folders.iter().map(|it| objects.delete_prefix(it)));
    let (_, (rows, whole)) = try_join(pictures, store.erase_all_rows(user, most)).await?;
    if !whole {
        tracing::info!(rows, "the rest of an erasure is left to the schedule");
        return Ok(());
    }
    let sweeps = erasure.sweeps + 1;
    let next = (sweeps < SWEEPS).then(|| clock::now().plus_seconds(SECOND_SWEEP));
    store.swept(user, sweeps, next).await?;
    tracing::info!(rows, sweeps, "an erasure was swept");
    Ok(())
}

fn not_found() -> Error {
    Error::not_found("USER_NOT_FOUND", "There is no such account.")
}
