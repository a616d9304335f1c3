//! `/api/v1/alerts`: what she is told.

mod routes;

use vara::boot;
use vara::domain::BoxError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api(routes::routes(), async |context, _| {
        Ok(context.store.clone())
    })
    .await
}
