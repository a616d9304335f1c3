//! Snapshots of a profile of hers, stored in order for behavioural analysis.

use crate::domain::{Error, ProfileSnapshot, PublicProfile, Result, Timestamp, linked};
use crate::store::{LinkedRow, Store};

/// Optimistic-lock retries.
const WRITE_CONFLICT_RETRIES: u32 = 5;

/// The account after this look at its profile.
#[must_use]
pub(crate) fn seen(before: &LinkedRow, profile: &PublicProfile, at: Timestamp) -> LinkedRow {
    let mut after = before.clone();
    let account = &mut after.account;
    account.last_synced = account.last_synced.max(Some(at));
    account.followers = Some(profile.followers);
    account.display_name = Some(profile.name.clone()).filter(|it| !it.is_empty());
    after.bio = Some(profile.bio.clone()).filter(|it| !it.is_empty());
    let look = ProfileSnapshot {
        at,
        followers: profile.followers,
    };
    after.looks = linked::with_snapshot(&before.looks, look);
    after
}

/// Keeps this look. `None`: the account is gone.
pub(crate) async fn keep(
    store: &Store,
    of: &LinkedRow,
    profile: &PublicProfile,
    at: Timestamp,
) -> Result<Option<LinkedRow>> {
    let (user, id) = (of.account.user_id, of.account.id);
    for _ in 0..WRITE_CONFLICT_RETRIES {
        let Some(before) = store.linked(user, id).await? else {
            return Ok(None);
        };
        let after = seen(&before, profile, at);
        if store.change_linked(&before, &after).await? {
            return Ok(Some(after));
        }
    }
    Err(Error::unavailable(
        "keeping a look at a profile",
        "it kept changing",
    ))
}
