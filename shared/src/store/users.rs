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

    /// Uses up a link, signing her in and confirming her address. `false`: it was used or replaced.
    pub async fn sign_in_by_link(
        &self,
        account: &Account,
        link: &Link,
        session: &Session,
    ) -> Result<bool> {
        let confirmed = account.email_confirmed_at.unwrap_or(session.created_at);
        let seen = as_seen(account)
            .and_then(|it| it.set("lastSignInAt", session.created_at))
            .and_then(|it| it.set("emailConfirmedAt", confirmed))
            .map(|it| it.remove(link.kind.attribute()));
        let tx = self
            .tx()
            .use_link(link)
            .update(&account_key(account.id()), seen)
            .write_session(session);
        Ok(tx.commit().await?.is_done())
    }

    /// Replaces her password, using up `link` if that is how she may, and ends these sign-ins with it.
    /// `false`: the account or the link is not what it was.
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
            .and_then(|it| it.set("updatedAt", now))
            .map(|it| {
                link.iter()
                    .fold(it, |it, link| it.remove(link.kind.attribute()))
            });
        let mut tx = self
            .tx()
            .update(&account_key(user), seen)
            .put(&Row::new(credentials_key(user), credentials));
        if let Some(link) = link {
            tx = tx.use_link(link);
        }
        for &session in ended {
            tx = tx.drop_session(user, session);
        }
        Ok(tx.commit().await?.is_done())
    }

    /// Stores a new link in place of the one before. `false`: the account is not what it was.
    pub async fn replace_link(
        &self,
        account: &Account,
        link: &Link,
        now: Timestamp,
    ) -> Result<bool> {
        let attribute = link.kind.attribute();
        let change = as_seen(account)
            .and_then(|it| it.set(attribute, &link.hash))
            .and_then(|it| it.set(link.kind.sent_attribute(), now))
            .and_then(|it| match link.kind.of(account) {
                Some(before) => it.when(attribute, "=", before),
                None => it.when_or_absent(attribute, "=", None::<String>),
            });
        let mut tx = self
            .tx()
            .update(&account_key(account.id()), change)
            .write_link(link);
        if let Some(before) = link.kind.of(account) {
            tx = tx.drop_link(before);
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
fn as_seen(account: &Account) -> Result<Change> {
    Change::default().when("passwordAt", "=", account.password_at)
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
        account.confirmation_token = Some("c".into());
        let link = link(account.id(), LinkKind::SignUp, "c");
        assert!(
            store
                .create_account(&account, "hash", &link, None)
                .await
                .unwrap()
        );
        account
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
    async fn a_link_works_once_and_only_the_newest() {
        let store = crate::testing::store().await;
        let account = ana(&store).await;
        let first = link(account.id(), LinkKind::Recovery, "r1");
        assert!(store.replace_link(&account, &first, now()).await.unwrap());
        // Two requests that began with the same account: one wins.
        assert!(
            !store
                .replace_link(
                    &account,
                    &link(account.id(), LinkKind::Recovery, "r2"),
                    now()
                )
                .await
                .unwrap()
        );
        let account = store.account(account.id()).await.unwrap().unwrap();
        let second = link(account.id(), LinkKind::Recovery, "r3");
        assert!(store.replace_link(&account, &second, now()).await.unwrap());
        let session = Session::new(account.id(), SignInMethod::Link, now());
        assert!(
            !store
                .sign_in_by_link(&account, &first, &session)
                .await
                .unwrap()
        );
        assert!(
            store
                .sign_in_by_link(&account, &second, &session)
                .await
                .unwrap()
        );
        let again = Session::new(account.id(), SignInMethod::Link, now());
        assert!(
            !store
                .sign_in_by_link(&account, &second, &again)
                .await
                .unwrap()
        );
        let account = store.account(account.id()).await.unwrap().unwrap();
        assert_eq!(account.recovery_token, None);
        assert_eq!(account.last_sign_in_at, Some(now()));
        let third = link(account.id(), LinkKind::Recovery, "r4");
        assert!(
            store.replace_link(&account, &third, now()).await.unwrap(),
            "after one was used"
        );
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
