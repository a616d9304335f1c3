//! SQS batches: handle each message, report partial failures, how often a message is delivered.

use std::panic::AssertUnwindSafe;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use futures_util::FutureExt;
use lambda_runtime::LambdaEvent;

use crate::clock;
use crate::correlation::Correlation;
use crate::domain::{Error, Result, Timestamp};
use crate::metrics;
use crate::queues::QueueDelivery;
use crate::traces;

/// How often a message is delivered before it goes to the dead-letter queue; the template's `maxReceiveCount`.
const MAX_DELIVERIES: u32 = 3;

fn delivery(message: SqsMessage, deadline: Timestamp) -> QueueDelivery {
    let attempt = message
        .attributes
        .get("ApproximateReceiveCount")
        .and_then(|it| it.parse().ok())
        .unwrap_or(1);
    let sent = message.attributes.get("AWSTraceHeader").cloned();
    // Else this invocation's own, which the runtime leaves here.
    let trace = sent.or_else(|| std::env::var("_X_AMZN_TRACE_ID").ok());
    let queue = message
        .event_source_arn
        .as_deref()
        .and_then(|arn| arn.rsplit(':').next())
        .unwrap_or_default();
    QueueDelivery {
        id: message.message_id.unwrap_or_default(),
        queue: queue.to_owned(),
        body: message.body.unwrap_or_default(),
        receipt: message.receipt_handle.unwrap_or_default(),
        attempt,
        last: attempt >= MAX_DELIVERIES,
        trace,
        deadline,
    }
}

/// Gives each message to `handle` in turn and names those that failed, so that only they come again.
///
/// A panic costs its own message only.
pub(super) async fn take_batch(
    event: LambdaEvent<SqsEvent>,
    mut handle: impl AsyncFnMut(QueueDelivery) -> Result<()>,
) -> SqsBatchResponse {
    metrics::note_start();
    let seconds = i64::try_from(event.context.deadline / 1000);
    let deadline = seconds.ok().and_then(Timestamp::from_epoch_seconds);
    let deadline = deadline.unwrap_or_else(clock::now);
    let mut response = SqsBatchResponse::default();
    for message in event.payload.records {
        let delivery = delivery(message, deadline);
        let (id, attempt) = (delivery.id.clone(), delivery.attempt);
        // Until the message says where it comes from.
        let correlation = Correlation {
            id: id.clone(),
            trace: delivery.trace.clone(),
        };
        let span = tracing::info_span!(
            "message",
            correlation = id,
            trace = correlation.root(),
            attempt
        );
        let work = AssertUnwindSafe(handle(delivery).boxed_local()).catch_unwind();
        let done = correlation.follow(span, work).await;
        let Err(err) =
            done.unwrap_or_else(|_| Err(Error::bug("taking a message", "the handler panicked")))
        else {
            continue;
        };
        tracing::error!(
            message.id = id,
            attempt,
            error.code = err.code,
            error.chain = err.chain(),
            "message failed"
        );
        let mut failure = BatchItemFailure::default();
        failure.item_identifier = id;
        response.batch_item_failures.push(failure);
    }
    traces::flush().await;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: &str, attempt: u32) -> SqsMessage {
        serde_json::from_value(serde_json::json!({
            "messageId": id, "body": id, "receiptHandle": "r", "eventSourceARN": "arn:aws:sqs:eu:1:image-scan",
            "attributes": { "ApproximateReceiveCount": attempt.to_string(), "AWSTraceHeader": "Root=1-2-3" },
        }))
        .unwrap()
    }

    #[tokio::test]
    async fn only_what_failed_comes_again() {
        let mut event = SqsEvent::default();
        event.records = vec![
            message("good", 1),
            message("bad", 2),
            message("panics", 3),
            message("fine", 1),
        ];
        let mut seen = vec![];
        let mut context = lambda_runtime::Context::default();
        context.deadline = 1_800_000_000_000;
        let event = LambdaEvent::new(event, context);
        let response = take_batch(event, async |it| {
            assert_eq!((it.receipt.as_str(), it.attempt > 2), ("r", it.last));
            assert_eq!(it.deadline.epoch_seconds(), 1_800_000_000);
            seen.push((it.id.clone(), it.last, it.queue.clone()));
            let correlation = Correlation::current().unwrap();
            assert_eq!(
                (correlation.id.as_str(), correlation.root()),
                (it.id.as_str(), "1-2-3")
            );
            assert!(it.body != "panics");
            if it.body == "bad" {
                Err(Error::unavailable("x", "y"))
            } else {
                Ok(())
            }
        })
        .await;
        let failed: Vec<_> = response
            .batch_item_failures
            .iter()
            .map(|it| it.item_identifier.as_str())
            .collect();
        assert_eq!(failed, ["bad", "panics"]);
        assert_eq!(seen.len(), 4);
        assert_eq!(seen[2], ("panics".into(), true, "image-scan".into()));
    }
}
