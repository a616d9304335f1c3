//! Authentication of a request: `Authorization` header to caller, session check, role.

use serde_json::json;

use super::access::{Rejected, TokenIssuer};
use super::verified::VerifiedTokens;
use super::{Access, Claims, External, Keys};
use crate::domain::event::Actor;
use crate::domain::{
    Account, AccountOrigin, Error, ErrorKind, RECENT_SECONDS, Result, Role, SessionId, Timestamp,
    UserId,
};
use crate::store::Store;

/// Who is calling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Her id.
    pub user: UserId,
    /// Her address, as her token has it.
    pub email: String,
    /// Her sign-in; callers of an external issuer have none with us.
    pub session: Option<SessionId>,
    /// What she may do beside looking after her own things.
    pub role: Role,
    /// When she last entered her password in this sign-in, or what her issuer counts as much.
    pub confirmed_at: Option<Timestamp>,
}

impl Caller {
    /// She herself, in this session, as events name her.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::user(self.user, self.session)
    }

    /// Whose record an act of hers belongs into, and by whom it is.
    #[must_use]
    pub fn whose(&self) -> (UserId, Actor) {
        (self.user, self.actor())
    }

    /// Requires at least this role.
    pub fn must_be(&self, role: Role) -> Result<()> {
        if self.role >= role {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Forbidden,
            "FORBIDDEN",
            "This is not open to you.",
        ))
    }

    /// Requires that she entered her password within the last minutes. Whoever finds her device open has not.
    pub fn must_be_recent(&self, now: Timestamp) -> Result<()> {
        let is_recent = |at: Timestamp| now.millis_since(at) < RECENT_SECONDS * 1000;
        if self.confirmed_at.is_some_and(is_recent) {
            return Ok(());
        }
        // Who signs in elsewhere has no password with us.
        let methods: &[&str] = match self.session {
            Some(_) => &["password"],
            None => &[],
        };
        let details =
            json!({ "needs": "recent", "maxAgeSeconds": RECENT_SECONDS, "methods": methods });
        let err = Error::new(
            ErrorKind::Forbidden,
            "STEP_UP_REQUIRED",
            "Please enter your password again to go on.",
        );
        Err(err.with_details(details))
    }
}

/// Why a caller is not let in.
#[derive(Debug)]
pub enum Denied {
    /// She shows nothing.
    Missing,
    /// Her token has ended, then.
    Expired(Option<Timestamp>),
    /// It is not a token we believe.
    Invalid,
    /// Her token is good, but she has signed out.
    SignedOut,
    /// Her token is good, but she is no longer with us.
    Gone,
    /// We cannot tell right now.
    Trouble(Error),
}

impl From<Error> for Denied {
    fn from(err: Error) -> Self {
        Self::Trouble(err)
    }
}

/// A token's claims, or why it is not believed.
type TokenRead = Result<Claims, Rejected>;

/// Knows whom to let in. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Gate {
    access: Access,
    external: Option<External>,
    store: Store,
    verified: VerifiedTokens,
}

impl Gate {
    /// Lets in whoever `access` made a token for, and callers of `external`, as long as `store` knows them.
    #[must_use]
    pub fn over(access: Access, external: Option<External>, store: Store) -> Self {
        Self {
            access,
            external,
            store,
            verified: VerifiedTokens::default(),
        }
    }

    /// The same, which remembers no token.
    #[cfg(test)]
    pub(super) fn verifying_each_time(self) -> Self {
        let verified = VerifiedTokens::living(std::time::Duration::ZERO);
        Self { verified, ..self }
    }

    /// The keys behind the gate.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        self.access.keys()
    }

    /// The maker of the tokens that open it.
    #[must_use]
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// Who sends an `Authorization` header like this.
    pub async fn identify(
        &self,
        authorization: Option<&str>,
        now: Timestamp,
    ) -> Result<Caller, Denied> {
        let token = authorization
            .and_then(|it| it.strip_prefix("Bearer "))
            .ok_or(Denied::Missing)?;
        match self.read(token, now).await? {
            Some((TokenIssuer::Us, read)) => self.ours(believed(read)?).await,
            Some((TokenIssuer::External, read)) => self.theirs(believed(read)?, now).await,
            None => Err(Denied::Invalid),
        }
    }

    /// What a token says and whose keys verified it. One that names another issuer is not held against our
    /// keys, so that it is believed also while those are not published; `None` if nobody's keys fit.
    async fn read(&self, token: &str, now: Timestamp) -> Result<Option<(TokenIssuer, TokenRead)>> {
        if let Some((issuer, claims)) = self.verified.find(token, now) {
            return Ok(Some((issuer, Ok(claims))));
        }
        let read = self.verify(token, now).await?;
        if let Some((issuer, Ok(claims))) = &read {
            self.verified.keep(token, *issuer, claims);
        }
        Ok(read)
    }

    async fn verify(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<Option<(TokenIssuer, TokenRead)>> {
        if self.external.is_none() || self.access.is_named_by(token) {
            let read = self.access.read(token, now).await?;
            if let Some(read) = read {
                return Ok(Some((TokenIssuer::Us, read)));
            }
        }
        match &self.external {
            Some(external) => {
                let read = external.read(token, now).await?;
                Ok(Some((TokenIssuer::External, read)))
            }
            None => Ok(None),
        }
    }

    /// One read of one row: while it is there she is signed in.
    async fn ours(&self, claims: Claims) -> Result<Caller, Denied> {
        let session = claims.session_id.ok_or(Denied::Invalid)?;
        if let Some(row) = self.store.session(claims.sub, session).await? {
            return Ok(Caller {
                user: claims.sub,
                email: claims.email,
                session: Some(session),
                role: claims.app_metadata.role(),
                confirmed_at: row.password_entered_at(),
            });
        }
        let known = self.store.account(claims.sub).await?.is_some();
        Err(if known {
            Denied::SignedOut
        } else {
            Denied::Gone
        })
    }

    /// Callers of the external issuer are made known at their first call, but never again once they left.
    async fn theirs(&self, claims: Claims, now: Timestamp) -> Result<Caller, Denied> {
        let user = claims.sub;
        let account = match self.store.account(user).await? {
            Some(account) => account,
            None => {
                let mut account = Account::new(user, &claims.email.to_lowercase(), now);
                account.origin = AccountOrigin::External;
                if !self.store.provision(&account).await? {
                    self.store.account(user).await?.ok_or(Denied::Gone)?
                } else {
                    account
                }
            }
        };
        // An account of ours is opened by tokens of ours only.
        if account.origin != AccountOrigin::External {
            return Err(Denied::Invalid);
        }
        Ok(Caller {
            user,
            confirmed_at: claims.confirmed_at(),
            email: claims.email,
            session: None,
            role: claims.app_metadata.role(),
        })
    }

    /// The function that signs says here which keys its tokens are verified with, before it signs any.
    /// `release` names its deployment; an earlier one leaves in place what a later one published.
    pub async fn publish_keys(&self, release: &str) -> Result<()> {
        let keys = self.keys().jwks().to_string();
        if self.store.publish_signing_keys(&keys, release).await? {
            return Ok(());
        }
        let published = self.store.signing_keys().await?.unwrap_or_default();
        let ours = self.keys().signing().map(|it| it.kid.clone());
        if ours.is_some_and(|kid| published.contains(&format!("\"{kid}\""))) {
            return Ok(());
        }
        Err(Error::bug(
            "publishing the signing keys",
            "a later release has published other keys",
        ))
    }

    /// Whose token this is, if it is one we believe, whether or not she is still signed in. Does not ask
    /// whether it is, so it can stand before what would cost a read; the key is mostly known.
    pub async fn subject(&self, authorization: Option<&str>, now: Timestamp) -> Option<UserId> {
        let token = authorization?.strip_prefix("Bearer ")?;
        let (_, read) = self.read(token, now).await.ok()??;
        read.ok().map(|it| it.sub)
    }
}

fn believed(read: Result<Claims, Rejected>) -> Result<Claims, Denied> {
    read.map_err(|why| match why {
        Rejected::Expired(at) => Denied::Expired(Timestamp::from_epoch_seconds(at)),
        Rejected::Invalid => Denied::Invalid,
    })
}

#[cfg(test)]
mod tests;
