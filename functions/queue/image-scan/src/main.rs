//! Works on scans, those she starts and those we start; each has its own queue.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::{LambdaEvent, service_fn};
use vara::clock;
use vara::domain::{BoxError, Timestamp};
use vara::engines::{Fetcher, TinEye};
use vara::runtime::{Clients, Delivery, Env, take_batch};
use vara::services::scanning::{Delivered, Scanner};
use vara::services::seeing::Eyes;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    vara::runtime::logs();
    let (env, clients) = (Env::process(), Clients::load().await);
    let base = env.optional("TINEYE_URL");
    let tineye = env
        .optional("TINEYE_API_KEY")
        .map(|key| TinEye::new(key, base.as_deref()))
        .transpose()?;
    let scanner = &Scanner {
        store: clients.store(&env),
        objects: clients.objects(&env),
        queues: clients.queues(),
        fetcher: Fetcher::new(env.optional("FETCH_ALLOW").as_deref())?,
        tineye,
        queue: env.text("QUEUE_IMAGE_SCAN"),
        background: env.text("QUEUE_BACKGROUND_SCAN"),
        eyes: Eyes::open(),
    };
    env.check()?;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<SqsEvent>| {
        let deadline = i64::try_from(event.context.deadline / 1000)
            .ok()
            .and_then(Timestamp::from_epoch_seconds);
        handle(scanner, event.payload, deadline.unwrap_or_else(clock::now)).await
    }))
    .await
}

async fn handle(
    scanner: &Scanner,
    event: SqsEvent,
    deadline: Timestamp,
) -> Result<SqsBatchResponse, BoxError> {
    Ok(take_batch(event, async |delivery| {
        scanner.take(&delivered(delivery, deadline)).await
    })
    .await)
}

fn delivered(delivery: Delivery, deadline: Timestamp) -> Delivered {
    Delivered {
        last: delivery.is_last(),
        body: delivery.body,
        queue: delivery.queue,
        receipt: delivery.receipt,
        attempt: delivery.attempt,
        deadline,
    }
}
