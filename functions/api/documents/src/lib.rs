//! `/api/v1/documents`: her documents, their versions, trash and files.

mod app;
mod files;
mod query;
mod routes;
mod templates;
#[cfg(test)]
mod tests;

pub use app::{App, DocumentServices};
pub use routes::{SaveRequest, routes};
pub use templates::TemplateSummary;
