//! Tells her outside the app: one mail or one call of a webhook for each message.

use vara::boot;
use vara::domain::BoxError;
use vara::engines::Fetcher;
use vara::services::notices::delivery::{NoticeSender, WEBHOOK_TIMEOUT};
use vara::services::notices::mail_links::MailLinks;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::queue(
        |context| {
            let env = &context.env;
            let site = env.list("WEB_ORIGINS").into_iter().next();
            Ok(NoticeSender {
                mail_links: MailLinks::new(context.store.clone()),
                store: context.store.clone(),
                queues: context.clients.queues(),
                queue: env.queue("notice"),
                mailer: context.clients.mailer(env),
                fetcher: Fetcher::new(env.optional("FETCH_ALLOW").as_deref())?,
                webhook_timeout: WEBHOOK_TIMEOUT,
                site: site.unwrap_or_default(),
                public_url: env.text("PUBLIC_URL"),
            })
        },
        async |sender, delivery| sender.take(&delivery).await,
    )
    .await
}
