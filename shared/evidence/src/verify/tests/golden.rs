//! The pack that is committed: whatever changes here, it is read as on the day it was made, and written again as it is.
//!
//! `GOLDEN_PACK=write cargo test -p vara-evidence golden` makes it anew, with what it is trusted under.

use std::fs;
use std::path::PathBuf;

use serde::de::DeserializeOwned;

use super::stamps::Authorities;
use super::*;
use crate::testing::with_report;
use crate::{PackedHeadStamp, PackedStamp};

const PACK: &str = "record-0042.wacz";
const KEYS: &str = "keys.txt";
const ROOT: &str = "root.der";

fn place(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

fn golden() -> Vec<u8> {
    fs::read(place(PACK)).expect("the golden pack")
}

fn trusted() -> Trusted {
    let keys = fs::read_to_string(place(KEYS)).expect("its key");
    Trusted {
        keys: Some(keys.lines().map(str::to_owned).collect()),
        roots: Some(vec![fs::read(place(ROOT)).expect("its root")]),
    }
}

/// The facts of the golden pack, without signatures and stamps.
fn facts(key: &TestKey) -> Sample {
    Sample::new(key, 5000, 5, Vec::new())
}

#[tokio::test]
async fn one_that_is_made_anew_verifies() {
    let (key, authorities) = (TestKey::new(), Authorities::start().await);
    let mut sample = facts(&key);
    authorities.stamp_all(&mut sample).await;
    let sample = with_report(sample);
    let file = sample.write(PackFormat::Wacz);
    // For the tools of others, in `infra/checks/evidence.py`.
    for (name, format) in [
        ("SAMPLE_PACK", PackFormat::Wacz),
        ("SAMPLE_BAG", PackFormat::Bag),
    ] {
        if let Some(path) = std::env::var_os(name) {
            fs::write(path, sample.write(format)).expect("written");
        }
    }
    let trusted = Trusted {
        keys: Some(vec![key.name()]),
        roots: Some(vec![authorities.root.clone()]),
    };
    assert_eq!(failed(&file, &trusted), Vec::<String>::new());
    if std::env::var_os("GOLDEN_PACK").is_some() {
        fs::write(place(PACK), file).expect("written");
        fs::write(place(KEYS), format!("{}\n", key.name())).expect("written");
        fs::write(place(ROOT), authorities.root).expect("written");
    }
}

#[test]
fn it_verifies_under_the_trust_it_was_made_under_and_no_other() {
    let report = verify_pack(&golden(), &trusted()).expect("a pack");
    assert!(report.ok, "{:?}", report.checks);
    assert!(report.existed_by.is_some());
    assert_eq!(report.not_proven.len(), 3, "{:?}", report.not_proven);
    let other = Trusted {
        keys: Some(vec![TestKey::new().name()]),
        roots: Some(Vec::new()),
    };
    assert_eq!(
        failed(&golden(), &other).len(),
        5,
        "two signatures, three first stamps"
    );
}

#[test]
fn it_is_written_again_byte_by_byte() {
    let entries = read_container(&golden()).expect("a pack");
    let bytes = |path: &str| entries.get(path).expect("a file").clone();
    fn json<T: DeserializeOwned>(bytes: &[u8]) -> T {
        serde_json::from_slice(bytes).expect("JSON")
    }
    let mut sample = facts(&TestKey::new());
    let id = sample.record.manifest.id;
    let stamp = |name: &str, authority: &str| PackedStamp {
        authority: authority.into(),
        request: bytes(&format!("stamps/{id}-{name}.tsq")),
        answer: bytes(&format!("stamps/{id}-{name}.tsr")),
        roots: vec![bytes(&format!("stamps/{authority}-root-1.der"))],
    };
    // What others signed cannot be made again; all the rest is.
    sample.record.signature = json(&bytes(&format!("custody/manifest-{id}.sig")));
    sample.head_signature = json(&bytes("custody/head.sig"));
    sample.record.stamps = vec![stamp("a-1", "a"), stamp("b-1", "b"), stamp("a-2", "a")];
    sample.record.head_stamps = vec![PackedHeadStamp {
        events: 2,
        stamp: stamp("head-2-b", "b"),
    }];
    let written = with_report(sample).write(PackFormat::Wacz);
    let again = read_container(&written).expect("a pack");
    for (path, before) in &entries {
        assert!(
            again.get(path) == Some(before),
            "{path} is written otherwise"
        );
    }
    assert!(written == golden());
}

#[test]
fn a_change_of_every_thousandth_byte_fails_and_names_the_file() {
    let file = golden();
    let entries = read_container(&file).expect("a pack");
    let mut places = Vec::new();
    let mut from = 0;
    for (path, bytes) in &entries {
        // The local header of an entry has 30 bytes and the name.
        let start = from + 30 + path.len();
        from = start + bytes.len();
        places.push((start..from, path));
    }
    let mut named = 0;
    for at in (0..file.len()).step_by(1000) {
        let mut changed = file.clone();
        changed[at] ^= 0x10;
        let report = verify_pack(&changed, &trusted());
        let Some(report) = report else {
            assert_eq!(at, 0, "only the first bytes say that it is a container");
            continue;
        };
        let failed = report
            .checks
            .iter()
            .find(|it| !it.ok)
            .expect("a check that failed");
        // A changed header can make another name.
        if let Some((_, path)) = places.iter().find(|(range, _)| range.contains(&at)) {
            assert_eq!(&failed.what, *path, "changed at {at}");
            named += 1;
        }
    }
    assert!(named > 40, "{named}");
}

#[test]
fn its_chain_with_an_event_removed_reordered_or_inserted_fails() {
    let pack_key = facts(&TestKey::new()).pack_key;
    for change in CHANGES_OF_CHAINS {
        let mut entries = read_container(&golden()).expect("a pack");
        change_chain(&mut entries, change);
        let failed = failed(&repacked(entries, &pack_key), &trusted());
        assert!(
            failed
                .iter()
                .any(|it| it.starts_with("chain of custody of")),
            "{failed:?}"
        );
    }
}
