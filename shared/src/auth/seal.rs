//! Authenticated encryption of stored values: AES-256-GCM with a random nonce and context; keyed digests.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::{Error, Result};

/// A key that seals.
pub(crate) struct Seal(RandomizedNonceKey);

impl Seal {
    pub(crate) fn new(key: &[u8; 32]) -> Result<Self, Unspecified> {
        RandomizedNonceKey::new(&AES_256_GCM, key).map(Self)
    }

    /// `text`, sealed for `purpose`.
    pub(crate) fn close(&self, purpose: &str, mut text: Vec<u8>) -> Option<String> {
        let aad = Aad::from(purpose.as_bytes());
        let nonce = self.0.seal_in_place_append_tag(aad, &mut text).ok()?;
        let sealed = [nonce.as_ref().as_slice(), &text].concat();
        Some(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// What was sealed for `purpose`.
    pub(crate) fn open(&self, purpose: &str, sealed: &str) -> Option<Vec<u8>> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = text.to_vec();
        let aad = Aad::from(purpose.as_bytes());
        let length = self.0.open_in_place(nonce, aad, &mut text).ok()?.len();
        text.truncate(length);
        Some(text)
    }
}

/// The key of everything sealed for one woman: it seals, opens, and names what it cannot be told from.
pub struct DataKey {
    seal: Seal,
    digest: hmac::Key,
}

impl DataKey {
    /// From the bytes that the key service made. Each purpose has a key of its own, derived from them.
    pub(crate) fn new(key: &[u8; 32]) -> Result<Self, Unspecified> {
        let derive = |purpose: &[u8]| {
            let mut derived = [0; 32];
            let root = Salt::new(HKDF_SHA256, b"vara-data-key").extract(key);
            root.expand(&[purpose], HKDF_SHA256)?.fill(&mut derived)?;
            Ok::<_, Unspecified>(derived)
        };
        Ok(Self {
            seal: Seal::new(&derive(b"seal")?)?,
            digest: hmac::Key::new(HMAC_SHA256, &derive(b"digest")?),
        })
    }

    /// `text`, sealed for `purpose`.
    pub fn close(&self, purpose: &str, text: Vec<u8>) -> Result<String> {
        let sealed = self.seal.close(purpose, text);
        sealed.ok_or_else(|| Error::bug("sealing with her data key", "it cannot be sealed"))
    }

    /// What was sealed for `purpose`; `None` if it was not sealed with this key for it.
    #[must_use]
    pub fn open(&self, purpose: &str, sealed: &str) -> Option<Vec<u8>> {
        self.seal.open(purpose, sealed)
    }

    /// `it` as JSON, sealed for `purpose`. `what` names it in an error.
    pub(crate) fn close_json(
        &self,
        (what, purpose): (&'static str, &str),
        it: &impl Serialize,
    ) -> Result<String> {
        let text = serde_json::to_vec(it).map_err(|err| Error::bug(what, err))?;
        self.close(purpose, text)
    }

    /// What was sealed as JSON for `purpose`. `what` names it in an error.
    pub(crate) fn open_json<T: DeserializeOwned>(
        &self,
        (what, purpose): (&'static str, &str),
        sealed: &str,
    ) -> Result<T> {
        let damaged = || Error::bug(what, "it is not what was sealed");
        let text = self.open(purpose, sealed).ok_or_else(damaged)?;
        serde_json::from_slice(&text).map_err(|_| damaged())
    }

    /// A digest of `text` that nobody can compute without the key.
    #[must_use]
    pub fn digest(&self, text: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.digest, text))
    }
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DataKey")
    }
}
