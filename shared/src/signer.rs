//! Signs evidence with a key of KMS that never leaves it (ECDSA P-256), and tells its public key.

use std::sync::Arc;

use aws_sdk_kms::Client;
use aws_sdk_kms::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{MessageType, SigningAlgorithmSpec};
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;
use vara_evidence::{KeySignature, raw_signature};

use crate::domain::{Error, Result};

/// Signs with one key of KMS. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Signer {
    client: Client,
    key: String,
    public_key: Arc<OnceCell<Vec<u8>>>,
}

impl Signer {
    /// With the key of this address.
    #[must_use]
    pub fn new(client: Client, key: impl Into<String>) -> Self {
        Self {
            client,
            key: key.into(),
            public_key: Arc::default(),
        }
    }

    /// Signs a message. Its hash is all that leaves.
    pub async fn sign(&self, message: &[u8]) -> Result<KeySignature> {
        let public_key = self.public_key().await?;
        let signed = self
            .client
            .sign()
            .key_id(&self.key)
            .message(Blob::new(Sha256::digest(message).to_vec()))
            .message_type(MessageType::Digest)
            .signing_algorithm(SigningAlgorithmSpec::EcdsaSha256)
            .send()
            .await
            .map_err(|err| failure("signing evidence", &err))?;
        let raw = signed.signature.and_then(|it| raw_signature(it.as_ref()));
        let raw =
            raw.ok_or_else(|| Error::bug("signing evidence", "the answer has no signature"))?;
        Ok(KeySignature::of(public_key, &raw))
    }

    /// The public key, as `SubjectPublicKeyInfo`.
    pub async fn public_key(&self) -> Result<&[u8]> {
        let ask = || async {
            let asked = self.client.get_public_key().key_id(&self.key).send();
            let key = asked
                .await
                .map_err(|err| failure("asking for the key that signs evidence", &err))?;
            let key = key
                .public_key
                .map(aws_sdk_kms::primitives::Blob::into_inner);
            key.ok_or_else(|| Error::bug("asking for the key that signs evidence", "there is none"))
        };
        Ok(self.public_key.get_or_try_init(ask).await?)
    }
}

/// Its trouble is "later", anything else is our mistake.
fn failure<E>(what: &'static str, err: &SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let text = DisplayErrorContext(err).to_string();
    match err {
        SdkError::ConstructionFailure(_) => Error::bug(what, text),
        SdkError::ServiceError(it)
            if it.raw().status().is_client_error()
                && it.err().code() != Some("ThrottlingException") =>
        {
            Error::bug(what, text)
        }
        _ => Error::unavailable(what, text),
    }
}
