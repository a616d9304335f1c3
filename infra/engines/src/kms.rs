//! The key service: `GenerateDataKey` and `Decrypt` of KMS in its JSON protocol.
//!
//! Every well-formed address is the address of a key. Its bytes follow from it, so that what was wrapped
//! before a restart opens after it. It keeps no secrets: signatures are not checked.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand;
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

use crate::world::World;

const TARGET: &str = "x-amz-target";

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Request {
    key_id: Option<String>,
    key_spec: Option<String>,
    ciphertext_blob: Option<String>,
    /// Sorted: the order of what is said does not matter.
    encryption_context: BTreeMap<String, String>,
}

/// An error by its name.
type Refused = &'static str;

pub(crate) fn routes() -> Router<Arc<World>> {
    // Clients may or may not end the address with a stroke.
    Router::new()
        .route("/kms", post(answer))
        .route("/kms/", post(answer))
}

async fn answer(State(_): State<Arc<World>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get(TARGET).and_then(|it| it.to_str().ok());
    let said = match (target, serde_json::from_slice(&body)) {
        (_, Err(_)) => Err("SerializationException"),
        (Some("TrentService.GenerateDataKey"), Ok(request)) => generate(&request),
        (Some("TrentService.Decrypt"), Ok(request)) => decrypt(&request),
        _ => Err("UnknownOperationException"),
    };
    let (status, body) = match said {
        Ok(body) => (StatusCode::OK, body),
        Err(name) => (StatusCode::BAD_REQUEST, json!({ "__type": name })),
    };
    let kind = [(header::CONTENT_TYPE, "application/x-amz-json-1.1")];
    (status, kind, Json(body)).into_response()
}

fn generate(request: &Request) -> Result<Value, Refused> {
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

fn decrypt(request: &Request) -> Result<Value, Refused> {
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

fn key(id: &str) -> Result<RandomizedNonceKey, Refused> {
    if !id.starts_with("arn:aws:kms:") || !id.contains(":key/") {
        return Err("NotFoundException");
    }
    let bytes = digest(&SHA256, format!("vara-engines kms {id}").as_bytes());
    RandomizedNonceKey::new(&AES_256_GCM, bytes.as_ref()).map_err(|_| "KMSInternalException")
}

/// What was wrapped opens only for the same key and context.
fn bound(id: &str, request: &Request) -> Aad<String> {
    Aad::from(json!([id, request.encryption_context]).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "arn:aws:kms:eu-central-1:000000000000:key/a";

    fn asking(id: &str, context: &[(&str, &str)], blob: Option<&Value>) -> Request {
        let context = context.iter().map(|(a, b)| ((*a).into(), (*b).into()));
        Request {
            key_id: Some(id.into()),
            key_spec: Some("AES_256".into()),
            ciphertext_blob: blob.map(|it| it.as_str().unwrap().into()),
            encryption_context: context.collect(),
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
            generate(&Request::default()).unwrap_err(),
            "ValidationException"
        );
    }
}
