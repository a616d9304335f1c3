//! Tells her outside the app: one mail or one call of a webhook for each message.

use lambda_runtime::{LambdaEvent, service_fn};
use vara::domain::BoxError;
use vara::engines::Fetcher;
use vara::runtime::take_scans;
use vara::services::notices::delivery::{NoticeSender, WEBHOOK_TIMEOUT};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let (env, clients) = vara::runtime::start().await?;
    let site = env.list("WEB_ORIGINS").into_iter().next();
    let sender = &NoticeSender {
        store: clients.store(&env),
        queues: clients.queues(),
        queue: env.text("QUEUE_NOTICE"),
        mailer: clients.mailer(&env),
        fetcher: Fetcher::new(env.optional("FETCH_ALLOW").as_deref())?,
        webhook_timeout: WEBHOOK_TIMEOUT,
        site: site.unwrap_or_default(),
        public_url: env.text("PUBLIC_URL"),
    };
    env.check()?;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<_>| {
        take_scans(event, async |it| sender.take(&it).await).await
    }))
    .await
}
