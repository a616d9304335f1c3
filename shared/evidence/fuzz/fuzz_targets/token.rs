//! Any answer of an authority, over the request of the golden pack: believed only if it says what that one says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vara_evidence::testing::StampCase;

fuzz_target!(|answer: &[u8]| StampCase::golden().judge(answer));
