//! `/api/v1/alerts`: what she is told.

mod routes;

use vara::domain::BoxError;
use vara::http::table;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    table::run(routes::routes()).await
}
