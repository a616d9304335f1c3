//! Stops mail to addresses that refuse it: bounces and complaints of the mail service.

use lambda_runtime::{LambdaEvent, service_fn};
use vara::domain::BoxError;
use vara::runtime::take_scans;
use vara::services::notices::mail_feedback;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let (env, clients) = vara::runtime::start().await?;
    let store = &clients.store(&env);
    env.check()?;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<_>| {
        take_scans(event, async |it| mail_feedback::take(store, &it).await).await
    }))
    .await
}
