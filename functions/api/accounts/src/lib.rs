//! `/api/v1/accounts`: her accounts and addresses elsewhere.

mod routes;
#[cfg(test)]
mod tests;

pub use routes::{App, Connect, ProofCode, routes};
