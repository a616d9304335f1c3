//! Password change and reset.

use super::link::UsableSignInLink;
use super::password_undo::DrawnUndo;
use super::{AuthRefusal, AuthService, checked_password};
use crate::auth::{Caller, hash_password, verify_password};
use crate::clock;
use crate::domain::event::{AccountPasswordChanged, SessionEndCause};
use crate::domain::{
    Account, AccountOrigin, Error, Link, LinkKind, Result, Role, SessionId, SignInMethod,
    Timestamp, credentials,
};
use crate::mail::Mail;
use crate::store::{ENDED_AT_ONCE, PasswordChange, PasswordUndo};

impl AuthService {
    /// Changes her password while she is signed in. Her other sign-ins end; this one stays.
    ///
    /// The app asks for the present password but does not send it, so she is told by mail instead.
    pub async fn change_password(
        &self,
        caller: &Caller,
        password: Option<&str>,
    ) -> Result<Account, AuthRefusal> {
        let password = checked_password(password)?;
        let account = self.account(caller.user).await?;
        let resets = self.came_by_link(caller).await?;
        self.replace(&account, password, None, resets, caller)
            .await?;
        self.account(caller.user).await
    }

    /// Whether the caller signed in by a recovery link: that is how the app resets a password.
    async fn came_by_link(&self, caller: &Caller) -> Result<bool> {
        let session = match caller.session {
            Some(id) => self.store.session(caller.user, id).await?,
            None => None,
        };
        Ok(session.is_some_and(|it| it.method == SignInMethod::Link))
    }

    /// Changes her password by a recovery link, which also proves her address. All her sign-ins end.
    pub async fn reset_password(
        &self,
        token: &str,
        password: Option<&str>,
    ) -> Result<(), AuthRefusal> {
        let password = checked_password(password)?;
        let UsableSignInLink { link, account } = self
            .usable_link(token, LinkKind::Recovery, clock::now())
            .await?;
        let nobody = Caller {
            user: account.id(),
            email: account.email.clone(),
            session: None,
            role: Role::User,
            confirmed_at: None,
        };
        self.replace(&account, password, Some(&link), true, &nobody)
            .await
    }

    async fn replace(
        &self,
        account: &Account,
        password: &str,
        link: Option<&Link>,
        resets: bool,
        caller: &Caller,
    ) -> Result<(), AuthRefusal> {
        if account.origin == AccountOrigin::External {
            return Err(AuthRefusal::Invalid(
                "Your password is kept where you signed in. Please change it there.",
            ));
        }
        let lacks = credentials::weaknesses(password);
        if !lacks.is_empty() {
            return Err(AuthRefusal::WeakPassword(lacks));
        }
        let kept = self.store.password_hash(account.id()).await?;
        if verify_password(password.to_owned(), kept.clone()).await? {
            return Err(AuthRefusal::SamePassword);
        }
        let hash = hash_password(password.to_owned()).await?;
        if resets {
            // First: a reset that is interrupted here can be repeated with the same link.
            self.preferences
                .clear_webhook(account.id(), clock::now())
                .await?;
        }
        let now = clock::now();
        // Who follows a mailed link reads the mailbox already: another link there undoes nothing for her.
        let undo = match kept.filter(|_| link.is_none()) {
            Some(earlier) => Some(DrawnUndo::draw(account.id(), earlier, now)?),
            None => None,
        };
        let kept_undo = undo.as_ref().map(|it| &it.undo);
        self.store_password(account, (&hash, kept_undo), link, caller, now)
            .await?;
        let mail = match undo {
            Some(undo) => Mail::PasswordUndo {
                link: format!("{}/api/v1/auth/undo/{}", self.public_url, undo.token),
            },
            None => Mail::PasswordChanged,
        };
        if let Err(err) = self.mailer.send(&account.email, &mail).await {
            tracing::warn!(
                error.chain = err.chain(),
                "notice of a changed password was not sent"
            );
        }
        Ok(())
    }

    async fn store_password(
        &self,
        account: &Account,
        (password_hash, undo): (&str, Option<&PasswordUndo>),
        link: Option<&Link>,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<(), AuthRefusal> {
        let mut ended: Vec<SessionId> = self.others(caller).await?;
        ended.truncate(ENDED_AT_ONCE);
        let said = AccountPasswordChanged {
            by_link: link.is_some(),
        };
        let mut events = vec![
            self.event(caller, "account.password_changed", &said)
                .await?,
        ];
        if !ended.is_empty() {
            let cause = SessionEndCause::PasswordChanged;
            events.push(self.ended(caller, &ended, cause).await?);
        }
        let change = PasswordChange {
            password_hash,
            link,
            undo,
            ended: &ended,
            events,
            at: now,
        };
        if !self.store.change_password(account, change).await? {
            return Err(match link {
                Some(_) => AuthRefusal::Link { expired: false },
                None => Error::unavailable("changing a password", "the account changed in between")
                    .into(),
            });
        }
        // Those that one step could not hold, and any that began with the old password in between.
        let left = self.others(caller).await?;
        Ok(self.store.end_sessions(account.id(), &left).await?)
    }
}
