//! Making an account.

use super::link::PAUSE;
use super::{Desk, Granted, Refusal, checked};
use crate::auth::hash_password;
use crate::clock;
use crate::domain::{Account, Session, SignInMethod, UserId, weaknesses};
use crate::queues::SignInMailKind;

/// An account that was made, signed in if that was asked for.
#[derive(Clone, Debug)]
pub struct SignedUp {
    /// The account; one that is stored nowhere if the address had one and nobody may know.
    pub account: Account,
    /// Her sign-in.
    pub granted: Option<Granted>,
}

/// Makes an account and asks for the mail with the link that confirms its address. `from` is where the request
/// comes from.
///
/// The account can be used at once, unless addresses are confirmed first. Then a taken address is answered like
/// a new one, by the same steps, and who reads it is told by mail.
pub async fn sign_up(
    desk: &Desk,
    address: Option<&str>,
    password: Option<&str>,
    redirect_to: Option<&str>,
    from: &str,
    sign_in: bool,
) -> Result<SignedUp, Refusal> {
    let (address, password) = checked(address, password)?;
    let lacks = weaknesses(password);
    if !lacks.is_empty() {
        return Err(Refusal::WeakPassword(lacks));
    }
    if !desk.confirm_first && desk.store.account_of(&address).await?.is_some() {
        return Err(Refusal::AddressTaken);
    }
    let hash = hash_password(password.to_owned()).await?;
    let now = clock::now();
    let mut account = Account::new(UserId::random(), &address, now);
    account.signed_up_from = desk.place(from);
    account.confirmation_sent_at = Some(now);
    let sign_in = sign_in && !desk.confirm_first;
    if sign_in {
        desk.publication.ensure().await?;
    }
    account.last_sign_in_at = sign_in.then_some(now);
    if desk.confirm_first {
        account.email_confirmed_at = None;
    }
    let session = sign_in.then(|| Session::new(account.id(), SignInMethod::Password, now));
    let is_new = desk
        .store
        .create_account(&account, &hash, session.as_ref())
        .await?;
    if desk.confirm_first {
        ask_to_confirm(desk, &address, redirect_to, is_new).await?;
        return Ok(SignedUp {
            account,
            granted: None,
        });
    }
    if !is_new {
        return Err(Refusal::AddressTaken);
    }
    // She is in whether or not the mail goes out; she can prove her address another time.
    let asked = desk.ask_for_mail(SignInMailKind::Confirmation, &address, redirect_to, now);
    if let Err(err) = asked.await {
        tracing::warn!(
            error.chain = err.chain(),
            "mail of a new account was not asked for"
        );
    }
    let granted = session
        .map(|it| desk.grant(account.clone(), &it, now))
        .transpose()?;
    Ok(SignedUp { account, granted })
}

/// Has who reads the address mailed, but not every time that somebody signs up with an address that is taken.
async fn ask_to_confirm(
    desk: &Desk,
    address: &str,
    redirect_to: Option<&str>,
    is_new: bool,
) -> Result<(), Refusal> {
    let now = clock::now();
    let window = desk.keys().address_name(address);
    let may_mail = desk.store.open_mail_window(&window, PAUSE, now).await?;
    let kind = match (is_new, may_mail) {
        (true, _) => SignInMailKind::Confirmation,
        (false, true) => SignInMailKind::SignUpAgain,
        (false, false) => return Ok(()),
    };
    Ok(desk.ask_for_mail(kind, address, redirect_to, now).await?)
}
