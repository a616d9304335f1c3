//! `/api/v1/protection-plan`: her plan.

mod routes;
#[cfg(test)]
mod tests;

pub use routes::{App, PlanItemStatusChange, routes};
