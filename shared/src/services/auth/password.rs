//! Password change and reset.

use super::link::{Found, find};
use super::session::others;
use super::{Desk, Refusal, account, checked_password};
use crate::auth::{Caller, hash_password, verify_password};
use crate::clock;
use crate::domain::{
    Account, Error, Link, LinkKind, Origin, Result, Role, SessionId, SignInMethod, Timestamp,
    weaknesses,
};
use crate::mail::Mail;
use crate::services::preferences;
use crate::store::{ENDED_AT_ONCE, Store};

/// Changes her password while she is signed in. Her other sign-ins end; this one stays.
///
/// The app asks for the present password but does not send it, so she is told by mail instead.
pub async fn change_password(
    desk: &Desk,
    caller: &Caller,
    password: Option<&str>,
) -> Result<Account, Refusal> {
    let password = checked_password(password)?;
    let account = account(&desk.store, caller.user).await?;
    let resets = came_by_link(&desk.store, caller).await?;
    replace(desk, &account, password, None, resets, caller).await?;
    super::account(&desk.store, caller.user).await
}

/// Whether the caller signed in by a recovery link: that is how the app resets a password.
async fn came_by_link(store: &Store, caller: &Caller) -> Result<bool> {
    let session = match caller.session {
        Some(id) => store.session(caller.user, id).await?,
        None => None,
    };
    Ok(session.is_some_and(|it| it.method == SignInMethod::Link))
}

/// Changes her password by a recovery link, which also proves her address. All her sign-ins end.
pub async fn reset_password(
    desk: &Desk,
    token: &str,
    password: Option<&str>,
) -> Result<(), Refusal> {
    let password = checked_password(password)?;
    let Found { link, account } =
        find(&desk.store, token, LinkKind::Recovery, clock::now()).await?;
    let nobody = Caller {
        user: account.id(),
        email: account.email.clone(),
        session: None,
        role: Role::User,
    };
    replace(desk, &account, password, Some(&link), true, &nobody).await
}

async fn replace(
    desk: &Desk,
    account: &Account,
    password: &str,
    link: Option<&Link>,
    resets: bool,
    caller: &Caller,
) -> Result<(), Refusal> {
    if account.origin == Origin::External {
        return Err(Refusal::Invalid(
            "Your password is kept where you signed in. Please change it there.",
        ));
    }
    let lacks = weaknesses(password);
    if !lacks.is_empty() {
        return Err(Refusal::WeakPassword(lacks));
    }
    let kept = desk.store.password_hash(account.id()).await?;
    if verify_password(password.to_owned(), kept).await? {
        return Err(Refusal::SamePassword);
    }
    let hash = hash_password(password.to_owned()).await?;
    if resets {
        // First: a reset that is interrupted here can be repeated with the same link.
        preferences::clear_webhook(&desk.store, account.id(), clock::now()).await?;
    }
    store(desk, account, &hash, link, caller, clock::now()).await?;
    if let Err(err) = desk
        .mailer
        .send(&account.email, &Mail::PasswordChanged)
        .await
    {
        tracing::warn!(
            error.chain = err.chain(),
            "notice of a changed password was not sent"
        );
    }
    Ok(())
}

async fn store(
    desk: &Desk,
    account: &Account,
    hash: &str,
    link: Option<&Link>,
    caller: &Caller,
    now: Timestamp,
) -> Result<(), Refusal> {
    let mut ended: Vec<SessionId> = others(&desk.store, caller).await?;
    ended.truncate(ENDED_AT_ONCE);
    if !desk
        .store
        .change_password(account, hash, link, &ended, now)
        .await?
    {
        return Err(match link {
            Some(_) => Refusal::Link { expired: false },
            None => {
                Error::unavailable("changing a password", "the account changed in between").into()
            }
        });
    }
    // Those that one step could not hold, and any that began with the old password in between.
    let left = others(&desk.store, caller).await?;
    Ok(desk.store.end_sessions(account.id(), &left).await?)
}
