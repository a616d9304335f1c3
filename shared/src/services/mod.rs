//! What the product does, one file per noun. Services call the store, the bucket, the queues and the
//! engines; they know nothing of HTTP or Lambda.

pub mod alerts;
pub mod auth;
pub mod health;
pub mod images;
pub mod ingest;
pub mod matches;
pub mod onboarding;
pub mod plan;
pub mod rescan;
pub mod scanning;
pub mod scans;
pub mod seeing;
pub mod users;

#[cfg(test)]
mod support;
