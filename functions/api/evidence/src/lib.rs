//! `/api/v1/evidence`: what she keeps as evidence of findings, its chain of custody, and packs of it.

mod query;
mod routes;
#[cfg(test)]
mod tests;

pub use routes::{App, EvidenceKeys, Rehashed, routes};
