//! Envelope encryption with KMS: sealed secrets of linked accounts, and the data key of each woman.
//!
//! What lets us into an account of hers is sealed with a key of its own, which KMS makes and wraps (an envelope) for
//! that account: what is sealed for one account does not open as another's, a thing is gone with its row, and
//! whoever has the table alone has nothing. Her data key is wrapped the same way, for her id; what it seals is gone
//! with the row that holds it.

use std::collections::HashMap;

use aws_sdk_kms::Client;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::auth::{DataKey, Seal};
use crate::domain::{Error, Result};

/// The way this module seals, so that there can be another.
const WAY: &str = "v2";

/// Seals and opens with one key of KMS. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Vault {
    client: Client,
    key: String,
}

impl Vault {
    /// With the key of this address.
    #[must_use]
    pub fn new(client: Client, key: impl Into<String>) -> Self {
        Self {
            client,
            key: key.into(),
        }
    }

    /// `text`, sealed as a thing of `account`.
    pub async fn close(&self, account: &str, text: &str) -> Result<String> {
        let (wrapped, key) = self.generate(account).await?;
        let sealed = seal(&key).and_then(|it| it.close(account, text.into()));
        let sealed = sealed.ok_or_else(|| Error::bug("sealing", "there is no key"))?;
        Ok(format!("{WAY}.{wrapped}.{sealed}"))
    }

    /// What was sealed as a thing of `account`.
    pub async fn open(&self, account: &str, sealed: &str) -> Result<String> {
        let parts = || {
            let rest = sealed.strip_prefix(WAY)?.strip_prefix('.')?;
            rest.split_once('.')
        };
        let (wrapped, sealed) = parts().ok_or_else(foreign)?;
        let key = self.unwrap(account, wrapped).await?;
        let text = seal(&key).and_then(|it| it.open(account, sealed));
        text.and_then(|it| String::from_utf8(it).ok())
            .ok_or_else(foreign)
    }

    /// A new data key for `account`, and the form it is stored in.
    pub async fn make_data_key(&self, account: &str) -> Result<(String, DataKey)> {
        let (wrapped, key) = self.generate(account).await?;
        Ok((wrapped, data_key(&key).ok_or_else(foreign)?))
    }

    /// The data key of `account` that is stored in this form.
    pub async fn open_data_key(&self, account: &str, wrapped: &str) -> Result<DataKey> {
        let key = self.unwrap(account, wrapped).await?;
        data_key(&key).ok_or_else(foreign)
    }

    /// A new key for `account`, wrapped and as it is.
    async fn generate(&self, account: &str) -> Result<(String, Blob)> {
        let made = self
            .client
            .generate_data_key()
            .key_id(&self.key)
            .key_spec(DataKeySpec::Aes256)
            .set_encryption_context(Some(context(account)))
            .send()
            .await
            .map_err(|err| failure("making a key", err))?;
        match (made.ciphertext_blob, made.plaintext) {
            (Some(wrapped), Some(key)) => Ok((URL_SAFE_NO_PAD.encode(wrapped.as_ref()), key)),
            _ => Err(Error::bug("making a key", "there is no key in the answer")),
        }
    }

    /// The key of `account` that was wrapped like this.
    async fn unwrap(&self, account: &str, wrapped: &str) -> Result<Blob> {
        let wrapped = URL_SAFE_NO_PAD.decode(wrapped).map_err(|_| foreign())?;
        let opened = self
            .client
            .decrypt()
            .key_id(&self.key)
            .ciphertext_blob(Blob::new(wrapped))
            .set_encryption_context(Some(context(account)))
            .send()
            .await
            .map_err(|err| failure("opening a key", err))?;
        opened.plaintext.ok_or_else(foreign)
    }
}

fn foreign() -> Error {
    Error::bug("opening what is sealed", "it was not sealed by us")
}

/// What KMS binds the key to, and writes into its log.
fn context(account: &str) -> HashMap<String, String> {
    HashMap::from([("account".to_owned(), account.to_owned())])
}

fn seal(key: &Blob) -> Option<Seal> {
    Seal::new(key.as_ref().try_into().ok()?).ok()
}

fn data_key(key: &Blob) -> Option<DataKey> {
    DataKey::new(key.as_ref().try_into().ok()?).ok()
}

/// Its trouble is "later", anything else is our mistake.
fn failure<E>(what: &'static str, err: SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let is_ours = match &err {
        SdkError::ConstructionFailure(_) => true,
        SdkError::ServiceError(it) => {
            it.raw().status().is_client_error() && it.err().code() != Some("ThrottlingException")
        }
        _ => false,
    };
    if is_ours {
        Error::bug(what, err)
    } else {
        Error::unavailable(what, err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ErrorKind;
    use crate::testing::Cloud;

    async fn vault() -> Vault {
        let base = format!("{}/kms", vara_engines::start().await.unwrap());
        Cloud::vault_at(&base)
    }

    #[tokio::test]
    async fn what_is_sealed_opens_for_its_account_only() {
        let vault = vault().await;
        let sealed = vault.close("ana", "secret").await.unwrap();
        assert!(!sealed.contains("secret"));
        assert_ne!(sealed, vault.close("ana", "secret").await.unwrap());
        assert_eq!(vault.open("ana", &sealed).await.unwrap(), "secret");
        assert!(vault.open("eve", &sealed).await.is_err());
        let key = vault.key.replace("key/", "key/another-");
        let other = Vault::new(vault.client.clone(), key);
        assert!(other.open("ana", &sealed).await.is_err());
        let short = &sealed[..sealed.len() - 2];
        for broken in ["", "v2", "v2.", "v2.a.b", "v1.AAAA.b", short] {
            assert!(vault.open("ana", broken).await.is_err(), "{broken}");
        }
    }

    #[tokio::test]
    async fn a_data_key_opens_for_its_account_only_and_seals_for_one_purpose() {
        let vault = vault().await;
        let (wrapped, made) = vault.make_data_key("ana").await.unwrap();
        let key = vault.open_data_key("ana", &wrapped).await.unwrap();
        let sealed = made.close("a", b"text".to_vec()).unwrap();
        assert_eq!(key.open("a", &sealed).unwrap(), b"text");
        assert_eq!(key.open("b", &sealed), None);
        assert_eq!(key.digest(b"x"), made.digest(b"x"));
        let (_, other) = vault.make_data_key("ana").await.unwrap();
        assert_eq!(other.open("a", &sealed), None);
        assert_ne!(other.digest(b"x"), made.digest(b"x"));
        assert!(vault.open_data_key("eve", &wrapped).await.is_err());
        assert!(vault.open_data_key("ana", "?").await.is_err());
    }

    #[tokio::test]
    async fn a_key_service_that_does_not_answer_is_for_later_and_a_missing_key_our_mistake() {
        let silent = Cloud::vault_at("http://127.0.0.1:9");
        let err = silent.close("ana", "secret").await.unwrap_err();
        assert_eq!(err.kind, ErrorKind::Unavailable);
        let lost = Vault::new(vault().await.client, "nothing");
        let err = lost.close("ana", "secret").await.unwrap_err();
        assert_eq!(err.kind, ErrorKind::Bug);
    }
}
