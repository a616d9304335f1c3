//! The items of a capture: page, headers, certificate, picture, blurred picture, each with its hash.

use bytes::Bytes;
use vara_evidence::sha256_hex;
use vara_imaging::{Limits, blur, decode, encode_jpeg, pdq, sniff};

use crate::domain::evidence_record::{EvidenceItem, EvidenceKeep, EvidenceRole};
use crate::engines::CapturedAnswer;

/// The longer side of a blurred picture.
const BLURRED_SIDE: u32 = 320;

/// The quality of a blurred picture as JPEG.
const BLURRED_QUALITY: u8 = 80;

/// An item with its bytes.
#[derive(Clone, Debug)]
pub(super) struct CapturedItem {
    pub(super) about: EvidenceItem,
    pub(super) bytes: Bytes,
}

fn item(
    path: &str,
    (role, media_type): (EvidenceRole, &str),
    bytes: Bytes,
    kept: bool,
) -> CapturedItem {
    let about = EvidenceItem {
        path: path.to_owned(),
        role,
        media_type: media_type.chars().take(100).collect(),
        bytes: bytes.len() as u64,
        sha256: sha256_hex(&bytes),
        pdq: None,
        pdq_quality: None,
        kept,
    };
    CapturedItem { about, bytes }
}

/// The items of the answer of a page: its body, unless that is a picture, its headers and its certificate.
pub(super) fn of_page(answer: &CapturedAnswer, keep: EvidenceKeep) -> Vec<CapturedItem> {
    let mut items = Vec::new();
    if sniff(&answer.body).is_none() {
        let kind = (EvidenceRole::Page, answer.media_type());
        let is_kept = keep == EvidenceKeep::Full;
        items.push(item("page", kind, answer.body.clone(), is_kept));
    }
    let headers = answer.headers.iter();
    let headers: String = headers
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let kind = (EvidenceRole::Headers, "text/plain");
    items.push(item("headers.txt", kind, headers.into(), true));
    if let Some(certificate) = &answer.certificate {
        let kind = (EvidenceRole::Certificate, "application/pkix-cert");
        items.push(item("tls.der", kind, certificate.clone().into(), true));
    }
    items
}

/// The items of a picture: its bytes with their fingerprint, and a blurred copy. What cannot be decoded has neither.
pub(super) fn of_picture(answer: &CapturedAnswer, keep: EvidenceKeep) -> Vec<CapturedItem> {
    let kind = (EvidenceRole::Image, answer.media_type());
    let is_kept = keep == EvidenceKeep::Full;
    let mut picture = item("image", kind, answer.body.clone(), is_kept);
    let decoded = decode(&answer.body, &Limits::DEFAULT).ok();
    let mut items = Vec::new();
    if let Some(decoded) = decoded {
        let fingerprint = pdq(&decoded);
        picture.about.pdq = fingerprint.as_ref().map(|it| it.pdq.to_string());
        picture.about.pdq_quality = fingerprint.map(|it| it.quality);
        let small = encode_jpeg(&blur(&decoded, BLURRED_SIDE), BLURRED_QUALITY).ok();
        let small = small.filter(|_| keep != EvidenceKeep::Hashes);
        items.extend(small.map(|it| {
            let kind = (EvidenceRole::Blurred, "image/jpeg");
            item("blurred.jpg", kind, it.into(), true)
        }));
    }
    items.insert(0, picture);
    items
}
