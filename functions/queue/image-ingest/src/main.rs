//! The intake: S3 tells of an upload through a queue; the picture is checked, stripped, fingerprinted
//! and stored.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::{LambdaEvent, service_fn};
use vara::clock;
use vara::domain::BoxError;
use vara::runtime::take_batch;
use vara::services::image_analyzer::ImageAnalyzer;
use vara::services::pictures::ingest::{Intake, uploads};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let (env, clients) = vara::runtime::start().await?;
    let intake = &Intake {
        store: clients.store(&env),
        objects: clients.objects(&env),
        queues: clients.queues(),
        scan_queue: env.text("QUEUE_BACKGROUND_SCAN"),
        eyes: ImageAnalyzer::open(),
    };
    env.check()?;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<SqsEvent>| {
        handle(intake, event.payload).await
    }))
    .await
}

async fn handle(intake: &Intake, event: SqsEvent) -> Result<SqsBatchResponse, BoxError> {
    let response = take_batch(event, async |delivery| {
        for (user, image) in uploads(&delivery.body)? {
            intake.take(user, image, clock::now()).await?;
        }
        Ok(())
    });
    Ok(response.await)
}
