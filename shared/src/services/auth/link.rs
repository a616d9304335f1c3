//! Mailed links: asking for one and following one.

use url::form_urlencoded;

use super::{Desk, Granted, Refusal, checked_address};
use crate::auth::OneTime;
use crate::clock;
use crate::domain::{
    Account, Error, Link, LinkKind, Result, Session, SignInMethod, Timestamp, UserId,
};
use crate::mail::Mail;
use crate::store::Store;

/// How long a link works, in seconds.
const LIFE: i64 = 3600;

/// How long after one mail to an address there is no other, in seconds.
const PAUSE: i64 = 60;

/// Mails her a link to choose a new password, if there is an account.
///
/// The pause holds for every address alike, so that being told to wait says only that somebody asked,
/// and not that there is an account.
pub async fn recover(
    desk: &Desk,
    address: Option<&str>,
    redirect_to: Option<&str>,
) -> Result<(), Refusal> {
    let address = checked_address(address)?;
    let now = clock::now();
    let window = desk.keys().address_name(&address);
    if !desk.store.open_mail_window(&window, PAUSE, now).await? {
        return Err(Refusal::TooManyMails);
    }
    let Some(account) = desk.store.account_of(&address).await? else {
        return Ok(());
    };
    let sent = send_recovery(desk, &account, redirect_to, now).await;
    if sent.is_err() {
        // Nothing was mailed, so nothing should make her wait.
        desk.store.close_mail_window(&window).await?;
    }
    Ok(sent?)
}

async fn send_recovery(
    desk: &Desk,
    account: &Account,
    redirect_to: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    let (token, link) = draw(LinkKind::Recovery, account.id(), now)?;
    if !desk.store.replace_link(account, &link, now).await? {
        return Err(Error::unavailable(
            "storing a link",
            "the account changed in between",
        ));
    }
    let mail = Mail::Recovery {
        link: address_of(desk, LinkKind::Recovery, &token, redirect_to),
    };
    desk.mailer.send(&account.email, &mail).await
}

/// Signs her in by a link that was mailed. It works once.
pub async fn follow(desk: &Desk, token: &str, kind: LinkKind) -> Result<Granted, Refusal> {
    let now = clock::now();
    let link = find(&desk.store, token, kind, now).await?;
    let account = desk
        .store
        .account(link.user_id)
        .await?
        .ok_or(Refusal::Link { expired: false })?;
    let session = Session::new(account.id(), SignInMethod::Link, now);
    if !desk
        .store
        .sign_in_by_link(&account, &link, &session)
        .await?
    {
        return Err(Refusal::Link { expired: false });
    }
    let account = desk
        .store
        .account(link.user_id)
        .await?
        .ok_or(Refusal::UserGone)?;
    Ok(desk.grant(account, &session, now)?)
}

/// A link that can still be followed.
pub(super) async fn find(
    store: &Store,
    token: &str,
    kind: LinkKind,
    now: Timestamp,
) -> Result<Link, Refusal> {
    let link = store.link(&OneTime::hash(token)).await?;
    let link = link
        .filter(|it| it.kind == kind)
        .ok_or(Refusal::Link { expired: false })?;
    if link.expires_at <= now {
        Err(Refusal::Link { expired: true })
    } else {
        Ok(link)
    }
}

pub(super) fn draw(kind: LinkKind, user: UserId, now: Timestamp) -> Result<(String, Link)> {
    let OneTime { token, hash } = OneTime::draw()?;
    Ok((
        token,
        Link {
            kind,
            user_id: user,
            hash,
            expires_at: now.plus_seconds(LIFE),
        },
    ))
}

/// What is mailed: an address of the API, which in the end leads to a page of the app.
pub(super) fn address_of(
    desk: &Desk,
    kind: LinkKind,
    token: &str,
    redirect_to: Option<&str>,
) -> String {
    let kind = match kind {
        LinkKind::SignUp => "signup",
        LinkKind::Recovery => "recovery",
    };
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("token", token)
        .append_pair("type", kind)
        .append_pair("redirect_to", desk.redirects.choose(redirect_to).as_str())
        .finish();
    format!("{}/auth/v1/verify?{query}", desk.public_url)
}
