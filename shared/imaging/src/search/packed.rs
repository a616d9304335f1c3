//! Linear scan over packed PDQ hashes.
//!
//! A hash is kept in two halves of 128 bits, each kind in its own row of
//! memory. Two unrelated hashes differ in about 64 bits of a half, hardly ever
//! in as few as a match may, so the scan reads only the first halves: half the
//! bytes, half the counting.

use fearless_simd::{Level, dispatch};

use super::hit::Hit;
use crate::pdq::Pdq;

/// Half a hash.
pub(super) type Half = [u64; 2];

/// A whole hash, first half first.
pub(super) type Halves = [Half; 2];

/// Hashes of which one minimum is taken, so that the processor's vector units
/// can count without a branch for each.
const LANE: usize = 32;

/// Hashes that all queries of a batch are compared with before the next ones
/// are read; their first halves fit the fastest cache.
const BLOCK: usize = 1024;

/// From this distance on first halves let too many through to be worth it.
const MIN_WHOLE_DISTANCE: u32 = 48;

#[derive(Clone, Debug, Default)]
pub(super) struct PackedHashes {
    first: Vec<Half>,
    second: Vec<Half>,
}

/// The four words of a hash, in the order of its bytes.
pub(super) fn to_halves(hash: &Pdq) -> Halves {
    let (words, _) = hash.0.as_chunks::<8>();
    let word = |at: usize| words.get(at).map_or(0, |bytes| u64::from_be_bytes(*bytes));
    [[word(0), word(1)], [word(2), word(3)]]
}

/// Bits in which two halves differ.
#[inline(always)]
pub(super) fn count_different_bits(a: &Half, b: &Half) -> u32 {
    (a[0] ^ b[0]).count_ones() + (a[1] ^ b[1]).count_ones()
}

impl PackedHashes {
    pub(super) fn push(&mut self, hash: &Pdq) {
        let [first, second] = to_halves(hash);
        self.first.push(first);
        self.second.push(second);
    }

    pub(super) fn len(&self) -> usize {
        self.first.len()
    }

    pub(super) fn get(&self, place: usize) -> Pdq {
        let mut hash = [0; 32];
        let words = self.first[place].iter().chain(&self.second[place]);
        for (bytes, word) in hash.as_chunks_mut::<8>().0.iter_mut().zip(words) {
            *bytes = word.to_be_bytes();
        }
        Pdq(hash)
    }

    /// All first halves, or all second ones.
    pub(super) fn all(&self, half: usize) -> &[Half] {
        if half == 0 { &self.first } else { &self.second }
    }

    #[inline(always)]
    pub(super) fn halves(&self, place: usize) -> Halves {
        [self.first[place], self.second[place]]
    }

    /// The distance of one hash when it is near enough.
    #[inline(always)]
    pub(super) fn distance_within(
        &self,
        place: usize,
        query: &Halves,
        distance: u32,
    ) -> Option<u32> {
        let first = count_different_bits(&self.first[place], &query[0]);
        if first > distance {
            return None;
        }
        let all = first + count_different_bits(&self.second[place], &query[1]);
        (all <= distance).then_some(all)
    }

    /// Compares every hash with every query, with the widest vectors this
    /// processor has: counting bits is three times faster on newer ones.
    pub(super) fn scan(&self, queries: &[Pdq], distance: u32, mut found: impl FnMut(usize, Hit)) {
        let queries: Vec<Halves> = queries.iter().map(to_halves).collect();
        let level = Level::new();
        dispatch!(level, _simd => self.scan_all(&queries, distance, &mut found));
    }

    // All of the loop is inlined into the code for each kind of processor.
    #[inline(always)]
    fn scan_all(&self, queries: &[Halves], distance: u32, found: &mut impl FnMut(usize, Hit)) {
        for (block, start) in self.first.chunks(BLOCK).zip((0..).step_by(BLOCK)) {
            for (number, query) in queries.iter().enumerate() {
                self.scan_block(block, start, query, distance, |hit| found(number, hit));
            }
        }
    }

    #[inline(always)]
    fn scan_block(
        &self,
        block: &[Half],
        start: usize,
        query: &Halves,
        distance: u32,
        mut found: impl FnMut(Hit),
    ) {
        let whole = distance >= MIN_WHOLE_DISTANCE;
        for (lane, at) in block.chunks(LANE).zip((start..).step_by(LANE)) {
            let least = if whole {
                min_whole_distance(lane, &self.second[at..], query)
            } else {
                min_distance(lane, &query[0])
            };
            if least > distance {
                continue;
            }
            for place in at..at + lane.len() {
                if let Some(distance) = self.distance_within(place, query, distance) {
                    let place = place as u32;
                    found(Hit { distance, place });
                }
            }
        }
    }
}

/// The smallest number of bits in which any of the halves differs.
#[inline(always)]
fn min_distance(halves: &[Half], query: &Half) -> u32 {
    let differ = halves.iter().map(|half| count_different_bits(half, query));
    differ.fold(u32::MAX, u32::min)
}

/// The smallest number of bits in which any of the whole hashes differs.
#[inline(always)]
fn min_whole_distance(first: &[Half], second: &[Half], query: &Halves) -> u32 {
    let differ = first.iter().zip(second);
    let differ = differ.map(|(first, second)| {
        count_different_bits(first, &query[0]) + count_different_bits(second, &query[1])
    });
    differ.fold(u32::MAX, u32::min)
}
