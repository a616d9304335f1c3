//! The common crate: everything the functions share.
//!
//! Layers, each may use those above it and never those below:
//!
//! 1. [`domain`], a crate of its own: types and rules; no I/O, no clock, no AWS, no HTTP.
//! 2. [`store`], [`objects`], [`queues`], [`engines`], [`auth`], [`mail`], [`vault`]: one module per
//!    neighbour. Beside them: [`metrics`], [`traces`], and the correlation of work in [`trail`].
//! 3. [`services`]: what the product does, in rooms.
//! 4. [`http`], [`runtime`]: how a function is spoken to and started. Two parts of `runtime` lie lower:
//!    `auth` and services read its settings (`Env`), and services take its deliveries (`Delivered`).
//!
//! *Invariant:* `tests/arrows.rs` reads the sources and holds these arrows.

pub mod auth;
pub mod clock;
pub mod correlation;
pub mod engines;
pub mod http;
pub mod mail;
pub mod metrics;
pub mod objects;
pub mod queues;
pub mod runtime;
pub mod services;
pub mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod traces;
pub mod vault;

pub use vara_domain as domain;
pub use vara_domain::{Error, Result};
