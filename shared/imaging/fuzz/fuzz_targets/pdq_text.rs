//! Any text: a hash that is written back as it was read, or a typed error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vara_imaging::{HashIndex, Pdq};

fuzz_target!(|text: &str| {
    if let Ok(hash) = text.parse::<Pdq>() {
        assert_eq!(hash.to_string(), text.to_ascii_lowercase());
        assert_eq!(hash.distance(&hash), 0);
    }
    if let Ok(index) = HashIndex::from_bytes(text.as_bytes()) {
        assert_eq!(index.to_bytes(), text.as_bytes());
        if let Some(first) = index.get(0) {
            let scanned = index.search(&first, 63);
            assert_eq!(scanned.first().map(|hit| hit.distance), Some(0));
        }
    }
});
