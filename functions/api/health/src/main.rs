//! Starts the function of `/health`.

use vara::boot;
use vara::domain::BoxError;
use vara::services::upkeep::health::Dependencies;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::open_api(api_health::routes(), |context| {
        let (env, clients) = (&context.env, &context.clients);
        Dependencies::new(
            context.store.clone(),
            clients.objects(env),
            clients.queues(),
            env.all_queues(),
        )
    })
    .await
}
