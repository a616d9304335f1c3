//! Mailed links (confirmation, recovery): request, landing page, verification.
//!
//! A recovery link signs in. A confirmation proves the address and signs nobody in, unless it comes from the
//! session that asked for it: whoever sends somebody the link of his own account must not get her into it.
//!
//! The first use of a link proves that the account belongs to who reads the address. What somebody else may
//! have put there before ends with it: all sign-ins, and the password unless it was set by the same person.

use super::throttle::Client;
use super::{AuthRefusal, AuthService, SignInGrant, checked_address};
use crate::auth::{Caller, OneTime};
use crate::clock;
use crate::domain::event::{Actor, SessionEndCause, SessionEnded};
use crate::domain::{
    Account, Link, LinkKind, Result, Role, Session, SessionId, SignInMethod, Timestamp, breach,
};
use crate::queues::SignInMailKind;
use crate::store::{ENDED_AT_ONCE, LinkUse, NewSession};

/// How long after one mail to an address that signs up again there is no other, in seconds.
pub(super) const SIGN_UP_MAIL_PAUSE_SECONDS: i64 = 60;

/// What the page of a link says before it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkFacts {
    /// The account's address, masked.
    pub account: String,
    /// Whether the password will be of no use afterwards.
    pub voids_password: bool,
}

/// An address that was confirmed.
#[derive(Clone, Debug)]
pub struct ConfirmedAddress {
    /// The account.
    pub account: Account,
    /// Her sign-in, if the session that asked for the link confirmed it.
    pub granted: Option<SignInGrant>,
    /// Whether the password is of no use any more.
    pub voids_password: bool,
}

/// A link that can still be used, and whose it is.
pub(super) struct UsableSignInLink {
    pub(super) link: Link,
    pub(super) account: Account,
}

impl AuthService {
    /// Asks for a mail with a link to choose a new password, which is sent if there is an account.
    ///
    /// Nothing here reads the account, and who has to wait is decided for every address by the same steps: neither
    /// the time taken nor being told to wait tells whether there is one.
    pub async fn recover(
        &self,
        address: Option<&str>,
        redirect_to: Option<&str>,
        client: &Client,
    ) -> Result<(), AuthRefusal> {
        let address = checked_address(address)?;
        let now = clock::now();
        self.permit_mail(&address, client, now).await?;
        let asked = self.ask_for_mail(SignInMailKind::Recovery, &address, redirect_to, now);
        if let Err(err) = asked.await {
            // No mail will come, so nothing should make her wait.
            self.return_mail(&address, client).await?;
            return Err(err.into());
        }
        Ok(())
    }

    /// What there is to say of a link; `None` if it does not work. Nothing is used up. `from` is where the
    /// request comes from.
    pub async fn look_at(
        &self,
        token: &str,
        kind: LinkKind,
        from: &str,
    ) -> Result<Option<LinkFacts>> {
        let found = match self.usable_link(token, kind, clock::now()).await {
            Ok(found) => found,
            Err(AuthRefusal::Trouble(err)) => return Err(err),
            Err(_) => return Ok(None),
        };
        let account = &found.account;
        Ok(Some(LinkFacts {
            account: breach::mask_local(&account.email),
            voids_password: kind == LinkKind::SignUp && self.voids_password(account, from),
        }))
    }

    /// Signs her in by a recovery link that was mailed. It works once.
    ///
    /// If this is the first proof of the address, every sign-in and the password from before end: they were made
    /// by somebody who may not read it. Wrong passwords that were tried on this device make her wait no more.
    pub async fn follow(&self, token: &str, client: &Client) -> Result<SignInGrant, AuthRefusal> {
        // First: a link that is used up by a failed sign-in would be lost.
        self.publication.ensure().await?;
        let now = clock::now();
        let found = self.usable_link(token, LinkKind::Recovery, now).await?;
        let role = self.store.role(found.account.id()).await?;
        let session = Session::new(found.account.id(), SignInMethod::Link, now)
            .on_device(client.device_words());
        let is_known = self.knows_device(&found.account, client).await?;
        let new = self.recorded_start(&session, is_known, now).await?;
        let voids_password = !found.account.is_proved();
        let account = self
            .prove(&found, Some(new), None, voids_password, now)
            .await?;
        self.trust_device(&account, client).await;
        Ok(self.grant(account, role, &session, now)?)
    }

    /// Confirms her address by a link that was mailed. `from` is where the request comes from, `caller` who is
    /// signed in there.
    ///
    /// The first confirmation ends all sign-ins but the caller's own. The password stays if the caller is signed
    /// in to this account or comes from where it was made, and else it is void.
    pub async fn confirm(
        &self,
        token: &str,
        from: &str,
        caller: Option<&Caller>,
    ) -> Result<ConfirmedAddress, AuthRefusal> {
        let now = clock::now();
        let found = self.usable_link(token, LinkKind::SignUp, now).await?;
        let user = found.account.id();
        let own = caller
            .filter(|it| it.user == user)
            .and_then(|it| it.session);
        let mut role = Role::User;
        if own.is_some() {
            self.publication.ensure().await?;
            role = self.store.role(user).await?;
        }
        let voids_password = own.is_none() && self.voids_password(&found.account, from);
        let account = self.prove(&found, None, own, voids_password, now).await?;
        let session = match own {
            Some(id) => self.store.session(user, id).await?,
            None => None,
        };
        let granted = session
            .map(|it| self.grant(account.clone(), role, &it, now))
            .transpose()?;
        Ok(ConfirmedAddress {
            account,
            granted,
            voids_password,
        })
    }

    /// Whether the password was set by who may not read the address: it is not proved yet, and the proof comes
    /// from elsewhere than the account.
    fn voids_password(&self, account: &Account, from: &str) -> bool {
        let place = self.place(from);
        !account.is_proved() && (place.is_none() || place != account.signed_up_from)
    }

    /// Uses up a link. If it is the first proof of the address, all sign-ins but `kept` end. The account after it.
    async fn prove(
        &self,
        found: &UsableSignInLink,
        session: Option<NewSession<'_>>,
        kept: Option<SessionId>,
        voids_password: bool,
        now: Timestamp,
    ) -> Result<Account, AuthRefusal> {
        let mut ended = self.sessions_to_end(found, kept).await?;
        ended.truncate(ENDED_AT_ONCE);
        let mut event = None;
        if !ended.is_empty() {
            let said = SessionEnded {
                session_ids: ended.clone(),
                cause: SessionEndCause::AddressProved,
            };
            let user = found.account.id();
            let whose = (user, Actor::user(user, kept));
            event = Some(self.log.tell(whose, "session.ended", &said, now).await?);
        }
        let how = LinkUse {
            session,
            ended: &ended,
            voids_password,
            event,
            at: now,
        };
        self.spend(found, how, kept).await
    }

    /// Her sign-ins but `kept`, if the link is the first proof of the address; else none.
    async fn sessions_to_end(
        &self,
        found: &UsableSignInLink,
        kept: Option<SessionId>,
    ) -> Result<Vec<SessionId>> {
        if found.account.is_proved() {
            return Ok(Vec::new());
        }
        let all = self.store.sessions(found.account.id()).await?;
        Ok(all.into_iter().filter(|it| Some(*it) != kept).collect())
    }

    /// Uses up a link as `how` says, and ends the sign-ins that are not in it.
    async fn spend(
        &self,
        found: &UsableSignInLink,
        how: LinkUse<'_>,
        kept: Option<SessionId>,
    ) -> Result<Account, AuthRefusal> {
        let user = found.account.id();
        let begun = how.session.as_ref().map(|it| it.session.id);
        let voids_password = how.voids_password;
        if !self
            .store
            .use_link(&found.account, &found.link, how)
            .await?
        {
            return Err(AuthRefusal::Link { expired: false });
        }
        // Those that one step could not hold, and any that began in between.
        let mut left = self.sessions_to_end(found, kept).await?;
        left.retain(|it| begun != Some(*it));
        self.store.end_sessions(user, &left).await?;
        if voids_password {
            tracing::warn!(user.id = %user, "a password set before the address was proved is void");
        }
        self.account(user).await
    }

    /// The link of this token, if it can still be used.
    pub(super) async fn usable_link(
        &self,
        token: &str,
        kind: LinkKind,
        now: Timestamp,
    ) -> Result<UsableSignInLink, AuthRefusal> {
        let unknown = || AuthRefusal::Link { expired: false };
        let link = self.store.link(&OneTime::hash(token)).await?;
        let link = link.filter(|it| it.kind == kind).ok_or_else(unknown)?;
        if link.expires_at <= now {
            return Err(AuthRefusal::Link { expired: true });
        }
        let account = self
            .store
            .account(link.user_id)
            .await?
            .ok_or_else(unknown)?;
        if account.links(kind).contains(&link.hash) {
            Ok(UsableSignInLink { link, account })
        } else {
            Err(unknown())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::UserId;
    use crate::services::people::auth::tests::{service, signed_in};
    use crate::store::Store;
    use crate::testing::Cloud;

    async fn mailed(store: &Store, user: UserId) -> UsableSignInLink {
        let account = store.account(user).await.unwrap().unwrap();
        let now = clock::now();
        let link = Link {
            kind: LinkKind::Recovery,
            user_id: user,
            hash: OneTime::draw().unwrap().hash,
            expires_at: now.plus_seconds(3600),
        };
        assert!(store.add_link(&account, &link, None, now).await.unwrap());
        let account = store.account(user).await.unwrap().unwrap();
        UsableSignInLink { link, account }
    }

    #[tokio::test]
    async fn a_session_that_begins_while_a_link_is_used_ends_with_the_first_proof_only() {
        let store = crate::testing::store().await;
        let service = service(&store, Cloud::silent_queues());
        let (account, first) = signed_in(&store).await;
        let user = account.id();
        for (kept, survivors) in [(Some(first.id), vec![first.id]), (None, vec![first.id])] {
            let found = mailed(&store, user).await;
            let late = Session::new(user, SignInMethod::Password, clock::now());
            assert!(store.sign_in(&account, &late).await.unwrap());
            let new = Session::new(user, SignInMethod::Link, clock::now());
            // As if the sign-ins had been listed before the late one began.
            let how = LinkUse {
                session: Some(NewSession::from(&new)),
                ended: &[],
                voids_password: false,
                event: None,
                at: clock::now(),
            };
            let is_first = !found.account.is_proved();
            assert!(service.spend(&found, how, kept).await.unwrap().is_proved());
            let left = store.sessions(user).await.unwrap();
            assert!(survivors.iter().all(|it| left.contains(it)) && left.contains(&new.id));
            assert_eq!(left.contains(&late.id), !is_first);
        }
    }
}
