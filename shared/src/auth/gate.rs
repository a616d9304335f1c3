//! Authentication of a request: `Authorization` header to caller, session check, role.

use super::access::{Rejected, TokenIssuer};
use super::verified::VerifiedTokens;
use super::{Access, Claims, External, Keys};
use crate::domain::{
    Account, Error, ErrorKind, Origin, Result, Role, SessionId, Timestamp, UserId,
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
}

impl Caller {
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
        if self.store.session(claims.sub, session).await?.is_some() {
            return Ok(Caller {
                user: claims.sub,
                email: claims.email,
                session: Some(session),
                role: claims.app_metadata.role(),
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
                account.origin = Origin::External;
                if !self.store.provision(&account).await? {
                    self.store.account(user).await?.ok_or(Denied::Gone)?
                } else {
                    account
                }
            }
        };
        // An account of ours is opened by tokens of ours only.
        if account.origin != Origin::External {
            return Err(Denied::Invalid);
        }
        Ok(Caller {
            user,
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
mod tests {
    use jsonwebtoken::{Algorithm, EncodingKey, Header};
    use serde_json::json;

    use super::*;
    use crate::domain::{Session, SignInMethod};

    fn now() -> Timestamp {
        Timestamp::parse("2026-11-20T12:00:00Z").unwrap()
    }

    async fn gate() -> Gate {
        let keys = Keys::derive("a-secret-of-more-than-thirty-two-characters", None).unwrap();
        let external = External::with_secret("https://abc.supabase.co/auth/v1", "their secret");
        Gate::over(
            Access::new(keys, "http://localhost:4000"),
            Some(external),
            crate::testing::store().await,
        )
    }

    fn bearer(token: &str) -> String {
        format!("Bearer {token}")
    }

    fn theirs(user: UserId) -> String {
        theirs_as(user, json!({}))
    }

    fn theirs_as(user: UserId, app_metadata: serde_json::Value) -> String {
        let claims = json!({
            "app_metadata": app_metadata,
            "iss": "https://abc.supabase.co/auth/v1", "sub": user, "aud": "authenticated",
            "exp": now().epoch_seconds() + 3600, "email": "Eve@example.net", "session_id": UserId::random(),
        });
        bearer(
            &jsonwebtoken::encode(
                &Header::new(Algorithm::HS256),
                &claims,
                &EncodingKey::from_secret(b"their secret"),
            )
            .unwrap(),
        )
    }

    async fn signed_in(gate: &Gate) -> (Account, Session, String) {
        let account = Account::new(UserId::random(), "ana@example.net", now());
        let session = Session::new(account.id(), SignInMethod::Password, now());
        let created = gate
            .store
            .create_account(&account, "hash", Some(&session))
            .await;
        assert!(created.unwrap());
        let token = gate
            .access
            .issue(&account, Role::User, &session, now())
            .unwrap()
            .0;
        (account, session, token)
    }

    #[tokio::test]
    async fn only_a_bearer_spelled_so_is_looked_at() {
        let gate = gate().await;
        let (account, session, token) = signed_in(&gate).await;
        let caller = gate.identify(Some(&bearer(&token)), now()).await.unwrap();
        assert_eq!(
            caller,
            Caller {
                user: account.id(),
                email: "ana@example.net".into(),
                session: Some(session.id),
                role: Role::User,
            }
        );
        for missing in [
            None,
            Some(""),
            Some("Bearer"),
            Some("bearer x"),
            Some("Basic x"),
            Some(token.as_str()),
        ] {
            assert!(
                matches!(gate.identify(missing, now()).await, Err(Denied::Missing)),
                "{missing:?}"
            );
        }
        for invalid in ["Bearer null", "Bearer ", "Bearer undefined", "Bearer  x"] {
            assert!(
                matches!(
                    gate.identify(Some(invalid), now()).await,
                    Err(Denied::Invalid)
                ),
                "{invalid}"
            );
        }
        let late = gate
            .identify(Some(&bearer(&token)), now().plus_seconds(3600))
            .await
            .unwrap_err();
        assert!(matches!(late, Denied::Expired(Some(at)) if at == now().plus_seconds(3600)));
    }

    #[tokio::test]
    async fn signing_out_and_leaving_hold_at_once() {
        let gate = gate().await;
        let (account, session, token) = signed_in(&gate).await;
        gate.store
            .end_sessions(account.id(), &[session.id])
            .await
            .unwrap();
        assert!(matches!(
            gate.identify(Some(&bearer(&token)), now()).await,
            Err(Denied::SignedOut)
        ));
        assert!(
            gate.store
                .begin_erasure(&account, "x", &[], now())
                .await
                .unwrap()
        );
        assert!(matches!(
            gate.identify(Some(&bearer(&token)), now()).await,
            Err(Denied::Gone)
        ));
    }

    #[tokio::test]
    async fn callers_of_the_other_issuer_are_made_known_once_and_never_again() {
        let gate = gate().await;
        let eve = UserId::random();
        for _ in 0..2 {
            let caller = gate.identify(Some(&theirs(eve)), now()).await.unwrap();
            assert_eq!((caller.user, caller.session), (eve, None));
        }
        let account = gate.store.account(eve).await.unwrap().unwrap();
        assert_eq!(
            (account.email.as_str(), account.origin),
            ("eve@example.net", Origin::External)
        );
        assert_eq!(
            gate.store.account_of("eve@example.net").await.unwrap(),
            None
        );
        assert!(
            gate.store
                .begin_erasure(&account, "x", &[], now())
                .await
                .unwrap()
        );
        assert!(matches!(
            gate.identify(Some(&theirs(eve)), now()).await,
            Err(Denied::Gone)
        ));
        assert_eq!(gate.store.account(eve).await.unwrap(), None);
    }

    #[tokio::test]
    async fn the_other_issuer_cannot_speak_for_our_own() {
        let gate = gate().await;
        let (account, _, _) = signed_in(&gate).await;
        assert!(matches!(
            gate.identify(Some(&theirs(account.id())), now()).await,
            Err(Denied::Invalid)
        ));
    }

    #[tokio::test]
    async fn a_table_that_does_not_answer_is_trouble_and_not_a_refusal() {
        let known = gate().await;
        let (_, _, token) = signed_in(&known).await;
        let gate = Gate {
            store: crate::testing::silent_store(),
            ..known
        };
        assert!(matches!(
            gate.identify(Some(&bearer(&token)), now()).await,
            Err(Denied::Trouble(_))
        ));
        assert!(matches!(
            gate.identify(Some(&theirs(UserId::random())), now()).await,
            Err(Denied::Trouble(_))
        ));
    }

    #[tokio::test]
    async fn the_role_is_the_one_of_the_token_and_unknown_ones_give_no_rights() {
        let gate = gate().await;
        for (said, role) in [
            (json!({ "role": "admin" }), Role::Admin),
            (
                json!({ "role": "reviewer", "provider": "email" }),
                Role::Reviewer,
            ),
            (json!({ "role": "root" }), Role::User),
            (json!({ "role": ["admin"] }), Role::User),
            (json!({}), Role::User),
        ] {
            let token = theirs_as(UserId::random(), said.clone());
            let caller = gate.identify(Some(&token), now()).await.unwrap();
            assert_eq!(caller.role, role, "{said}");
            for wanted in Role::ALL {
                let let_in = caller.must_be(wanted).is_ok();
                assert_eq!(let_in, role >= wanted, "{said} as {wanted:?}");
            }
        }
        let account = Account::new(UserId::random(), "eve@example.net", now());
        let session = Session::new(account.id(), SignInMethod::Password, now());
        let token = gate.access.issue(&account, Role::Reviewer, &session, now());
        let token = token.unwrap().0;
        let read = gate.access.read(&token, now()).await.unwrap();
        let read = read.unwrap().unwrap();
        assert_eq!(read.app_metadata.role(), Role::Reviewer);
    }

    #[tokio::test]
    async fn a_token_has_a_subject_without_asking_the_table() {
        let known = gate().await;
        let (account, _, token) = signed_in(&known).await;
        let gate = Gate {
            store: crate::testing::silent_store(),
            ..known
        };
        let eve = UserId::random();
        let subject = async |header: &str| gate.subject(Some(header), now()).await;
        assert_eq!(subject(&bearer(&token)).await, Some(account.id()));
        assert_eq!(subject(&theirs(eve)).await, Some(eve));
        for nobody in ["Bearer null", "Bearer", token.as_str(), ""] {
            assert_eq!(subject(nobody).await, None, "{nobody}");
        }
        assert_eq!(gate.subject(None, now()).await, None);
        let header = bearer(&token);
        let late = gate.subject(Some(&header), now().plus_seconds(3600));
        assert_eq!(late.await, None);
    }
}
