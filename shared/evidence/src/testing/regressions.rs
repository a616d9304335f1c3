//! Regression test on the fuzz corpus: judges every input again that is worth keeping, and many damaged at random.
//!
//! `fuzz/corpus/<target>.tar` is packed by `fuzz/pack`.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::{StampCase, judge_edited_pack};
use tar::Archive;

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let path = format!("fuzz/corpus/{target}.tar");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let mut inputs = Vec::new();
    for entry in Archive::new(File::open(path).expect("whole"))
        .entries()
        .expect("whole")
    {
        let mut entry = entry.expect("whole");
        assert_eq!(entry.header().mtime().expect("whole"), 0);
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("whole");
        inputs.push(bytes);
    }
    assert!(inputs.len() > 10, "{target}");
    inputs
}

/// Numbers that are the same in each run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("whole") % below
    }
}

#[test]
fn time_stamps() {
    let case = StampCase::golden();
    let inputs = corpus("token");
    for input in &inputs {
        case.judge(input);
    }
    let mut numbers = Numbers(1);
    for _ in 0..3000 {
        let mut input = inputs[numbers.next(inputs.len())].clone();
        for _ in 0..=numbers.next(4) {
            if input.is_empty() {
                break;
            }
            let at = numbers.next(input.len());
            match numbers.next(4) {
                0 => input[at] = u8::try_from(numbers.next(256)).expect("whole"),
                1 => input.truncate(at),
                2 => drop(input.remove(at)),
                _ => input.insert(at, u8::try_from(numbers.next(256)).expect("whole")),
            }
        }
        case.judge(&input);
    }
}

#[test]
fn packs() {
    let inputs = corpus("pack");
    for input in &inputs {
        judge_edited_pack(input);
    }
    let mut numbers = Numbers(2);
    for _ in 0..300 {
        let length = 5 * (1 + numbers.next(6));
        let input: Vec<u8> = (0..length)
            .map(|_| u8::try_from(numbers.next(256)).expect("whole"))
            .collect();
        judge_edited_pack(&input);
    }
}
