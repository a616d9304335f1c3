//! Looks at networks: who pretends to be her, and what changed around her own profiles.

use vara::boot;
use vara::comparison::ImageAnalyzer;
use vara::domain::BoxError;
use vara::engines::{Fetcher, Social};
use vara::services::scans::profile::ProfileScanner;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::queue(
        |context| {
            let env = &context.env;
            let social = env.optional("SOCIAL_URL");
            Ok(ProfileScanner {
                store: context.store.clone(),
                objects: context.clients.objects(env),
                queues: context.clients.queues(),
                fetcher: Fetcher::new(env.optional("FETCH_ALLOW").as_deref())?,
                social: social.map(|base| Social::new(&base)).transpose()?,
                queue: env.queue("profile-scan"),
                analyzer: ImageAnalyzer::open(),
            })
        },
        async |scanner, delivery| scanner.take(&delivery).await,
    )
    .await
}
