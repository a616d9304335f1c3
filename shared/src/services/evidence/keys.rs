//! The public keys that evidence is signed with: the one that signs now, and those that signed before, which stay
//! published for as long as packs of their time are checked.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use vara_evidence::key_id;

use crate::domain::{BoxError, Error, Result, Timestamp};

/// A public key that evidence is signed with (RFC 7517).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EvidenceKey {
    /// `EC`
    pub kty: &'static str,
    /// `P-256`
    pub crv: &'static str,
    /// `sig`
    #[serde(rename = "use")]
    pub usage: &'static str,
    /// `ES256`
    pub alg: &'static str,
    /// The SHA-256 of the key as `SubjectPublicKeyInfo`, in hexadecimal: what a pack names it by.
    pub kid: String,
    /// The first half of the point.
    pub x: String,
    /// The second half.
    pub y: String,
    /// Since when it signs, in seconds since 1970, if that was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// Until when it signed, in seconds since 1970; without it, it signs now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
}

/// A key as the setting `EVIDENCE_KEYS` has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedKey {
    /// The key as `SubjectPublicKeyInfo` in DER, in Base64.
    spki: String,
    /// Since when it signs.
    nbf: Timestamp,
    /// Until when it signed.
    #[serde(default)]
    exp: Option<Timestamp>,
}

impl ListedKey {
    /// The keys of the setting.
    ///
    /// # Errors
    /// It is not JSON of this form, or what it holds are no keys.
    pub fn read(setting: &str) -> Result<Vec<Self>, BoxError> {
        let listed: Vec<Self> = serde_json::from_str(setting)?;
        for key in &listed {
            jwk(&STANDARD.decode(&key.spki)?).ok_or("a key of evidence is not one of P-256")?;
        }
        Ok(listed)
    }
}

/// The keys to publish: the one that signs now, by its `SubjectPublicKeyInfo`, then those that are listed.
pub(super) fn published(current: &[u8], listed: &[ListedKey]) -> Result<Vec<EvidenceKey>> {
    let unreadable = || Error::bug("telling a public key", "it is not one of P-256");
    let mut keys = vec![jwk(current).ok_or_else(unreadable)?];
    for listed in listed {
        let spki = STANDARD.decode(&listed.spki).ok();
        let key = spki.as_deref().and_then(jwk).ok_or_else(unreadable)?;
        let key = EvidenceKey {
            nbf: Some(listed.nbf.epoch_seconds()),
            exp: listed.exp.map(Timestamp::epoch_seconds),
            ..key
        };
        match keys.iter_mut().find(|it| it.kid == key.kid) {
            Some(known) => *known = key,
            None => keys.push(key),
        }
    }
    Ok(keys)
}

/// A key of P-256 as JSON; `None` if it is none.
fn jwk(spki: &[u8]) -> Option<EvidenceKey> {
    /// `SubjectPublicKeyInfo` of a point of P-256 that is not compressed: what stands before it, and the point.
    const SPKI_BYTES: usize = 91;
    let (_, point) = spki
        .split_last_chunk::<64>()
        .filter(|_| spki.len() == SPKI_BYTES)?;
    let (x, y) = point.split_at(32);
    Some(EvidenceKey {
        kty: "EC",
        crv: "P-256",
        usage: "sig",
        alg: "ES256",
        kid: key_id(spki),
        x: URL_SAFE_NO_PAD.encode(x),
        y: URL_SAFE_NO_PAD.encode(y),
        nbf: None,
        exp: None,
    })
}
