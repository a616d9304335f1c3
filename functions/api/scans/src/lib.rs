//! `/api/v1/scans`: wanting a scan and seeing how it stands.

mod routes;
mod shape;
#[cfg(test)]
mod tests;

pub use routes::{App, ScanTrigger, routes};
pub use shape::ScanList;
