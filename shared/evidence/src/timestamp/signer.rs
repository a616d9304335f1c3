//! The signer of a time stamp: its certificate, its signature, and the way to a root.

use std::time::Duration;

use aws_lc_rs::digest as hashes;
use cms::cert::IssuerAndSerialNumber;
use cms::signed_data::{SignerIdentifier, SignerInfo};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::{
    ECDSA_WITH_SHA_256, ECDSA_WITH_SHA_384, ECDSA_WITH_SHA_512, ID_KP_TIME_STAMPING, ID_SHA_256,
    ID_SHA_384, ID_SHA_512, RSA_ENCRYPTION, SHA_256_WITH_RSA_ENCRYPTION,
    SHA_384_WITH_RSA_ENCRYPTION, SHA_512_WITH_RSA_ENCRYPTION,
};
use der::asn1::OctetString;
use der::{Any, Decode, Encode, Sequence};
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, UnixTime};
use vara_domain::Timestamp;
use webpki::aws_lc_rs::{
    ECDSA_P256_SHA256, ECDSA_P256_SHA384, ECDSA_P256_SHA512, ECDSA_P384_SHA256, ECDSA_P384_SHA384,
    ECDSA_P384_SHA512, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512,
};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_cert::Certificate;
use x509_cert::attr::Attributes;
use x509_cert::ext::pkix::{ExtendedKeyUsage, SubjectKeyIdentifier};
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::{Authority, StampFault};

const ID_SIGNING_CERTIFICATE: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.12");
const ID_SIGNING_CERTIFICATE_V2: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");

/// `id-kp-timeStamping` without its tag and length.
const TIME_STAMPING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 8];

type Algorithm = &'static dyn SignatureVerificationAlgorithm;

/// `SigningCertificate` and `SigningCertificateV2` are alike but for what they hold.
#[derive(Sequence)]
struct SigningCertificate {
    certs: Vec<Any>,
    #[asn1(optional = "true")]
    policies: Option<Any>,
}

#[derive(Sequence)]
struct EssCertId {
    hash: OctetString,
    #[asn1(optional = "true")]
    issuer_serial: Option<Any>,
}

#[derive(Sequence)]
struct EssCertIdV2 {
    /// SHA-256 if it is not named.
    #[asn1(optional = "true")]
    algorithm: Option<AlgorithmIdentifierOwned>,
    hash: OctetString,
    #[asn1(optional = "true")]
    issuer_serial: Option<Any>,
}

fn decode<T: for<'a> der::Decode<'a>>(any: &Any) -> Option<T> {
    T::from_der(&any.to_der().ok()?).ok()
}

/// The hash of `bytes` by an algorithm that is accepted.
pub(super) fn digest(algorithm: &ObjectIdentifier, bytes: &[u8]) -> Option<Vec<u8>> {
    let algorithm = match *algorithm {
        ID_SHA_256 => &hashes::SHA256,
        ID_SHA_384 => &hashes::SHA384,
        ID_SHA_512 => &hashes::SHA512,
        _ => return None,
    };
    Some(hashes::digest(algorithm, bytes).as_ref().to_vec())
}

/// The certificate that a signer is named by.
pub(super) fn find<'a>(
    signer: &SignerIdentifier,
    certificates: &'a [Certificate],
) -> Option<&'a Certificate> {
    certificates.iter().find(|it| {
        let tbs = &it.tbs_certificate;
        match signer {
            SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
                issuer,
                serial_number,
            }) => *issuer == tbs.issuer && *serial_number == tbs.serial_number,
            SignerIdentifier::SubjectKeyIdentifier(named) => {
                let own = tbs.get::<SubjectKeyIdentifier>().ok().flatten();
                own.is_some_and(|(_, it)| it == *named)
            }
        }
    })
}

/// Whether the signed attributes name just this certificate, by its hash.
pub(super) fn is_signed_for(attributes: &Attributes, certificate: &Certificate) -> bool {
    let Ok(certificate) = certificate.to_der() else {
        return false;
    };
    let first = |it: SigningCertificate| it.certs.into_iter().next();
    let second: Option<SigningCertificate> = value(attributes, &ID_SIGNING_CERTIFICATE_V2);
    if let Some(id) = second.and_then(first) {
        let id: Option<EssCertIdV2> = decode(&id);
        return id.is_some_and(|it| {
            let algorithm = it.algorithm.map_or(ID_SHA_256, |it| it.oid);
            let hash = digest(&algorithm, &certificate);
            hash.is_some_and(|hash| hash == it.hash.as_bytes())
        });
    }
    let former: Option<SigningCertificate> = value(attributes, &ID_SIGNING_CERTIFICATE);
    let id = former.and_then(first);
    let id = id.and_then(|it| decode::<EssCertId>(&it));
    let hash = hashes::digest(&hashes::SHA1_FOR_LEGACY_USE_ONLY, &certificate);
    id.is_some_and(|it| it.hash.as_bytes() == hash.as_ref())
}

/// Whether the signer's key signed these bytes.
pub(super) fn verifies(
    signer: &SignerInfo,
    signed: &[u8],
    certificate: &Certificate,
) -> Result<(), StampFault> {
    let der = certificate
        .to_der()
        .map_err(|_| StampFault::NoCertificate)?;
    let der = CertificateDer::from(der);
    let certificate = EndEntityCert::try_from(&der).map_err(|_| StampFault::Untrusted)?;
    let possible = algorithms_of(&signer.signature_algorithm.oid, &signer.digest_alg.oid);
    if possible.is_empty() {
        return Err(StampFault::Algorithm);
    }
    let signature = signer.signature.as_bytes();
    let is_signed = possible
        .iter()
        .any(|it| certificate.verify_signature(*it, signed, signature).is_ok());
    is_signed.then_some(()).ok_or(StampFault::WrongSignature)
}

/// What a signature of this kind may be. A key fits one of them at most.
fn algorithms_of(signature: &ObjectIdentifier, digest: &ObjectIdentifier) -> Vec<Algorithm> {
    match (*signature, *digest) {
        (RSA_ENCRYPTION | SHA_256_WITH_RSA_ENCRYPTION, ID_SHA_256) => {
            vec![RSA_PKCS1_2048_8192_SHA256]
        }
        (RSA_ENCRYPTION | SHA_384_WITH_RSA_ENCRYPTION, ID_SHA_384) => {
            vec![RSA_PKCS1_2048_8192_SHA384]
        }
        (RSA_ENCRYPTION | SHA_512_WITH_RSA_ENCRYPTION, ID_SHA_512) => {
            vec![RSA_PKCS1_2048_8192_SHA512]
        }
        (ECDSA_WITH_SHA_256, _) => vec![ECDSA_P256_SHA256, ECDSA_P384_SHA256],
        (ECDSA_WITH_SHA_384, _) => vec![ECDSA_P256_SHA384, ECDSA_P384_SHA384],
        (ECDSA_WITH_SHA_512, _) => vec![ECDSA_P256_SHA512, ECDSA_P384_SHA512],
        _ => Vec::new(),
    }
}

/// Checks that the certificate is for time stamps alone, and leads to a root of the authority at that time.
pub(super) fn leads_to_root(
    certificate: &Certificate,
    others: &[Certificate],
    authority: &Authority,
    at: Timestamp,
) -> Result<(), StampFault> {
    let usage = certificate.tbs_certificate.get::<ExtendedKeyUsage>();
    let usage = usage.ok().flatten().ok_or(StampFault::WrongUsage)?;
    if !usage.0 || usage.1.0 != [ID_KP_TIME_STAMPING] {
        return Err(StampFault::WrongUsage);
    }
    let der = |it: &Certificate| it.to_der().map(CertificateDer::from);
    let leaf = der(certificate).map_err(|_| StampFault::NoCertificate)?;
    let others = others.iter().filter_map(|it| der(it).ok());
    let shipped = authority.intermediates.iter();
    let shipped = shipped.map(|it| CertificateDer::from(it.as_slice()));
    let between: Vec<CertificateDer<'_>> = others.chain(shipped).collect();
    let roots: Vec<CertificateDer<'_>> = authority
        .roots
        .iter()
        .map(|it| CertificateDer::from(it.as_slice()))
        .collect();
    let anchors = roots.iter().map(anchor_from_trusted_cert);
    let anchors: Vec<_> = anchors.filter_map(Result::ok).collect();
    let leaf = EndEntityCert::try_from(&leaf).map_err(|_| StampFault::Untrusted)?;
    let seconds = u64::try_from(at.epoch_seconds()).map_err(|_| StampFault::WrongTime)?;
    let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let usage = KeyUsage::required(TIME_STAMPING);
    leaf.verify_for_usage(
        webpki::ALL_VERIFICATION_ALGS,
        &anchors,
        &between,
        time,
        usage,
        None,
        None,
    )
    .map(drop)
    .map_err(|_| StampFault::Untrusted)
}

/// The one value of an attribute that is there once.
pub(super) fn value<T>(attributes: &Attributes, name: &ObjectIdentifier) -> Option<T>
where
    T: for<'a> Decode<'a>,
{
    let mut named = attributes.iter().filter(|it| it.oid == *name);
    let (Some(attribute), None) = (named.next(), named.next()) else {
        return None;
    };
    let [value] = attribute.values.as_slice() else {
        return None;
    };
    T::from_der(&value.to_der().ok()?).ok()
}
