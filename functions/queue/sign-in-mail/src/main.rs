//! Sends the mails about signing in that requests ask for: links to confirm an address or to choose a new
//! password. Draws the links; has no part in the root secret.

use aws_lambda_events::event::sqs::SqsEvent;
use lambda_runtime::{LambdaEvent, service_fn};
use vara::domain::BoxError;
use vara::runtime::take_batch;
use vara::services::people::auth::SignInMailer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let (env, clients) = vara::runtime::start().await?;
    let mailer = SignInMailer::read(&env, clients.store(&env), clients.mailer(&env));
    env.check()?;
    let Some(mailer) = &mailer else {
        return env.check();
    };
    lambda_runtime::run(service_fn(async |event: LambdaEvent<SqsEvent>| {
        let response = take_batch(event.payload, async |it| mailer.take(&it).await);
        Ok::<_, BoxError>(response.await)
    }))
    .await
}
