//! Sends the mails about signing in that requests ask for: links to confirm an address or to choose a new
//! password. Draws the links; has no part in the root secret.

use vara::boot;
use vara::domain::BoxError;
use vara::services::people::auth::SignInMailer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::queue(
        |context| {
            let (env, clients) = (&context.env, &context.clients);
            let mailer = SignInMailer::read(env, context.store.clone(), clients.mailer(env));
            env.check()?;
            mailer.ok_or_else(|| "the settings of mails cannot be used".into())
        },
        async |mailer, delivery| mailer.take(&delivery).await,
    )
    .await
}
