//! `/api/v1/takedowns`: her requests to have something removed.

mod objections;
mod routes;
#[cfg(test)]
mod tests;

pub use routes::{App, routes};
