//! Sign-in mails (queue sign-in-mail): recovery, confirmation and sign-up notices, sent off the
//! request.
//!
//! A request only leaves a message, whether or not there is an account. So neither the time it takes nor its
//! answer tells whether there is one, or whether mail works. Links are drawn here: no message holds a token.

mod address;

use url::form_urlencoded;

use crate::auth::{OneTime, Redirects};
use crate::clock;
use crate::domain::{Account, Error, Link, LinkKind, Result, Timestamp};
use crate::mail::{Mail, Mailer};
use crate::queues::QueueDelivery;
use crate::queues::{SignInMail, SignInMailKind};
use crate::services::notices::mail_links::MailLinks;
use crate::settings::Env;
use crate::store::{Mailing, MailingClaim, Store};

/// A mail asked for so long ago is not sent any more, in seconds: nobody waits for it.
const STALE_AFTER: i64 = 3600;

/// How long a delivery has a mail to itself, in seconds; longer than the function may take.
const MAIL_LEASE_SECONDS: i64 = 60;

/// Sends mails about signing in.
#[derive(Clone, Debug)]
pub struct SignInMailer {
    /// Accounts and links.
    pub store: Store,
    /// Sends mail.
    pub mailer: Mailer,
    /// Where links may lead in the end.
    pub redirects: Redirects,
    /// Where links lead first: the address of the API, without the last slash.
    pub public_url: String,
}

impl SignInMailer {
    /// The mailer of `PUBLIC_URL`, `WEB_ORIGINS` and `STAGE`. `None`: noted in `env` why not.
    #[must_use]
    pub fn read(env: &Env, store: Store, mailer: Mailer) -> Option<Self> {
        let redirects = Redirects::read(env);
        let public_url = env.text("PUBLIC_URL").trim_end_matches('/').to_owned();
        Some(Self {
            store,
            mailer,
            redirects: redirects?,
            public_url,
        })
    }

    /// Takes a delivery. A mail is sent once, unless the worker is killed between sending and noting it.
    pub async fn take(&self, delivery: &QueueDelivery) -> Result<()> {
        self.take_at(delivery, clock::now()).await
    }

    async fn take_at(&self, delivery: &QueueDelivery, now: Timestamp) -> Result<()> {
        let asked: SignInMail = serde_json::from_str(&delivery.body)
            .map_err(|err| Error::bug("reading a message of sign-in-mail", err))?;
        if asked.kind == SignInMailKind::AddressChanged {
            // Before it counts as stale: its link works for a day.
            return self.tell_of_changed_address(&asked, delivery, now).await;
        }
        if asked.asked_at.plus_seconds(STALE_AFTER) <= now {
            tracing::warn!(
                attempt = delivery.attempt,
                "a mail came too late to be sent"
            );
            return Ok(());
        }
        if asked.kind == SignInMailKind::AccountRests {
            return self.tell_of_rest(&asked, delivery, now).await;
        }
        if asked.kind == SignInMailKind::AddressCode {
            return self.send_address_code(&asked, delivery, now).await;
        }
        let Some(account) = self.store.account_of(&asked.email).await? else {
            return Ok(());
        };
        let Some(claim) = self.claim(delivery, now).await? else {
            return Ok(());
        };
        let page = asked.redirect_to.as_deref();
        let mail = match self.kind(&asked, &account) {
            Some(kind) => self.link_mail(&account, kind, page, &claim, now).await?,
            None => self.account_exists(),
        };
        self.mailer.send(&account.email, &mail).await?;
        self.note_sent(&claim).await;
        Ok(())
    }

    /// What who has an account is told when somebody wants one with her address.
    fn account_exists(&self) -> Mail {
        Mail::AccountExists {
            link: self.redirects.page("/login").to_string(),
        }
    }

    /// The mail's claim, if it was not sent yet.
    async fn claim(
        &self,
        delivery: &QueueDelivery,
        now: Timestamp,
    ) -> Result<Option<MailingClaim>> {
        let claimed = self
            .store
            .claim_mailing(&delivery.id, MAIL_LEASE_SECONDS, now);
        match claimed.await? {
            Mailing::Claimed(claim) => Ok(Some(claim)),
            Mailing::Sent => Ok(None),
            Mailing::Busy => Err(Error::unavailable(
                "sending a mail about signing in",
                "another delivery of the message is at it",
            )),
        }
    }

    async fn note_sent(&self, claim: &MailingClaim) {
        if let Err(err) = self.store.finish_mailing(claim, clock::now()).await {
            // It was sent: coming again would only send it twice.
            tracing::warn!(
                error.chain = err.chain(),
                "a mail that was sent was not noted"
            );
        }
    }

    /// Mails how a deleted account is brought back, while it rests. Until that is noted the schedule asks for it
    /// again; a link of before works as well.
    async fn tell_of_rest(
        &self,
        asked: &SignInMail,
        delivery: &QueueDelivery,
        now: Timestamp,
    ) -> Result<()> {
        let Some(user) = asked.user_id else {
            return Err(Error::bug("mailing of a rest", "the message names nobody"));
        };
        let resting = self.store.resting_account(user).await?;
        let Some(resting) = resting.filter(|it| it.rests_until > now) else {
            return Ok(());
        };
        let Some(claim) = self.claim(delivery, now).await? else {
            return Ok(());
        };
        let until = resting.rests_until;
        let links = MailLinks::new(self.store.clone());
        let Some(token) = links.create_restoring(user, until).await? else {
            return Ok(());
        };
        let mail = Mail::AccountClosed {
            link: format!("{}/api/v1/users/restore/{token}", self.public_url),
        };
        self.mailer.send(&resting.account.email, &mail).await?;
        self.store.note_rest_mailed(user, until, now).await?;
        self.note_sent(&claim).await;
        Ok(())
    }

    /// Which link is mailed; `None` for who has an account that she can use.
    fn kind(&self, asked: &SignInMail, account: &Account) -> Option<LinkKind> {
        match asked.kind {
            SignInMailKind::AccountRests
            | SignInMailKind::AddressCode
            | SignInMailKind::AddressChanged => None,
            SignInMailKind::Recovery => Some(LinkKind::Recovery),
            SignInMailKind::Confirmation => Some(LinkKind::SignUp),
            SignInMailKind::SignUpAgain => account
                .email_confirmed_at
                .is_none()
                .then_some(LinkKind::SignUp),
        }
    }

    async fn link_mail(
        &self,
        account: &Account,
        kind: LinkKind,
        page: Option<&str>,
        claim: &MailingClaim,
        now: Timestamp,
    ) -> Result<Mail> {
        let OneTime { token, hash } = OneTime::draw()?;
        let link = Link {
            kind,
            user_id: account.id(),
            hash,
            expires_at: now.plus_seconds(kind.life()),
        };
        if !self
            .store
            .add_link(account, &link, Some(claim), now)
            .await?
        {
            return Err(Error::unavailable(
                "storing a link",
                "the account changed in between",
            ));
        }
        let link = self.address_of(kind, &token, page);
        Ok(match kind {
            LinkKind::Recovery => Mail::Recovery { link },
            LinkKind::SignUp => Mail::Confirmation { link },
        })
    }

    /// What is mailed: an address of the API, which in the end leads to a page of the app.
    fn address_of(&self, kind: LinkKind, token: &str, page: Option<&str>) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("token", token)
            .append_pair("type", kind.as_str())
            .append_pair("redirect_to", self.redirects.choose(page).as_str())
            .finish();
        format!("{}/auth/v1/verify?{query}", self.public_url)
    }
}

#[cfg(test)]
mod tests;
