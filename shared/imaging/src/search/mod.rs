//! `HashIndex`: finds, among many PDQ hashes, those near a given one.
//!
//! Two ways behind one type, both exact. A linear scan reads packed hashes at
//! the speed of memory and needs no preparation. For batches of queries the
//! hashes can also be sorted into buckets once ([`HashIndex::for_batches`]);
//! then only a small part of them is compared.
//!
//! ```text
//! packed.rs   the hashes, and the scan over all of them
//! slots.rs    sixteen slots of sixteen bits, and the buckets that may hold a match
//! ```

mod hit;
mod packed;
mod slots;

pub use hit::Hit;

use crate::pdq::Pdq;
use packed::PackedHashes;
use slots::SlotIndex;

/// Why stored hashes cannot be searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// The stored form is not a multiple of 32 bytes long.
    #[error("stored hashes take 32 bytes each")]
    Length,
    /// A hash is all zero, which stands for a picture without one and would be
    /// found by every other such picture.
    #[error("hash {0} is all zero")]
    Zero(usize),
    /// More than four thousand million hashes.
    #[error("too many hashes for one index")]
    TooMany,
}

/// Hashes that can be searched by distance.
#[derive(Clone, Debug)]
pub struct HashIndex {
    hashes: PackedHashes,
    slots: Option<SlotIndex>,
}

impl HashIndex {
    /// An index that scans; ready at once.
    pub fn new(hashes: impl IntoIterator<Item = Pdq>) -> Result<Self, IndexError> {
        let mut packed = PackedHashes::default();
        for hash in hashes {
            if hash == Pdq([0; 32]) {
                return Err(IndexError::Zero(packed.len()));
            }
            packed.push(&hash);
        }
        if u32::try_from(packed.len()).is_err() {
            return Err(IndexError::TooMany);
        }
        Ok(Self {
            hashes: packed,
            slots: None,
        })
    }

    /// An index over the stored form: 32 bytes a hash, one after the other.
    pub fn from_bytes(stored: &[u8]) -> Result<Self, IndexError> {
        let (hashes, rest) = stored.as_chunks::<32>();
        if !rest.is_empty() {
            return Err(IndexError::Length);
        }
        Self::new(hashes.iter().map(|hash| Pdq(*hash)))
    }

    /// The stored form.
    pub fn to_bytes(&self) -> Vec<u8> {
        (0..self.hashes.len())
            .flat_map(|place| self.hashes.get(place).0)
            .collect()
    }

    /// Adds the buckets. They take 64 bytes more for each hash, and pay when
    /// many queries follow; what is found stays the same.
    #[must_use]
    pub fn for_batches(mut self) -> Self {
        if self.slots.is_none() {
            self.slots = Some(SlotIndex::new(&self.hashes));
        }
        self
    }

    /// How many hashes there are.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.hashes.len() == 0
    }

    /// The hash at a place.
    pub fn get(&self, place: u32) -> Option<Pdq> {
        let place = place as usize;
        (place < self.hashes.len()).then(|| self.hashes.get(place))
    }

    /// All hashes that differ from the query in at most `distance` bits,
    /// nearest first.
    pub fn search(&self, query: &Pdq, distance: u32) -> Vec<Hit> {
        let mut all = self.search_all(std::slice::from_ref(query), distance);
        all.pop().unwrap_or_default()
    }

    /// The same for many queries, in one pass over the hashes where they are
    /// scanned. The eight hashes of a turned picture belong here.
    pub fn search_all(&self, queries: &[Pdq], distance: u32) -> Vec<Vec<Hit>> {
        let mut found = vec![Vec::new(); queries.len()];
        match &self.slots {
            Some(slots) if slots.is_cheaper_than_scan(distance) => {
                for (query, hits) in queries.iter().zip(&mut found) {
                    slots.search(&self.hashes, query, distance, |hit| hits.push(hit));
                }
            }
            _ => self
                .hashes
                .scan(queries, distance, |query, hit| found[query].push(hit)),
        }
        for hits in &mut found {
            hits.sort_unstable();
        }
        found
    }
}
