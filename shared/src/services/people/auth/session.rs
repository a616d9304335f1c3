//! Sign-in with a password, refresh, sign-out (local, others, global).

use super::throttle::{Attempt, Client};
use super::{AuthRefusal, AuthService, SignedIn, checked};
use crate::auth::{Caller, RefreshToken, Unreadable, verify_password};
use crate::clock;
use crate::domain::{Account, Error, Result, Session, SessionId, Shown, SignInMethod, UserId};
use crate::store::Store;

/// How often a refresh that was overtaken by another is judged again.
const REFRESH_CONFLICT_RETRIES: u32 = 5;

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

/// Signs in with a password, unless this client has to wait after wrong ones (see `throttle`).
pub async fn sign_in(
    service: &AuthService,
    address: Option<&str>,
    password: Option<&str>,
    client: &Client,
) -> Result<SignedIn, AuthRefusal> {
    let (address, password) = checked(address, password)?;
    service.publication.ensure().await?;
    let account = service.store.account_of(&address).await?;
    let attempt = Attempt::begin(service, &address, account.as_ref(), client).await?;
    // Without an account as much is read and verified, so that the time taken does not tell.
    let user = account.as_ref().map_or_else(UserId::random, Account::id);
    let (hash, role) =
        futures_util::try_join!(service.store.password_hash(user), service.store.role(user))?;
    let fits = verify_password(password.to_owned(), hash).await?;
    let wrong = || match service.confirm_first {
        true => AuthRefusal::WrongOrUnconfirmed,
        false => AuthRefusal::WrongCredentials,
    };
    let mut account = account.filter(|_| fits).ok_or_else(wrong)?;
    if account.email_confirmed_at.is_none() {
        return Err(match service.confirm_first {
            true => AuthRefusal::WrongOrUnconfirmed,
            false => AuthRefusal::Unconfirmed,
        });
    }
    let now = clock::now();
    let session = Session::new(account.id(), SignInMethod::Password, now);
    if !service.store.sign_in(&account, &session).await? {
        return Err(wrong());
    }
    attempt.succeed(service, account.id()).await;
    account.last_sign_in_at = Some(now);
    Ok(service.grant(account, role, &session, now)?)
}

/// Exchanges a refresh token for the next one. Shown twice at once, both get the same.
pub async fn refresh(service: &AuthService, token: &str) -> Result<SignedIn, AuthRefusal> {
    let token = RefreshToken::open(token, service.keys()).map_err(|why| match why {
        Unreadable::Malformed => AuthRefusal::RefreshMalformed,
        Unreadable::Unknown => AuthRefusal::RefreshUnknown,
    })?;
    service.publication.ensure().await?;
    for _ in 0..REFRESH_CONFLICT_RETRIES {
        let (account, session, role) = futures_util::try_join!(
            service.store.account(token.user),
            service.store.session(token.user, token.session),
            service.store.role(token.user)
        )?;
        let account = account.ok_or(AuthRefusal::RefreshUnknown)?;
        let session = session.ok_or(AuthRefusal::SessionEnded)?;
        let now = clock::now();
        match session.judge(token.generation, service.session_life, now) {
            Shown::Again => return Ok(service.grant(account, role, &session, now)?),
            Shown::Newest => {
                let next = session.rotated(now);
                if service.store.rotate(&session, &next).await? {
                    return Ok(service.grant(account, role, &next, now)?);
                }
            }
            Shown::Replayed => {
                service
                    .store
                    .end_sessions(token.user, &[token.session])
                    .await?;
                tracing::warn!(session.id = %token.session, "an old refresh token was shown; its sign-in was ended");
                return Err(AuthRefusal::RefreshReused);
            }
            Shown::Expired => {
                service
                    .store
                    .end_sessions(token.user, &[token.session])
                    .await?;
                return Err(AuthRefusal::SessionExpired);
            }
            Shown::Unknown => return Err(AuthRefusal::RefreshUnknown),
        }
    }
    Err(Error::unavailable("refreshing a sign-in", "it kept being refreshed by others").into())
}

/// Signs her out. Access tokens of what ends are refused from now on; signing out everywhere also ends the
/// links that were mailed.
pub async fn sign_out(store: &Store, caller: &Caller, scope: Scope) -> Result<()> {
    if scope == Scope::Global
        && let Some(account) = store.account(caller.user).await?
    {
        store.void_links(&account).await?;
    }
    let ended: Vec<SessionId> = match scope {
        Scope::Local => caller.session.into_iter().collect(),
        Scope::Global => store.sessions(caller.user).await?,
        Scope::Others => others(store, caller).await?,
    };
    store.end_sessions(caller.user, &ended).await
}

/// Her sign-ins but this one.
pub(super) async fn others(store: &Store, caller: &Caller) -> Result<Vec<SessionId>> {
    let all = store.sessions(caller.user).await?;
    Ok(all
        .into_iter()
        .filter(|it| Some(*it) != caller.session)
        .collect())
}
