//! Key derivation: every key of ours from two root secrets, one key for one purpose.
//!
//! All functions that a woman calls hold the shared secret. The signing secret, which sign-ins hang on, is
//! held by the function that signs alone; the others verify with the public keys it publishes
//! ([`super::published`]).
//!
//! *Invariant:* a key made for one purpose is never used for another, so that what is signed for a
//! picture's address can never be shown as a refresh token.

use std::sync::Arc;

use aws_lc_rs::agreement::{self, ECDH_P256};
use aws_lc_rs::digest;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde::Serialize;
use serde_json::{Value, json};

use super::seal::Seal;
use crate::domain::{Error, Result, Timestamp, UserId};
use crate::settings::Env;

/// The shortest secret we start with, ours or another issuer's.
pub(super) const SECRET_CHARS: usize = 32;

/// How many letters the pseudonym of somebody who works at Vara has.
const STAFF_LETTERS: usize = 4;

/// Digits and letters that are not taken for each other when they are read out.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// The public keys that verify access tokens (RFC 7517).
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Jwks {
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<std::collections::BTreeMap<String, Value>>))]
    keys: Vec<Value>,
}

/// The keys. Cheap to clone.
#[derive(Clone)]
pub struct Keys(Arc<KeysInner>);

struct KeysInner {
    /// Of the signing secrets; empty where tokens are only verified. The first signs; all of them verify.
    pairs: Vec<Pair>,
    refresh: Vec<hmac::Key>,
    /// Of the shared secrets. The first signs; all of them verify.
    urls: Vec<hmac::Key>,
    proxy: Vec<hmac::Key>,
    addresses: hmac::Key,
    /// Names what is kept to be given again.
    replays: hmac::Key,
    /// Seal what is kept to be given again; the first seals, all of them open.
    seals: Vec<Seal>,
    /// Names codes that were given out, and makes the secrets of authorisations.
    codes: hmac::Key,
    /// Makes the pseudonyms of who works at Vara.
    staff: hmac::Key,
}

/// A key pair for access tokens.
pub(super) struct Pair {
    pub(super) kid: String,
    pub(super) encoding: EncodingKey,
    pub(super) decoding: DecodingKey,
    jwk: Value,
}

/// Why there are no keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSecret {
    /// It could be guessed.
    #[error("has fewer than {SECRET_CHARS} characters")]
    Short,
    /// No key pair can be made of it.
    #[error("makes no signing key")]
    Unusable,
}

impl KeysInner {
    /// `present` is the first of `shared`.
    fn derive(present: &str, shared: &[&str], signing: &[&str]) -> Result<Self, Unspecified> {
        let keys = |secrets: &[&str], purpose| {
            let keys = secrets.iter().map(|it| hmac_key(it, purpose));
            keys.collect::<Result<_, _>>()
        };
        let pairs = signing.iter().map(|it| Pair::derive(it));
        let seals = shared
            .iter()
            .map(|it| Seal::new(&derive(it, "replay-seal")?));
        Ok(Self {
            pairs: pairs.collect::<Result<_, _>>()?,
            refresh: keys(signing, "refresh-token")?,
            urls: keys(shared, "image-url")?,
            proxy: keys(shared, "proxy-token")?,
            addresses: hmac_key(present, "mail-window")?,
            replays: hmac_key(present, "replay-name")?,
            seals: seals.collect::<Result<_, _>>()?,
            codes: hmac_key(present, "account-codes")?,
            staff: hmac_key(present, "staff-pseudonym")?,
        })
    }

    fn none() -> Self {
        let nothing = || hmac::Key::new(HMAC_SHA256, &[]);
        Self {
            pairs: vec![],
            urls: vec![],
            refresh: vec![],
            proxy: vec![],
            addresses: nothing(),
            replays: nothing(),
            seals: vec![],
            codes: nothing(),
            staff: nothing(),
        }
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

impl Keys {
    /// All keys, of one secret. What was signed under `previous` is still believed.
    pub fn derive(secret: &str, previous: Option<&str>) -> Result<Self, BadSecret> {
        let secrets: Vec<&str> = std::iter::once(secret).chain(previous).collect();
        Self::of(&secrets, &secrets)
    }

    /// The keys of the shared secrets and of the signing secrets, the present one of each first. Without
    /// signing secrets they sign no tokens.
    pub fn of<T: AsRef<str>>(shared: &[T], signing: &[T]) -> Result<Self, BadSecret> {
        let (shared, signing) = (texts(shared), texts(signing));
        let mut all = shared.iter().chain(&signing);
        if all.any(|it| it.chars().count() < SECRET_CHARS) {
            return Err(BadSecret::Short);
        }
        let present = *shared.first().ok_or(BadSecret::Short)?;
        let inner = KeysInner::derive(present, &shared, &signing);
        inner
            .map(|it| Self(Arc::new(it)))
            .map_err(|_| BadSecret::Unusable)
    }

    /// The keys of addresses for search engines only, of a secret of their own: who makes those has no
    /// part in anything else that is signed.
    #[must_use]
    pub fn of_proxy(env: &Env) -> Self {
        let secret = env.text("PROXY_SECRET");
        if secret.chars().count() < SECRET_CHARS {
            env.problem(format!(
                "PROXY_SECRET has less than {SECRET_CHARS} characters"
            ));
        }
        let mut inner = KeysInner::none();
        match hmac_key(&secret, "proxy-token") {
            Ok(key) => inner.proxy = vec![key],
            Err(_) => env.problem("PROXY_SECRET makes no key".into()),
        }
        Self(Arc::new(inner))
    }

    /// Keys that sign and believe nothing: what a function holds that is about to refuse to start.
    #[must_use]
    pub fn none() -> Self {
        Self(Arc::new(KeysInner::none()))
    }

    /// The proof that an address of a picture was made by us.
    #[must_use]
    pub fn sign_url(&self, text: &str) -> String {
        sign(&self.0.urls, text)
    }

    /// Whether `mac` is that proof. Takes the same time wherever it is wrong.
    #[must_use]
    pub fn check_url(&self, text: &str, mac: &str) -> bool {
        check(&self.0.urls, text, mac)
    }

    /// The public halves, for whoever verifies our access tokens (RFC 7517).
    #[must_use]
    pub fn jwks(&self) -> Value {
        let keys = self.0.pairs.iter().map(|it| it.jwk.clone());
        json!(Jwks {
            keys: keys.collect()
        })
    }

    pub(super) fn signing(&self) -> Option<&Pair> {
        self.0.pairs.first()
    }

    /// Whether they sign tokens, and so verify them without asking anybody.
    pub(super) fn can_sign(&self) -> bool {
        !self.0.pairs.is_empty()
    }

    pub(super) fn verifying(&self, kid: &str) -> Option<&Pair> {
        self.0.pairs.iter().find(|it| it.kid == kid)
    }

    pub(super) fn sign_refresh(&self, text: &str) -> String {
        sign(&self.0.refresh, text)
    }

    pub(super) fn check_refresh(&self, text: &str, mac: &str) -> bool {
        check(&self.0.refresh, text, mac)
    }

    /// A name for a code that proves this account, which cannot be turned back into it.
    #[must_use]
    pub fn code_name(&self, account: &str, code: &str) -> String {
        let text = format!("code/{account}/{code}");
        encode(hmac::sign(&self.0.codes, text.as_bytes()))
    }

    /// The pseudonym of somebody who works at Vara (`R-7F3K`): the same for a year, and of use to nobody without the key.
    #[must_use]
    pub fn staff_pseudonym(&self, user: UserId, now: Timestamp) -> String {
        let day = now.day().to_string();
        let year = day.split('-').next().unwrap_or_default();
        let mac = hmac::sign(&self.0.staff, format!("{year}/{user}").as_bytes());
        let letters = mac.as_ref().iter().take(STAFF_LETTERS);
        let letters = letters.filter_map(|it| ALPHABET.get(usize::from(*it) % ALPHABET.len()));
        let code: String = letters.map(|it| char::from(*it)).collect();
        format!("R-{code}")
    }

    /// The secret that only who began the authorisation of this state can tell (RFC 7636).
    #[must_use]
    pub fn verifier(&self, state: &str) -> String {
        encode(hmac::sign(
            &self.0.codes,
            format!("pkce/{state}").as_bytes(),
        ))
    }

    /// The proof that a proxy token was made by us.
    #[must_use]
    pub fn sign_proxy(&self, text: &str) -> String {
        sign(&self.0.proxy, text)
    }

    /// Whether `mac` is that proof. Takes the same time wherever it is wrong.
    #[must_use]
    pub fn check_proxy(&self, text: &str, mac: &str) -> bool {
        check(&self.0.proxy, text, mac)
    }

    /// A name for a call, made of these parts, that cannot be turned back into them.
    #[must_use]
    pub fn replay_name(&self, parts: &[&[u8]]) -> String {
        let mut mac = hmac::Context::with_key(&self.0.replays);
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        encode(mac.sign())
    }

    /// Seals an answer, which can then be opened only as the answer to the call of this name.
    pub fn seal_replay(&self, name: &str, answer: Vec<u8>) -> Result<String> {
        let seal = self.0.seals.first();
        seal.and_then(|it| it.close(name, answer))
            .ok_or_else(|| Error::bug("sealing an answer", "it cannot be sealed"))
    }

    /// Opens what was sealed for the call of this name.
    pub fn open_replay(&self, name: &str, sealed: &str) -> Result<Vec<u8>> {
        let mut seals = self.0.seals.iter();
        seals
            .find_map(|it| it.open(name, sealed))
            .ok_or_else(|| Error::bug("opening an answer", "it was not sealed by us"))
    }

    /// A name for an address that cannot be turned back into it.
    #[must_use]
    pub fn address_name(&self, email: &str) -> String {
        encode(hmac::sign(&self.0.addresses, email.as_bytes()))
    }
}

impl Pair {
    fn derive(secret: &str) -> Result<Self, Unspecified> {
        let (scalar, public) = scalar(secret)?;
        let pair = EcdsaKeyPair::from_private_key_and_public_key(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            &scalar,
            &public,
        )
        .map_err(|_| Unspecified)?;
        let pkcs8 = pair.to_pkcs8v1()?;
        let (x, y) = (encode(&public[1..33]), encode(&public[33..65]));
        // RFC 7638: the members in this order and nothing else.
        let thumbprint = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let kid = encode(digest::digest(&digest::SHA256, thumbprint.as_bytes()));
        let jwk = json!({
            "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": kid, "alg": "ES256", "use": "sig", "key_ops": ["verify"],
        });
        let decoding = DecodingKey::from_ec_components(&x, &y).map_err(|_| Unspecified)?;
        Ok(Self {
            kid,
            encoding: EncodingKey::from_ec_der(pkcs8.as_ref()),
            decoding,
            jwk,
        })
    }
}

/// A number the curve takes, and its public point (uncompressed, 65 bytes).
fn scalar(secret: &str) -> Result<([u8; 32], Vec<u8>), Unspecified> {
    // One number in four thousand million is too large for the curve; then the next is tried.
    for attempt in 0..8 {
        let scalar = derive(secret, &format!("access-token-es256/{attempt}"))?;
        if let Ok(key) = agreement::PrivateKey::from_private_key(&ECDH_P256, &scalar) {
            return Ok((scalar, key.compute_public_key()?.as_ref().to_vec()));
        }
    }
    Err(Unspecified)
}

/// Each once: while a secret is changed, the present one is among those before it.
fn texts<T: AsRef<str>>(secrets: &[T]) -> Vec<&str> {
    let mut texts = Vec::new();
    for text in secrets.iter().map(AsRef::as_ref) {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts
}

/// The key of one purpose: HKDF-SHA256 (RFC 5869).
fn derive(secret: &str, purpose: &str) -> Result<[u8; 32], Unspecified> {
    let mut key = [0; 32];
    Salt::new(HKDF_SHA256, b"vara")
        .extract(secret.as_bytes())
        .expand(&[purpose.as_bytes()], HKDF_SHA256)?
        .fill(&mut key)?;
    Ok(key)
}

fn hmac_key(secret: &str, purpose: &str) -> Result<hmac::Key, Unspecified> {
    Ok(hmac::Key::new(HMAC_SHA256, &derive(secret, purpose)?))
}

fn sign(keys: &[hmac::Key], text: &str) -> String {
    keys.first()
        .map(|key| encode(hmac::sign(key, text.as_bytes())))
        .unwrap_or_default()
}

fn check(keys: &[hmac::Key], text: &str, mac: &str) -> bool {
    let Ok(mac) = URL_SAFE_NO_PAD.decode(mac) else {
        return false;
    };
    keys.iter()
        .any(|key| hmac::verify(key, text.as_bytes(), &mac).is_ok())
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "an-old-secret-of-more-than-thirty-two-characters";
    const NEW: &str = "a-new-secret-of-more-than-thirty-two-characters!";

    /// Values that earlier releases derived: another key would sign everybody out and unseal nothing.
    #[test]
    fn derived_keys_never_change() {
        for (purpose, key) in [
            (
                "refresh-token",
                "NbUfXSFN2asJyiD17qTkqbUGpVwL7w5S3ClztJBmSWE",
            ),
            ("image-url", "Ys7RBbfCFYFlv8o-iWK_MRvspm6-uY59kDM4zj4oq8Q"),
            ("proxy-token", "_IjvTuMv1UrP8PWv8eb01LosbnDn98XkYffxIKsl9Mc"),
            ("mail-window", "FVkvd4JYaqG9zHnlYn8FpjyP2C47seJJLKJjbFevnl8"),
            ("replay-name", "uCrAcPsyJFgBd9_p4ELgf92CnFa8viIrQuuiAtZiy-Q"),
            ("replay-seal", "_j8VWgHY54h-3D_alObsQu1794pPFdtBi0AgdffdkuI"),
            (
                "account-codes",
                "CIDIyaiBtnWIE_8F3JKR9QMq7XPEXqTZVHV1oF243UU",
            ),
            (
                "access-token-es256/0",
                "ahv4A2HvLioYcIQHYEchFvZeh6XdVepu7NUkEuh1YAY",
            ),
        ] {
            assert_eq!(encode(derive(OLD, purpose).unwrap()), key, "{purpose}");
        }
    }

    #[test]
    fn one_secret_always_gives_the_same_key_and_another_another() {
        let kid = |secret| {
            Keys::derive(secret, None)
                .unwrap()
                .signing()
                .unwrap()
                .kid
                .clone()
        };
        assert_eq!(kid(OLD), kid(OLD));
        assert_ne!(kid(OLD), kid(NEW));
        assert_eq!(kid(OLD).len(), 43);
    }

    #[test]
    fn what_the_last_secret_signed_is_believed_and_no_longer() {
        let mac = Keys::derive(OLD, None).unwrap().sign_url("/a");
        let both = Keys::derive(NEW, Some(OLD)).unwrap();
        assert!(both.check_url("/a", &mac));
        assert_ne!(both.sign_url("/a"), mac);
        assert_eq!(both.jwks()["keys"].as_array().unwrap().len(), 2);
        assert!(!Keys::derive(NEW, None).unwrap().check_url("/a", &mac));
    }

    #[test]
    fn without_the_signing_secret_nothing_that_a_sign_in_hangs_on_is_signed_or_believed() {
        let signing = Keys::of(&[OLD], &[NEW]).unwrap();
        let shared = Keys::of::<&str>(&[OLD], &[]).unwrap();
        assert!(signing.can_sign() && !shared.can_sign());
        assert!(shared.signing().is_none());
        assert!(!shared.check_refresh("x", &signing.sign_refresh("x")));
        assert_eq!(shared.sign_refresh("x"), "");
        // The shared secret alone makes none of the signing keys.
        let guessed = Keys::derive(OLD, None).unwrap();
        assert_ne!(guessed.sign_refresh("x"), signing.sign_refresh("x"));
        assert_ne!(
            guessed.signing().unwrap().kid,
            signing.signing().unwrap().kid
        );
        assert!(shared.check_url("x", &signing.sign_url("x")));
    }

    #[test]
    fn purposes_are_kept_apart() {
        let keys = Keys::derive(OLD, None).unwrap();
        let mac = keys.sign_url("x");
        assert!(keys.check_url("x", &mac));
        assert!(!keys.check_url("y", &mac));
        assert!(!keys.check_url("x", ""));
        assert!(!keys.check_refresh("x", &mac));
        assert!(!keys.check_proxy("x", &mac));
        assert!(keys.check_proxy("x", &keys.sign_proxy("x")));
        assert_ne!(keys.address_name("x"), mac);
        assert_ne!(keys.code_name("a", "1"), keys.code_name("b", "1"));
        assert_eq!(keys.verifier("s").len(), 43);
    }

    #[test]
    fn answers_are_opened_for_their_call_only_and_after_a_change_of_secret() {
        let old = Keys::derive(OLD, None).unwrap();
        let sealed = old.seal_replay("a", b"text".to_vec()).unwrap();
        assert_ne!(sealed, old.seal_replay("a", b"text".to_vec()).unwrap());
        let both = Keys::derive(NEW, Some(OLD)).unwrap();
        assert_eq!(both.open_replay("a", &sealed).unwrap(), b"text");
        assert!(both.open_replay("b", &sealed).is_err());
        assert!(
            Keys::derive(NEW, None)
                .unwrap()
                .open_replay("a", &sealed)
                .is_err()
        );
        assert!(Keys::none().seal_replay("a", vec![]).is_err());
        assert_ne!(
            old.replay_name(&[b"ab", b"c"]),
            old.replay_name(&[b"a", b"bc"])
        );
    }

    #[test]
    fn a_short_secret_is_refused_and_no_keys_believe_nothing() {
        assert_eq!(Keys::derive("short", None).unwrap_err(), BadSecret::Short);
        let weak = Keys::derive(NEW, Some("the one before"));
        assert_eq!(weak.unwrap_err(), BadSecret::Short);
        assert!(!Keys::none().check_url("x", &Keys::none().sign_url("x")));
    }
}
