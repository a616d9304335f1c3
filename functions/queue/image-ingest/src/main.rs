//! The intake: S3 tells of an upload through a queue; the picture is checked, stripped, fingerprinted
//! and stored.

use vara::boot;
use vara::clock;
use vara::comparison::ImageAnalyzer;
use vara::domain::BoxError;
use vara::services::pictures::ingest::{Intake, uploads};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::queue(
        |context| {
            Ok(Intake {
                store: context.store.clone(),
                objects: context.clients.objects(&context.env),
                queues: context.clients.queues(),
                scan_queue: context.env.queue("background-scan"),
                analyzer: ImageAnalyzer::open(),
            })
        },
        async |intake, delivery| {
            for (user, image) in uploads(&delivery.body)? {
                intake.take(user, image, clock::now()).await?;
            }
            Ok(())
        },
    )
    .await
}
