//! Works on scans, those she starts and those we start; each has its own queue.

mod engines;

use lambda_runtime::{LambdaEvent, service_fn};
use vara::domain::BoxError;
use vara::engines::Fetcher;
use vara::runtime::{Clients, Env, take_scans};
use vara::services::scanning::Scanner;
use vara::services::seeing::Eyes;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    vara::runtime::logs();
    let (env, clients) = (Env::process(), Clients::load().await);
    let scanner = &Scanner {
        store: clients.store(&env),
        objects: clients.objects(&env),
        queues: clients.queues(),
        fetcher: Fetcher::new(env.optional("FETCH_ALLOW").as_deref())?,
        engines: engines::read(&env, &clients)?,
        queue: env.text("QUEUE_IMAGE_SCAN"),
        background: env.text("QUEUE_BACKGROUND_SCAN"),
        eyes: Eyes::open(),
    };
    env.check()?;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<_>| {
        take_scans(event, async |it| scanner.take(&it).await).await
    }))
    .await
}
