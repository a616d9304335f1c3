//! Putting an earlier password back, by a link that undoes its change.

use super::Store;
use super::append::Append;
use super::password_undo::{PasswordUndo, key};
use super::users::{account_key, as_seen, credentials_row};
use crate::domain::{Account, Result, SessionId, Timestamp};

/// How many other links of this kind one transaction ends.
const ENDED_LINKS: usize = 10;

/// How a password is put back.
pub(crate) struct PasswordRestore<'a> {
    /// The link that is used up.
    pub(crate) undo: &'a PasswordUndo,
    /// The hash of the earlier password.
    pub(crate) password_hash: &'a str,
    /// Sign-ins that end with it, no more than one step holds.
    pub(crate) ended: &'a [SessionId],
    /// What is recorded of it.
    pub(crate) events: Vec<Append>,
    /// When.
    pub(crate) at: Timestamp,
}

impl Store {
    /// Puts the earlier password back, using up the link, and ends all links and these sign-ins with it. `false`: the
    /// account or the link is not what it was.
    pub(crate) async fn restore_password(
        &self,
        account: &Account,
        how: PasswordRestore<'_>,
    ) -> Result<bool> {
        let user = account.id();
        let others: Vec<PasswordUndo> = self.rows_under(key(user, "")).await?;
        let seen = as_seen(account)
            .set("passwordAt", how.at)
            .set("updatedAt", how.at);
        let mut tx = self
            .tx()
            .update(&account_key(user), seen.without_links())
            .put(&credentials_row(user, how.password_hash))
            .drop_links(account, None)
            .delete_existing(&key(user, &how.undo.hash));
        let others = others.iter().filter(|it| it.hash != how.undo.hash);
        for other in others.take(ENDED_LINKS) {
            tx = tx.delete(&key(user, &other.hash));
        }
        for &session in how.ended {
            tx = tx.drop_session(user, session);
        }
        let tx = tx.append_all(how.events);
        Ok(tx.commit().await?.is_done())
    }
}
