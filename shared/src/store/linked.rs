//! Accounts and addresses of hers elsewhere: `USER#<id>` / `ACCOUNT#<id>`; and `OAUTH#<hash>` / `-`,
//! an authorisation she has begun at a network.
//!
//! A row changes only while it has the revision it was read with. What lets us into an account is
//! sealed before it comes here.

use serde::{Deserialize, Serialize};

use super::retry::retry_on_conflict;
use super::tx::{Change, Condition, Tx, TxOutcome};
use super::{Key, Listing, Row, Store, read_all};
use crate::domain::{
    AccountId, Error, Linked, MAX_LINKED, Page, Platform, ProfileSnapshot, Proof, PublicProfile,
    Result, Timestamp, UserId, linked,
};

const TOTAL: &str = "account.total";
const RUN: &str = "ACCOUNT";

/// An account with what is known of it and never shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkedRow {
    /// What she is shown.
    #[serde(flatten)]
    pub account: Linked,
    /// What lets us in, sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<String>,
    /// What the profile says of itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bio: Option<String>,
    /// What we saw of it, oldest first.
    #[serde(default)]
    pub looks: Vec<ProfileSnapshot>,
    /// The proof that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// Counts its changes.
    #[serde(default)]
    pub revision: u32,
}

impl From<Linked> for LinkedRow {
    fn from(account: Linked) -> Self {
        Self {
            account,
            tokens: None,
            bio: None,
            looks: vec![],
            proof: None,
            revision: 0,
        }
    }
}

impl LinkedRow {
    /// The account after this profile was read.
    #[must_use]
    pub(crate) fn with_profile(&self, profile: &PublicProfile, at: Timestamp) -> Self {
        let mut after = self.clone();
        let account = &mut after.account;
        account.last_synced = account.last_synced.max(Some(at));
        account.followers = Some(profile.followers);
        account.display_name = Some(profile.name.clone()).filter(|it| !it.is_empty());
        after.bio = Some(profile.bio.clone()).filter(|it| !it.is_empty());
        let snapshot = ProfileSnapshot {
            at,
            followers: profile.followers,
        };
        after.looks = linked::with_snapshot(&self.looks, snapshot);
        after
    }
}

/// What storing an account came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linking {
    /// It is stored.
    Done,
    /// She had it already; nothing is changed.
    Known,
    /// She has as many as she may.
    Full,
}

/// An authorisation she has begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Authorisation {
    /// Whose.
    pub user_id: UserId,
    /// Where.
    pub platform: Platform,
    /// Until when it may be finished.
    pub expires_at: Timestamp,
}

fn key(user: UserId, id: AccountId) -> Key {
    Key::user(user, format!("ACCOUNT#{id}"))
}

fn authorisation_key(hash: &str) -> Key {
    Key::lone(format!("OAUTH#{hash}"))
}

fn row(it: &LinkedRow) -> Row<&LinkedRow> {
    let account = &it.account;
    let place = format!("{RUN}#{}.{}", account.created_at.newest_first(), account.id);
    Row::new(key(account.user_id, account.id), it).listed(place)
}

impl Store {
    /// One account of hers.
    pub async fn linked(&self, user: UserId, id: AccountId) -> Result<Option<LinkedRow>> {
        self.get(&key(user, id)).await
    }

    /// A page of her accounts, newest first.
    pub async fn linked_page(&self, user: UserId, page: Page) -> Result<Listing<Linked>> {
        self.listing(user, page, |counters| {
            vec![(RUN.to_owned(), counters.get(TOTAL))]
        })
        .await
    }

    /// All her accounts, oldest first.
    pub async fn all_linked(&self, user: UserId) -> Result<Vec<LinkedRow>> {
        let mut rows = self.run(user, RUN, MAX_LINKED as usize).await?;
        rows.reverse();
        Ok(read_all(rows))
    }

    /// Stores an account that is new.
    pub async fn link_up(&self, it: &LinkedRow) -> Result<Linking> {
        linking(self.tx().link_account(it).commit().await?)
    }

    /// Replaces an account as it was read. `false`: somebody was faster, or it is gone.
    pub async fn change_linked(&self, before: &LinkedRow, after: &LinkedRow) -> Result<bool> {
        Ok(self
            .tx()
            .change_account(before, after)
            .commit()
            .await?
            .is_done())
    }

    /// Keeps what was read of a profile. `None`: the account is gone.
    pub(crate) async fn keep_profile(
        &self,
        user: UserId,
        id: AccountId,
        profile: &PublicProfile,
        at: Timestamp,
    ) -> Result<Option<LinkedRow>> {
        retry_on_conflict("keeping what was read of a profile", || async {
            let Some(before) = self.linked(user, id).await? else {
                return Ok(Some(None));
            };
            let after = before.with_profile(profile, at);
            if self.change_linked(&before, &after).await? {
                return Ok(Some(Some(after)));
            }
            Ok::<_, Error>(None)
        })
        .await
    }

    /// Removes an account. `false`: there is none.
    pub async fn unlink(&self, user: UserId, id: AccountId) -> Result<bool> {
        let tx = self
            .tx()
            .delete_existing(&key(user, id))
            .count(user, &[(TOTAL.to_owned(), -1)]);
        Ok(tx.commit().await?.is_done())
    }

    /// Stores an authorisation she begins, under the hash of its state.
    pub async fn begin_authorisation(&self, hash: &str, it: &Authorisation) -> Result<()> {
        let mut row = Row::new(authorisation_key(hash), it);
        row.ttl = Some(it.expires_at.epoch_seconds());
        match self.tx().create(&row).commit().await? {
            TxOutcome::Done => Ok(()),
            TxOutcome::Refused(_) => Err(Error::bug(
                "beginning an authorisation",
                "its state is taken",
            )),
        }
    }

    /// An authorisation that was not used. It may have expired.
    pub async fn authorisation(&self, hash: &str) -> Result<Option<Authorisation>> {
        self.get(&authorisation_key(hash)).await
    }

    /// Uses an authorisation up. `false`: it was used before.
    pub async fn use_authorisation(&self, hash: &str) -> Result<bool> {
        let tx = self.tx().delete_existing(&authorisation_key(hash));
        Ok(tx.commit().await?.is_done())
    }
}

fn linking(outcome: TxOutcome) -> Result<Linking> {
    Ok(match outcome {
        TxOutcome::Done => Linking::Done,
        TxOutcome::Refused(failed) if failed.contains(&Condition::IsNew) => Linking::Known,
        TxOutcome::Refused(_) => Linking::Full,
    })
}

impl Tx<'_> {
    fn link_account(self, it: &LinkedRow) -> Self {
        self.create(&row(it))
            .named(Condition::IsNew)
            .count(it.account.user_id, &[(TOTAL.to_owned(), 1)])
            .room(TOTAL, MAX_LINKED)
    }

    fn change_account(self, before: &LinkedRow, after: &LinkedRow) -> Self {
        let account = &after.account;
        let change = Change::default()
            .set("platformUserId", &account.platform_user_id)
            .set("lastSynced", account.last_synced)
            .set("verifiedAt", account.verified_at)
            .set("displayName", &account.display_name)
            .set("followers", account.followers)
            .set("tokens", &after.tokens)
            .set("bio", &after.bio)
            .set("looks", &after.looks)
            .set("proof", &after.proof)
            .set("revision", before.revision + 1)
            .when("revision", "=", before.revision);
        self.update(&key(account.user_id, account.id), change)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::LinkedKind;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_epoch_seconds(1_800_000_000 + second).unwrap()
    }

    fn email(user: UserId, number: i64) -> LinkedRow {
        let name = format!("a{number}@example.org");
        Linked::new(user, Platform::Other, LinkedKind::Email, &name, at(number)).into()
    }

    #[tokio::test]
    async fn accounts_are_stored_once_listed_newest_first_and_limited() {
        let (store, user) = (crate::testing::store().await, UserId::random());
        for number in 0..i64::from(MAX_LINKED) {
            assert_eq!(
                store.link_up(&email(user, number)).await.unwrap(),
                Linking::Done
            );
        }
        assert_eq!(
            store.link_up(&email(user, 3)).await.unwrap(),
            Linking::Known
        );
        assert_eq!(
            store.link_up(&email(user, 99)).await.unwrap(),
            Linking::Full
        );
        let page = Page {
            number: 1,
            limit: 2,
        };
        let listed = store.linked_page(user, page).await.unwrap();
        assert_eq!(listed.pagination.total, u64::from(MAX_LINKED));
        assert_eq!(listed.items[0], email(user, 49).account);
        let all = store.all_linked(user).await.unwrap();
        assert_eq!((all.len(), &all[0]), (50, &email(user, 0)));
        let gone = email(user, 7).account.id;
        assert!(store.unlink(user, gone).await.unwrap());
        assert!(!store.unlink(user, gone).await.unwrap());
        assert!(
            !store
                .unlink(UserId::random(), email(user, 8).account.id)
                .await
                .unwrap()
        );
        assert_eq!(store.linked(user, gone).await.unwrap(), None);
        assert_eq!(
            store.link_up(&email(user, 99)).await.unwrap(),
            Linking::Done
        );
    }

    #[tokio::test]
    async fn a_stale_change_is_refused() {
        let (store, user) = (crate::testing::store().await, UserId::random());
        let before = email(user, 1);
        store.link_up(&before).await.unwrap();
        let mut after = before.clone();
        after.account.verified_at = Some(at(9));
        after.tokens = Some("sealed".into());
        assert!(store.change_linked(&before, &after).await.unwrap());
        assert!(!store.change_linked(&before, &after).await.unwrap());
        let stored = store
            .linked(user, before.account.id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            stored,
            LinkedRow {
                revision: 1,
                ..after
            }
        );
        assert!(store.unlink(user, before.account.id).await.unwrap());
        assert!(!store.change_linked(&stored, &stored).await.unwrap());
    }

    #[tokio::test]
    async fn an_authorisation_is_used_once() {
        let store = crate::testing::store().await;
        let it = Authorisation {
            user_id: UserId::random(),
            platform: Platform::TikTok,
            expires_at: at(600),
        };
        store.begin_authorisation("h", &it).await.unwrap();
        assert!(store.begin_authorisation("h", &it).await.is_err());
        assert_eq!(store.authorisation("h").await.unwrap(), Some(it));
        assert!(store.use_authorisation("h").await.unwrap());
        assert!(!store.use_authorisation("h").await.unwrap());
        assert_eq!(store.authorisation("h").await.unwrap(), None);
    }
}
