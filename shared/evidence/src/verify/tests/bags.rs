//! Packs in bags.

use super::*;

#[test]
fn a_bag_is_checked_as_the_pack_in_it() {
    let key = TestKey::new();
    let sample = Sample::new(&key, 500, 3, Vec::new());
    let file = sample.write(PackFormat::Bag);
    let trusted = Trusted {
        keys: Some(vec![key.name()]),
        roots: None,
    };
    let report = verify_pack(&file, &trusted).expect("a pack");
    assert!(report.ok, "{:?}", report.checks);
    assert!(report.checks.iter().any(|it| it.what == "bag"));
    assert!(
        report
            .checks
            .iter()
            .any(|it| it.what == "signature of the pack")
    );
}

#[test]
fn a_bag_with_anything_changed_added_or_missing_is_found() {
    let file = sample().write(PackFormat::Bag);
    let entries = read_container(&file).expect("a container");
    let name = |it: &str| format!("record-0042/{it}");
    for path in entries.keys() {
        for is_removed in [true, false] {
            let mut changed = entries.clone();
            match is_removed {
                true => drop(changed.remove(path)),
                false => changed.get_mut(path).expect("a file").push(b'x'),
            }
            let file = write_container(&changed).expect("a file");
            let report = verify_pack(&file, &Trusted::default());
            assert!(
                report.is_none_or(|it| !it.ok),
                "{path}, removed: {is_removed}"
            );
        }
    }
    for path in ["more.txt", "data/more.txt"] {
        let mut changed = entries.clone();
        changed.insert(name(path), b"more".to_vec());
        let file = write_container(&changed).expect("a file");
        let failed = failed(&file, &Trusted::default());
        assert!(
            failed.contains(&"manifest-sha256.txt".to_owned()),
            "{path}: {failed:?}"
        );
    }
}
