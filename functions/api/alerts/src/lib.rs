//! `/api/v1/alerts`: what she is told.

mod routes;

pub use routes::{AlertActing, AlertStatusChange, App, Cleared, routes};
