//! Undoing a change of the address by the link that was mailed to the earlier one.
//!
//! Who changed the address had entered the password, so the password ends with it, and what undoes its changes: those
//! links may have been mailed to the address that was put in.

use super::{AuthRefusal, AuthService};
use crate::auth::{Caller, OneTime};
use crate::domain::event::{AccountAddressRestored, SessionEndCause};
use crate::domain::{Account, EarlierAddress, Error, Result, Role, Timestamp};
use crate::services::notices::mail_links::user_of;
use crate::store::AddressRestore;

impl AuthService {
    /// Whether a link puts an earlier address back.
    pub async fn can_undo_address(&self, token: &str, now: Timestamp) -> Result<bool> {
        Ok(self.earlier_by(token, now).await?.is_some())
    }

    /// Puts the earlier address back by a mailed link, which is used up. All her sign-ins and the password end. `false`:
    /// the link does not work.
    pub async fn undo_address(&self, token: &str, now: Timestamp) -> Result<bool, AuthRefusal> {
        let Some((account, earlier)) = self.earlier_by(token, now).await? else {
            return Ok(false);
        };
        let user = account.id();
        // First: an act that is interrupted here can be repeated with the same link.
        self.preferences.clear_webhook(user, now).await?;
        let nobody = Caller {
            user,
            email: account.email.clone(),
            session: None,
            role: Role::User,
            confirmed_at: None,
        };
        let ended = self.first_to_end(&nobody).await?;
        let said = AccountAddressRestored {
            email: earlier.email.clone(),
            replaced: account.email.clone(),
        };
        let mut events = vec![
            self.event(&nobody, "account.address_restored", &said)
                .await?,
        ];
        if !ended.is_empty() {
            let cause = SessionEndCause::AddressChanged;
            events.push(self.ended(&nobody, &ended, cause).await?);
        }
        let how = AddressRestore {
            earlier: &earlier,
            ended: &ended,
            events,
            at: now,
        };
        if !self.store.restore_address(&account, how).await? {
            let what = "undoing a change of an address";
            return Err(Error::unavailable(what, "the account changed in between").into());
        }
        // Those that one step could not hold, and any that began in between.
        let left = self.others(&nobody).await?;
        self.store.end_sessions(user, &left).await?;
        Ok(true)
    }

    /// The account and the address that a link puts back.
    async fn earlier_by(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<Option<(Account, EarlierAddress)>> {
        let Some(user) = user_of(token) else {
            return Ok(None);
        };
        let hash = OneTime::hash(token);
        let Some(account) = self.store.account(user).await? else {
            return Ok(None);
        };
        let earlier = account.reserved_address(now).cloned();
        let earlier = earlier.filter(|it| it.hash == hash);
        Ok(earlier.map(|it| (account, it)))
    }
}
