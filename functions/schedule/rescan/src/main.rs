//! Each minute: what is due begins, what is stuck goes on or ends, what is left over goes.

use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;
use vara::clock;
use vara::domain::BoxError;
use vara::runtime::{Clients, Env};
use vara::services::lanes::Lanes;
use vara::services::rescan::Rescan;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    vara::runtime::logs();
    let (env, clients) = (Env::process(), Clients::load().await);
    let rescan = &Rescan {
        store: clients.store(&env),
        objects: clients.objects(&env),
        queues: clients.queues(),
        ingest: env.text("QUEUE_IMAGE_INGEST"),
        lanes: Lanes {
            images: env.text("QUEUE_IMAGE_SCAN"),
            background: env.text("QUEUE_BACKGROUND_SCAN"),
            profiles: env.text("QUEUE_PROFILE_SCAN"),
            breaches: env.text("QUEUE_BREACH_CHECK"),
        },
    };
    env.check()?;
    lambda_runtime::run(service_fn(
        async |_: LambdaEvent<Value>| -> Result<(), BoxError> {
            rescan.run(clock::now()).await?;
            Ok(())
        },
    ))
    .await
}
