//! Making an account.

use super::link::{address_of, draw};
use super::{Desk, Granted, Refusal, checked};
use crate::auth::hash_password;
use crate::clock;
use crate::domain::{Account, LinkKind, Session, SignInMethod, UserId, weaknesses};
use crate::mail::Mail;

/// An account that was made, signed in if that was asked for.
#[derive(Clone, Debug)]
pub struct SignedUp {
    /// The account.
    pub account: Account,
    /// Her sign-in.
    pub granted: Option<Granted>,
}

/// Makes an account and mails the link that confirms its address. The account can be used at once. `from` is
/// where the request comes from.
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
    if desk.store.account_of(&address).await?.is_some() {
        return Err(Refusal::AddressTaken);
    }
    let hash = hash_password(password.to_owned()).await?;
    let now = clock::now();
    let mut account = Account::new(UserId::random(), &address, now);
    let (token, link) = draw(LinkKind::SignUp, account.id(), now)?;
    account.confirmation_links = vec![link.hash.clone()];
    account.signed_up_from = desk.place(from);
    account.confirmation_sent_at = Some(now);
    account.last_sign_in_at = sign_in.then_some(now);
    let session = sign_in.then(|| Session::new(account.id(), SignInMethod::Password, now));
    if !desk
        .store
        .create_account(&account, &hash, &link, session.as_ref())
        .await?
    {
        return Err(Refusal::AddressTaken);
    }
    // She is in whether or not the mail goes out; it only tells her what she knows.
    let mail = Mail::Confirmation {
        link: address_of(desk, LinkKind::SignUp, &token, redirect_to),
    };
    if let Err(err) = desk.mailer.send(&address, &mail).await {
        tracing::warn!(
            error.chain = err.chain(),
            "mail of a new account was not sent"
        );
    }
    let granted = session
        .map(|it| desk.grant(account.clone(), &it, now))
        .transpose()?;
    Ok(SignedUp { account, granted })
}
