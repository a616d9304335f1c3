//! Account rows: profile, password hash, address, and what a mailed link or password change writes.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `USER#<id>` | `PROFILE` | account and profile |
//! | `CREDENTIALS#<id>` | `-` | the hash of her password |
//! | `EMAIL#<address>` | `-` | whose the address is, or for whom it is reserved (`address_changes`) |
//!
//! *Invariant:* a sign-in is stored only together with proof that the password is still the one that
//! was checked, so a sign-in can never outlive the change that should have ended it.

use serde::{Deserialize, Serialize};

use super::append::Append;
use super::password_undo::PasswordUndo;
use super::tx::{Change, Tx};
use super::{Key, NewSession, Row, Store};
use crate::domain::{Account, Link, LinkKind, Result, Session, SessionId, Timestamp, UserId};

/// Whose an address is.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EmailRow {
    pub(super) user_id: UserId,
    /// Until when nobody else may have it, though it leads to no account: hers has another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reserved_until: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CredentialsRow {
    password_hash: String,
}

/// What using a mailed link changes beside the proof.
#[derive(Clone, Debug)]
pub struct LinkUse<'a> {
    /// The sign-in that begins with it.
    pub session: Option<NewSession<'a>>,
    /// Sign-ins that end with it, no more than one step holds.
    pub ended: &'a [SessionId],
    /// Whether the password is of no use any more.
    pub voids_password: bool,
    /// The event of the sign-ins that end.
    pub(crate) event: Option<Append>,
    /// When.
    pub at: Timestamp,
}

/// What replacing a password changes.
#[derive(Clone, Debug)]
pub(crate) struct PasswordChange<'a> {
    /// The hash of the new password.
    pub(crate) password_hash: &'a str,
    /// The link that is used up, if that is how she may.
    pub(crate) link: Option<&'a Link>,
    /// The link that undoes it.
    pub(crate) undo: Option<&'a PasswordUndo>,
    /// Sign-ins that end with it, no more than one step holds.
    pub(crate) ended: &'a [SessionId],
    /// What is recorded of it.
    pub(crate) events: Vec<Append>,
    /// When.
    pub(crate) at: Timestamp,
}

/// The attributes of an account that list its working links.
pub(super) const LISTS: [&str; 2] = ["confirmationLinks", "recoveryLinks"];

/// Where an account lists its working links of this kind.
pub(super) fn links_attribute(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::SignUp => LISTS[0],
        LinkKind::Recovery => LISTS[1],
    }
}

pub(super) fn account_key(user: UserId) -> Key {
    Key::user(user, "PROFILE")
}

pub(super) fn credentials_key(user: UserId) -> Key {
    Key::lone(format!("CREDENTIALS#{user}"))
}

pub(super) fn email_key(email: &str) -> Key {
    Key::lone(format!("EMAIL#{email}"))
}

/// The hash of her password, as it is stored.
pub(super) fn credentials_row(user: UserId, password_hash: &str) -> Row<impl Serialize> {
    let credentials = CredentialsRow {
        password_hash: password_hash.to_owned(),
    };
    Row::new(credentials_key(user), credentials)
}

impl Store {
    /// Her account, while she is with us.
    pub async fn account(&self, user: UserId) -> Result<Option<Account>> {
        self.get(&account_key(user)).await
    }

    /// Whose an address is; nobody's while it is only reserved. The address is in lower case.
    pub async fn owner_of(&self, email: &str) -> Result<Option<UserId>> {
        let owner = self.get::<EmailRow>(&email_key(email)).await?;
        let owner = owner.filter(|it| it.reserved_until.is_none());
        Ok(owner.map(|it| it.user_id))
    }

    /// The account an address leads to. The address is in lower case.
    pub async fn account_of(&self, email: &str) -> Result<Option<Account>> {
        let owner = self.owner_of(email).await?;
        // Where there is none as much is read, so that the time taken does not tell.
        self.account(owner.unwrap_or_else(UserId::random)).await
    }

    /// The hash of her password.
    pub async fn password_hash(&self, user: UserId) -> Result<Option<String>> {
        let row: Option<CredentialsRow> = self.get(&credentials_key(user)).await?;
        Ok(row.map(|it| it.password_hash))
    }

    /// Stores a new account with its password and, if she begins one, her sign-in. `false`: the address is taken.
    pub async fn create_account(
        &self,
        account: &Account,
        password_hash: &str,
        session: Option<&Session>,
    ) -> Result<bool> {
        self.create_signed_in(account, password_hash, session.map(NewSession::from))
            .await
    }

    /// The same, with what is recorded of her sign-in.
    pub(crate) async fn create_signed_in(
        &self,
        account: &Account,
        password_hash: &str,
        session: Option<NewSession<'_>>,
    ) -> Result<bool> {
        let user = account.id();
        let mut tx = self
            .tx()
            .claim_address(&account.email, user, account.profile.created_at)
            .create(&Row::new(account_key(user), account))
            .create(&credentials_row(user, password_hash))
            .plan_first_scans(user, account.profile.created_at)
            .plan_question(user, account.profile.created_at);
        if let Some(session) = session {
            tx = tx.begin_session(session);
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
    pub async fn sign_in(
        &self,
        account: &Account,
        session: impl Into<NewSession<'_>>,
    ) -> Result<bool> {
        let new = session.into();
        let seen = as_seen(account).set("lastSignInAt", new.session.created_at);
        let tx = self
            .tx()
            .update(&account_key(account.id()), seen)
            .begin_session(new);
        Ok(tx.commit().await?.is_done())
    }

    /// Uses up a link, which proves that she reads her address. `false`: the link or the account is not what
    /// it was.
    pub async fn use_link(&self, account: &Account, link: &Link, how: LinkUse<'_>) -> Result<bool> {
        let (user, now) = (account.id(), how.at);
        let mut seen =
            proved(as_seen(account), account, link, now).remove(links_attribute(link.kind));
        if how.session.is_some() {
            seen = seen.set("lastSignInAt", now);
        }
        if how.voids_password {
            seen = seen.set("passwordAt", now);
        }
        let mut tx = self.tx().update(&account_key(user), seen).use_link(link);
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
            tx = tx.begin_session(session);
        }
        tx = tx.append_all(how.event);
        if !account.is_proved() {
            tx = tx.plan_first_check(user, now);
        }
        for &session in how.ended {
            tx = tx.drop_session(user, session);
        }
        Ok(tx.commit().await?.is_done())
    }

    /// Replaces her password, using up the link if that is how she may, and ends all her links and these
    /// sign-ins with it. `false`: the account or the link is not what it was.
    pub(crate) async fn change_password(
        &self,
        account: &Account,
        how: PasswordChange<'_>,
    ) -> Result<bool> {
        let (user, link, now) = (account.id(), how.link, how.at);
        let seen = as_seen(account)
            .set("passwordAt", now)
            .set("updatedAt", now);
        let seen = match link {
            Some(link) => proved(seen, account, link, now),
            None => seen,
        };
        let mut tx = self
            .tx()
            .update(&account_key(user), seen.without_links())
            .put(&credentials_row(user, how.password_hash))
            .drop_links(account, link);
        if let Some(link) = link {
            tx = tx.use_link(link);
            if !account.is_proved() {
                tx = tx.plan_first_check(user, now);
            }
        }
        if let Some(undo) = how.undo {
            tx = tx.write_password_undo(user, undo);
        }
        for &session in how.ended {
            tx = tx.drop_session(user, session);
        }
        let tx = tx.append_all(how.events);
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
            .set("updatedAt", now)
            .if_exists();
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
pub(super) fn as_seen(account: &Account) -> Change {
    Change::default().when("passwordAt", "=", account.password_at)
}

/// The same, by who follows `link`: she reads her address.
fn proved(seen: Change, account: &Account, link: &Link, now: Timestamp) -> Change {
    let proved = account.proved_at.unwrap_or(now);
    let confirmed = account.email_confirmed_at.unwrap_or(now);
    seen.set("provedAt", proved)
        .set("emailConfirmedAt", confirmed)
        .remove("signedUpFrom")
        .when_contains(links_attribute(link.kind), &link.hash)
}

impl Tx<'_> {
    pub(super) fn drop_account(self, account: &Account, now: Timestamp) -> Self {
        let tx = self
            .delete_existing(&account_key(account.id()))
            .delete(&credentials_key(account.id()))
            .drop_role(account.id());
        match account.origin {
            crate::domain::AccountOrigin::Own => tx
                .delete(&email_key(&account.email))
                .free_reserved_address(account, now),
            crate::domain::AccountOrigin::External => tx,
        }
    }
}

#[cfg(test)]
mod tests;
