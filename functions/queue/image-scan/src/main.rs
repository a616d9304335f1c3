//! Works on scans, those she starts and those we start; each has its own queue.

mod engines;

use std::time::Duration;

use lambda_runtime::{LambdaEvent, service_fn};
use vara::domain::BoxError;
use vara::engines::Fetcher;
use vara::runtime::{Env, take_scans};
use vara::services::image_analyzer::ImageAnalyzer;
use vara::services::scans::image::Scanner;
use vara::services::search::time_limit;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let (env, clients) = vara::runtime::start().await?;
    let scanner = &Scanner {
        store: clients.store(&env),
        objects: clients.objects(&env),
        queues: clients.queues(),
        fetcher: Fetcher::new(env.optional("FETCH_ALLOW").as_deref())?,
        engines: engines::read(&env, &clients)?,
        queue: env.text("QUEUE_IMAGE_SCAN"),
        background: env.text("QUEUE_BACKGROUND_SCAN"),
        eyes: ImageAnalyzer::open(),
        answer_within: answer_within(&env),
    };
    env.check()?;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<_>| {
        take_scans(event, async |it| scanner.take(&it).await).await
    }))
    .await
}

/// How long after her request a scan that she waits for ends.
fn answer_within(env: &Env) -> Duration {
    let set = env.optional("SCAN_DEADLINE_SECONDS");
    let seconds = set.map(|_| env.number("SCAN_DEADLINE_SECONDS"));
    Duration::from_secs(seconds.unwrap_or(time_limit::DEFAULT_SECONDS).into())
}
