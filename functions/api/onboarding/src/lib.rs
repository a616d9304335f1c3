//! `/api/v1/onboarding`: the questions at the start.

mod routes;
#[cfg(test)]
mod tests;

pub use routes::{Answers, App, routes};
