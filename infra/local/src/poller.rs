//! The event source mapping of a queue: gathers messages into batches, invokes
//! the function, and deletes what it handled. Whatever was not handled is left
//! alone: its visibility timeout brings it back, the redrive policy ends it.

use std::{collections::HashSet, sync::Arc, time::Duration};

use bytes::Bytes;
use rustack_sqs_model::{
    error::SqsError,
    input::{DeleteMessageInput, ReceiveMessageInput},
    types::Message,
};
use serde_json::{Map, Value, json};
use tokio::{sync::Semaphore, time::Instant};

use crate::{
    lambda::{InvocationOutcome, Invoke},
    report,
    servers::sqs::Sqs,
    shutdown::Shutdown,
    template::{Queue, QueueSource, names},
};

/// Most messages of one receive.
const RECEIVE_LIMIT: usize = 10;
/// How long one receive waits for the first message.
const LONG_POLL: i32 = 20;
/// How long to leave a queue alone that refuses to be read.
const PAUSE: Duration = Duration::from_secs(1);

/// One event source mapping.
pub(crate) struct Poller {
    pub(crate) sqs: Arc<Sqs>,
    pub(crate) queue: Queue,
    pub(crate) source: QueueSource,
    pub(crate) invoke: Invoke,
}

impl Poller {
    /// Polls until `shutdown`. Invocations under way are left to end by themselves.
    pub(crate) async fn run(self, shutdown: Shutdown) {
        let poller = Arc::new(self);
        let permits = Arc::new(Semaphore::new(poller.source.maximum_concurrency));
        loop {
            // Nothing is received that could not be worked on at once.
            let permit = match shutdown.or(Arc::clone(&permits).acquire_owned()).await {
                Some(Ok(permit)) => permit,
                _ => return,
            };
            let batch = match shutdown.or(poller.gather()).await {
                None => return,
                Some(Ok(batch)) => batch,
                Some(Err(error)) => {
                    tracing::warn!(
                        queue = poller.queue.name,
                        error = error.message,
                        "a queue cannot be read"
                    );
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            if batch.is_empty() {
                continue;
            }
            let poller = Arc::clone(&poller);
            tokio::spawn(async move {
                poller.work(batch).await;
                drop(permit);
            });
        }
    }

    /// The next batch: the first receive, or as many as fit into the window.
    async fn gather(&self) -> Result<Vec<Message>, SqsError> {
        let mut batch = self.receive(self.source.batch_size, LONG_POLL).await?;
        if batch.is_empty() || self.source.window.is_zero() {
            return Ok(batch);
        }
        let end = Instant::now() + self.source.window;
        while batch.len() < self.source.batch_size {
            let wait = end.saturating_duration_since(Instant::now()).as_secs_f64();
            if wait <= 0.0 {
                break;
            }
            let room = self.source.batch_size - batch.len();
            let wait = Duration::from_secs_f64(wait);
            // A receive waits whole seconds; the window may end within one.
            match tokio::time::timeout(wait, self.receive(room, 1)).await {
                Ok(more) => batch.extend(more?),
                Err(_) => break,
            }
        }
        Ok(batch)
    }

    async fn receive(&self, most: usize, wait: i32) -> Result<Vec<Message>, SqsError> {
        let most = most.min(RECEIVE_LIMIT);
        self.sqs
            .receive(ReceiveMessageInput {
                queue_url: self.queue.url.clone(),
                max_number_of_messages: i32::try_from(most).ok(),
                wait_time_seconds: Some(wait),
                attribute_names: vec!["All".to_owned()],
                message_attribute_names: vec!["All".to_owned()],
                ..ReceiveMessageInput::default()
            })
            .await
            .map(|output| output.messages)
    }

    async fn work(&self, batch: Vec<Message>) {
        let records: Vec<Value> = batch
            .iter()
            .map(|message| record(message, &self.queue.arn))
            .collect();
        let event = json!({ "Records": records });
        let outcome = (self.invoke)(Bytes::from(event.to_string())).await;
        let handled = match self.handled(&batch, &outcome) {
            Ok(handled) => handled,
            Err(reason) => {
                tracing::warn!(
                    queue = self.queue.name,
                    messages = batch.len(),
                    reason,
                    "a batch failed"
                );
                return;
            }
        };
        for message in handled {
            let input = DeleteMessageInput {
                queue_url: self.queue.url.clone(),
                receipt_handle: message.receipt_handle.clone().unwrap_or_default(),
            };
            if let Err(error) = self.sqs.delete(input).await {
                tracing::warn!(
                    queue = self.queue.name,
                    error = error.message,
                    "a handled message stays"
                );
            }
        }
    }

    /// The messages to delete, or why there are none.
    fn handled<'a>(
        &self,
        batch: &'a [Message],
        outcome: &InvocationOutcome,
    ) -> Result<Vec<&'a Message>, String> {
        let InvocationOutcome::Answer(answer) = outcome else {
            return Err(outcome.failure().unwrap_or_default());
        };
        if !self.source.reports_failures {
            return Ok(batch.iter().collect());
        }
        let ids: HashSet<&str> = batch.iter().map(id).collect();
        let failed = report::failures(answer, &ids).map_err(|malformed| malformed.0.to_owned())?;
        if !failed.is_empty() {
            tracing::debug!(
                queue = self.queue.name,
                messages = failed.len(),
                "messages failed"
            );
        }
        Ok(batch
            .iter()
            .filter(|message| !failed.contains(id(message)))
            .collect())
    }
}

fn id(message: &Message) -> &str {
    message.message_id.as_deref().unwrap_or_default()
}

/// One record of the event, as Lambda writes it.
fn record(message: &Message, queue_arn: &str) -> Value {
    let attributes: Map<String, Value> = message
        .message_attributes
        .iter()
        .map(|(name, value)| {
            let mut attribute = json!({
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": value.data_type,
            });
            if let Some(text) = &value.string_value {
                attribute["stringValue"] = json!(text);
            }
            if let Some(bytes) = &value.binary_value {
                use base64::{Engine, engine::general_purpose::STANDARD};
                attribute["binaryValue"] = json!(STANDARD.encode(bytes));
            }
            (name.clone(), attribute)
        })
        .collect();
    let mut record = json!({
        "messageId": message.message_id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": message.attributes,
        "messageAttributes": attributes,
        "md5OfBody": message.md5_of_body,
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": names::REGION,
    });
    if let Some(digest) = &message.md5_of_message_attributes {
        record["md5OfMessageAttributes"] = json!(digest);
    }
    record
}

#[cfg(test)]
mod tests;
