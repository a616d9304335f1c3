//! Mails about a change of the address: the code to the new one, the notice to the earlier one.

use super::SignInMailer;
use crate::domain::{Error, Result, Timestamp, UserId};
use crate::mail::Mail;
use crate::queues::{QueueDelivery, SignInMail};
use crate::services::people::auth::sealed_mail::open_for_mail;

impl SignInMailer {
    /// Mails the code of a change that was asked for, while it is the newest. Who has an account with the new address is
    /// told what sign-up tells her, and gets no code.
    pub(super) async fn send_address_code(
        &self,
        asked: &SignInMail,
        delivery: &QueueDelivery,
        now: Timestamp,
    ) -> Result<()> {
        let (user, key) = sealed(asked)?;
        let change = self.store.address_change(user).await?;
        let Some(change) = change.filter(|it| it.is_open(now)) else {
            return Ok(());
        };
        let Some(code) = open_for_mail(user, key, &change.sealed_code)? else {
            return Ok(());
        };
        let mail = match self.store.owner_of(&asked.email).await? {
            None => Mail::Code { code },
            Some(_) => self.account_exists(),
        };
        self.send_once(&asked.email, &mail, delivery, now).await
    }

    /// Tells the earlier address of a change, while it can be undone.
    pub(super) async fn tell_of_changed_address(
        &self,
        asked: &SignInMail,
        delivery: &QueueDelivery,
        now: Timestamp,
    ) -> Result<()> {
        let (user, key) = sealed(asked)?;
        let Some(account) = self.store.account(user).await? else {
            return Ok(());
        };
        let Some(earlier) = account.reserved_address(now) else {
            return Ok(());
        };
        let Some(token) = open_for_mail(user, key, &earlier.sealed_token)? else {
            return Ok(());
        };
        let link = format!("{}/api/v1/auth/address/undo/{token}", self.public_url);
        let mail = Mail::AddressChanged { link };
        self.send_once(&earlier.email, &mail, delivery, now).await
    }

    async fn send_once(
        &self,
        to: &str,
        mail: &Mail,
        delivery: &QueueDelivery,
        now: Timestamp,
    ) -> Result<()> {
        if let Some(claim) = self.claim(delivery, now).await? {
            self.mailer.send(to, mail).await?;
            self.note_sent(&claim).await;
        }
        Ok(())
    }
}

/// Whose account a message is about, and what opens what its row holds.
fn sealed(asked: &SignInMail) -> Result<(UserId, &str)> {
    asked.user_id.zip(asked.key.as_deref()).ok_or_else(|| {
        Error::bug(
            "mailing of an address",
            "the message names nobody or has no key",
        )
    })
}
