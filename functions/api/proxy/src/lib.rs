//! `/api/v1/proxy`: her pictures, for search engines that fetch them by an address.

mod routes;
#[cfg(test)]
mod tests;

pub use routes::{App, PICTURES, PlainError, ProxyHealth, ProxyRequest, routes};
