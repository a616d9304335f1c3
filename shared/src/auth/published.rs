//! Public signing keys read from the row `SIGNING-KEYS`, with a cache.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet};

use crate::domain::{Error, Result};
use crate::store::Store;

/// What is attempted here, for errors.
const WHAT: &str = "reading the published signing keys";

/// How long a key is believed without reading the row again. A key that is published no longer is believed
/// nowhere after this and the life of verified tokens (`verified`): a minute.
const CACHE_LIFE: Duration = Duration::from_secs(30);

/// How long an unknown key id is not looked for again, so that made-up ones cost no read each. A key is
/// published before anything is signed with it.
const MISS_LIFE: Duration = Duration::from_secs(1);

/// How long a key that is known is waited for when it is read again.
const REFRESH_TIMEOUT: Duration = Duration::from_secs(1);

/// Reads the published keys. Cheap to clone; clones share what was read.
#[derive(Clone)]
pub(super) struct PublishedKeys {
    store: Store,
    cache_life: Duration,
    miss_life: Duration,
    cached: Arc<Mutex<Option<Cached>>>,
}

#[derive(Clone)]
struct Cached {
    keys: Arc<Vec<Jwk>>,
    read_at: Instant,
}

impl std::fmt::Debug for PublishedKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PublishedKeys")
    }
}

impl PublishedKeys {
    /// Of this table.
    pub(super) fn new(store: Store) -> Self {
        Self {
            store,
            cache_life: CACHE_LIFE,
            miss_life: MISS_LIFE,
            cached: Arc::default(),
        }
    }

    /// The key of this id, if it is published. While the table does not answer, what was last read counts.
    pub(super) async fn find(&self, kid: &str) -> Result<Option<DecodingKey>> {
        let cached = self.cached();
        let known = cached.as_ref().and_then(|it| key_of(&it.keys, kid));
        let life = [self.miss_life, self.cache_life][usize::from(known.is_some())];
        if cached.is_some_and(|it| it.read_at.elapsed() < life) {
            return Ok(known);
        }
        let Some(known) = known else {
            return Ok(key_of(&self.read().await?, kid));
        };
        let read = tokio::time::timeout(REFRESH_TIMEOUT, self.read()).await;
        match read.unwrap_or_else(|err| Err(Error::unavailable(WHAT, err))) {
            Ok(keys) => Ok(key_of(&keys, kid)),
            Err(err) => {
                tracing::warn!(error.chain = err.chain(), "known signing keys are used");
                Ok(Some(known))
            }
        }
    }

    async fn read(&self) -> Result<Arc<Vec<Jwk>>> {
        let text = self.store.signing_keys().await?;
        // Nobody is signed out because the row is missing or broken.
        let text = text.ok_or_else(|| Error::unavailable(WHAT, "none are published"))?;
        let set: JwkSet =
            serde_json::from_str(&text).map_err(|err| Error::unavailable(WHAT, err))?;
        let keys = Arc::new(set.keys);
        *self.lock() = Some(Cached {
            keys: Arc::clone(&keys),
            read_at: Instant::now(),
        });
        Ok(keys)
    }

    fn cached(&self) -> Option<Cached> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Cached>> {
        self.cached.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The key of this id, if it is one that we sign with.
fn key_of(keys: &[Jwk], kid: &str) -> Option<DecodingKey> {
    let key = keys
        .iter()
        .find(|it| it.common.key_id.as_deref() == Some(kid))?;
    match &key.algorithm {
        AlgorithmParameters::EllipticCurve(it) if it.curve == EllipticCurve::P256 => {
            DecodingKey::from_ec_components(&it.x, &it.y).ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{Algorithm, EncodingKey, Header};
    use serde_json::json;

    use super::*;
    use crate::auth::{Access, Denied, External, Gate, Keys};
    use crate::clock;
    use crate::domain::{Account, Role, Session, SignInMethod, UserId};

    const SHARED: &str = "a-shared-secret-of-more-than-thirty-two-characters";
    const OLD: &str = "an-old-secret-of-more-than-thirty-two-characters";
    const NEW: &str = "a-new-secret-of-more-than-thirty-two-characters!";
    const URL: &str = "https://vara.example";

    fn signer(store: &Store, signing: &[&str]) -> Gate {
        let keys = Keys::of(&[SHARED], signing).unwrap();
        Gate::over(Access::new(keys, URL), None, store.clone())
    }

    /// A gate that reads the published keys anew each time.
    fn verifier(store: &Store) -> Gate {
        verifier_beside(None, store)
    }

    fn verifier_beside(external: Option<External>, store: &Store) -> Gate {
        let keys = Keys::of::<&str>(&[SHARED], &[]).unwrap();
        let published = PublishedKeys {
            cache_life: Duration::ZERO,
            miss_life: Duration::ZERO,
            ..PublishedKeys::new(store.clone())
        };
        Gate::over(
            Access::verifying(keys, URL, published),
            external,
            store.clone(),
        )
        .verifying_each_time()
    }

    async fn token(store: &Store, gate: &Gate) -> String {
        let now = clock::now();
        let account = Account::new(UserId::random(), "ana@example.net", now);
        let session = Session::new(account.id(), SignInMethod::Password, now);
        assert!(store.provision(&account).await.unwrap());
        assert!(store.sign_in(&account, &session).await.unwrap());
        let token = gate
            .access()
            .issue(&account, Role::User, &session, now)
            .unwrap()
            .0;
        format!("Bearer {token}")
    }

    async fn is_let_in(gate: &Gate, token: &str) -> bool {
        match gate.identify(Some(token), clock::now()).await {
            Ok(_) => true,
            Err(Denied::Invalid) => false,
            Err(other) => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn others_verify_what_one_signs_and_cannot_sign_themselves() {
        let store = crate::testing::store().await;
        let (auth, other) = (signer(&store, &[NEW]), verifier(&store));
        let token = token(&store, &auth).await;
        // Trouble, and nobody is signed out.
        let early = other.identify(Some(&token), clock::now()).await;
        assert!(matches!(early, Err(Denied::Trouble(_))));
        auth.publish_keys("0000000001").await.unwrap();
        assert!(is_let_in(&other, &token).await);
        let account = Account::new(UserId::random(), "eve@example.net", clock::now());
        let session = Session::new(account.id(), SignInMethod::Password, clock::now());
        let forged = other
            .access()
            .issue(&account, Role::User, &session, clock::now());
        assert_eq!(forged.unwrap_err().kind, crate::domain::ErrorKind::Bug);
        let forger = signer(&store, &[SHARED]);
        let forged = self::token(&store, &forger).await;
        assert!(!is_let_in(&other, &forged).await);
    }

    #[tokio::test]
    async fn tokens_of_another_issuer_are_believed_while_no_keys_of_ours_are_published() {
        let store = crate::testing::store().await;
        let issuer = "https://abc.supabase.co/auth/v1";
        let external = External::with_secret(issuer, "their secret");
        let beside = verifier_beside(Some(external), &store);
        let header = Header {
            kid: Some("theirs".into()),
            ..Header::new(Algorithm::HS256)
        };
        let claims = json!({
            "iss": issuer, "sub": UserId::random(), "aud": "authenticated",
            "exp": clock::now().epoch_seconds() + 600, "email": "eve@example.net",
        });
        let secret = EncodingKey::from_secret(b"their secret");
        let theirs = jsonwebtoken::encode(&header, &claims, &secret).unwrap();
        let theirs = format!("Bearer {theirs}");
        assert!(is_let_in(&beside, &theirs).await);
        let subject = beside.subject(Some(&theirs), clock::now()).await;
        assert_eq!(json!(subject), claims["sub"]);
        // Ours cannot be judged yet, and without the other issuer nothing can.
        let ours = token(&store, &signer(&store, &[NEW])).await;
        for (gate, token) in [(&beside, &ours), (&verifier(&store), &theirs)] {
            let early = gate.identify(Some(token), clock::now()).await;
            assert!(matches!(early, Err(Denied::Trouble(_))));
        }
    }

    #[tokio::test]
    async fn a_rotated_key_is_believed_while_it_is_the_previous_one() {
        let store = crate::testing::store().await;
        let (before, other) = (signer(&store, &[OLD]), verifier(&store));
        before.publish_keys("0000000001").await.unwrap();
        let old = token(&store, &before).await;
        let during = signer(&store, &[NEW, OLD]);
        during.publish_keys("0000000002").await.unwrap();
        let new = token(&store, &during).await;
        assert!(is_let_in(&other, &old).await && is_let_in(&other, &new).await);
        // A late start of what was deployed before changes nothing, and is told as long as its key is good.
        before.publish_keys("0000000001").await.unwrap();
        assert!(is_let_in(&other, &new).await);
        let after = signer(&store, &[NEW]);
        after.publish_keys("0000000003").await.unwrap();
        assert!(!is_let_in(&other, &old).await && is_let_in(&other, &new).await);
        assert!(before.publish_keys("0000000002").await.is_err());
        assert!(is_let_in(&other, &new).await);
    }

    #[tokio::test]
    async fn what_was_read_counts_while_the_table_is_silent_and_made_up_ids_cost_no_read_each() {
        let store = crate::testing::store().await;
        let auth = signer(&store, &[NEW]);
        auth.publish_keys("0000000001").await.unwrap();
        let kid = auth.keys().jwks()["keys"][0]["kid"].clone();
        let kid = kid.as_str().unwrap();
        let mut published = PublishedKeys::new(store);
        assert!(published.find(kid).await.unwrap().is_some());
        published.store = crate::testing::silent_store();
        // Lately read: the table is not asked.
        published.miss_life = Duration::from_secs(600);
        assert!(published.find("made-up").await.unwrap().is_none());
        published.cache_life = Duration::ZERO;
        assert!(published.find(kid).await.unwrap().is_some());
        published.miss_life = Duration::ZERO;
        assert!(published.find("made-up").await.is_err());
    }
}
