//! The key service: `GenerateDataKey`, `Decrypt`, `Sign` and `GetPublicKey` of KMS in its JSON protocol.
//!
//! Every well-formed address is the address of a key. Its bytes follow from it, so that what was wrapped
//! before a restart opens after it. It keeps no secrets: signatures are not checked.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::digest::{Digest, SHA256, digest};
use aws_lc_rs::rand;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::world::OutsideWorld;

const TARGET: &str = "x-amz-target";

/// What stands before the point of a public key of P-256 (`SubjectPublicKeyInfo`).
const P256_SPKI: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// What stands before and behind the number of a private key of P-256 (RFC 5915).
const P256_KEY: ([u8; 7], [u8; 12]) = (
    [0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20],
    [
        0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,
    ],
);

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct KmsRequest {
    key_id: Option<String>,
    key_spec: Option<String>,
    ciphertext_blob: Option<String>,
    message: Option<String>,
    message_type: Option<String>,
    signing_algorithm: Option<String>,
    /// Sorted: the order of what is said does not matter.
    encryption_context: BTreeMap<String, String>,
}

/// An error by its name.
type Refused = &'static str;

pub(crate) fn routes() -> Router<Arc<OutsideWorld>> {
    // Clients may or may not end the address with a stroke.
    Router::new()
        .route("/kms", post(answer))
        .route("/kms/", post(answer))
}

async fn answer(State(_): State<Arc<OutsideWorld>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get(TARGET).and_then(|it| it.to_str().ok());
    let said = match (target, serde_json::from_slice(&body)) {
        (_, Err(_)) => Err("SerializationException"),
        (Some("TrentService.GenerateDataKey"), Ok(request)) => generate(&request),
        (Some("TrentService.Decrypt"), Ok(request)) => decrypt(&request),
        (Some("TrentService.Sign"), Ok(request)) => sign(&request),
        (Some("TrentService.GetPublicKey"), Ok(request)) => public_key(&request),
        _ => Err("UnknownOperationException"),
    };
    let (status, body) = match said {
        Ok(body) => (StatusCode::OK, body),
        Err(name) => (StatusCode::BAD_REQUEST, json!({ "__type": name })),
    };
    let kind = [(header::CONTENT_TYPE, "application/x-amz-json-1.1")];
    (status, kind, Json(body)).into_response()
}

fn generate(request: &KmsRequest) -> Result<Value, Refused> {
    let id = request.key_id.as_deref().ok_or("ValidationException")?;
    if request.key_spec.as_deref() != Some("AES_256") {
        return Err("ValidationException");
    }
    let mut made = [0; 32];
    rand::fill(&mut made).map_err(|_| "KMSInternalException")?;
    let mut text = made.to_vec();
    let nonce = key(id)?.seal_in_place_append_tag(bound(id, request), &mut text);
    let nonce = nonce.map_err(|_| "KMSInternalException")?;
    let length = u8::try_from(id.len()).map_err(|_| "ValidationException")?;
    let blob = [&[length], id.as_bytes(), nonce.as_ref(), &text].concat();
    Ok(json!({
        "KeyId": id, "Plaintext": STANDARD.encode(made), "CiphertextBlob": STANDARD.encode(blob),
    }))
}

fn decrypt(request: &KmsRequest) -> Result<Value, Refused> {
    let blob = request.ciphertext_blob.as_deref();
    let blob = STANDARD
        .decode(blob.ok_or("ValidationException")?)
        .map_err(|_| "SerializationException")?;
    let parts = || {
        let (&length, rest) = blob.split_first()?;
        let (id, rest) = rest.split_at_checked(usize::from(length))?;
        let (nonce, text) = rest.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        Some((str::from_utf8(id).ok()?, nonce, text.to_vec()))
    };
    let (id, nonce, mut text) = parts().ok_or("InvalidCiphertextException")?;
    if request.key_id.as_deref().is_some_and(|wanted| wanted != id) {
        return Err("IncorrectKeyException");
    }
    let opened = key(id)?
        .open_in_place(nonce, bound(id, request), &mut text)
        .map_err(|_| "InvalidCiphertextException")?;
    Ok(json!({
        "KeyId": id, "Plaintext": STANDARD.encode(opened), "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
    }))
}

/// Signs a digest that was computed elsewhere.
fn sign(request: &KmsRequest) -> Result<Value, Refused> {
    let id = request.key_id.as_deref().ok_or("ValidationException")?;
    let is_known = request.message_type.as_deref() == Some("DIGEST")
        && request.signing_algorithm.as_deref() == Some("ECDSA_SHA_256");
    let message = request.message.as_deref().filter(|_| is_known);
    let message = STANDARD
        .decode(message.ok_or("ValidationException")?)
        .map_err(|_| "SerializationException")?;
    let message = Digest::import_less_safe(&message, &SHA256).map_err(|_| "ValidationException")?;
    let signature = signing_key(id)?.sign_digest(&message);
    let signature = signature.map_err(|_| "KMSInternalException")?;
    Ok(json!({
        "KeyId": id, "Signature": STANDARD.encode(signature), "SigningAlgorithm": "ECDSA_SHA_256",
    }))
}

fn public_key(request: &KmsRequest) -> Result<Value, Refused> {
    let id = request.key_id.as_deref().ok_or("ValidationException")?;
    let key = signing_key(id)?;
    let spki = [P256_SPKI.as_slice(), key.public_key().as_ref()].concat();
    Ok(json!({
        "KeyId": id, "PublicKey": STANDARD.encode(spki), "KeySpec": "ECC_NIST_P256",
        "KeyUsage": "SIGN_VERIFY", "SigningAlgorithms": ["ECDSA_SHA_256"],
    }))
}

fn signing_key(id: &str) -> Result<EcdsaKeyPair, Refused> {
    key(id)?;
    let scalar = digest(&SHA256, format!("vara-engines kms sign {id}").as_bytes());
    let der = [P256_KEY.0.as_slice(), scalar.as_ref(), &P256_KEY.1].concat();
    EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_ASN1_SIGNING, &der)
        .map_err(|_| "KMSInternalException")
}

fn key(id: &str) -> Result<RandomizedNonceKey, Refused> {
    if !id.starts_with("arn:aws:kms:") || !id.contains(":key/") {
        return Err("NotFoundException");
    }
    let bytes = digest(&SHA256, format!("vara-engines kms {id}").as_bytes());
    RandomizedNonceKey::new(&AES_256_GCM, bytes.as_ref()).map_err(|_| "KMSInternalException")
}

/// What was wrapped opens only for the same key and context.
fn bound(id: &str, request: &KmsRequest) -> Aad<String> {
    Aad::from(json!([id, request.encryption_context]).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "arn:aws:kms:eu-central-1:000000000000:key/a";

    fn asking(id: &str, context: &[(&str, &str)], blob: Option<&Value>) -> KmsRequest {
        let context = context.iter().map(|(a, b)| ((*a).into(), (*b).into()));
        KmsRequest {
            key_id: Some(id.into()),
            key_spec: Some("AES_256".into()),
            ciphertext_blob: blob.map(|it| it.as_str().unwrap().into()),
            encryption_context: context.collect(),
            ..KmsRequest::default()
        }
    }

    #[test]
    fn what_is_wrapped_opens_for_the_same_key_and_context_only() {
        let made = generate(&asking(ID, &[("a", "1"), ("b", "2")], None)).unwrap();
        let blob = Some(&made["CiphertextBlob"]);
        let opened = decrypt(&asking(ID, &[("b", "2"), ("a", "1")], blob)).unwrap();
        assert_eq!(opened["Plaintext"], made["Plaintext"]);
        let other = decrypt(&asking(ID, &[("a", "1")], blob)).unwrap_err();
        assert_eq!(other, "InvalidCiphertextException");
        let key = format!("{ID}b");
        let other = decrypt(&asking(&key, &[("a", "1"), ("b", "2")], blob)).unwrap_err();
        assert_eq!(other, "IncorrectKeyException");
        let again = generate(&asking(ID, &[("a", "1"), ("b", "2")], None)).unwrap();
        assert_ne!(again["Plaintext"], made["Plaintext"]);
    }

    #[test]
    fn what_is_signed_verifies_under_the_public_key() {
        use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
        let hash = digest(&SHA256, b"text");
        let mut request = asking(ID, &[], None);
        request.message = Some(STANDARD.encode(hash.as_ref()));
        request.message_type = Some("DIGEST".into());
        request.signing_algorithm = Some("ECDSA_SHA_256".into());
        let bytes = |value: &Value| STANDARD.decode(value.as_str().unwrap()).unwrap();
        let signature = bytes(&sign(&request).unwrap()["Signature"]);
        let spki = bytes(&public_key(&request).unwrap()["PublicKey"]);
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, spki);
        key.verify(b"text", &signature).unwrap();
        request.message_type = Some("RAW".into());
        assert_eq!(sign(&request).unwrap_err(), "ValidationException");
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        for (blob, name) in [
            ("", "InvalidCiphertextException"),
            ("////", "InvalidCiphertextException"),
            ("?", "SerializationException"),
        ] {
            let blob = json!(blob);
            let refused = decrypt(&asking(ID, &[], Some(&blob))).unwrap_err();
            assert_eq!(refused, name);
        }
        let nobodys = generate(&asking("nothing", &[], None)).unwrap_err();
        assert_eq!(nobodys, "NotFoundException");
        assert_eq!(
            generate(&KmsRequest::default()).unwrap_err(),
            "ValidationException"
        );
    }
}
