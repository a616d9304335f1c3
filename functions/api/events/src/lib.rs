//! `/api/v1/events`: her record of events, her diary of incidents, her access log.

mod append;
mod cloud_events;
mod query;
mod routes;
#[cfg(test)]
mod tests;

pub use append::AppendRequest;
pub use routes::{AccessPageView, AccessPlace, App, EventPageView, EventServices, routes};
