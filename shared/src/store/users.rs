//! Her account: profile, password, and the address that leads to it.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `USER#<id>` | `PROFILE` | account and profile |
//! | | `CREDENTIALS` | the hash of her password |
//! | `EMAIL#<address>` | `-` | whose the address is |
//!
//! *Invariant:* a sign-in is stored only together with proof that the password is still the one that
//! was checked, so a sign-in can never outlive the change that should have ended it.

use serde::{Deserialize, Serialize};

use super::tx::{Change, Tx};
use super::{Key, Row, Store};
use crate::domain::{Account, Link, Result, Session, SessionId, Timestamp, UserId};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Owner {
    user_id: UserId,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credentials {
    password_hash: String,
}

/// What using a mailed link changes beside the proof.
#[derive(Clone, Copy, Debug)]
pub struct LinkUse<'a> {
    /// The sign-in that begins with it.
    pub session: Option<&'a Session>,
    /// Sign-ins that end with it, no more than one step holds.
    pub ended: &'a [SessionId],
    /// Whether the password is of no use any more.
    pub voids_password: bool,
    /// When.
    pub at: Timestamp,
}

pub(super) fn account_key(user: UserId) -> Key {
    Key::user(user, "PROFILE")
}

pub(super) fn credentials_key(user: UserId) -> Key {
    Key::user(user, "CREDENTIALS")
}

pub(super) fn email_key(email: &str) -> Key {
    Key::lone(format!("EMAIL#{email}"))
}

impl Store {
    /// Her account, while she is with us.
    pub async fn account(&self, user: UserId) -> Result<Option<Account>> {
        self.get(&account_key(user)).await
    }

    /// The account an address leads to. The address is in lower case.
    pub async fn account_of(&self, email: &str) -> Result<Option<Account>> {
        match self.get::<Owner>(&email_key(email)).await? {
            Some(owner) => self.account(owner.user_id).await,
            None => Ok(None),
        }
    }

    /// The hash of her password.
    pub async fn password_hash(&self, user: UserId) -> Result<Option<String>> {
        let row: Option<Credentials> = self.get(&credentials_key(user)).await?;
        Ok(row.map(|it| it.password_hash))
    }

    /// Stores a new account with its password and, if she begins one, her sign-in. `false`: the address is taken.
    pub async fn create_account(
        &self,
        account: &Account,
        password_hash: &str,
        link: &Link,
        session: Option<&Session>,
    ) -> Result<bool> {
        let user = account.id();
        let credentials = Credentials {
            password_hash: password_hash.to_owned(),
        };
        let mut tx = self
            .tx()
            .create(&Row::new(
                email_key(&account.email),
                Owner { user_id: user },
            ))
            .create(&Row::new(account_key(user), account))
            .create(&Row::new(credentials_key(user), credentials))
            .plan_first_scans(user, account.profile.created_at)
            .write_link(link);
        if let Some(session) = session {
            tx = tx.write_session(session);
        }
        Ok(tx.commit().await?.is_done())
    }

    /// Stores the account of a caller of the external issuer. It owns no address: the issuer does.
    /// `false`: it exists, or she has left.
    pub async fn provision(&self, account: &Account) -> Result<bool> {
        let tx = self
            .tx()
            .create(&Row::new(account_key(account.id()), account))
            .plan_first_scans(account.id(), account.profile.created_at);
        Ok(tx
            .forbid(&super::erasure::key(account.id()))
            .commit()
            .await?
            .is_done())
    }

    /// Stores a sign-in. `false`: the account is not what it was when the password was checked.
    pub async fn sign_in(&self, account: &Account, session: &Session) -> Result<bool> {
        let seen = as_seen(account).and_then(|it| it.set("lastSignInAt", session.created_at));
        let tx = self
            .tx()
            .update(&account_key(account.id()), seen)
            .write_session(session);
        Ok(tx.commit().await?.is_done())
    }

    /// Uses up a link, which proves that she reads her address. `false`: the link or the account is not what
    /// it was.
    pub async fn use_link(
        &self,
        account: &Account,
        link: &Link,
        how: &LinkUse<'_>,
    ) -> Result<bool> {
        let (user, now) = (account.id(), how.at);
        let mut seen = proved(as_seen(account), account, link, now)?.remove(link.kind.attribute());
        if how.session.is_some() {
            seen = seen.set("lastSignInAt", now)?;
        }
        if how.voids_password {
            seen = seen.set("passwordAt", now)?;
        }
        let mut tx = self
            .tx()
            .update(&account_key(user), Ok(seen))
            .use_link(link);
        for hash in account
            .links(link.kind)
            .iter()
            .filter(|it| **it != link.hash)
        {
            tx = tx.drop_link(hash);
        }
        if how.voids_password {
            tx = tx.delete(&credentials_key(user));
        }
        if let Some(session) = how.session {
            tx = tx.write_session(session);
        }
        if !account.is_proved() {
            tx = tx.plan_first_check(user, now);
        }
        for &session in how.ended {
            tx = tx.drop_session(user, session);
        }
        Ok(tx.commit().await?.is_done())
    }

    /// Replaces her password, using up `link` if that is how she may, and ends all her links and these
    /// sign-ins with it. `false`: the account or the link is not what it was.
    pub async fn change_password(
        &self,
        account: &Account,
        password_hash: &str,
        link: Option<&Link>,
        ended: &[SessionId],
        now: Timestamp,
    ) -> Result<bool> {
        let user = account.id();
        let credentials = Credentials {
            password_hash: password_hash.to_owned(),
        };
        let seen = as_seen(account)
            .and_then(|it| it.set("passwordAt", now))
            .and_then(|it| it.set("updatedAt", now));
        let seen = match link {
            Some(link) => proved(seen, account, link, now),
            None => seen,
        };
        let mut tx = self
            .tx()
            .update(&account_key(user), seen.map(Change::without_links))
            .put(&Row::new(credentials_key(user), credentials))
            .drop_links(account, link);
        if let Some(link) = link {
            tx = tx.use_link(link);
        }
        for &session in ended {
            tx = tx.drop_session(user, session);
        }
        Ok(tx.commit().await?.is_done())
    }

    /// Sets or clears her display name; the account after. `None`: there is no such account.
    pub async fn rename(
        &self,
        user: UserId,
        name: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<Account>> {
        let change = Change::default()
            .set("displayName", name)
            .and_then(|it| it.set("updatedAt", now))
            .map(Change::if_exists);
        let done = self
            .tx()
            .update(&account_key(user), change)
            .commit()
            .await?
            .is_done();
        if done {
            self.account(user).await
        } else {
            Ok(None)
        }
    }
}

/// The start of a change that holds only while the account has the password it was read with.
pub(super) fn as_seen(account: &Account) -> Result<Change> {
    Change::default().when("passwordAt", "=", account.password_at)
}

/// The same, by who follows `link`: she reads her address.
fn proved(seen: Result<Change>, account: &Account, link: &Link, now: Timestamp) -> Result<Change> {
    let proved = account.proved_at.unwrap_or(now);
    let confirmed = account.email_confirmed_at.unwrap_or(now);
    let change = seen?
        .set("provedAt", proved)?
        .set("emailConfirmedAt", confirmed)?;
    Ok(change
        .remove("signedUpFrom")
        .when_contains(link.kind.attribute(), &link.hash))
}

impl Tx<'_> {
    pub(super) fn drop_account(self, account: &Account) -> Self {
        let tx = self
            .delete_existing(&account_key(account.id()))
            .delete(&credentials_key(account.id()));
        match account.origin {
            crate::domain::Origin::Own => tx.delete(&email_key(&account.email)),
            crate::domain::Origin::External => tx,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use aws_sdk_dynamodb::types::AttributeValue;

    use super::*;
    use crate::domain::{LinkKind, SignInMethod};

    fn now() -> Timestamp {
        Timestamp::parse("2026-11-20T12:00:00Z").unwrap()
    }

    fn link(user: UserId, kind: LinkKind, hash: &str) -> Link {
        Link {
            kind,
            user_id: user,
            hash: hash.into(),
            expires_at: now().plus_seconds(3600),
        }
    }

    async fn ana(store: &Store) -> Account {
        let mut account = Account::new(UserId::random(), "ana@example.net", now());
        account.confirmation_links = vec!["c".into()];
        let link = link(account.id(), LinkKind::SignUp, "c");
        assert!(
            store
                .create_account(&account, "hash", &link, None)
                .await
                .unwrap()
        );
        account
    }

    async fn seen(store: &Store, account: &Account) -> Account {
        store.account(account.id()).await.unwrap().unwrap()
    }

    /// A new recovery link with this hash.
    async fn recovery(store: &Store, account: &Account, hash: &str) -> Link {
        let account = seen(store, account).await;
        let link = link(account.id(), LinkKind::Recovery, hash);
        assert!(store.add_link(&account, &link, now()).await.unwrap());
        link
    }

    /// Whether a link lets in.
    async fn works(store: &Store, account: &Account, link: &Link) -> bool {
        let session = Session::new(account.id(), SignInMethod::Link, now());
        let how = LinkUse {
            session: Some(&session),
            ended: &[],
            voids_password: false,
            at: now(),
        };
        let account = seen(store, account).await;
        let used = store.use_link(&account, link, &how).await.unwrap();
        let begun = store.session(account.id(), session.id).await.unwrap();
        assert_eq!(used, begun.is_some());
        used
    }

    #[tokio::test]
    async fn an_address_belongs_to_one() {
        let store = crate::testing::store().await;
        let account = ana(&store).await;
        assert_eq!(
            store.account_of("ana@example.net").await.unwrap().unwrap(),
            account
        );
        assert_eq!(
            store.password_hash(account.id()).await.unwrap().unwrap(),
            "hash"
        );
        let other = Account::new(UserId::random(), "ana@example.net", now());
        let taken = store
            .create_account(&other, "h", &link(other.id(), LinkKind::SignUp, "d"), None)
            .await
            .unwrap();
        assert!(!taken);
        assert_eq!(store.account(other.id()).await.unwrap(), None);
        assert!(store.link("d").await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_sign_in_checked_against_the_old_password_is_not_stored() {
        let store = crate::testing::store().await;
        let account = ana(&store).await;
        let session = Session::new(account.id(), SignInMethod::Password, now());
        assert!(
            store
                .change_password(&account, "new", None, &[], now().plus_seconds(1))
                .await
                .unwrap()
        );
        assert!(!store.sign_in(&account, &session).await.unwrap());
        assert_eq!(store.session(account.id(), session.id).await.unwrap(), None);
        let account = store.account(account.id()).await.unwrap().unwrap();
        assert!(store.sign_in(&account, &session).await.unwrap());
        assert_eq!(
            store
                .session(account.id(), session.id)
                .await
                .unwrap()
                .unwrap(),
            session
        );
    }

    #[tokio::test]
    async fn the_last_three_links_work_and_all_end_with_the_first_that_is_used() {
        let store = crate::testing::store().await;
        let account = ana(&store).await;
        let first = recovery(&store, &account, "r1").await;
        // Two requests that began with the same account: one wins.
        let late = link(account.id(), LinkKind::Recovery, "r2");
        assert!(!store.add_link(&account, &late, now()).await.unwrap());
        assert!(store.link("r2").await.unwrap().is_none());
        let second = recovery(&store, &account, "r3").await;
        let third = recovery(&store, &account, "r4").await;
        let fourth = recovery(&store, &account, "r5").await;
        assert_eq!(
            seen(&store, &account).await.recovery_links,
            ["r3", "r4", "r5"]
        );
        assert!(store.link("r1").await.unwrap().is_none());
        assert!(!works(&store, &account, &first).await);
        assert!(works(&store, &account, &second).await);
        for used in [&second, &third, &fourth] {
            assert!(!works(&store, &account, used).await, "{used:?}");
            assert!(store.link(&used.hash).await.unwrap().is_none());
        }
        let after = seen(&store, &account).await;
        assert!(after.recovery_links.is_empty());
        assert_eq!(after.proved_at, Some(now()));
        assert_eq!(after.last_sign_in_at, Some(now()));
        // Links of the other kind are as they were.
        assert_eq!(after.confirmation_links, ["c"]);
        let again = recovery(&store, &account, "r6").await;
        assert!(works(&store, &account, &again).await);
    }

    #[tokio::test]
    async fn another_password_ends_all_links_also_those_whose_row_is_left() {
        let store = crate::testing::store().await;
        let account = ana(&store).await;
        let known = recovery(&store, &account, "r1").await;
        let read = seen(&store, &account).await;
        // Added while the password is being changed by who has not seen it.
        let unseen = recovery(&store, &account, "r2").await;
        let changed = store.change_password(&read, "new", None, &[], now().plus_seconds(1));
        assert!(changed.await.unwrap());
        let after = seen(&store, &account).await;
        assert!(after.recovery_links.is_empty() && after.confirmation_links.is_empty());
        assert_eq!(after.proved_at, None, "a password proves no address");
        assert!(store.link("r2").await.unwrap().is_some());
        for link in [&known, &unseen] {
            assert!(!works(&store, &account, link).await, "{link:?}");
        }
    }

    #[tokio::test]
    async fn links_can_all_be_ended() {
        let store = crate::testing::store().await;
        let account = ana(&store).await;
        let link = recovery(&store, &account, "r1").await;
        store
            .void_links(&seen(&store, &account).await)
            .await
            .unwrap();
        assert!(!works(&store, &account, &link).await);
        assert!(store.link("c").await.unwrap().is_none());
        let gone = Account::new(UserId::random(), "eve@example.net", now());
        store.void_links(&gone).await.unwrap();
        assert_eq!(store.account(gone.id()).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_voided_password_is_gone_and_so_are_the_sign_ins() {
        let store = crate::testing::store().await;
        let account = ana(&store).await;
        let theirs = Session::new(account.id(), SignInMethod::Password, now());
        assert!(store.sign_in(&account, &theirs).await.unwrap());
        let account = seen(&store, &account).await;
        let how = LinkUse {
            session: None,
            ended: &[theirs.id],
            voids_password: true,
            at: now().plus_seconds(1),
        };
        let link = link(account.id(), LinkKind::SignUp, "c");
        assert!(store.use_link(&account, &link, &how).await.unwrap());
        assert_eq!(store.password_hash(account.id()).await.unwrap(), None);
        assert_eq!(store.sessions(account.id()).await.unwrap(), []);
        // Nor does a sign-in that was checked before begin after it.
        let late = Session::new(account.id(), SignInMethod::Password, now());
        assert!(!store.sign_in(&account, &late).await.unwrap());
    }

    #[tokio::test]
    async fn an_account_from_before_there_were_lists_is_read() {
        let (store, client) = crate::testing::table().await;
        let account = ana(&store).await;
        let old = client
            .update_item()
            .table_name("vara")
            .set_key(Some(account_key(account.id()).item()))
            .update_expression(
                "SET confirmationToken = :t, recoveryToken = :n REMOVE confirmationLinks, recoveryLinks, provedAt, signedUpFrom",
            )
            .expression_attribute_values(":t", AttributeValue::S("t".into()))
            .expression_attribute_values(":n", AttributeValue::Null(true));
        old.send().await.unwrap();
        let read = seen(&store, &account).await;
        assert!(read.confirmation_links.is_empty() && !read.is_proved());
        let link = recovery(&store, &account, "r1").await;
        assert!(works(&store, &account, &link).await);
    }

    #[tokio::test]
    async fn names() {
        let store = crate::testing::store().await;
        let account = ana(&store).await;
        let named = store
            .rename(account.id(), Some("Ana"), now())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(named.profile.display_name.as_deref(), Some("Ana"));
        let cleared = store
            .rename(account.id(), None, now())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(cleared.profile.display_name, None);
        assert!(
            store
                .rename(UserId::random(), Some("Eve"), now())
                .await
                .unwrap()
                .is_none()
        );
    }
}
