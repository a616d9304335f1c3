use super::*;
use crate::testing::{Sample, TestKey, at};
use crate::{PackedChain, canonical};

fn printed(change: impl FnOnce(&mut Manifest), thumbnail: &[Vec<[u8; 3]>]) -> Vec<u8> {
    let sample = Sample::new(&TestKey::new(), 100, 3, Vec::new());
    let mut manifest = sample.record.manifest.clone();
    change(&mut manifest);
    let stamp = EvidenceStamp {
        authority: "a".into(),
        at: at(5),
        policy: "1.2.3".into(),
        serial: "01".into(),
        sha256: "c".repeat(64),
        certificate_ends: at(900),
        renews: None,
    };
    let chain: &PackedChain = &sample.head.records[0];
    let signature = KeySignature {
        alg: "ES256".into(),
        key_id: "d".repeat(64),
        public_key_spki: String::new(),
        signature: String::new(),
    };
    let of = Reported {
        number: 42,
        manifest: &manifest,
        manifest_bytes: &canonical(&manifest).expect("JSON"),
        signature: &signature,
        stamps: &[stamp],
        chain,
        owner: sample.owner,
        at: at(60),
        thumbnail,
    };
    report(&of, PageSize::A4).expect("a report")
}

#[test]
fn the_same_record_is_the_same_bytes_and_another_is_not() {
    let one = printed(|_| {}, &[vec![[1, 2, 3]]]);
    assert_eq!(one, printed(|_| {}, &[vec![[1, 2, 3]]]));
    assert_ne!(one, printed(|_| {}, &[vec![[1, 2, 4]]]));
    assert_ne!(one, printed(|it| it.http_status = 404, &[vec![[1, 2, 3]]]));
    assert!(one.starts_with(b"%PDF-1.7"));
}

#[test]
fn values_of_others_can_be_anything() {
    for url in [
        "https://a.example/".to_owned() + &"x".repeat(9000),
        "\u{5e2}\u{1f600}\n\u{0}".to_owned(),
        String::new(),
    ] {
        let file = printed(
            |it| {
                it.url.clone_from(&url);
                it.items[0].path = url;
            },
            &[],
        );
        assert!(file.starts_with(b"%PDF-1.7"));
    }
}
