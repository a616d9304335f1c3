//! The golden pack with its files changed in any way, and any bytes as a pack: a report that says so, or no pack.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vara_evidence::testing::judge_edited_pack;

fuzz_target!(|edits: &[u8]| judge_edited_pack(edits));
