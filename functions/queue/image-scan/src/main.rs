//! Works on scans, those she starts and those we start; each has its own queue.

mod engines;

use std::time::Duration;
use vara::boot;
use vara::comparison::ImageAnalyzer;
use vara::domain::BoxError;
use vara::engines::Fetcher;
use vara::services::scans::image::Scanner;
use vara::services::search::time_limit;
use vara::settings::Env;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::queue(
        |context| {
            let env = &context.env;
            Ok(Scanner {
                store: context.store.clone(),
                objects: context.clients.objects(env),
                queues: context.clients.queues(),
                fetcher: Fetcher::new(env.optional("FETCH_ALLOW").as_deref())?,
                engines: engines::read(context)?,
                queue: env.queue("image-scan"),
                background: env.queue("background-scan"),
                analyzer: ImageAnalyzer::open(),
                answer_within: answer_within(env),
            })
        },
        async |scanner, delivery| scanner.take(&delivery).await,
    )
    .await
}

/// How long after her request a scan that she waits for ends.
fn answer_within(env: &Env) -> Duration {
    let set = env.optional("SCAN_DEADLINE_SECONDS");
    let seconds = set.map(|_| env.number("SCAN_DEADLINE_SECONDS"));
    Duration::from_secs(seconds.unwrap_or(time_limit::DEFAULT_SECONDS).into())
}
