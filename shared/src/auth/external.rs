//! Tokens of another issuer, if one is configured: a Supabase project, for example.

use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use aws_smithy_http_client::default_connector;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use http_body_util::BodyExt;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey};

use super::access::{Claims, Rejected, verify};
use crate::domain::{BoxError, Error, Result, Timestamp};

/// A key set is asked for at most so often, whatever key ids callers make up.
const PAUSE: Duration = Duration::from_secs(60);

/// The issuer and how its tokens are verified. Cheap to clone.
#[derive(Clone)]
pub struct External(Arc<Inner>);

struct Inner {
    issuer: String,
    keys: Source,
}

enum Source {
    Secret(DecodingKey),
    Published(Published),
}

/// How long the issuer has to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// A key set at an address. It is asked for with the SDK's own connector, which every function has
/// anyway; a second HTTP client for this alone would make each of them a megabyte larger.
struct Published {
    url: String,
    connector: SharedHttpConnector,
    kept: RwLock<Kept>,
}

#[derive(Clone, Default)]
struct Kept {
    keys: Arc<Vec<Jwk>>,
    asked: Option<Instant>,
}

impl std::fmt::Debug for External {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "External({})", self.0.issuer)
    }
}

impl External {
    /// An issuer that signs with a secret it shares with us (HS256).
    #[must_use]
    pub fn with_secret(issuer: &str, secret: &str) -> Self {
        Self::new(
            issuer,
            Source::Secret(DecodingKey::from_secret(secret.as_bytes())),
        )
    }

    /// An issuer that publishes its keys at `url` (ES256 or RS256).
    pub fn with_keys_at(issuer: &str, url: &str) -> Result<Self> {
        HttpRequest::get(url)
            .map_err(|err| Error::bug("reading the address of the issuer's keys", err))?;
        let connector = default_connector(&HttpConnectorSettings::default(), None);
        let connector = connector
            .ok_or_else(|| Error::bug("asking for the issuer's keys", "there is no HTTP client"))?;
        Ok(Self::new(
            issuer,
            Source::Published(Published {
                url: url.to_owned(),
                connector,
                kept: RwLock::default(),
            }),
        ))
    }

    fn new(issuer: &str, keys: Source) -> Self {
        Self(Arc::new(Inner {
            issuer: issuer.to_owned(),
            keys,
        }))
    }

    /// What a token of this issuer says. The outer error is trouble with asking for its keys.
    pub(super) async fn read(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<Result<Claims, Rejected>> {
        let Ok(header) = jsonwebtoken::decode_header(token) else {
            return Ok(Err(Rejected::Invalid));
        };
        let issuer = &self.0.issuer;
        let published = match &self.0.keys {
            Source::Secret(key) => return Ok(verify(token, key, Algorithm::HS256, issuer, now)),
            Source::Published(it) => it,
        };
        let Some(key) = published
            .find(header.kid.as_deref().unwrap_or_default())
            .await?
        else {
            return Ok(Err(Rejected::Invalid));
        };
        let (Some(algorithm), Ok(key)) = (algorithm(&key), DecodingKey::from_jwk(&key)) else {
            return Ok(Err(Rejected::Invalid));
        };
        Ok(verify(token, &key, algorithm, issuer, now))
    }
}

impl Published {
    async fn find(&self, kid: &str) -> Result<Option<Jwk>> {
        let kept = self.kept();
        let found = named(&kept.keys, kid);
        let may_ask = kept.asked.is_none_or(|it| it.elapsed() >= PAUSE);
        if found.is_some() || !may_ask {
            return Ok(found);
        }
        let keys = self.ask().await?;
        let found = named(&keys, kid);
        // A poisoned lock holds nothing worse than an older key set.
        *self
            .kept
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = Kept {
            keys: Arc::new(keys),
            asked: Some(Instant::now()),
        };
        Ok(found)
    }

    fn kept(&self) -> Kept {
        self.kept
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }

    async fn ask(&self) -> Result<Vec<Jwk>> {
        let text = tokio::time::timeout(PATIENCE, self.download())
            .await
            .unwrap_or_else(|err| Err(err.into()));
        let text = text.map_err(|err| Error::unavailable("asking the issuer for its keys", err))?;
        let set: JwkSet = serde_json::from_slice(&text)
            .map_err(|err| Error::unavailable("reading the issuer's keys", err))?;
        Ok(set.keys)
    }

    async fn download(&self) -> Result<Vec<u8>, BoxError> {
        let reply = self.connector.call(HttpRequest::get(&self.url)?).await?;
        if !reply.status().is_success() {
            return Err(format!("it answered {}", reply.status().as_u16()).into());
        }
        Ok(reply.into_body().collect().await?.to_bytes().to_vec())
    }
}

fn named(keys: &[Jwk], kid: &str) -> Option<Jwk> {
    keys.iter()
        .find(|it| it.common.key_id.as_deref() == Some(kid))
        .cloned()
}

/// What a published key signs with. A shared secret is never published.
fn algorithm(key: &Jwk) -> Option<Algorithm> {
    match &key.algorithm {
        AlgorithmParameters::EllipticCurve(it) if it.curve == EllipticCurve::P256 => {
            Some(Algorithm::ES256)
        }
        AlgorithmParameters::RSA(_) => Some(Algorithm::RS256),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use jsonwebtoken::{EncodingKey, Header};
    use serde_json::json;

    use super::*;
    use crate::domain::UserId;

    const ISSUER: &str = "https://abc.supabase.co/auth/v1";

    fn now() -> Timestamp {
        Timestamp::parse("2026-11-20T12:00:00Z").unwrap()
    }

    fn token(issuer: &str, secret: &str) -> (UserId, String) {
        let user = UserId::random();
        let claims = json!({
            "iss": issuer, "sub": user, "aud": "authenticated", "exp": now().epoch_seconds() + 60, "email": "a@b.example",
        });
        let key = EncodingKey::from_secret(secret.as_bytes());
        (
            user,
            jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap(),
        )
    }

    #[tokio::test]
    async fn a_shared_secret() {
        let external = External::with_secret(ISSUER, "their secret");
        let (user, good) = token(ISSUER, "their secret");
        assert_eq!(
            external.read(&good, now()).await.unwrap().unwrap().sub,
            user
        );
        let late = external
            .read(&good, now().plus_seconds(60))
            .await
            .unwrap()
            .unwrap_err();
        assert!(matches!(late, Rejected::Expired(_)));
        for (_, bad) in [
            token("https://other", "their secret"),
            token(ISSUER, "another secret"),
        ] {
            assert_eq!(
                external.read(&bad, now()).await.unwrap().unwrap_err(),
                Rejected::Invalid
            );
        }
    }

    #[tokio::test]
    async fn published_keys_are_asked_for_once_and_their_absence_is_trouble() {
        use axum::routing::get;
        let ours =
            crate::auth::Keys::derive("a-secret-of-more-than-thirty-two-characters", None).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let set = ours.jwks().to_string();
        let server = tokio::spawn(async move {
            axum::serve(
                listener,
                axum::Router::new().route("/jwks", get(async move || set)),
            )
            .await
        });

        let access = crate::auth::Access::new(ours, "https://abc.supabase.co");
        let account = crate::domain::Account::new(UserId::random(), "a@b.example", now());
        let session =
            crate::domain::Session::new(account.id(), crate::domain::SignInMethod::Password, now());
        let (token, _) = access.issue(&account, &session, now()).unwrap();
        let external = External::with_keys_at(ISSUER, &format!("http://{address}/jwks")).unwrap();
        assert_eq!(
            external.read(&token, now()).await.unwrap().unwrap().sub,
            account.id()
        );
        server.abort();
        assert_eq!(
            external.read(&token, now()).await.unwrap().unwrap().sub,
            account.id()
        );

        let gone = External::with_keys_at(ISSUER, &format!("http://{address}/jwks")).unwrap();
        assert_eq!(
            gone.read(&token, now()).await.unwrap_err().kind,
            crate::domain::Kind::Unavailable
        );
    }
}
