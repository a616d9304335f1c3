//! Any picture: what is made of it tells nothing and can be read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vara_imaging::{Limits, MetadataFlags, decode, encode_jpeg, read_metadata, shrink};
use vara_imaging_fuzz::pass_panics_of_decoders;

const LIMITS: Limits = Limits {
    bytes: 1 << 20,
    pixels: 1 << 18,
    side: 4096,
    memory: 16 << 20,
};

fuzz_target!(init: pass_panics_of_decoders(), |bytes: &[u8]| {
    let Ok(picture) = decode(bytes, &LIMITS) else {
        return;
    };
    for copy in [shrink(&picture, 96), picture] {
        let stripped = encode_jpeg(&copy, 85).expect("a decoded picture can be written");
        assert_eq!(read_metadata(&stripped), MetadataFlags::default());
        if copy.width().min(copy.height()) < vara_imaging::MIN_SIDE {
            continue;
        }
        let again = decode(&stripped, &Limits::DEFAULT).expect("our own file can be read");
        assert_eq!((again.width(), again.height()), (copy.width(), copy.height()));
    }
});
