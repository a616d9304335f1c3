//! Multi-index hashing: an exact search that compares few hashes.
//!
//! A hash is cut into sixteen slots of sixteen bits. When two hashes differ in
//! few bits, those bits cannot be spread so evenly that every slot has many of
//! them, so at least one slot is nearly or wholly equal. For each slot the
//! hashes are sorted into buckets by the slot's value, and a search looks only
//! into the buckets whose value is near the query's.

use super::hit::Hit;
use super::packed::{Half, Halves, PackedHashes, to_halves};
use crate::pdq::Pdq;

const SLOTS: usize = 16;

/// Values of one slot.
const SLOT_VALUES: usize = 1 << 16;

/// Most bits in which a probed slot may differ. At four there would be 2517
/// buckets for each slot, and a scan is faster.
const MAX_RADIUS: u32 = 3;

/// Cost of comparing a hash in a bucket, in hashes of a scan: it lies
/// somewhere in memory, while the scan reads straight on. Measured with ten
/// million hashes.
const PROBE_COST: usize = 40;

/// The buckets of all slots, in flat arrays.
#[derive(Clone, Debug)]
pub(super) struct SlotIndex {
    /// For each slot where each value's bucket starts in `places`, and an end.
    starts: Vec<u32>,
    /// For each slot all places, sorted by the slot's value.
    places: Vec<u32>,
    /// Differences of at most [`MAX_RADIUS`] bits, fewest bits first.
    differences: Vec<u16>,
    /// How many differences have at most 0, 1, 2 and 3 bits.
    within: [usize; MAX_RADIUS as usize + 1],
    hashes: usize,
}

/// The value of one slot.
#[inline(always)]
fn slot_value(hash: &Halves, slot: usize) -> u16 {
    slot_value_in_half(&hash[slot / 8], slot)
}

/// The same from the half that holds the slot.
#[inline(always)]
fn slot_value_in_half(half: &Half, slot: usize) -> u16 {
    (half[slot / 4 % 2] >> (48 - slot % 4 * 16)) as u16
}

/// In how many bits a slot must be searched so that no hash within the
/// distance is missed; `None` when the slot need not be searched.
///
/// With `distance = 16 r + a`, a hash that differs in more than `r` bits in
/// each of the first `a + 1` slots and in at least `r` in all others differs in
/// more than `distance`.
#[inline(always)]
fn radius(distance: u32, slot: usize) -> Option<u32> {
    let (evenly, left) = (distance / SLOTS as u32, distance % SLOTS as u32);
    if slot as u32 <= left {
        Some(evenly)
    } else {
        evenly.checked_sub(1)
    }
}

impl SlotIndex {
    pub(super) fn new(hashes: &PackedHashes) -> Self {
        let mut differences: Vec<u16> = (0..=u16::MAX)
            .filter(|bits| bits.count_ones() <= MAX_RADIUS)
            .collect();
        differences.sort_by_key(|bits| bits.count_ones());
        let within = [0, 1, 2, 3]
            .map(|radius| differences.partition_point(|bits| bits.count_ones() <= radius));
        let mut slots = Self {
            starts: vec![0; SLOTS * (SLOT_VALUES + 1)],
            places: vec![0; SLOTS * hashes.len()],
            differences,
            within,
            hashes: hashes.len(),
        };
        for slot in 0..SLOTS {
            slots.sort_slot(hashes, slot);
        }
        slots
    }

    /// Sorts the hashes by the value of one slot: counted, then placed.
    fn sort_slot(&mut self, hashes: &PackedHashes, slot: usize) {
        let starts = &mut self.starts[slot * (SLOT_VALUES + 1)..][..SLOT_VALUES + 1];
        let places = &mut self.places[slot * hashes.len()..][..hashes.len()];
        let halves = hashes.all(slot / 8);
        for half in halves {
            starts[usize::from(slot_value_in_half(half, slot)) + 1] += 1;
        }
        let mut sum = 0;
        for start in starts.iter_mut() {
            sum += *start;
            *start = sum;
        }
        let mut next = starts[..SLOT_VALUES].to_vec();
        for (half, place) in halves.iter().zip(0..) {
            let next = &mut next[usize::from(slot_value_in_half(half, slot))];
            places[*next as usize] = place;
            *next += 1;
        }
    }

    /// Whether looking into buckets is cheaper than a scan.
    pub(super) fn is_cheaper_than_scan(&self, distance: u32) -> bool {
        let probes: Option<usize> = (0..SLOTS)
            .filter_map(|slot| radius(distance, slot))
            .map(|radius| self.within.get(radius as usize).copied())
            .sum();
        probes.is_some_and(|probes| {
            let looks = probes + probes * self.hashes / SLOT_VALUES;
            looks * PROBE_COST < self.hashes
        })
    }

    /// Finds each near hash once: in the first slot that leads to it.
    pub(super) fn search(
        &self,
        hashes: &PackedHashes,
        query: &Pdq,
        distance: u32,
        mut found: impl FnMut(Hit),
    ) {
        let query = to_halves(query);
        for slot in 0..SLOTS {
            let Some(radius) = radius(distance, slot) else {
                continue;
            };
            let centre = slot_value(&query, slot);
            for difference in &self.differences[..self.within[radius as usize]] {
                for &place in self.bucket(slot, centre ^ difference) {
                    if let Some(bits) = hashes.distance_within(place as usize, &query, distance)
                        && !was_found_before(&hashes.halves(place as usize), &query, distance, slot)
                    {
                        found(Hit {
                            distance: bits,
                            place,
                        });
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn bucket(&self, slot: usize, value: u16) -> &[u32] {
        let at = slot * (SLOT_VALUES + 1) + usize::from(value);
        let (start, end) = (self.starts[at] as usize, self.starts[at + 1] as usize);
        &self.places[slot * self.hashes..][start..end]
    }
}

/// Whether a slot before this one leads to the hash too.
fn was_found_before(hash: &Halves, query: &Halves, distance: u32, slot: usize) -> bool {
    (0..slot).any(|before| {
        let differ = (slot_value(hash, before) ^ slot_value(query, before)).count_ones();
        radius(distance, before).is_some_and(|radius| differ <= radius)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn slots_are_the_hash_in_order() {
        let hash = to_halves(&Pdq(std::array::from_fn(|byte| byte as u8)));
        let values: Vec<u16> = (0..SLOTS).map(|slot| slot_value(&hash, slot)).collect();
        let expected: Vec<u16> = (0..16).map(|n| n * 2 * 256 + n * 2 + 1).collect();
        assert_eq!(values, expected);
    }

    #[test]
    fn radii_leave_no_hole() {
        for distance in 0..=63 {
            let radii: Vec<_> = (0..SLOTS).map(|slot| radius(distance, slot)).collect();
            // The cheapest way past every slot costs more than the distance.
            let past: u32 = radii
                .iter()
                .map(|it| it.map_or(0, |radius| radius + 1))
                .sum();
            assert_eq!(past, distance + 1, "{radii:?}");
        }
    }

    /// Copies of one hash with more and more bits turned, spread evenly or
    /// heaped up in a few slots.
    fn copies(of: [u8; 32]) -> Vec<Pdq> {
        let mut hashes = Vec::new();
        for step in [1, 3, 7, 16, 17, 85] {
            let mut hash = of;
            for turned in 0..70 {
                let bit = turned * step % 256;
                hash[bit / 8] ^= 1 << (bit % 8);
                hashes.push(Pdq(hash));
            }
        }
        hashes
    }

    #[test]
    fn every_near_hash_is_found_once_at_every_distance() {
        let of = std::array::from_fn(|byte| (byte * 37) as u8);
        let known = copies(of);
        let mut packed = PackedHashes::default();
        known.iter().for_each(|hash| packed.push(hash));
        let slots = SlotIndex::new(&packed);
        let query = Pdq(of);
        for distance in 0..=63 {
            let mut found = Vec::new();
            slots.search(&packed, &query, distance, |hit| found.push(hit));
            found.sort_unstable();
            let mut expected: Vec<Hit> = known
                .iter()
                .zip(0..)
                .map(|(hash, place)| Hit {
                    distance: hash.distance(&query),
                    place,
                })
                .filter(|hit| hit.distance <= distance)
                .collect();
            expected.sort_unstable();
            assert_eq!(found, expected, "within {distance}");
        }
    }

    #[test]
    fn buckets_are_for_many_hashes_and_small_distances() {
        let slots = |hashes| SlotIndex {
            hashes,
            ..SlotIndex::new(&PackedHashes::default())
        };
        assert!(
            slots(1_000_000).is_cheaper_than_scan(31) && slots(10_000_000).is_cheaper_than_scan(31)
        );
        assert!(!slots(1_000).is_cheaper_than_scan(31));
        assert!(
            !slots(10_000_000).is_cheaper_than_scan(63)
                && !slots(10_000_000).is_cheaper_than_scan(64)
        );
        assert!(!slots(10_000_000).is_cheaper_than_scan(256));
    }

    #[test]
    fn neighbours_are_counted_as_published() {
        let slots = SlotIndex::new(&PackedHashes::default());
        assert_eq!(slots.within, [1, 17, 137, 697]);
    }
}
