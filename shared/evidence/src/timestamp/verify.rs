//! The check of an answer, in the order of RFC 3161: status, content, imprint, nonce, signer, certificate, policy.

use cms::cert::CertificateChoices;
use cms::signed_data::{SignedData, SignerInfo};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::ID_SHA_256;
use der::asn1::OctetString;
use der::{Any, Decode, Encode, Sequence};
use vara_domain::Timestamp;
use x509_cert::Certificate;
use x509_tsp::{TimeStampResp, TstInfo};

use super::signer::{digest, find, is_signed_for, leads_to_root, value, verifies};
use super::{Authority, MAX_ANSWER_BYTES, StampFault, VerifiedStamp, read_request};

const ID_SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const ID_TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
const ID_CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const ID_MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");

/// What of an answer is read. The status is kept as it is: a refusal may have forms that nobody foresaw.
#[derive(Sequence)]
struct StatusOnly {
    status: u8,
    #[asn1(optional = "true")]
    rest: Option<Any>,
}

/// Checks the answer to a request: that it stamps the request's hash, and that the authority signed it.
///
/// # Errors
/// The first check that failed.
pub fn verify(
    request: &[u8],
    answer: &[u8],
    authority: &Authority,
) -> Result<VerifiedStamp, StampFault> {
    let (hash, nonce) = read_request(request).ok_or(StampFault::NotAnAnswer)?;
    let signed = signed_data(answer)?;
    let content = signed.encap_content_info.econtent.as_ref();
    let content = content.and_then(|it| it.decode_as::<OctetString>().ok());
    let content = content.ok_or(StampFault::NotAStamp)?;
    if signed.encap_content_info.econtent_type != ID_TST_INFO {
        return Err(StampFault::NotAStamp);
    }
    let info = TstInfo::from_der(content.as_bytes()).map_err(|_| StampFault::NotAStamp)?;
    let imprint = &info.message_imprint;
    if imprint.hash_algorithm.oid != ID_SHA_256 || imprint.hashed_message.as_bytes() != hash {
        return Err(StampFault::WrongImprint);
    }
    if info.nonce.as_ref().map(der::asn1::Int::as_bytes) != Some(&nonce) {
        return Err(StampFault::WrongNonce);
    }
    let [signer] = signed.signer_infos.0.as_slice() else {
        return Err(StampFault::NotOneSigner);
    };
    let certificates = certificates(&signed);
    let certificate = check_signer(signer, content.as_bytes(), &certificates)?;
    let at = i64::try_from(info.gen_time.to_unix_duration().as_secs()).ok();
    let at = at.and_then(Timestamp::from_epoch_seconds);
    let at = at.ok_or(StampFault::WrongTime)?;
    leads_to_root(certificate, &certificates, authority, at)?;
    let policy = info.policy.to_string();
    if !authority.policies.is_empty() && !authority.policies.contains(&policy) {
        return Err(StampFault::WrongPolicy);
    }
    let ends = crate::certificate::time(&certificate.tbs_certificate.validity.not_after);
    Ok(VerifiedStamp {
        at,
        policy,
        serial: hex::encode(info.serial_number.as_bytes()),
        certificate_ends: ends.ok_or(StampFault::Untrusted)?,
    })
}

fn signed_data(answer: &[u8]) -> Result<SignedData, StampFault> {
    if answer.len() > MAX_ANSWER_BYTES {
        return Err(StampFault::NotAnAnswer);
    }
    let answer = match TimeStampResp::from_der(answer) {
        Ok(answer) => answer,
        Err(_) => return Err(refusal(answer)),
    };
    let status = answer.status.status as u8;
    let token = answer.time_stamp_token.filter(|_| status <= 1);
    let token = token.ok_or(StampFault::Refused(status))?;
    if token.content_type != ID_SIGNED_DATA {
        return Err(StampFault::NotAStamp);
    }
    token.content.decode_as().map_err(|_| StampFault::NotAStamp)
}

/// A refusal whose words cannot be read is one all the same.
fn refusal(answer: &[u8]) -> StampFault {
    #[derive(Sequence)]
    struct StampRefusal {
        status: Any,
    }
    let status = StampRefusal::from_der(answer).ok();
    let status = status.and_then(|it| it.status.decode_as::<StatusOnly>().ok());
    match status {
        Some(it) if it.status > 1 => StampFault::Refused(it.status),
        _ => StampFault::NotAnAnswer,
    }
}

fn certificates(signed: &SignedData) -> Vec<Certificate> {
    let all = signed.certificates.iter().flat_map(|it| it.0.iter());
    all.filter_map(|it| match it {
        CertificateChoices::Certificate(it) => Some(it.clone()),
        CertificateChoices::Other(_) => None,
    })
    .collect()
}

/// The certificate of the signer, if it signed this content.
fn check_signer<'a>(
    signer: &SignerInfo,
    content: &[u8],
    certificates: &'a [Certificate],
) -> Result<&'a Certificate, StampFault> {
    let attributes = signer.signed_attrs.as_ref();
    let attributes = attributes.ok_or(StampFault::WrongAttributes)?;
    let digested = digest(&signer.digest_alg.oid, content).ok_or(StampFault::Algorithm)?;
    let kind: Option<ObjectIdentifier> = value(attributes, &ID_CONTENT_TYPE);
    let covered: Option<OctetString> = value(attributes, &ID_MESSAGE_DIGEST);
    let covers = covered.is_some_and(|it| it.as_bytes() == digested);
    if kind != Some(ID_TST_INFO) || !covers {
        return Err(StampFault::WrongAttributes);
    }
    let certificate = find(&signer.sid, certificates).ok_or(StampFault::NoCertificate)?;
    if !is_signed_for(attributes, certificate) {
        return Err(StampFault::WrongCertificate);
    }
    // They are signed as a set of their own, not with the tag that they have here.
    let signed = attributes
        .to_der()
        .map_err(|_| StampFault::WrongAttributes)?;
    verifies(signer, &signed, certificate)?;
    Ok(certificate)
}
