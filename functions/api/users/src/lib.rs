//! `/api/v1/users/*`: her own account.

mod app;
mod past_erasures;
mod preferences;
mod routes;
#[cfg(test)]
mod tests;

use axum::Router;

pub use app::{App, UserServices};
pub use routes::AccountChange;

/// All routes.
pub fn routes() -> Router<App> {
    Router::new()
        .merge(routes::routes())
        .merge(preferences::routes())
        .merge(past_erasures::routes())
}
