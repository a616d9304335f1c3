mod bags;
mod golden;
mod stamps;

use vara_domain::evidence_record::PackFormat;

use super::*;
use crate::testing::{Sample, TestKey, at};
use crate::{Entries, PackKey, write_container};

fn sample() -> Sample {
    Sample::new(&TestKey::new(), 5000, 3, Vec::new())
}

fn failed(file: &[u8], trusted: &Trusted) -> Vec<String> {
    let report = verify_pack(file, trusted).expect("a pack");
    let failed = report.checks.into_iter().filter(|it| !it.ok);
    failed.map(|it| it.what).collect()
}

#[test]
fn a_pack_verifies_and_says_what_it_does_not_prove() {
    let key = TestKey::new();
    let sample = Sample::new(&key, 5000, 3, Vec::new());
    let report = verify_pack(&sample.write(PackFormat::Wacz), &Trusted::default()).expect("a pack");
    assert!(report.ok, "{:?}", report.checks);
    assert_eq!(report.existed_by, None);
    assert!(
        report
            .not_proven
            .iter()
            .any(|it| it.contains("no list of keys"))
    );
    let known = Trusted {
        keys: Some(vec![key.name()]),
        roots: None,
    };
    assert_eq!(
        failed(&sample.write(PackFormat::Wacz), &known),
        Vec::<String>::new()
    );
    let other = Trusted {
        keys: Some(vec![TestKey::new().name()]),
        roots: None,
    };
    assert_eq!(
        failed(&sample.write(PackFormat::Wacz), &other).len(),
        2,
        "manifest and head"
    );
}

#[test]
fn a_change_of_any_byte_is_found() {
    let file = sample().write(PackFormat::Wacz);
    for at in 0..file.len() {
        let mut changed = file.clone();
        changed[at] ^= 0x20;
        let report = verify_pack(&changed, &Trusted::default());
        assert!(report.is_none_or(|it| !it.ok), "changed at {at}");
    }
}

/// The pack with one file changed, and everything that does not need Vara's key made to fit.
fn forged(sample: &Sample, change: impl FnOnce(&mut Entries)) -> Vec<u8> {
    let mut entries = read_container(&sample.write(PackFormat::Wacz)).expect("a pack");
    change(&mut entries);
    repacked(entries, &sample.pack_key)
}

/// A pack of these entries, with a package and a signature that fit.
fn repacked(mut entries: Entries, pack_key: &PackKey) -> Vec<u8> {
    entries.remove("datapackage.json");
    entries.remove("datapackage-digest.json");
    let package = crate::pack::datapackage(&entries, "Record 0042", at(60)).expect("a package");
    let digest = crate::pack::digest(&package, at(60), pack_key).expect("a digest");
    entries.insert("datapackage.json".into(), package);
    entries.insert("datapackage-digest.json".into(), digest);
    write_container(&entries).expect("a file")
}

#[test]
fn a_chain_with_an_event_removed_reordered_or_changed_is_found_even_with_the_packs_key() {
    let sample = sample();
    let id = sample.record.manifest.id;
    let what = format!("chain of custody of {id}");
    for change in CHANGES_OF_CHAINS {
        let file = forged(&sample, |entries| change_chain(entries, change));
        assert!(failed(&file, &Trusted::default()).contains(&what));
    }
}

type ChangeOfChain = fn(&mut Vec<String>);

const CHANGES_OF_CHAINS: [ChangeOfChain; 5] = [
    |it| drop(it.remove(0)),
    |it| drop(it.pop()),
    |it| it.swap(0, 1),
    |it| it.insert(1, it[0].clone()),
    |it| it[1] = it[1].replace("evidence.captured", "evidence.rehashed"),
];

fn change_chain(entries: &mut Entries, change: ChangeOfChain) {
    let text = String::from_utf8(entries["custody/chain.jsonl"].clone()).expect("text");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    change(&mut lines);
    let text = lines.join("\n") + "\n";
    entries.insert("custody/chain.jsonl".into(), text.into_bytes());
}

#[test]
fn another_manifest_or_picture_is_found_even_with_the_packs_key() {
    let sample = sample();
    let id = sample.record.manifest.id;
    let file = forged(&sample, |entries| {
        entries.insert(format!("images/{id}.jpg"), b"another".to_vec());
    });
    assert_eq!(
        failed(&file, &Trusted::default()),
        [format!("BLURRED of {id}")]
    );
    let file = forged(&sample, |entries| {
        let name = format!("custody/manifest-{id}.json");
        let text = String::from_utf8(entries[&name].clone()).expect("text");
        let text = text.replace("forum.example.net", "other.example.net");
        entries.insert(name, text.into_bytes());
    });
    assert_eq!(
        failed(&file, &Trusted::default()).len(),
        2,
        "its signature, and the chain"
    );
    let file = forged(&sample, |entries| {
        entries.insert("custody/zzz.txt".into(), b"more".to_vec());
    });
    // Named in the forged package, it is known to be there; nothing vouches for it and nothing reads it.
    assert_eq!(failed(&file, &Trusted::default()), Vec::<String>::new());
}
