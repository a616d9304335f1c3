//! `/health`, `/api/v1/health`, `/ready`, `/metrics` and the description of the API; also the gateway's
//! default route, so that an unknown address is answered in our envelope.

mod routes;

use vara::boot;
use vara::domain::BoxError;
use vara::services::upkeep::health::Dependencies;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::open_api(routes::routes(), |context| Dependencies {
        store: context.store.clone(),
        objects: context.clients.objects(&context.env),
        queues: context.clients.queues(),
        queue_urls: context.env.all_queues(),
    })
    .await
}
