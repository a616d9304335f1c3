//! Sign-in with a password, refresh, sign-out (local, others, global).

use super::throttle::{Attempt, Client};
use super::{AuthRefusal, AuthService, SignInGrant, checked};
use crate::auth::{Caller, RefreshToken, Unreadable, verify_password};
use crate::clock;
use crate::domain::event::SessionEndCause;
use crate::domain::{Account, Result, Session, SessionId, Shown, SignInMethod, UserId};
use crate::store::retry_on_conflict;

/// Which sign-ins end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of hers.
    Global,
    /// This one.
    Local,
    /// All but this one.
    Others,
}

impl AuthService {
    /// Signs in with a password, unless this client has to wait after wrong ones (see `throttle`).
    pub async fn sign_in(
        &self,
        address: Option<&str>,
        password: Option<&str>,
        client: &Client,
    ) -> Result<SignInGrant, AuthRefusal> {
        let (address, password) = checked(address, password)?;
        self.publication.ensure().await?;
        let account = self.store.account_of(&address).await?;
        let attempt = Attempt::begin(self, &address, account.as_ref(), client).await?;
        // Without an account as much is read and verified, so that the time taken does not tell.
        let user = account.as_ref().map_or_else(UserId::random, Account::id);
        let (hash, role) =
            futures_util::try_join!(self.store.password_hash(user), self.store.role(user))?;
        let fits = verify_password(password.to_owned(), hash).await?;
        let wrong = || match self.confirm_first {
            true => AuthRefusal::WrongOrUnconfirmed,
            false => AuthRefusal::WrongCredentials,
        };
        let mut account = account.filter(|_| fits).ok_or_else(wrong)?;
        if account.email_confirmed_at.is_none() {
            return Err(match self.confirm_first {
                true => AuthRefusal::WrongOrUnconfirmed,
                false => AuthRefusal::Unconfirmed,
            });
        }
        let now = clock::now();
        let session = Session::new(account.id(), SignInMethod::Password, now)
            .on_device(client.device_words());
        let new = self
            .recorded_start(&session, attempt.is_known_device, now)
            .await?;
        if !self.store.sign_in(&account, new).await? {
            return Err(wrong());
        }
        attempt.succeed(self, account.id()).await;
        account.last_sign_in_at = Some(now);
        Ok(self.grant(account, role, &session, now)?)
    }

    /// Exchanges a refresh token for the next one. Shown twice at once, both get the same.
    pub async fn refresh(&self, token: &str) -> Result<SignInGrant, AuthRefusal> {
        let token = RefreshToken::open(token, self.keys()).map_err(|why| match why {
            Unreadable::Malformed => AuthRefusal::RefreshMalformed,
            Unreadable::Unknown => AuthRefusal::RefreshUnknown,
        })?;
        self.publication.ensure().await?;
        retry_on_conflict("refreshing a sign-in", || async {
            let (account, session, role) = futures_util::try_join!(
                self.store.account(token.user),
                self.store.session(token.user, token.session),
                self.store.role(token.user)
            )?;
            let account = account.ok_or(AuthRefusal::RefreshUnknown)?;
            let session = session.ok_or(AuthRefusal::SessionEnded)?;
            let now = clock::now();
            match session.judge(token.generation, self.session_life, now) {
                Shown::Again => return Ok(Some(self.grant(account, role, &session, now)?)),
                Shown::Newest => {
                    let next = session.rotated(now);
                    if self.store.rotate(&session, &next).await? {
                        return Ok(Some(self.grant(account, role, &next, now)?));
                    }
                }
                Shown::Replayed => {
                    self.end_by_itself(&session, SessionEndCause::TokenCopied, now).await?;
                    tracing::warn!(session.id = %token.session, "an old refresh token was shown; its sign-in was ended");
                    return Err(AuthRefusal::RefreshReused);
                }
                Shown::Expired => {
                    self.end_by_itself(&session, SessionEndCause::Expired, now).await?;
                    return Err(AuthRefusal::SessionExpired);
                }
                Shown::Unknown => return Err(AuthRefusal::RefreshUnknown),
            }
        Ok::<_, AuthRefusal>(None)
        }).await
    }

    /// Signs her out. Access tokens of what ends are refused from now on; signing out everywhere also ends the
    /// links that were mailed.
    pub async fn sign_out(&self, caller: &Caller, scope: Scope) -> Result<()> {
        if scope == Scope::Global
            && let Some(account) = self.store.account(caller.user).await?
        {
            self.store.void_links(&account).await?;
        }
        let ended: Vec<SessionId> = match scope {
            Scope::Local => caller.session.into_iter().collect(),
            Scope::Global => self.store.sessions(caller.user).await?,
            Scope::Others => self.others(caller).await?,
        };
        let cause = match scope {
            Scope::Others => SessionEndCause::EndedByHer,
            Scope::Local | Scope::Global => SessionEndCause::SignedOut,
        };
        self.end_telling(caller, &ended, cause).await
    }

    /// Her sign-ins but this one.
    pub(super) async fn others(&self, caller: &Caller) -> Result<Vec<SessionId>> {
        let all = self.store.sessions(caller.user).await?;
        Ok(all
            .into_iter()
            .filter(|it| Some(*it) != caller.session)
            .collect())
    }
}
