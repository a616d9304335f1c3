//! What is told of a server's certificate.

use der::{Decode, Encode};
use serde::{Deserialize, Serialize};
use vara_domain::Timestamp;
use x509_cert::Certificate;

use crate::sha256_hex;

/// The most characters of a name that is told.
const MAX_NAME_CHARS: usize = 500;

/// What a certificate says of itself. Nobody here vouches for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateFacts {
    /// The SHA-256 of the certificate, in hexadecimal.
    pub leaf_sha256: String,
    /// Whose it is.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// From when on it is good.
    pub not_before: Timestamp,
    /// Until when it is good.
    pub not_after: Timestamp,
}

/// Reads a certificate; `None` if it is not one.
#[must_use]
pub fn read_certificate(der: &[u8]) -> Option<CertificateFacts> {
    let certificate = Certificate::from_der(der).ok()?;
    let tbs = &certificate.tbs_certificate;
    let name = |it: &x509_cert::name::Name| -> String {
        it.to_string().chars().take(MAX_NAME_CHARS).collect()
    };
    Some(CertificateFacts {
        leaf_sha256: sha256_hex(der),
        subject: name(&tbs.subject),
        issuer: name(&tbs.issuer),
        not_before: time(&tbs.validity.not_before)?,
        not_after: time(&tbs.validity.not_after)?,
    })
}

/// A time of a certificate.
pub(crate) fn time(it: &x509_cert::time::Time) -> Option<Timestamp> {
    let seconds = it.to_unix_duration().as_secs();
    Timestamp::from_epoch_seconds(i64::try_from(seconds).ok()?)
}

/// The certificates of a text in PEM or of one in DER.
#[must_use]
pub fn certificates(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let read = match bytes.starts_with(b"-----") {
        true => Certificate::load_pem_chain(bytes).ok()?,
        false => vec![Certificate::from_der(bytes).ok()?],
    };
    read.iter().map(|it| it.to_der().ok()).collect()
}
