//! Any file the whole way: decoded, trimmed, hashed in eight ways, shrunk.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vara_imaging::{Limits, decode, pdq_dihedral, read_metadata, shrink, trim_borders};
use vara_imaging_fuzz::pass_panics_of_decoders;

const LIMITS: Limits = Limits {
    bytes: 1 << 20,
    pixels: 1 << 17,
    side: 2048,
    memory: 8 << 20,
};

fuzz_target!(init: pass_panics_of_decoders(), |bytes: &[u8]| {
    let _ = read_metadata(bytes);
    let Ok(picture) = decode(bytes, &LIMITS) else {
        return;
    };
    let hashes = pdq_dihedral(&picture).expect("what is decoded is large enough");
    assert!(hashes.iter().all(|it| it.quality <= 100));
    if let Some(inner) = trim_borders(&picture) {
        assert!(inner.rgb().len() < picture.rgb().len());
        let _ = pdq_dihedral(&inner);
    }
    let small = shrink(&picture, 64);
    assert!(small.width().max(small.height()) <= 64);
});
