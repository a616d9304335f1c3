//! Access tokens of an external issuer (a Supabase project): shared secret or JWKS with cache and
//! back-off.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_smithy_http_client::default_connector;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use http_body_util::{BodyExt, Limited};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey};
use tokio::sync::Mutex as AsyncMutex;

use super::access::{Claims, Rejected, verify};
use crate::domain::{BoxError, Error, Result, Timestamp};

/// How long a key set is used before it is fetched again.
const KEYS_FRESH_FOR: Duration = Duration::from_secs(600);

/// How long the last key set is believed while the issuer does not answer.
const KEYS_BELIEVED_FOR: Duration = Duration::from_secs(3600);

/// The shortest time between two fetches that succeed, whatever key ids callers make up.
const FETCH_INTERVAL: Duration = Duration::from_secs(60);

/// The longest time until the next fetch after fetches that failed: 1, 2, 4… seconds up to this.
const FETCH_BACKOFF_MAX: Duration = Duration::from_secs(300);

/// The most bytes a key set may have.
const KEY_SET_BYTES: usize = 256 * 1024;

/// The issuer and how its tokens are verified. Cheap to clone.
#[derive(Clone)]
pub struct External(Arc<ExternalInner>);

struct ExternalInner {
    issuer: String,
    keys: KeySource,
}

enum KeySource {
    Secret(DecodingKey),
    Published(Published),
}

/// How long the issuer has to answer.
const ISSUER_TIMEOUT: Duration = Duration::from_secs(3);

/// A key set at an address. It is asked for with the SDK's own connector, which every function has
/// anyway; a second HTTP client for this alone would make each of them a megabyte larger.
struct Published {
    url: String,
    connector: SharedHttpConnector,
    cache: Mutex<KeyCache>,
    /// Held by the one call that fetches; the others wait for what it gets.
    fetching: AsyncMutex<()>,
}

/// The last key set, and when the next fetch may be.
#[derive(Clone, Default)]
struct KeyCache {
    keys: Arc<Vec<Jwk>>,
    fetched_at: Option<Instant>,
    /// No fetch before this.
    fetch_after: Option<Instant>,
    /// How many fetches failed since one succeeded.
    failures: u32,
}

impl KeyCache {
    fn is_younger(&self, than: Duration, now: Instant) -> bool {
        let age = self.fetched_at.map(|it| now.saturating_duration_since(it));
        age.is_some_and(|it| it < than)
    }

    /// The key of this id, if the set is not too old to be believed.
    fn key(&self, kid: &str, now: Instant) -> Option<Jwk> {
        let believed = self.is_younger(KEYS_BELIEVED_FOR, now);
        let mut keys = self.keys.iter().filter(|_| believed);
        keys.find(|it| it.common.key_id.as_deref() == Some(kid))
            .cloned()
    }

    /// What is known without a fetch; `None` if one is due.
    fn answer(&self, kid: &str, now: Instant) -> Option<Result<Option<Jwk>>> {
        let key = self.key(kid, now);
        let may_fetch = self.fetch_after.is_none_or(|it| now >= it);
        let is_fresh = self.is_younger(KEYS_FRESH_FOR, now);
        if may_fetch && !(is_fresh && key.is_some()) {
            return None;
        }
        // While the issuer does not answer, an id that is not known may be that of a new key.
        let is_certain = key.is_some() || (is_fresh && self.failures == 0);
        Some(match is_certain {
            true => Ok(key),
            false => Err(Error::unavailable(
                "looking up a key of the issuer",
                "its keys could not be fetched a moment ago",
            )),
        })
    }

    fn note_success(&mut self, keys: Vec<Jwk>, now: Instant) {
        *self = Self {
            keys: Arc::new(keys),
            fetched_at: Some(now),
            fetch_after: Some(now + FETCH_INTERVAL),
            failures: 0,
        };
    }

    fn note_failure(&mut self, now: Instant) {
        let backoff = Duration::from_secs(1 << self.failures.min(16)).min(FETCH_BACKOFF_MAX);
        self.failures = self.failures.saturating_add(1);
        self.fetch_after = Some(now + backoff);
    }
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
            KeySource::Secret(DecodingKey::from_secret(secret.as_bytes())),
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
            KeySource::Published(Published {
                url: url.to_owned(),
                connector,
                cache: Mutex::default(),
                fetching: AsyncMutex::default(),
            }),
        ))
    }

    fn new(issuer: &str, keys: KeySource) -> Self {
        Self(Arc::new(ExternalInner {
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
            KeySource::Secret(key) => return Ok(verify(token, key, Algorithm::HS256, issuer, now)),
            KeySource::Published(it) => it,
        };
        let Some(key) = published
            .find(header.kid.as_deref().unwrap_or_default(), Instant::now())
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
    /// The key of this id; fetches the set if it is due.
    async fn find(&self, kid: &str, now: Instant) -> Result<Option<Jwk>> {
        if let Some(answer) = self.cached(|it| it.answer(kid, now)) {
            return answer;
        }
        let _fetching = self.fetching.lock().await;
        // Another call may have fetched it meanwhile.
        if let Some(answer) = self.cached(|it| it.answer(kid, now)) {
            return answer;
        }
        match self.ask().await {
            Ok(keys) => {
                self.cached(|it| it.note_success(keys, now));
                Ok(self.cached(|it| it.key(kid, now)))
            }
            Err(err) => {
                let key = self.cached(|it| {
                    it.note_failure(now);
                    it.key(kid, now)
                });
                if key.is_none() {
                    return Err(err);
                }
                tracing::warn!(
                    error.chain = err.chain(),
                    "the issuer's keys could not be fetched; its last ones are used"
                );
                Ok(key)
            }
        }
    }

    /// Reads or changes the cache. A poisoned lock holds nothing worse than an older key set.
    fn cached<T>(&self, with: impl FnOnce(&mut KeyCache) -> T) -> T {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        with(&mut cache)
    }

    async fn ask(&self) -> Result<Vec<Jwk>> {
        let text = tokio::time::timeout(ISSUER_TIMEOUT, self.download())
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
        let body = Limited::new(reply.into_body(), KEY_SET_BYTES);
        Ok(body.collect().await?.to_bytes().to_vec())
    }
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
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    use jsonwebtoken::{EncodingKey, Header};
    use serde_json::json;

    use super::*;
    use crate::domain::{Role, UserId};

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

    /// An issuer whose keys are served for as long as the switch is on; how often they were asked for.
    struct Issuer {
        url: String,
        access: crate::auth::Access,
        serves: Arc<AtomicBool>,
        fetches: Arc<AtomicU32>,
    }

    impl Issuer {
        async fn start() -> Self {
            let secret = "a-secret-of-more-than-thirty-two-characters";
            let ours = crate::auth::Keys::derive(secret, None).unwrap();
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/jwks", listener.local_addr().unwrap());
            let (set, serves) = (ours.jwks().to_string(), Arc::new(AtomicBool::new(true)));
            let fetches = Arc::new(AtomicU32::new(0));
            let (is_up, count) = (Arc::clone(&serves), Arc::clone(&fetches));
            let answer = move || {
                count.fetch_add(1, Ordering::SeqCst);
                let status = if is_up.load(Ordering::SeqCst) {
                    200
                } else {
                    500
                };
                let status = axum::http::StatusCode::from_u16(status).unwrap();
                let set = set.clone();
                async move { (status, set) }
            };
            let routes = axum::Router::new().route("/jwks", axum::routing::get(answer));
            tokio::spawn(async move { axum::serve(listener, routes).await });
            let access = crate::auth::Access::new(ours, "https://abc.supabase.co");
            Self {
                url,
                access,
                serves,
                fetches,
            }
        }

        fn external(&self) -> External {
            External::with_keys_at(ISSUER, &self.url).unwrap()
        }

        fn kid(&self) -> String {
            let keys = self.access.keys().jwks();
            keys["keys"][0]["kid"].as_str().unwrap().to_owned()
        }

        fn fetches(&self) -> u32 {
            self.fetches.load(Ordering::SeqCst)
        }
    }

    fn published(external: &External) -> &Published {
        match &external.0.keys {
            KeySource::Published(it) => it,
            KeySource::Secret(_) => panic!("it publishes its keys"),
        }
    }

    #[tokio::test]
    async fn published_keys_are_fetched_once_and_their_absence_is_trouble() {
        let issuer = Issuer::start().await;
        let account = crate::domain::Account::new(UserId::random(), "a@b.example", now());
        let session =
            crate::domain::Session::new(account.id(), crate::domain::SignInMethod::Password, now());
        let (token, _) = issuer
            .access
            .issue(&account, Role::User, &session, now())
            .unwrap();
        let external = issuer.external();
        for _ in 0..3 {
            let claims = external.read(&token, now()).await.unwrap().unwrap();
            assert_eq!(claims.sub, account.id());
        }
        assert_eq!(issuer.fetches(), 1);
        issuer.serves.store(false, Ordering::SeqCst);
        let trouble = issuer.external().read(&token, now()).await.unwrap_err();
        assert_eq!(trouble.kind, crate::domain::ErrorKind::Unavailable);
    }

    #[tokio::test]
    async fn many_unknown_key_ids_cause_one_fetch_a_minute() {
        let issuer = Issuer::start().await;
        let (external, start) = (issuer.external(), Instant::now());
        let keys = published(&external);
        let ids: Vec<String> = (0..50).map(|it| format!("made-up-{it}")).collect();
        for (second, fetches) in [(0, 1), (59, 1), (60, 2), (61, 2)] {
            let at = start + Duration::from_secs(second);
            let all = ids.iter().map(|id| keys.find(id, at));
            for found in futures_util::future::join_all(all).await {
                assert!(found.unwrap().is_none());
            }
            assert_eq!(issuer.fetches(), fetches, "after {second} s");
            assert!(keys.find(&issuer.kid(), at).await.unwrap().is_some());
        }
    }

    #[tokio::test]
    async fn keys_are_fetched_anew_after_ten_minutes_and_believed_for_an_hour_at_most() {
        let issuer = Issuer::start().await;
        let (external, start, kid) = (issuer.external(), Instant::now(), issuer.kid());
        let keys = published(&external);
        let at = |second| start + Duration::from_secs(second);
        assert!(keys.find(&kid, at(0)).await.unwrap().is_some());
        assert!(keys.find(&kid, at(599)).await.unwrap().is_some());
        assert_eq!(issuer.fetches(), 1);
        assert!(keys.find(&kid, at(600)).await.unwrap().is_some());
        assert_eq!(issuer.fetches(), 2);

        // The issuer fails: its last keys are believed, and it is asked less and less often.
        issuer.serves.store(false, Ordering::SeqCst);
        for (second, fetches) in [
            (1200, 3),
            (1200, 3),
            (1201, 4),
            (1202, 4),
            (1203, 5),
            (1206, 5),
            (1207, 6),
        ] {
            assert!(keys.find(&kid, at(second)).await.unwrap().is_some());
            assert_eq!(issuer.fetches(), fetches, "after {second} s");
        }
        let unknown = keys.find("new", at(1208)).await.unwrap_err();
        assert_eq!(unknown.kind, crate::domain::ErrorKind::Unavailable);
        assert!(keys.find(&kid, at(600 + 3599)).await.unwrap().is_some());
        assert!(keys.find(&kid, at(600 + 3600)).await.is_err());

        issuer.serves.store(true, Ordering::SeqCst);
        assert!(
            keys.find(&kid, at(600 + 3600 + 300))
                .await
                .unwrap()
                .is_some()
        );
        assert!(
            keys.find("new", at(600 + 3600 + 301))
                .await
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn back_off_grows_to_its_limit() {
        let (mut cache, start) = (KeyCache::default(), Instant::now());
        let waits = (0..40).map(|_| {
            cache.note_failure(start);
            cache.fetch_after.unwrap().duration_since(start).as_secs()
        });
        let waits: Vec<u64> = waits.collect();
        assert_eq!(waits[..5], [1, 2, 4, 8, 16]);
        assert_eq!(waits[9..], [300; 31]);
    }
}
