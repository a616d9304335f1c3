//! Tests of what the crate is to others, in one program: each one would be linked with the networks.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails where it stands"
)]

mod borders;
mod common;
mod comparing;
mod decoding;
mod faces;
mod fingerprints;
mod hostile;
mod invariants;
mod models;
mod reduced;
mod regressions;
mod search;
mod stripping;
mod tool;
