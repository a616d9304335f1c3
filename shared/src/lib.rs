//! The common crate: everything the functions share.
//!
//! Layers, each may use those above it and never those below:
//!
//! 1. [`domain`], a crate of its own: types and rules; no I/O, no clock, no AWS, no HTTP.
//! 2. [`settings`], [`clock`], [`metrics`], [`traces`], [`correlation`]: what every layer may use.
//! 3. [`store`], [`objects`], [`queues`], [`connections`], [`engines`], [`auth`], [`mail`], [`vault`],
//!    [`signer`]: one module per neighbour.
//! 4. [`comparison`]: found pictures beside hers.
//! 5. [`services`]: what the product does, in rooms.
//! 6. [`http`]: how a function is spoken to.
//! 7. [`boot`]: how a function is started.
//!
//! *Invariant:* `tests/arrows.rs` reads the sources and holds these arrows.

pub mod auth;
pub mod boot;
pub mod clock;
pub mod comparison;
pub mod connections;
pub mod correlation;
pub mod engines;
pub mod http;
pub mod mail;
pub mod metrics;
pub mod objects;
pub mod queues;
pub mod services;
pub mod settings;
pub mod signer;
pub mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod traces;
pub mod vault;

pub use vara_domain as domain;
pub use vara_domain::{Error, Result};
pub use vara_templates as templates;
