//! `/api/v1/alerts`: what she is told.

mod routes;

use vara::boot;
use vara::domain::BoxError;
use vara::services::notices::alerts::Alerts;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api(routes::routes(), async |context, _| {
        Ok(Alerts::new(context.store.clone()))
    })
    .await
}
