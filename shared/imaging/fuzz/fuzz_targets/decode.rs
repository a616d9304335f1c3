//! Any bytes: an upright picture of the size that was claimed, or a typed error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vara_imaging::{Limits, decode, decode_reduced, read_dimensions};
use vara_imaging_fuzz::pass_panics_of_decoders;

/// Small, so that time goes into many files and not into large ones.
const LIMITS: Limits = Limits {
    bytes: 1 << 20,
    pixels: 1 << 20,
    side: 8192,
    memory: 32 << 20,
};

fuzz_target!(init: pass_panics_of_decoders(), |bytes: &[u8]| {
    let claim = read_dimensions(bytes, &LIMITS);
    match decode(bytes, &LIMITS) {
        Ok(picture) => {
            let (_, width, height) = claim.expect("what is decoded has a size");
            let mut claimed = [width, height];
            let mut found = [picture.width(), picture.height()];
            claimed.sort_unstable();
            found.sort_unstable();
            assert_eq!(claimed, found);
            let reduced = decode_reduced(bytes, &LIMITS, 5);
            let reduced = reduced.expect("what can be read can be read small");
            assert!(reduced.width() <= picture.width() && reduced.height() <= picture.height());
        }
        // The other decoder may take what this one does not.
        Err(error) => {
            let _ = decode_reduced(bytes, &LIMITS, 5);
            assert!(!error.to_string().is_empty());
        }
    }
});
