//! Looks at networks: who pretends to be her, and what changed around her own profiles.

use lambda_runtime::{LambdaEvent, service_fn};
use vara::domain::BoxError;
use vara::engines::{Fetcher, Social};
use vara::runtime::take_scans;
use vara::services::image_analyzer::ImageAnalyzer;
use vara::services::scans::profile::ProfileScanner;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let (env, clients) = vara::runtime::start().await?;
    let social = env.optional("SOCIAL_URL");
    let scanner = &ProfileScanner {
        store: clients.store(&env),
        objects: clients.objects(&env),
        queues: clients.queues(),
        fetcher: Fetcher::new(env.optional("FETCH_ALLOW").as_deref())?,
        social: social.map(|base| Social::new(&base)).transpose()?,
        queue: env.text("QUEUE_PROFILE_SCAN"),
        eyes: ImageAnalyzer::open(),
    };
    env.check()?;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<_>| {
        take_scans(event, async |it| scanner.take(&it).await).await
    }))
    .await
}
