//! Time stamps in packs, given by the stand-in authorities.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::*;
use crate::{PackedHeadStamp, PackedStamp, timestamp};

/// The stand-in authorities on a port of this machine.
pub(super) struct Authorities {
    base: String,
    pub(super) root: Vec<u8>,
}

impl Authorities {
    pub(super) async fn start() -> Self {
        let base = vara_engines::start().await.expect("a port");
        let said = vara_engines::time_stamp_authorities(&base);
        let said: Value = serde_json::from_str(&said).expect("JSON");
        let root = said[0]["roots"][0].as_str().expect("a root");
        let root = STANDARD.decode(root).expect("Base64");
        Self { base, root }
    }

    pub(super) async fn stamp(&self, authority: &str, hash: &[u8]) -> PackedStamp {
        let hash = hash.try_into().expect("a hash");
        let request = timestamp::request(&hash, [1; 8]).expect("a request");
        let url = format!("{}/_tsa/{authority}", self.base);
        let asked = reqwest::Client::new().post(url).body(request.clone());
        let answer = asked
            .send()
            .await
            .expect("an answer")
            .bytes()
            .await
            .expect("bytes");
        PackedStamp {
            authority: authority.into(),
            request,
            answer: answer.to_vec(),
            roots: vec![self.root.clone()],
        }
    }

    /// Has a sample stamped by both, renewed by the first, and its chain stamped.
    pub(super) async fn stamp_all(&self, sample: &mut Sample) {
        let hash = Sha256::digest(&sample.record.manifest_bytes);
        let first = self.stamp("a", &hash).await;
        let renewed = self.stamp("a", &Sha256::digest(&first.answer)).await;
        sample.record.stamps = vec![first, self.stamp("b", &hash).await, renewed];
        let link = hex::decode(&sample.lines[1].link).expect("a hash");
        sample.record.head_stamps = vec![PackedHeadStamp {
            events: 2,
            stamp: self.stamp("b", &link).await,
        }];
    }
}

#[tokio::test]
async fn stamps_say_when_a_record_and_its_chain_existed() {
    let authorities = Authorities::start().await;
    let mut sample = sample();
    authorities.stamp_all(&mut sample).await;
    let file = sample.write(PackFormat::Wacz);
    let report = verify_pack(&file, &Trusted::default()).expect("a pack");
    assert!(report.ok, "{:?}", report.checks);
    assert!(report.existed_by.is_some());
    assert!(
        report
            .proven
            .iter()
            .any(|it| it.starts_with("The first 2 events"))
    );
    let roots = Some(vec![authorities.root]);
    assert_eq!(
        failed(&file, &Trusted { keys: None, roots }),
        Vec::<String>::new()
    );
    let strange = Trusted {
        keys: None,
        roots: Some(Vec::new()),
    };
    assert_eq!(
        failed(&file, &strange).len(),
        3,
        "both stamps, and that of the chain"
    );
}

#[tokio::test]
async fn a_renewal_of_another_stamp_or_a_gap_or_a_stamp_of_nothing_is_found() {
    let authorities = Authorities::start().await;
    let mut sample = sample();
    authorities.stamp_all(&mut sample).await;
    let id = sample.record.manifest.id;
    let name = |it: &str| format!("stamps/{id}-{it}");
    let rename = |entries: &mut Entries, from: &str, to: &str| {
        for ending in ["tsq", "tsr"] {
            let bytes = entries
                .remove(&format!("{}.{ending}", name(from)))
                .expect("a stamp");
            entries.insert(format!("{}.{ending}", name(to)), bytes);
        }
    };
    // A renewal without what it renews, one of another authority, an event that is not there, another event.
    for (from, to) in [
        ("a-2", "a-3"),
        ("a-2", "b-2"),
        ("head-2-b", "head-9-b"),
        ("head-2-b", "head-3-b"),
        ("a-2", "x"),
    ] {
        let file = forged(&sample, |entries| rename(entries, from, to));
        let failed = failed(&file, &Trusted::default());
        let is_named = failed
            .iter()
            .any(|it| it.ends_with(&format!("{}.tsr", name(to))));
        assert!(is_named, "{from} as {to}: {failed:?}");
    }
}

#[tokio::test]
async fn a_renewal_mends_no_stamp_that_was_bad() {
    let authorities = Authorities::start().await;
    let mut sample = sample();
    let hash = Sha256::digest(&sample.record.manifest_bytes);
    // Its certificate had ended before it stamped.
    let first = authorities.stamp("a/expired", &hash).await;
    let renewed = authorities.stamp("a", &Sha256::digest(&first.answer)).await;
    let named = |it: PackedStamp| PackedStamp {
        authority: "a".into(),
        ..it
    };
    sample.record.stamps = vec![named(first), renewed];
    let file = sample.write(PackFormat::Wacz);
    let id = sample.record.manifest.id;
    let failed = failed(&file, &Trusted::default());
    assert_eq!(failed, [format!("time stamp stamps/{id}-a-1.tsr")]);
    let report = verify_pack(&file, &Trusted::default()).expect("a pack");
    assert_eq!(report.existed_by, None);
}
