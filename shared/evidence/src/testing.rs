//! Packs to test and measure with, made of fixed facts.
//!
//! Reached through the feature `testing`, which no deployed binary has.

#[cfg(test)]
mod regressions;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use vara_domain::event::{
    Actor, EventHeader, EventPayload, EventType, FIRST_LINK, StreamName, link_of_digest,
    payload_sha256, write_payload,
};
use vara_domain::evidence_record::{EvidenceItem, EvidenceKeep, EvidenceRole, PackFormat};
use vara_domain::{EvidenceId, Timestamp, UserId};

use crate::container::{read_container, write_container};
use crate::timestamp::{Authority, VerifiedStamp, read_request, verify};
use crate::{
    CaptureClock, ChainLine, Entries, Hop, KeySignature, MANIFEST_PROFILE, Manifest, Operator,
    Origin, Pack, PackHead, PackKey, PackedChain, PackedRecord, PackedStamp, Tool, Trusted,
    canonical, read_certificate, sha256_hex, verify_pack, write_pack,
};

/// A key in place of Vara's.
pub struct TestKey(EcdsaKeyPair);

impl TestKey {
    /// A new one.
    ///
    /// # Panics
    /// If this machine has no random bytes.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it is another each time")]
    pub fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key"))
    }

    fn sign(&self, bytes: &[u8]) -> KeySignature {
        let raw = self.0.sign(&SystemRandom::new(), bytes).expect("signs");
        KeySignature::of(&self.spki(), raw.as_ref())
    }

    /// What a pack names it by.
    #[must_use]
    pub fn name(&self) -> String {
        crate::key_id(&self.spki())
    }

    fn spki(&self) -> Vec<u8> {
        let point = self.0.public_key().as_ref();
        [crate::signature::P256_SPKI.as_slice(), point].concat()
    }
}

/// So many seconds after the capture.
#[must_use]
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::parse("2026-03-01T10:00:00.000Z")
        .expect("a time")
        .plus_seconds(seconds)
}

fn item(path: &str, role: EvidenceRole, bytes: &[u8]) -> EvidenceItem {
    EvidenceItem {
        path: path.into(),
        role,
        media_type: "text/html".into(),
        bytes: bytes.len() as u64,
        sha256: sha256_hex(bytes),
        pdq: None,
        pdq_quality: None,
        kept: true,
    }
}

fn manifest(kept: &[(EvidenceRole, Vec<u8>)]) -> Manifest {
    let items = kept
        .iter()
        .map(|(role, bytes)| item(role.as_str(), *role, bytes));
    let url = "https://forum.example.net/t/1?a=b".to_owned();
    Manifest {
        profile: MANIFEST_PROFILE.into(),
        id: EvidenceId::from(Uuid::from_u128(42)),
        origin: Origin::Server,
        url: url.clone(),
        final_url: url.clone(),
        hops: vec![Hop {
            url,
            status: 200,
            location: None,
            at: at(1),
            ip: Some("192.0.2.1".into()),
        }],
        captured_at: at(0),
        clock: CaptureClock {
            host: at(1),
            server: Some(at(2)),
            skew_ms: Some(-1000),
        },
        tool: Tool {
            name: "vara".into(),
            version: "0.1.0".into(),
        },
        operator: Operator {
            kind: "USER".into(),
            id: "ana".into(),
        },
        keep: EvidenceKeep::Full,
        http_status: 200,
        tls: None,
        items: items.collect(),
        missing: Vec::new(),
    }
}

/// The chain of a record of which this is told.
#[must_use]
pub fn chain(owner: UserId, id: EvidenceId, told: &[(&str, Value)]) -> Vec<ChainLine> {
    let (mut lines, mut prev) = (Vec::new(), FIRST_LINK.to_owned());
    for (number, (kind, data)) in (0..).zip(told) {
        let data: Map<String, Value> = data.as_object().expect("an object").clone();
        let sealed = write_payload(
            [7; 32],
            &EventPayload {
                data,
                meta: Map::new(),
            },
        )
        .expect("JSON");
        let event = EventHeader {
            event_id: Uuid::from_u128(1000 + u128::from(number)),
            stream: StreamName::evidence(id),
            number,
            kind: EventType::parse(kind).expect("a type"),
            type_version: 1,
            at: at(1),
            actor: Actor::system(),
            purpose: None,
            correlation_id: None,
            causation_id: None,
            payload_sha256: payload_sha256(&sealed),
            prev,
        };
        let ciphertext_sha256 = sha256_hex(b"sealed");
        let link = link_of_digest(owner, &event, &ciphertext_sha256);
        prev = link.clone();
        lines.push(ChainLine {
            event,
            payload: STANDARD.encode(sealed),
            ciphertext_sha256,
            link,
        });
    }
    lines
}

/// A pack, and its parts to make another of.
pub struct Sample {
    /// Whose it is.
    pub owner: UserId,
    /// The one record in it.
    pub record: PackedRecord,
    /// Its chain.
    pub lines: Vec<ChainLine>,
    /// The key of the pack.
    pub pack_key: PackKey,
    /// The end of the chain.
    pub head: PackHead,
    /// The signature over that.
    pub head_signature: KeySignature,
}

/// What is kept of the capture: a picture of so many bytes among it.
#[must_use]
pub fn kept(picture_bytes: usize) -> Vec<(EvidenceRole, Vec<u8>)> {
    // Bytes that no compression makes fewer.
    let picture = (0..picture_bytes.div_ceil(32)).flat_map(|it| Sha256::digest(it.to_be_bytes()));
    vec![
        (EvidenceRole::Page, b"<p>page</p>\r\n\r\nmore".to_vec()),
        (
            EvidenceRole::Headers,
            b"content-type: text/html\r\n".to_vec(),
        ),
        (EvidenceRole::Image, picture.take(picture_bytes).collect()),
        (EvidenceRole::Blurred, b"jpeg".to_vec()),
    ]
}

impl Sample {
    /// A pack whose picture has so many bytes, signed by this key.
    ///
    /// # Panics
    /// Never: what is in it can be written.
    #[must_use]
    pub fn new(
        key: &TestKey,
        picture_bytes: usize,
        events: usize,
        stamps: Vec<PackedStamp>,
    ) -> Self {
        let kept = kept(picture_bytes);
        let manifest = manifest(&kept);
        let owner = UserId::parse("5a3fd0c4-8a5b-4f0e-9a8b-0d8e6f1f2a11").expect("an id");
        let pack_key = PackKey::from_random(&[5; 48]).expect("a key");
        let manifest_bytes = canonical(&manifest).expect("JSON");
        let captured = json!({ "manifestSha256": sha256_hex(&manifest_bytes) });
        let exported = json!({ "packKeySha256": pack_key.sha256() });
        let mut told = vec![
            ("evidence.requested", json!({})),
            ("evidence.captured", captured),
        ];
        told.resize(
            events.max(3) - 1,
            ("evidence.rehashed", json!({ "ok": true })),
        );
        told.push(("evidence.exported", exported));
        let lines = chain(owner, manifest.id, &told);
        let end = PackedChain {
            id: manifest.id,
            events: lines.len() as u64,
            link: lines.last().expect("a line").link.clone(),
        };
        let head = PackHead {
            owner,
            records: vec![end],
            exported_at: at(60),
            pack_key_sha256: pack_key.sha256().expect("a hash"),
        };
        let record = PackedRecord {
            number: 42,
            signature: key.sign(&manifest_bytes),
            manifest,
            manifest_bytes,
            kept,
            stamps,
            head_stamps: Vec::new(),
            report: None,
        };
        Self {
            owner,
            record,
            lines,
            pack_key,
            head_signature: key.sign(&canonical(&head).expect("JSON")),
            head,
        }
    }

    /// Its bytes.
    ///
    /// # Panics
    /// If something was put into it that cannot be written.
    #[must_use]
    pub fn write(&self, format: PackFormat) -> Vec<u8> {
        let pack = Pack {
            records: std::slice::from_ref(&self.record),
            chain: &self.lines,
            head: &self.head,
            head_signature: &self.head_signature,
        };
        write_pack(&pack, &self.pack_key, format).expect("a pack")
    }
}

/// The pack that is committed.
static GOLDEN: &[u8] = include_bytes!("../tests/golden/record-0042.wacz");

/// A request of the golden pack, and what its genuine answers say.
pub struct StampCase {
    request: Vec<u8>,
    authority: Authority,
    genuine: Vec<VerifiedStamp>,
}

impl StampCase {
    /// That of the first stamps, which both authorities were asked for alike.
    ///
    /// # Panics
    /// If the golden pack is not whole.
    #[must_use]
    pub fn golden() -> Self {
        let entries = read_container(GOLDEN).expect("the golden pack");
        let file = |ending: &str| {
            let found = entries.iter().find(|it| it.0.ends_with(ending));
            found.expect("a file").1.clone()
        };
        let authority = Authority {
            roots: vec![file("a-root-1.der")],
            intermediates: Vec::new(),
            policies: Vec::new(),
        };
        let request = file("-a-1.tsq");
        let genuine = ["-a-1.tsr", "-b-1.tsr"]
            .map(|it| verify(&request, &file(it), &authority).expect("a good stamp"));
        Self {
            request,
            authority,
            genuine: genuine.to_vec(),
        }
    }

    /// Whatever is answered is refused, or says what a genuine answer says.
    ///
    /// # Panics
    /// If something else is believed.
    pub fn judge(&self, answer: &[u8]) {
        if let Ok(stamp) = verify(&self.request, answer, &self.authority) {
            assert!(self.genuine.contains(&stamp), "{stamp:?}");
        }
        let _ = read_request(answer);
        let _ = read_certificate(answer);
    }
}

/// Changes files of the golden pack as five bytes say for each change, and checks what comes of it; and checks the
/// bytes themselves as a pack.
///
/// # Panics
/// If a pack that was changed is found to be in order.
pub fn judge_edited_pack(edits: &[u8]) {
    let _ = verify_pack(edits, &Trusted::default());
    let golden = read_container(GOLDEN).expect("the golden pack");
    let mut entries = golden.clone();
    for edit in edits.as_chunks::<5>().0 {
        edit_entry(&mut entries, *edit);
    }
    let Some(file) = write_container(&entries) else {
        return;
    };
    let report = verify_pack(&file, &Trusted::default());
    let is_in_order = report.is_some_and(|it| it.ok);
    assert_eq!(is_in_order, entries == golden, "{edits:?}");
}

fn edit_entry(entries: &mut Entries, [which, how, high, low, byte]: [u8; 5]) {
    let count = entries.len().max(1);
    let Some(path) = entries.keys().nth(usize::from(which) % count).cloned() else {
        return;
    };
    let bytes = entries.entry(path.clone()).or_default();
    let at = usize::from(u16::from_be_bytes([high, low])) % bytes.len().max(1);
    match how % 6 {
        0 => bytes.iter_mut().skip(at).take(1).for_each(|it| *it ^= byte),
        1 => bytes.insert(at, byte),
        2 => bytes.truncate(at),
        3 => bytes.extend_from_within(at..),
        4 => drop(entries.remove(&path)),
        _ => drop(bytes.drain(at..(at + usize::from(byte)).min(bytes.len()))),
    }
}

/// The pack that is committed: stamped, renewed, its chain stamped, with a report. Stamps and signatures are given.
///
/// # Panics
/// If the report cannot be printed.
#[cfg(test)]
pub(crate) fn with_report(mut sample: Sample) -> Sample {
    let about = |(number, it): (usize, &PackedStamp)| vara_domain::evidence_record::EvidenceStamp {
        authority: it.authority.clone(),
        at: at(120),
        policy: "1.3.6.1.4.1.57264.2".into(),
        serial: "01".into(),
        sha256: sha256_hex(&it.answer),
        certificate_ends: at(9_000_000),
        renews: (number > 1).then(String::new),
    };
    let stamps: Vec<_> = sample.record.stamps.iter().enumerate().map(about).collect();
    let reported = crate::report::Reported {
        number: sample.record.number,
        manifest: &sample.record.manifest,
        manifest_bytes: &sample.record.manifest_bytes,
        signature: &sample.record.signature,
        stamps: &stamps,
        chain: &sample.head.records[0],
        owner: sample.owner,
        at: sample.head.exported_at,
        thumbnail: &[
            vec![[120, 80, 60], [20, 30, 40]],
            vec![[90, 90, 90], [200, 180, 160]],
        ],
    };
    let paper = vara_domain::document::PageSize::A4;
    let report = crate::report::report(&reported, paper).expect("a report");
    sample.record.report = Some(report);
    sample
}
