//! Starts the function of `/health`.

use vara::boot;
use vara::domain::BoxError;
use vara::services::upkeep::health::Dependencies;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::open_api(api_health::routes(), |context| Dependencies {
        store: context.store.clone(),
        objects: context.clients.objects(&context.env),
        queues: context.clients.queues(),
        queue_urls: context.env.all_queues(),
    })
    .await
}
