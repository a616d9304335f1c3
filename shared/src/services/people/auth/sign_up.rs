//! Sign-up, with and without `ConfirmFirst`.

use super::link::SIGN_UP_MAIL_PAUSE_SECONDS;
use super::throttle::Client;
use super::{AuthRefusal, AuthService, SignInGrant, checked};
use crate::auth::hash_password;
use crate::clock;
use crate::domain::{Account, Result, Role, Session, SignInMethod, UserId, credentials};
use crate::queues::SignInMailKind;

/// An account that was made, signed in if that was asked for.
#[derive(Clone, Debug)]
pub struct SignUpGrant {
    /// The account; one that is stored nowhere if the address had one and nobody may know.
    pub account: Account,
    /// Her sign-in.
    pub granted: Option<SignInGrant>,
}

impl AuthService {
    /// Makes an account and asks for the mail with the link that confirms its address. `client` is where the request
    /// comes from.
    ///
    /// The account can be used at once, unless addresses are confirmed first. Then a taken address is answered like
    /// a new one, by the same steps, and who reads it is told by mail.
    pub async fn sign_up(
        &self,
        address: Option<&str>,
        password: Option<&str>,
        redirect_to: Option<&str>,
        client: &Client,
        sign_in: bool,
    ) -> Result<SignUpGrant, AuthRefusal> {
        let from = client.network();
        let (address, password) = checked(address, password)?;
        let lacks = credentials::weaknesses(password);
        if !lacks.is_empty() {
            return Err(AuthRefusal::WeakPassword(lacks));
        }
        if !self.confirm_first && self.store.account_of(&address).await?.is_some() {
            return Err(AuthRefusal::AddressTaken);
        }
        let hash = hash_password(password.to_owned()).await?;
        let now = clock::now();
        let mut account = Account::new(UserId::random(), &address, now);
        account.signed_up_from = self.place(from);
        account.confirmation_sent_at = Some(now);
        let sign_in = sign_in && !self.confirm_first;
        if sign_in {
            self.publication.ensure().await?;
        }
        account.last_sign_in_at = sign_in.then_some(now);
        if self.confirm_first {
            account.email_confirmed_at = None;
        }
        let session = sign_in.then(|| {
            Session::new(account.id(), SignInMethod::Password, now).on_device(client.device_words())
        });
        let is_new = self.create(&account, &hash, session.as_ref()).await?;
        if self.confirm_first {
            self.ask_to_confirm(&address, redirect_to, from, is_new)
                .await?;
            return Ok(SignUpGrant {
                account,
                granted: None,
            });
        }
        if !is_new {
            return Err(AuthRefusal::AddressTaken);
        }
        // She is in whether or not the mail goes out; she can prove her address another time.
        let asked = self.ask_for_mail(SignInMailKind::Confirmation, &address, redirect_to, now);
        if let Err(err) = asked.await {
            tracing::warn!(
                error.chain = err.chain(),
                "mail of a new account was not asked for"
            );
        }
        let granted = session
            .map(|it| self.grant(account.clone(), Role::User, &it, now))
            .transpose()?;
        Ok(SignUpGrant { account, granted })
    }

    /// Stores a new account. `false`: the address is taken, and nothing is left of it.
    async fn create(
        &self,
        account: &Account,
        hash: &str,
        session: Option<&Session>,
    ) -> Result<bool> {
        let Some(session) = session else {
            return self.store.create_account(account, hash, None).await;
        };
        let new = self
            .recorded_start(session, true, account.profile.created_at)
            .await?;
        let is_new = self
            .store
            .create_signed_in(account, hash, Some(new))
            .await?;
        if !is_new {
            self.store.drop_data_key(account.id()).await?;
        }
        Ok(is_new)
    }

    /// Has who reads the address mailed, but not every time that somebody signs up with an address that is taken:
    /// once a minute, and as often as strangers may have links mailed. The caller is not told which.
    async fn ask_to_confirm(
        &self,
        address: &str,
        redirect_to: Option<&str>,
        from: &str,
        is_new: bool,
    ) -> Result<(), AuthRefusal> {
        let now = clock::now();
        let window = self.keys().address_name(address);
        let may_mail = self
            .store
            .open_mail_window(&window, SIGN_UP_MAIL_PAUSE_SECONDS, now)
            .await?
            && self.admit_sign_up_mail(address, from, now).await?;
        let kind = match (is_new, may_mail) {
            (true, _) => SignInMailKind::Confirmation,
            (false, true) => SignInMailKind::SignUpAgain,
            (false, false) => return Ok(()),
        };
        if let Err(err) = self.ask_for_mail(kind, address, redirect_to, now).await {
            // No mail will come, so the next sign-up may ask for one at once.
            self.store.close_mail_window(&window).await?;
            return Err(err.into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::people::auth::tests::{HERS, service};
    use crate::testing::Cloud;

    /// Signs up from this network when the last minute's pause is over.
    async fn ask(service: &AuthService, from: &str, is_new: bool) -> Result<(), AuthRefusal> {
        let window = service.keys().address_name(HERS);
        service.store.close_mail_window(&window).await.unwrap();
        service.ask_to_confirm(HERS, None, from, is_new).await
    }

    #[tokio::test]
    async fn mails_for_signing_up_again_are_capped_without_telling() {
        let cloud = Cloud::start().await;
        let store = crate::testing::store().await;
        let service = service(&store, cloud.queues());
        let sent = || cloud.told("SendMessage").len();
        for (from, most) in [("192.0.2.1", 3), ("192.0.2.2", 6), ("192.0.2.3", 6)] {
            for _ in 0..4 {
                ask(&service, from, false).await.unwrap();
            }
            assert_eq!(sent(), most, "{from}");
        }
        // What they used up is none of the links that she asks for, nor the first mail of an account.
        ask(&service, "192.0.2.1", true).await.unwrap();
        assert_eq!(sent(), 7);
        let client = crate::services::people::auth::Client::new("192.0.2.1", "A");
        let asked = service.recover(Some(HERS), None, &client);
        asked.await.unwrap();
        assert_eq!(sent(), 8);
    }

    #[tokio::test]
    async fn a_mail_that_could_not_be_asked_for_makes_nobody_wait() {
        let store = crate::testing::store().await;
        let broken = service(&store, Cloud::silent_queues());
        assert!(ask(&broken, "192.0.2.1", true).await.is_err());
        let cloud = Cloud::start().await;
        let service = service(&store, cloud.queues());
        let again = service.ask_to_confirm(HERS, None, "192.0.2.1", false);
        again.await.unwrap();
        assert_eq!(cloud.told("SendMessage").len(), 1);
    }
}
