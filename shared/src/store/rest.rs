//! Rest of a deleted account: for some hours she can bring it back, and nobody sees anything of it.
//!
//! The receipt of the erasure (`ERASED`) is there from the first step, so everything that stops for somebody who
//! was erased stops. Until the rest ends it holds what the first step took away: the account and the wrapped data
//! key. Then these go, and the erasure runs as it does without a rest. The password, the role, links and sign-ins
//! are gone for good.

use serde::{Deserialize, Serialize};

use super::append::Append;
use super::erasure::{DUE_ERASE, Erasure, RESUME_AFTER_SECONDS, key};
use super::event_rows::DataKeyRow;
use super::events::data_key_row;
use super::tx::{Change, Condition, TxOutcome};
use super::users::account_key;
use super::{MailLink, Row, Store};
use crate::domain::{Account, AccountOrigin, Result, SessionId, Timestamp, UserId};

/// How long an account rests, and the event that says so.
pub(crate) struct Rest {
    pub(crate) until: Timestamp,
    pub(crate) event: Append,
}

/// An account that rests.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RestingAccount {
    pub(crate) rests_until: Timestamp,
    pub(crate) account: Account,
    pub(crate) data_key: DataKeyRow,
}

#[derive(Serialize)]
struct RestingReceipt {
    #[serde(flatten)]
    receipt: Erasure,
    #[serde(flatten)]
    rest: RestingAccountRow,
}

/// What of it the receipt does not say.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RestingAccountRow {
    account: Account,
    data_key: DataKeyRow,
}

/// How an account was brought back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RestoreOutcome {
    /// It is back.
    Done,
    /// Another account has its address by now.
    AddressTaken,
    /// It does not rest any more, or the link was used.
    Gone,
}

impl Store {
    /// The first step of a deletion that can be undone. `false`: the account changed in between.
    pub(crate) async fn begin_rest(
        &self,
        account: &Account,
        address: &str,
        sessions: &[SessionId],
        rest: Rest,
        now: Timestamp,
    ) -> Result<bool> {
        let user = account.id();
        // It was made for the event at the latest.
        let Some(data_key) = self.data_key(user).await? else {
            return Ok(false);
        };
        let receipt = RestingReceipt {
            receipt: Erasure {
                erased_at: now,
                sweeps: 0,
                rests_until: Some(rest.until),
                mailed_at: None,
            },
            rest: RestingAccountRow {
                account: account.put_aside(now),
                data_key,
            },
        };
        let receipt = Row::new(key(user), receipt);
        // Soon, for what is left to do after this step; then when the rest ends.
        let receipt = receipt.due(DUE_ERASE, now.plus_seconds(RESUME_AFTER_SECONDS));
        self.free_lapsed_address(account, now).await?;
        let tx = self.take_away(account, address, sessions, now);
        let tx = tx.create(&receipt).append(rest.event);
        Ok(tx.commit().await?.is_done())
    }

    /// Her account, while it rests.
    pub(crate) async fn resting_account(&self, user: UserId) -> Result<Option<RestingAccount>> {
        let receipt = self.erasure(user).await?;
        if receipt.is_none_or(|it| it.rests_until.is_none()) {
            return Ok(None);
        }
        self.get(&key(user)).await
    }

    /// Notes that she was mailed how to bring it back; nothing is left to do until the rest ends.
    pub(crate) async fn note_rest_mailed(
        &self,
        user: UserId,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<()> {
        let key = key(user);
        let change = Change::default()
            .set("mailedAt", now)
            .due(DUE_ERASE, &key, until)
            .when("restsUntil", "=", until);
        // Refused means that it does not rest any more.
        self.tx().update(&key, change).commit().await.map(drop)
    }

    /// Has a resting account be looked at again at `at`.
    pub(crate) async fn put_off_rest(
        &self,
        user: UserId,
        until: Timestamp,
        at: Timestamp,
    ) -> Result<()> {
        let key = key(user);
        let change = Change::default()
            .due(DUE_ERASE, &key, at)
            .when("restsUntil", "=", until);
        self.tx().update(&key, change).commit().await.map(drop)
    }

    /// Stores a link that brings her account back. `false`: it does not rest any more.
    pub(crate) async fn add_rest_link(
        &self,
        user: UserId,
        hash: &str,
        link: &MailLink,
    ) -> Result<bool> {
        let change = Change::default().set("linkedAt", link.expires_at).when(
            "restsUntil",
            "=",
            link.expires_at,
        );
        let tx = self.tx().update(&key(user), change);
        Ok(tx
            .write_mail_link(user, hash, link)
            .commit()
            .await?
            .is_done())
    }

    /// The rest ends for good: what the receipt held is gone, and the erasure goes on. `false`: she was faster.
    pub(crate) async fn end_rest(&self, user: UserId, until: Timestamp) -> Result<bool> {
        let change = ["restsUntil", "mailedAt", "linkedAt", "account", "dataKey"]
            .into_iter()
            .fold(Change::default(), Change::remove)
            .when("restsUntil", "=", until);
        let tx = self.tx().update(&key(user), change);
        Ok(tx.commit().await?.is_done())
    }

    /// Brings a resting account back by a mailed link, which proves its address. It has no password.
    pub(crate) async fn restore_account(
        &self,
        resting: &RestingAccount,
        link: &str,
        event: Append,
        now: Timestamp,
    ) -> Result<RestoreOutcome> {
        let before = &resting.account;
        let user = before.id();
        let account = Account {
            proved_at: before.proved_at.or(Some(now)),
            email_confirmed_at: before.email_confirmed_at.or(Some(now)),
            signed_up_from: None,
            confirmation_links: Vec::new(),
            recovery_links: Vec::new(),
            password_at: now,
            updated_at: now,
            ..before.clone()
        };
        let until = resting.rests_until.to_string();
        let mut tx = self
            .tx()
            .delete_when(&key(user), "restsUntil", &until)
            .create(&Row::new(account_key(user), &account))
            .create(&data_key_row(user, &resting.data_key, now))
            .use_mail_link(user, link)
            .append(event);
        if account.origin == AccountOrigin::Own {
            tx = tx
                .claim_address(&account.email, user, now)
                .named(Condition::IsNew);
        }
        if !before.is_proved() {
            tx = tx.plan_first_check(user, now);
        }
        Ok(match tx.commit().await? {
            TxOutcome::Done => RestoreOutcome::Done,
            TxOutcome::Refused(why) if why == [Condition::IsNew] => RestoreOutcome::AddressTaken,
            TxOutcome::Refused(_) => RestoreOutcome::Gone,
        })
    }
}
