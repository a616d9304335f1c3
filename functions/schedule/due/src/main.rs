//! Each minute: what is due begins, what is stuck goes on or ends, what is left over goes.

use vara::boot;
use vara::clock;
use vara::domain::BoxError;
use vara::engines::FaceCheck;
use vara::services::people::users::AccountEraser;
use vara::services::pictures::images::ImagePurger;
use vara::services::scans::scan_queues::ScanQueues;
use vara::services::upkeep::due_work::Rescan;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::schedule(
        |context| {
            let (env, store) = (&context.env, &context.store);
            let objects = context.clients.objects(env);
            Ok(Rescan {
                purger: ImagePurger::new(store.clone(), objects.clone()),
                eraser: AccountEraser::new(store.clone(), objects.clone()),
                store: store.clone(),
                objects,
                queues: context.clients.queues(),
                ingest: env.queue("image-ingest"),
                lanes: ScanQueues::read(env),
                has_profile_directory: env.optional("SOCIAL_URL").is_some(),
                facecheck: env.engine("FACECHECK", FaceCheck::new)?,
            })
        },
        async |rescan| rescan.run(clock::now()).await.map(drop),
    )
    .await
}
