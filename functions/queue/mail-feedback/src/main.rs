//! Stops mail to addresses that refuse it: bounces and complaints of the mail service.

use vara::boot;
use vara::domain::BoxError;
use vara::services::notices::mail_feedback::MailFeedbackHandler;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::queue(
        |context| Ok(MailFeedbackHandler::new(context.store.clone())),
        async |handler, delivery| handler.take(&delivery).await,
    )
    .await
}
