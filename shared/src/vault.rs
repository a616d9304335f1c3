//! What lets us into accounts of hers, sealed before it is stored.
//!
//! Each thing is sealed with a key of its own, which KMS makes and wraps (an envelope) for the account it
//! is of: what is sealed for one account does not open as another's, a thing is gone with its row, and
//! whoever has the table alone has nothing.

use std::collections::HashMap;

use aws_sdk_kms::Client;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::auth::Seal;
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
        let made = self
            .client
            .generate_data_key()
            .key_id(&self.key)
            .key_spec(DataKeySpec::Aes256)
            .set_encryption_context(Some(context(account)))
            .send()
            .await
            .map_err(|err| failure("making a key", err))?;
        let sealed = made
            .plaintext
            .and_then(|key| seal(&key)?.close(account, text.into()));
        match (made.ciphertext_blob, sealed) {
            (Some(wrapped), Some(sealed)) => {
                let wrapped = URL_SAFE_NO_PAD.encode(wrapped.as_ref());
                Ok(format!("{WAY}.{wrapped}.{sealed}"))
            }
            _ => Err(Error::bug("sealing", "there is no key")),
        }
    }

    /// What was sealed as a thing of `account`.
    pub async fn open(&self, account: &str, sealed: &str) -> Result<String> {
        let foreign = || Error::bug("opening what is sealed", "it was not sealed by us");
        let parts = || {
            let rest = sealed.strip_prefix(WAY)?.strip_prefix('.')?;
            let (wrapped, sealed) = rest.split_once('.')?;
            Some((URL_SAFE_NO_PAD.decode(wrapped).ok()?, sealed))
        };
        let (wrapped, sealed) = parts().ok_or_else(foreign)?;
        let opened = self
            .client
            .decrypt()
            .key_id(&self.key)
            .ciphertext_blob(Blob::new(wrapped))
            .set_encryption_context(Some(context(account)))
            .send()
            .await
            .map_err(|err| failure("opening a key", err))?;
        let text = opened
            .plaintext
            .and_then(|key| seal(&key)?.open(account, sealed));
        text.and_then(|it| String::from_utf8(it).ok())
            .ok_or_else(foreign)
    }
}

/// What KMS binds the key to, and writes into its log.
fn context(account: &str) -> HashMap<String, String> {
    HashMap::from([("account".to_owned(), account.to_owned())])
}

fn seal(key: &Blob) -> Option<Seal> {
    Seal::new(key.as_ref().try_into().ok()?).ok()
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
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/kms", listener.local_addr().unwrap());
        tokio::spawn(vara_engines::serve(listener, std::future::pending::<()>()));
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
    async fn a_key_service_that_does_not_answer_is_for_later_and_a_missing_key_our_mistake() {
        let silent = Cloud::vault_at("http://127.0.0.1:9");
        let err = silent.close("ana", "secret").await.unwrap_err();
        assert_eq!(err.kind, ErrorKind::Unavailable);
        let lost = Vault::new(vault().await.client, "nothing");
        let err = lost.close("ana", "secret").await.unwrap_err();
        assert_eq!(err.kind, ErrorKind::Bug);
    }
}
