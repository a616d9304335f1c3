//! Each minute: who wants to be told outside the app, and may be told now, has messages put on the queue.

use vara::boot;
use vara::clock;
use vara::domain::BoxError;
use vara::services::notices::due::UpdateNotifier;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::schedule(
        |context| {
            Ok(UpdateNotifier {
                store: context.store.clone(),
                queues: context.clients.queues(),
                queue: context.env.queue("notice"),
            })
        },
        async |notifier| notifier.run(clock::now()).await.map(drop),
    )
    .await
}
