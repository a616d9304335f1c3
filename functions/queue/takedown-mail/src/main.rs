//! Takes mails that came about requests to remove to their requests.

use vara::boot;
use vara::domain::BoxError;
use vara::services::record::event_log::EventLog;
use vara::services::takedowns::{TakedownInbox, TakedownQueues, Takedowns};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::queue(
        |context| {
            let env = &context.env;
            let vault = context.clients.record_vault(env);
            let log = EventLog::new(context.store.clone(), vault);
            let queues = TakedownQueues::read(env, context.clients.queues());
            Ok(TakedownInbox {
                takedowns: Takedowns::new(log, queues),
                objects: context.clients.mail_objects(env),
                post_domain: env.optional("POST_DOMAIN"),
            })
        },
        async |inbox, delivery| inbox.take(&delivery).await,
    )
    .await
}
