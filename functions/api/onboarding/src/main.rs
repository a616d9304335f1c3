//! `/api/v1/onboarding`: the questions at the start.

mod routes;

use vara::domain::BoxError;
use vara::http::table;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    table::run(routes::routes()).await
}

#[cfg(test)]
mod tests;
