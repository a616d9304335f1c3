//! Answers of the stand-in time-stamp authorities.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use const_oid::ObjectIdentifier;
use der::asn1::{GeneralizedTime, Int, OctetString, SetOfVec};
use der::{Any, Decode, Encode, Tag};
use std::time::Duration;
use time::OffsetDateTime;
use x509_cert::Certificate;
use x509_cert::attr::Attribute;
use x509_cert::spki::AlgorithmIdentifierOwned;
use x509_tsp::{TimeStampReq, TspVersion, TstInfo};

/// The policy they stamp under.
pub(crate) const POLICY: &str = "1.3.6.1.4.1.57264.2";

const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const ECDSA_SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_CERTIFICATE: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");

/// `PKIStatusInfo` of a refusal.
const REFUSED: [u8; 5] = [0x30, 3, 2, 1, 2];
/// `PKIStatusInfo` of what was granted.
const GRANTED: [u8; 5] = [0x30, 3, 2, 1, 0];

/// A signer: certificate, key, and whether the key is of the RSA kind.
struct StampSigner(&'static [u8], &'static [u8], bool);

const A: StampSigner = StampSigner(include_bytes!("a.der"), include_bytes!("a.p8"), false);
const B: StampSigner = StampSigner(include_bytes!("b.der"), include_bytes!("b.p8"), true);
const WIDE: StampSigner = StampSigner(include_bytes!("wide.der"), include_bytes!("wide.p8"), false);
const EXPIRED: StampSigner = StampSigner(
    include_bytes!("expired.der"),
    include_bytes!("expired.p8"),
    false,
);

/// The answer of an authority to a request, with a mistake if one is named; `None` if it is not a request.
pub(super) fn answer(name: &str, fault: &str, request: &[u8]) -> Option<Vec<u8>> {
    let request = TimeStampReq::from_der(request).ok()?;
    if fault == "refused" {
        return sequence(&[&REFUSED]);
    }
    let signer = match (fault, name) {
        ("wide", _) => WIDE,
        ("expired", _) => EXPIRED,
        (_, "a") => A,
        (_, "b") => B,
        _ => return None,
    };
    let token = token(&signer, &request, fault)?;
    sequence(&[&GRANTED, &token])
}

fn token(signer: &StampSigner, request: &TimeStampReq, fault: &str) -> Option<Vec<u8>> {
    let info = info(request, fault)?.to_der().ok()?;
    let certificate = Certificate::from_der(signer.0).ok()?;
    let attributes = attributes(&info, signer, fault)?;
    let mut signature = sign(signer, &attributes.to_der().ok()?)?;
    if fault == "wrong-signature" {
        signature = sign(signer, b"something else")?;
    }
    let tbs = &certificate.tbs_certificate;
    let sid = IssuerAndSerialNumber {
        issuer: tbs.issuer.clone(),
        serial_number: tbs.serial_number.clone(),
    };
    let signed = SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(sid),
        digest_alg: algorithm(SHA_256, false),
        signed_attrs: Some(attributes),
        signature_algorithm: match signer.2 {
            true => algorithm(RSA, true),
            false => algorithm(ECDSA_SHA_256, false),
        },
        signature: OctetString::new(signature).ok()?,
        unsigned_attrs: None,
    };
    let certificates = vec![CertificateChoices::Certificate(certificate)];
    let data = SignedData {
        version: CmsVersion::V3,
        digest_algorithms: SetOfVec::try_from(vec![algorithm(SHA_256, false)]).ok()?,
        encap_content_info: EncapsulatedContentInfo {
            econtent_type: TST_INFO,
            econtent: Some(any(&OctetString::new(info).ok()?)?),
        },
        certificates: Some(CertificateSet::try_from(certificates).ok()?),
        crls: None,
        signer_infos: SignerInfos::try_from(vec![signed]).ok()?,
    };
    let content = ContentInfo {
        content_type: SIGNED_DATA,
        content: any(&data)?,
    };
    content.to_der().ok()
}

fn info(request: &TimeStampReq, fault: &str) -> Option<TstInfo> {
    let mut imprint = request.message_imprint.clone();
    if fault == "wrong-imprint" {
        imprint.hashed_message = OctetString::new(vec![7; 32]).ok()?;
    }
    let nonce = match fault {
        "wrong-nonce" => Some(Int::new(&[0x41; 8]).ok()?),
        _ => request.nonce.clone(),
    };
    let now = u64::try_from(OffsetDateTime::now_utc().unix_timestamp()).ok()?;
    let serial = uuid::Uuid::new_v4().as_u128() >> 2;
    Some(TstInfo {
        version: TspVersion::V1,
        policy: ObjectIdentifier::new(POLICY).ok()?,
        message_imprint: imprint,
        serial_number: Int::new(&(serial | 1 << 120).to_be_bytes()).ok()?,
        gen_time: GeneralizedTime::from_unix_duration(Duration::from_secs(now)).ok()?,
        accuracy: None,
        ordering: false,
        nonce,
        tsa: None,
        extensions: None,
    })
}

fn attributes(info: &[u8], signer: &StampSigner, fault: &str) -> Option<SetOfVec<Attribute>> {
    let certificate = match fault {
        "wrong-certificate" => B.0,
        _ => signer.0,
    };
    let hash = OctetString::new(digest(&SHA256, certificate).as_ref()).ok()?;
    let id = sequence(&[&hash.to_der().ok()?])?;
    let named = sequence(&[&sequence(&[&id])?])?;
    let covered = OctetString::new(digest(&SHA256, info).as_ref()).ok()?;
    let attribute = |oid, value: Any| {
        Some(Attribute {
            oid,
            values: SetOfVec::try_from(vec![value]).ok()?,
        })
    };
    let all = vec![
        attribute(CONTENT_TYPE, any(&TST_INFO)?)?,
        attribute(MESSAGE_DIGEST, any(&covered)?)?,
        attribute(SIGNING_CERTIFICATE, Any::from_der(&named).ok()?)?,
    ];
    SetOfVec::try_from(all).ok()
}

fn sign(signer: &StampSigner, message: &[u8]) -> Option<Vec<u8>> {
    let random = SystemRandom::new();
    if signer.2 {
        let key = RsaKeyPair::from_pkcs8(signer.1).ok()?;
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
            .ok()?;
        return Some(signature);
    }
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, signer.1).ok()?;
    Some(key.sign(&random, message).ok()?.as_ref().to_vec())
}

fn algorithm(oid: ObjectIdentifier, has_null: bool) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned {
        oid,
        parameters: has_null.then(Any::null),
    }
}

fn any<T: Encode>(it: &T) -> Option<Any> {
    Any::from_der(&it.to_der().ok()?).ok()
}

/// A sequence of what is DER already.
fn sequence(parts: &[&[u8]]) -> Option<Vec<u8>> {
    Any::new(Tag::Sequence, parts.concat()).ok()?.to_der().ok()
}
