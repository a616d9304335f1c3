//! Signing up, in and out, and getting back in after a forgotten password. Both surfaces of the
//! contract end here.

mod address;
mod address_undo;
mod link;
mod mails;
mod password;
mod password_undo;
mod publication;
mod refusal;
mod sealed_mail;
mod session;
mod session_list;
mod sign_up;
#[cfg(test)]
mod tests;
mod throttle;

pub use address::ChangedAddress;
pub use link::{ConfirmedAddress, LinkFacts};
pub use mails::SignInMailer;
pub use publication::KeyPublication;
pub use refusal::AuthRefusal;
pub use session::Scope;
pub use session_list::SessionView;
pub use sign_up::SignUpGrant;
pub use throttle::Client;

use crate::auth::{Access, Gate, Keys, Redirects, RefreshToken};
use crate::domain::{Account, Result, Role, Session, Timestamp, UserId, credentials};
use crate::mail::Mailer;
use crate::queues::{Queues, SignInMail, SignInMailKind};
use crate::services::people::preferences::UserPreferences;
use crate::services::record::event_log::EventLog;
use crate::settings::Env;
use crate::store::Store;

const DAY: i64 = 24 * 3600;

/// What signing in needs.
#[derive(Clone, Debug)]
pub struct AuthService {
    /// Accounts and sign-ins.
    pub store: Store,
    /// Records what is done.
    pub log: EventLog,
    /// Removes the webhook of an account with a new password.
    pub preferences: UserPreferences,
    /// Makes access tokens.
    pub access: Access,
    /// Publishes the keys of access tokens before the first is made.
    pub publication: KeyPublication,
    /// Sends notices of what was done.
    pub mailer: Mailer,
    /// The queue service.
    pub queues: Queues,
    /// The queue of mails that are asked for.
    pub mail_queue: String,
    /// Where links may lead in the end.
    pub redirects: Redirects,
    /// The address of the API, without the last slash.
    pub public_url: String,
    /// Whether an account can be used only after its address is confirmed. Then signing up and in answer alike
    /// whether or not there is an account.
    pub confirm_first: bool,
    /// How long a sign-in lasts at most, in seconds.
    pub session_life: i64,
}

/// What she has after signing in.
#[derive(Clone, Debug)]
pub struct SignInGrant {
    /// Who she is.
    pub account: Account,
    /// What she may.
    pub role: Role,
    /// For every request.
    pub access_token: String,
    /// When that ends.
    pub expires_at: Timestamp,
    /// For the next access token.
    pub refresh_token: String,
}

impl AuthService {
    /// The service behind `gate`, of `PUBLIC_URL`, `WEB_ORIGINS`, `SESSION_MAX_DAYS`, `CONFIRM_FIRST`,
    /// `QUEUE_SIGN_IN_MAIL`, `RELEASE` and `STAGE`. `None`: noted in `env` why not.
    #[must_use]
    pub fn read(
        env: &Env,
        store: Store,
        gate: &Gate,
        log: EventLog,
        mailer: Mailer,
        queues: Queues,
    ) -> Option<Self> {
        let redirects = Redirects::read(env);
        let public_url = env.text("PUBLIC_URL").trim_end_matches('/').to_owned();
        let mail_queue = env.text("QUEUE_SIGN_IN_MAIL");
        let confirm_first = env.text("CONFIRM_FIRST") == "true";
        let session_life = i64::from(env.number("SESSION_MAX_DAYS")) * DAY;
        Some(Self {
            preferences: UserPreferences::new(store.clone(), log.clone()),
            store,
            log,
            access: gate.access().clone(),
            publication: KeyPublication::new(gate.clone(), env.text("RELEASE")),
            mailer,
            queues,
            mail_queue,
            redirects: redirects?,
            public_url,
            confirm_first,
            session_life,
        })
    }

    /// Asks for a mail to this address, known or not.
    async fn ask_for_mail(
        &self,
        kind: SignInMailKind,
        address: &str,
        redirect_to: Option<&str>,
        now: Timestamp,
    ) -> Result<()> {
        let message = SignInMail {
            kind,
            email: address.to_owned(),
            user_id: None,
            redirect_to: Some(self.redirects.choose(redirect_to).into()),
            key: None,
            asked_at: now,
        };
        self.queues.send(&self.mail_queue, &message).await
    }

    fn keys(&self) -> &Keys {
        self.access.keys()
    }

    /// A name for where a request comes from, which cannot be turned back into it; `None` if nobody knows.
    fn place(&self, from: &str) -> Option<String> {
        let known = !from.is_empty();
        known.then(|| self.keys().address_name(&format!("place/{from}")))
    }

    /// `role` is read before a link or a refresh token is used up, which a failure would lose.
    fn grant(
        &self,
        account: Account,
        role: Role,
        session: &Session,
        now: Timestamp,
    ) -> Result<SignInGrant> {
        let (access_token, expires_at) = self.access.issue(&account, role, session, now)?;
        let refresh_token = RefreshToken::newest(session).seal(self.keys());
        Ok(SignInGrant {
            account,
            role,
            access_token,
            expires_at,
            refresh_token,
        })
    }

    /// Her account.
    pub async fn account(&self, user: UserId) -> Result<Account, AuthRefusal> {
        self.store.account(user).await?.ok_or(AuthRefusal::UserGone)
    }
}

/// The address and the password as they are kept, if they can be either.
fn checked<'a>(
    address: Option<&str>,
    password: Option<&'a str>,
) -> Result<(String, &'a str), AuthRefusal> {
    Ok((checked_address(address)?, checked_password(password)?))
}

fn checked_address(address: Option<&str>) -> Result<String, AuthRefusal> {
    address
        .and_then(credentials::email)
        .ok_or(AuthRefusal::Invalid("Please enter a valid e-mail address."))
}

fn checked_password(password: Option<&str>) -> Result<&str, AuthRefusal> {
    let password = password
        .filter(|it| !it.is_empty())
        .ok_or(AuthRefusal::Invalid("Please enter a password."))?;
    if credentials::is_too_long(password) {
        return Err(AuthRefusal::Invalid(
            "A password has at most 128 characters.",
        ));
    }
    Ok(password)
}
