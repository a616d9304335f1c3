//! Tests of `HashIndex`: both ways of searching find exactly what comparing every pair finds.

use proptest::prelude::*;
use vara_imaging::{HashIndex, Hit, IndexError, Pdq};

fn list(text: &str) -> Vec<Pdq> {
    text.lines().map(|line| line.parse().unwrap()).collect()
}

fn haystack() -> Vec<Pdq> {
    list(include_str!("../vectors/index/haystack.txt"))
}

fn needles() -> Vec<Pdq> {
    list(include_str!("../vectors/index/needles.txt"))
}

/// Pairs of a needle and a hay within a distance, as the reference counts them.
const PAIRS: [(u32, usize); 7] = [
    (0, 50),
    (15, 151),
    (16, 152),
    (31, 250),
    (32, 250),
    (47, 287),
    (63, 352),
];

/// The definition.
fn every_pair(hashes: &[Pdq], query: &Pdq, distance: u32) -> Vec<Hit> {
    let mut hits: Vec<Hit> = hashes
        .iter()
        .zip(0..)
        .map(|(hash, place)| Hit {
            distance: hash.distance(query),
            place,
        })
        .filter(|hit| hit.distance <= distance)
        .collect();
    hits.sort();
    hits
}

#[test]
fn the_reference_counts_the_same_pairs() {
    let scanned = HashIndex::new(haystack()).unwrap();
    let sorted = scanned.clone().for_batches();
    for (distance, pairs) in PAIRS {
        for index in [&scanned, &sorted] {
            let found = index.search_all(&needles(), distance);
            let count: usize = found.iter().map(Vec::len).sum();
            assert_eq!(count, pairs, "within {distance}");
        }
    }
}

#[test]
fn a_small_distance_over_many_hashes_takes_the_buckets() {
    // Enough hashes that the buckets are cheaper than a scan.
    let mut hashes = haystack();
    let mut state = 1_u64;
    while hashes.len() < 40_000 {
        let bytes = std::array::from_fn(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 56) as u8
        });
        hashes.push(Pdq(bytes));
    }
    let index = HashIndex::new(hashes.iter().copied())
        .unwrap()
        .for_batches();
    for distance in [0, 1, 15, 16, 17, 30, 31, 32, 47, 48, 63, 64, 90] {
        for query in needles().iter().step_by(9).chain(&hashes[30_000..30_003]) {
            let expected = every_pair(&hashes, query, distance);
            assert_eq!(index.search(query, distance), expected, "within {distance}");
        }
    }
}

#[test]
fn the_stored_form_is_thirty_two_bytes_each() {
    let index = HashIndex::new(needles()).unwrap();
    let stored = index.to_bytes();
    assert_eq!(stored.len(), 32 * needles().len());
    assert_eq!(stored[..32], needles()[0].0);
    let again = HashIndex::from_bytes(&stored).unwrap();
    assert_eq!(again.len(), needles().len());
    assert_eq!(again.get(7), Some(needles()[7]));
    assert_eq!(again.get(100), None);
}

#[test]
fn what_stands_for_no_hash_is_refused() {
    let zero = Pdq([0; 32]);
    let refused = |stored: &[u8]| HashIndex::from_bytes(stored).map(|_| ()).unwrap_err();
    assert_eq!(refused(&[1; 33]), IndexError::Length);
    assert_eq!(refused(&[[1; 32], zero.0].concat()), IndexError::Zero(1));
    let given = HashIndex::new([needles()[0], zero]).map(|_| ());
    assert_eq!(given.unwrap_err(), IndexError::Zero(1));
}

#[test]
fn nothing_is_found_in_nothing() {
    let empty = HashIndex::new([]).unwrap();
    assert!(empty.is_empty());
    assert!(empty.search(&needles()[0], 256).is_empty());
    assert!(
        empty
            .clone()
            .for_batches()
            .search(&needles()[0], 31)
            .is_empty()
    );
    assert!(empty.search_all(&[], 31).is_empty());
}

/// A hash and copies of it with some bits turned: near ones at every distance.
fn family() -> impl Strategy<Value = Vec<Pdq>> {
    let bits = prop::collection::vec(any::<u8>(), 0..70);
    let members = prop::collection::vec(bits, 1..40);
    (any::<[u8; 32]>(), members).prop_map(|(first, members)| {
        let turned = |bits: &Vec<u8>| {
            let mut hash = first;
            for bit in bits {
                hash[usize::from(bit / 8)] ^= 1 << (bit % 8);
            }
            Pdq(hash)
        };
        members.iter().map(turned).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn near_hashes_are_found_each_once(hashes in family(), distance in 0..=256_u32) {
        let zero = Pdq([0; 32]);
        prop_assume!(!hashes.contains(&zero));
        let index = HashIndex::new(hashes.iter().copied()).unwrap();
        let expected = every_pair(&hashes, &hashes[0], distance);
        prop_assert_eq!(index.search(&hashes[0], distance), expected.clone());
        prop_assert_eq!(index.for_batches().search(&hashes[0], distance), expected);
    }
}
