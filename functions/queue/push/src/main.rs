//! Sends what changed to the open sockets of the live feed.

use vara::boot;
use vara::domain::BoxError;
use vara::services::live::push::PushWorker;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::queue(
        |context| {
            Ok(PushWorker {
                store: context.store.clone(),
                connections: context.clients.connections(&context.env),
            })
        },
        async |worker, delivery| worker.take(&delivery).await,
    )
    .await
}
