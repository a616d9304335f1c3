//! Sends requests to remove, takes what the mail service tells of them, looks whether it is gone.

use vara::boot;
use vara::domain::BoxError;
use vara::engines::Fetcher;
use vara::services::record::event_log::EventLog;
use vara::services::takedowns::{TakedownQueues, TakedownWorker, Takedowns};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::queue(
        |context| {
            let env = &context.env;
            let vault = context.clients.record_vault(env);
            let log = EventLog::new(context.store.clone(), vault);
            let queues = TakedownQueues::read(env, context.clients.queues());
            Ok(TakedownWorker {
                takedowns: Takedowns::new(log, queues),
                mailer: context.clients.mailer(env),
                fetcher: Fetcher::new(env.optional("FETCH_ALLOW").as_deref())?,
                post_domain: env.optional("POST_DOMAIN"),
            })
        },
        async |worker, delivery| worker.take(&delivery).await,
    )
    .await
}
