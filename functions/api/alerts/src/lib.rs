//! `/api/v1/alerts`: what she is told.

mod routes;

pub use routes::{
    AlertActing, AlertServices, AlertStatusChange, App, BroughtBack, Cleared, routes,
};
