//! RFC 3161 time stamps: the request, and the check of an answer.

mod signer;
mod verify;

use const_oid::db::rfc5912::ID_SHA_256;
use der::asn1::{Int, OctetString};
use der::{Any, Decode, Encode};
use vara_domain::Timestamp;
use x509_cert::spki::AlgorithmIdentifier;
use x509_tsp::{MessageImprint, TimeStampReq, TspVersion};

pub use crate::certificate::certificates;
pub use verify::verify;

/// The most bytes of an answer that is read.
pub const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// How much earlier than the capture a time stamp may lie, in seconds: clocks differ.
pub const MAX_EARLY_SECONDS: i64 = 5;

/// An authority whose time stamps are believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// Root certificates in DER: its signers must lead to one of them.
    pub roots: Vec<Vec<u8>>,
    /// Certificates in DER that its answers leave out.
    pub intermediates: Vec<Vec<u8>>,
    /// The policies it may stamp under, as object identifiers; none means any.
    pub policies: Vec<String>,
}

/// A time stamp that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedStamp {
    /// The time that the authority vouches for.
    pub at: Timestamp,
    /// The policy it stamped under.
    pub policy: String,
    /// Its serial number, in hexadecimal.
    pub serial: String,
    /// When the signer's certificate ends.
    pub certificate_ends: Timestamp,
}

/// Why a time stamp is not believed. The first check that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StampFault {
    /// It is not an answer of the protocol.
    #[error("not an answer to a time stamp request")]
    NotAnAnswer,
    /// The authority refused.
    #[error("the authority refused: status {0}")]
    Refused(u8),
    /// Its content is not a time stamp.
    #[error("the content is not a time stamp")]
    NotAStamp,
    /// It stamps something else.
    #[error("another hash is stamped")]
    WrongImprint,
    /// It answers another request.
    #[error("the nonce is not that of the request")]
    WrongNonce,
    /// There is not exactly one signer.
    #[error("not exactly one signer")]
    NotOneSigner,
    /// The signed attributes do not cover the content.
    #[error("the signed attributes do not cover the content")]
    WrongAttributes,
    /// Its signature or its digest is of a kind that is not accepted.
    #[error("an algorithm that is not accepted")]
    Algorithm,
    /// The signer's certificate is not in the answer.
    #[error("the certificate of the signer is missing")]
    NoCertificate,
    /// The signed attributes name another certificate.
    #[error("another certificate was signed for")]
    WrongCertificate,
    /// The signature is not the signer's.
    #[error("the signature does not verify")]
    WrongSignature,
    /// The certificate may be used for something else as well, or not for time stamps.
    #[error("the certificate is not for time stamps alone")]
    WrongUsage,
    /// The certificate leads to no root that is believed, or was not good at that time.
    #[error("the certificate leads to no known root at that time")]
    Untrusted,
    /// It was stamped under a policy that is not accepted.
    #[error("a policy that is not accepted")]
    WrongPolicy,
    /// The time cannot be right.
    #[error("the time cannot be right")]
    WrongTime,
}

/// A request for a time stamp over a SHA-256 hash. `None` if it cannot be written.
#[must_use]
pub fn request(hash: &[u8; 32], nonce: [u8; 8]) -> Option<Vec<u8>> {
    // The nonce is a signed number, and one with leading zeros would not be DER.
    let mut nonce = nonce;
    nonce[0] = nonce[0] & 0x7f | 0x40;
    let request = TimeStampReq {
        version: TspVersion::V1,
        message_imprint: MessageImprint {
            hash_algorithm: AlgorithmIdentifier {
                oid: ID_SHA_256,
                parameters: Some(Any::null()),
            },
            hashed_message: OctetString::new(hash.to_vec()).ok()?,
        },
        req_policy: None,
        nonce: Some(Int::new(&nonce).ok()?),
        cert_req: true,
        extensions: None,
    };
    request.to_der().ok()
}

/// The hash and the nonce of a request; `None` if it is none over a SHA-256 hash.
#[must_use]
pub fn read_request(der: &[u8]) -> Option<([u8; 32], Vec<u8>)> {
    let request = TimeStampReq::from_der(der).ok()?;
    let imprint = request.message_imprint;
    let hash = imprint.hashed_message.as_bytes().try_into().ok()?;
    let nonce = request.nonce?.as_bytes().to_vec();
    (imprint.hash_algorithm.oid == ID_SHA_256).then_some((hash, nonce))
}

#[cfg(test)]
mod tests;
