//! Each minute: what is due begins, what is stuck goes on or ends, what is left over goes.

use vara::clock;
use vara::domain::BoxError;
use vara::engines::FaceCheck;
use vara::runtime::each_tick;
use vara::services::scans::scan_queues::ScanQueues;
use vara::services::upkeep::due_work::Rescan;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let (env, clients) = vara::runtime::start().await?;
    let rescan = &Rescan {
        store: clients.store(&env),
        objects: clients.objects(&env),
        queues: clients.queues(),
        ingest: env.text("QUEUE_IMAGE_INGEST"),
        lanes: ScanQueues {
            images: env.text("QUEUE_IMAGE_SCAN"),
            background: env.text("QUEUE_BACKGROUND_SCAN"),
            profiles: env.text("QUEUE_PROFILE_SCAN"),
            breaches: env.text("QUEUE_BREACH_CHECK"),
        },
        has_profile_directory: env.optional("SOCIAL_URL").is_some(),
        facecheck: env.engine("FACECHECK", FaceCheck::new)?,
    };
    env.check()?;
    each_tick(async || rescan.run(clock::now()).await.map(drop)).await
}
