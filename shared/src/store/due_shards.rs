//! Partitions of the `due` index: sixteen for each kind of work, chosen by whose row it is.
//!
//! One partition of the table takes a thousand writes a second, and every scan, notice and plan of everybody
//! is written there.

/// How many partitions each kind has.
pub(super) const SHARDS: u64 = 16;

/// The partition of the index for a row of the partition `pk` of the table. It must never follow otherwise:
/// rows that are due would stand in two places.
pub(super) fn shard(kind: &str, pk: &str) -> String {
    // FNV-1a, of which the upper half is spread better.
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
    let hash = pk.bytes().fold(0xCBF2_9CE4_8422_2325, mix);
    in_shard(kind, (hash >> 32) % SHARDS)
}

/// The name of a partition.
pub(super) fn in_shard(kind: &str, shard: u64) -> String {
    format!("{kind}#{shard:x}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn owners_are_spread_evenly_and_always_alike() {
        let mut rows: BTreeMap<String, u32> = BTreeMap::new();
        for _ in 0..8000 {
            let pk = format!("USER#{}", uuid::Uuid::new_v4());
            *rows.entry(shard("RESCAN", &pk)).or_default() += 1;
        }
        assert_eq!(rows.len(), 16);
        assert!(rows.values().all(|it| (400..600).contains(it)), "{rows:?}");
        // Where rows of a deployed table stand.
        let pk = "USER#0e7d5c2f-7a51-4b0b-9f1c-3a865a1f6d02";
        assert_eq!(shard("SCAN", pk), "SCAN#6");
    }
}
