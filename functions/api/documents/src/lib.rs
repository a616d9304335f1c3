//! `/api/v1/documents`: her documents, their versions, trash and files.

mod precondition;
mod query;
mod routes;
#[cfg(test)]
mod tests;

pub use routes::{App, SaveRequest, routes};
