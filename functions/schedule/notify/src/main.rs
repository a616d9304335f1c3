//! Each minute: who wants to be told outside the app, and may be told now, has messages put on the queue.

use vara::clock;
use vara::domain::BoxError;
use vara::runtime::each_tick;
use vara::services::notices::due::Notifier;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let (env, clients) = vara::runtime::start().await?;
    let notifier = &Notifier {
        store: clients.store(&env),
        queues: clients.queues(),
        queue: env.text("QUEUE_NOTICE"),
    };
    env.check()?;
    each_tick(async || notifier.run(clock::now()).await.map(drop)).await
}
