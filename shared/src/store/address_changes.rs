//! Rows of a change of the account's address, and the addresses themselves while it can be undone.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `USER#<id>` | `ADDRESS_CHANGE` | the change that waits for its code; a new one replaces it |
//! | `EMAIL#<address>` | `-` | with `reservedUntil`: leads to nobody, and nobody else may have it |
//!
//! *Invariant:* an address is the key of its row, and rows of addresses move in the transaction that changes the account.
//! So two accounts never have one address (`of_two_who_confirm_one_address_one_has_it`).

use super::append::Append;
use super::password_undo::{self, PasswordUndo};
use super::tx::{Change, Condition, Tx, TxOutcome};
use super::users::{EmailRow, account_key, as_seen, credentials_key, email_key};
use super::{Key, Row, Store};
use crate::domain::{
    ADDRESS_CODE_TRIES, Account, AddressChange, EarlierAddress, Result, SessionId, Timestamp,
    UserId,
};

/// How many links that undo a change of the password one transaction ends.
const ENDED_LINKS: usize = 8;

/// How an address is replaced.
pub(crate) struct AddressSwap<'a> {
    /// The change that is used up.
    pub(crate) change: &'a AddressChange,
    /// The new address.
    pub(crate) email: &'a str,
    /// The one before, with the link that puts it back.
    pub(crate) earlier: EarlierAddress,
    /// Sign-ins that end with it, no more than one step holds.
    pub(crate) ended: &'a [SessionId],
    /// What is recorded of it.
    pub(crate) events: Vec<Append>,
    /// When.
    pub(crate) at: Timestamp,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SwapOutcome {
    /// The account has the new address.
    Done,
    /// Somebody else has it.
    Taken,
    /// The account or the change is not what it was.
    Changed,
}

/// How an earlier address is put back.
pub(crate) struct AddressRestore<'a> {
    /// The address, and the link that is used up.
    pub(crate) earlier: &'a EarlierAddress,
    /// Sign-ins that end with it, no more than one step holds.
    pub(crate) ended: &'a [SessionId],
    /// What is recorded of it.
    pub(crate) events: Vec<Append>,
    /// When.
    pub(crate) at: Timestamp,
}

fn key(user: UserId) -> Key {
    Key::user(user, "ADDRESS_CHANGE")
}

impl Store {
    /// Stores a change that waits for its code, in place of one before. `false`: she has left.
    pub(crate) async fn ask_address_change(
        &self,
        user: UserId,
        change: &AddressChange,
        event: Append,
    ) -> Result<bool> {
        let mut row = Row::new(key(user), change);
        row.ttl = Some(change.expires_at.epoch_seconds());
        let tx = self.tx().put(&row).require(&account_key(user));
        Ok(tx.append(event).commit().await?.is_done())
    }

    /// The change that was asked for last. It may have expired.
    pub(crate) async fn address_change(&self, user: UserId) -> Result<Option<AddressChange>> {
        self.get_readable(&key(user)).await
    }

    /// Counts a try of a code before it is judged. `false`: there were too many, or another change took its place.
    pub(crate) async fn count_code_try(&self, user: UserId, asked_at: Timestamp) -> Result<bool> {
        let change = Change::default()
            .add("tries", 1)
            .when("askedAt", "=", asked_at)
            .when("tries", "<", ADDRESS_CODE_TRIES);
        let tx = self.tx().update(&key(user), change);
        Ok(tx.commit().await?.is_done())
    }

    /// Replaces her address, using up the change, and ends all links and these sign-ins. The earlier address stays
    /// reserved for her.
    pub(crate) async fn swap_address(
        &self,
        account: &Account,
        how: AddressSwap<'_>,
    ) -> Result<SwapOutcome> {
        let (user, now) = (account.id(), how.at);
        let seen = as_seen(account)
            .when("email", "=", &account.email)
            .set("email", how.email)
            .set("earlierAddress", &how.earlier)
            .proved_anew(now);
        let asked_at = how.change.asked_at.to_string();
        let mut tx = self
            .tx()
            .update(&account_key(user), seen)
            .claim_address(how.email, user, now)
            .named(Condition::IsNew)
            .reserve_address(user, &how.earlier)
            .delete_when(&key(user), "askedAt", &asked_at)
            .drop_links(account, None)
            .plan_first_check(user, now);
        for &session in how.ended {
            tx = tx.drop_session(user, session);
        }
        let tx = tx.append_all(how.events);
        Ok(match tx.commit().await? {
            TxOutcome::Done => SwapOutcome::Done,
            TxOutcome::Refused(why) if why == [Condition::IsNew] => SwapOutcome::Taken,
            TxOutcome::Refused(_) => SwapOutcome::Changed,
        })
    }

    /// Puts the earlier address back, using up the link. The address since is nobody's. All links, the password, what
    /// undoes its changes and these sign-ins end: who changed the address knew the password. `false`: the account is not
    /// what it was.
    pub(crate) async fn restore_address(
        &self,
        account: &Account,
        how: AddressRestore<'_>,
    ) -> Result<bool> {
        let (user, now) = (account.id(), how.at);
        let undos: Vec<PasswordUndo> = self.rows_under(password_undo::key(user, "")).await?;
        let seen = as_seen(account)
            .when("email", "=", &account.email)
            .set("email", &how.earlier.email)
            .set("passwordAt", now)
            .remove("earlierAddress")
            .proved_anew(now);
        let (hers, owner) = (user.to_string(), owned(user, &how.earlier.email, None));
        let mut tx = self
            .tx()
            .update(&account_key(user), seen)
            .put_when(&owner, "userId", user)
            .delete_when(&email_key(&account.email), "userId", &hers)
            .delete(&key(user))
            .delete(&credentials_key(user))
            .drop_links(account, None)
            .plan_first_check(user, now);
        for undo in undos.iter().take(ENDED_LINKS) {
            tx = tx.delete(&password_undo::key(user, &undo.hash));
        }
        for &session in how.ended {
            tx = tx.drop_session(user, session);
        }
        let tx = tx.append_all(how.events);
        Ok(tx.commit().await?.is_done())
    }

    /// Frees the earlier address of somebody who leaves, if its time is over and the table has not forgotten it. It may be
    /// somebody else's by now, so that it cannot go in the step that removes the account.
    pub(super) async fn free_lapsed_address(
        &self,
        account: &Account,
        now: Timestamp,
    ) -> Result<()> {
        let lapsed = account.earlier_address.as_ref();
        let Some(lapsed) = lapsed.filter(|it| !it.is_open(now)) else {
            return Ok(());
        };
        let (address, until) = (email_key(&lapsed.email), lapsed.until.to_string());
        let tx = self.tx().delete_when(&address, "reservedUntil", &until);
        // Refused means that it is gone, or somebody else's.
        tx.commit().await.map(drop)
    }
}

/// Whose an address is.
fn owned(user: UserId, email: &str, reserved_until: Option<Timestamp>) -> Row<EmailRow> {
    let owner = EmailRow {
        user_id: user,
        reserved_until,
    };
    let mut row = Row::new(email_key(email), owner);
    row.ttl = reserved_until.map(Timestamp::epoch_seconds);
    row
}

impl Change {
    /// The account's present address was proved by what was mailed to it, and no link of before works.
    fn proved_anew(self, now: Timestamp) -> Self {
        self.set("provedAt", now)
            .set("emailConfirmedAt", now)
            .set("updatedAt", now)
            .remove("signedUpFrom")
            .without_links()
    }
}

impl Tx<'_> {
    /// Makes an address hers. Refused if somebody has it, or it is reserved.
    pub(super) fn claim_address(self, email: &str, user: UserId, now: Timestamp) -> Self {
        self.create_or_lapsed(&owned(user, email, None), "reservedUntil", now)
    }

    /// Keeps an address of hers from others, though it leads to nobody.
    fn reserve_address(self, user: UserId, earlier: &EarlierAddress) -> Self {
        let row = owned(user, &earlier.email, Some(earlier.until));
        self.put_when(&row, "userId", user)
    }

    /// Frees the address that is reserved for somebody who leaves.
    pub(super) fn free_reserved_address(self, account: &Account, now: Timestamp) -> Self {
        match account.reserved_address(now) {
            Some(it) => {
                let hers = account.id().to_string();
                self.delete_unless_other(&email_key(&it.email), "userId", &hers)
            }
            None => self,
        }
    }
}

#[cfg(test)]
mod tests;
