//! Starts the function of `/api/v1/alerts`.

use vara::boot;
use vara::domain::BoxError;
use vara::services::notices::alerts::Alerts;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api(api_alerts::routes(), async |context, _| {
        Ok(Alerts::new(context.store.clone()))
    })
    .await
}
