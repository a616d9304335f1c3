//! Authenticated encryption of stored values: AES-256-GCM with a random nonce and context.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::error::Unspecified;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

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
