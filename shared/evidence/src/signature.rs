//! Signatures of Vara's key (ECDSA P-256 with SHA-256) over canonical bytes.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::sha256_hex;

/// How long a number of a signature is.
const SCALAR_BYTES: usize = 32;

/// What stands before the point of a public key of P-256 (`SubjectPublicKeyInfo`).
pub(crate) const P256_SPKI: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// A signature, with the key that it verifies under.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeySignature {
    /// `ES256`.
    pub alg: String,
    /// The SHA-256 of the public key, in hexadecimal: what is published, on paper if need be.
    pub key_id: String,
    /// The public key as `SubjectPublicKeyInfo`, in Base64.
    pub public_key_spki: String,
    /// The two numbers of the signature one behind the other, in Base64.
    pub signature: String,
}

impl KeySignature {
    /// The signature `raw` of the key `spki`.
    #[must_use]
    pub fn of(spki: &[u8], raw: &[u8]) -> Self {
        Self {
            alg: "ES256".to_owned(),
            key_id: key_id(spki),
            public_key_spki: STANDARD.encode(spki),
            signature: STANDARD.encode(raw),
        }
    }
}

/// The name of a key: the SHA-256 of its `SubjectPublicKeyInfo`, in hexadecimal.
#[must_use]
pub fn key_id(spki: &[u8]) -> String {
    sha256_hex(spki)
}

/// Whether this is a signature over `message` by the key it names.
#[must_use]
pub fn verify_signature(signature: &KeySignature, message: &[u8]) -> bool {
    let decoded = (
        STANDARD.decode(&signature.public_key_spki),
        STANDARD.decode(&signature.signature),
    );
    let (Ok(spki), Ok(raw)) = decoded else {
        return false;
    };
    let is_named = signature.alg == "ES256" && signature.key_id == key_id(&spki);
    // The library would take a bare point as well, and no other program would.
    let is_named = is_named && spki.starts_with(&P256_SPKI);
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &spki);
    is_named && key.verify(message, &raw).is_ok()
}

/// The two numbers of a DER signature one behind the other, 32 bytes each; `None` if it is not one.
#[must_use]
pub fn raw_signature(der: &[u8]) -> Option<Vec<u8>> {
    use der::asn1::UintRef;
    use der::{Decode, Reader, SliceReader};
    let mut reader = SliceReader::new(der).ok()?;
    let numbers = reader.sequence(|it| Ok([UintRef::decode(it)?, UintRef::decode(it)?]));
    let mut raw = Vec::with_capacity(2 * SCALAR_BYTES);
    for number in numbers.ok()? {
        let bytes = number.as_bytes();
        let padding = SCALAR_BYTES.checked_sub(bytes.len())?;
        raw.extend(std::iter::repeat_n(0, padding));
        raw.extend_from_slice(bytes);
    }
    reader.is_finished().then_some(raw)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

    use super::*;

    #[test]
    fn what_the_key_service_signs_verifies_and_nothing_else_does() {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key");
        // Often enough that numbers with leading zeros are among them.
        for round in 0..300_u32 {
            let message = round.to_be_bytes();
            let signed = key.sign(&SystemRandom::new(), &message).expect("signs");
            let raw = raw_signature(signed.as_ref()).expect("a signature");
            assert_eq!(raw.len(), 64);
            let point = key.public_key().as_ref();
            let spki = [P256_SPKI.as_slice(), point].concat();
            assert!(!verify_signature(&KeySignature::of(point, &raw), &message));
            let mut signature = KeySignature::of(&spki, &raw);
            assert!(verify_signature(&signature, &message));
            assert!(!verify_signature(&signature, b"other"));
            signature.key_id = "0".repeat(64);
            assert!(!verify_signature(&signature, &message));
        }
    }

    #[test]
    fn what_is_no_signature_is_told() {
        for der in [
            &b""[..],
            &[0x30],
            &[0x30, 3, 2, 1, 1],
            &[0x30, 6, 2, 1, 1, 2, 1, 1, 0],
        ] {
            assert_eq!(raw_signature(der), None);
        }
        assert_eq!(
            raw_signature(&[0x30, 6, 2, 1, 1, 2, 1, 2]).map(|it| it.len()),
            Some(64)
        );
    }
}
