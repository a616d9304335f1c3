//! Each minute: where something is due, the queue of sweeps is told.

use vara::boot;
use vara::clock;
use vara::domain::BoxError;
use vara::services::upkeep::dispatch::DueDispatcher;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::schedule(
        |context| {
            Ok(DueDispatcher {
                store: context.store.clone(),
                queues: context.clients.queues(),
                queue: context.env.queue("sweep"),
            })
        },
        async |dispatcher| dispatcher.run(clock::now()).await.map(drop),
    )
    .await
}
