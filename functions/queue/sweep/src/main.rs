//! Deals with what is due in a partition of the index: begins it, sets it going again or ends it, clears it
//! away.

use vara::boot;
use vara::domain::BoxError;
use vara::engines::FaceCheck;
use vara::services::people::users::{AccountEraser, RestMails};
use vara::services::pictures::images::ImagePurger;
use vara::services::scans::scan_queues::ScanQueues;
use vara::services::takedowns::TakedownQueues;
use vara::services::upkeep::due_work::DueWorker;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::queue(
        |context| {
            let (env, store) = (&context.env, &context.store);
            let objects = context.clients.objects(env);
            Ok(DueWorker {
                purger: ImagePurger::new(store.clone(), objects.clone()),
                eraser: AccountEraser::new(store.clone(), objects.clone()).with_mails(RestMails {
                    queues: context.clients.queues(),
                    queue: env.queue("sign-in-mail"),
                }),
                store: store.clone(),
                objects,
                queues: context.clients.queues(),
                sweep: env.queue("sweep"),
                ingest: env.queue("image-ingest"),
                capture: env.queue("capture"),
                render: env.queue("render"),
                lanes: ScanQueues::read(env),
                takedowns: TakedownQueues::read(env, context.clients.queues()),
                has_profile_directory: env.optional("SOCIAL_URL").is_some(),
                facecheck: env.engine("FACECHECK", FaceCheck::new)?,
            })
        },
        async |worker, delivery| worker.take(&delivery).await,
    )
    .await
}
