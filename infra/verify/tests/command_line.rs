//! The exit codes and words of `vara-verify`.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use vara_domain::evidence_record::PackFormat;
use vara_evidence::testing::{Sample, TestKey};

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/evidence/tests/golden")
}

fn verify(arguments: &[&Path]) -> Output {
    let program = env!("CARGO_BIN_EXE_vara-verify");
    Command::new(program).args(arguments).output().unwrap()
}

/// A file of this test alone.
fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn the_golden_pack_is_in_order_under_its_trust() {
    let roots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("roots");
    fs::create_dir_all(&roots).unwrap();
    fs::copy(golden().join("root.der"), roots.join("root.der")).unwrap();
    let (pack, keys) = (golden().join("record-0042.wacz"), golden().join("keys.txt"));
    let done = verify(&[
        &pack,
        "--keys".as_ref(),
        &keys,
        "--tsa-roots".as_ref(),
        &roots,
    ]);
    let said = String::from_utf8(done.stdout).unwrap();
    assert_eq!(done.status.code(), Some(0), "{said}");
    assert!(said.contains("The manifests existed by") && !said.contains("FAILED"));
    let other = file("other-keys.txt", "0".repeat(64).as_bytes());
    let done = verify(&[&pack, "--keys".as_ref(), &other]);
    assert_eq!(done.status.code(), Some(1));
}

#[test]
fn a_changed_pack_fails_by_name_and_what_is_none_cannot_be_read() {
    let mut pack = fs::read(golden().join("record-0042.wacz")).unwrap();
    let at = pack.len() / 2;
    pack[at] ^= 1;
    let done = verify(&[&file("changed.wacz", &pack), "--json".as_ref()]);
    assert_eq!(done.status.code(), Some(1));
    let said: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(said["ok"], false);
    assert!(said["checks"][0]["what"].as_str().unwrap().contains('/'));
    let done = verify(&[&file("none.wacz", b"PK")]);
    assert_eq!(done.status.code(), Some(2));
    let done = verify(&[Path::new("/nowhere.wacz")]);
    assert_eq!(done.status.code(), Some(2));
}

#[test]
fn a_bag_is_checked_as_well() {
    let bag = Sample::new(&TestKey::new(), 100, 3, Vec::new()).write(PackFormat::Bag);
    let done = verify(&[&file("record.zip", &bag)]);
    assert_eq!(done.status.code(), Some(0));
    assert!(
        String::from_utf8(done.stdout)
            .unwrap()
            .contains("ok      bag")
    );
}
