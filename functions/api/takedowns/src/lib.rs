//! `/api/v1/takedowns`: her requests to have something removed.

mod app;
mod objections;
mod routes;
#[cfg(test)]
mod tests;

pub use app::App;
pub use routes::routes;
