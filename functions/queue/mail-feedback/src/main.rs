//! Stops mail to addresses that refuse it: bounces and complaints of the mail service.

use vara::boot;
use vara::domain::BoxError;
use vara::services::notices::mail_feedback;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::queue(
        |context| Ok(context.store.clone()),
        async |store, delivery| mail_feedback::take(store, &delivery).await,
    )
    .await
}
