//! SQS messages of scans: attempt, last delivery, deadline.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use futures_util::FutureExt;
use lambda_runtime::LambdaEvent;

use super::batch::take_batch;
use crate::clock;
use crate::domain::{BoxError, Result, Timestamp};

/// One delivery of a scan's message.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// What it says.
    pub body: String,
    /// The name of its queue.
    pub queue: String,
    /// What is needed to delay it.
    pub receipt: String,
    /// Which delivery this is, from 1.
    pub attempt: u32,
    /// Whether it is given up if it fails now.
    pub last: bool,
    /// When we are stopped.
    pub deadline: Timestamp,
}

/// Gives each message to `handle`, with the moment this invocation ends.
pub async fn take_scans(
    event: LambdaEvent<SqsEvent>,
    mut handle: impl AsyncFnMut(Delivered) -> Result<()>,
) -> Result<SqsBatchResponse, BoxError> {
    let seconds = i64::try_from(event.context.deadline / 1000);
    let deadline = seconds.ok().and_then(Timestamp::from_epoch_seconds);
    let deadline = deadline.unwrap_or_else(clock::now);
    let response = take_batch(event.payload, async |delivery| {
        let delivered = Delivered {
            last: delivery.is_last(),
            body: delivery.body,
            queue: delivery.queue,
            receipt: delivery.receipt,
            attempt: delivery.attempt,
            deadline,
        };
        // Boxed: the type of a whole scan's future is too deep for the compiler.
        handle(delivered).boxed_local().await
    });
    Ok(response.await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_delivery_knows_its_queue_its_turn_and_its_end() {
        let event = serde_json::from_value(serde_json::json!({ "Records": [{
            "messageId": "m", "body": "b", "receiptHandle": "r", "eventSourceARN": "arn:aws:sqs:eu:1:scans",
            "attributes": { "ApproximateReceiveCount": "3" },
        }] }));
        let mut context = lambda_runtime::Context::default();
        context.deadline = 1_800_000_000_000;
        let mut seen = vec![];
        let event = LambdaEvent::new(event.unwrap(), context);
        let response = take_scans(event, async |it| {
            seen.push(it);
            Ok(())
        });
        assert!(response.await.unwrap().batch_item_failures.is_empty());
        let it = seen.pop().unwrap();
        assert_eq!((it.queue.as_str(), it.receipt.as_str()), ("scans", "r"));
        assert_eq!((it.attempt, it.last), (3, true));
        assert_eq!(it.deadline.epoch_seconds(), 1_800_000_000);
    }
}
