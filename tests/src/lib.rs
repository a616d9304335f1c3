//! What the tests of the whole system stand on: the running system, a woman who uses it, and pictures.
//!
//! Tests speak to the system as its users do, through the gateway. What only an operator sees (queues,
//! processes) is reached through the local stack, and only by tests that break things on purpose; what
//! takes hours is made in [`behind`].

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails where it stands"
)]

pub mod behind;
pub mod described;
pub mod pictures;
pub mod random;
pub mod reply;
pub mod shape;
pub mod woman;
pub mod world;

pub use behind::Behind;
pub use random::Random;
pub use reply::Reply;
pub use shape::Shapes;
pub use woman::Woman;
pub use world::{PASSWORD, World};
