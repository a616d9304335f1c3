//! SQS over HTTP: every operation that changes messages goes through the journal,
//! moving messages out of a dead-letter queue is done here, the rest is rustack's.

use std::{pin::Pin, sync::Arc};

use bytes::Bytes;
use rustack_sqs_core::handler::RustackSqsHandler;
use rustack_sqs_http::{
    body::SqsResponseBody,
    dispatch::SqsHandler,
    response::json_response,
    service::{SqsHttpConfig, SqsHttpService},
};
use rustack_sqs_model::{
    error::SqsError,
    input::{
        ChangeMessageVisibilityBatchInput, ChangeMessageVisibilityInput, DeleteMessageBatchInput,
        DeleteMessageInput, ListDeadLetterSourceQueuesInput, ListMessageMoveTasksInput,
        ReceiveMessageInput, SendMessageBatchInput, SendMessageInput, StartMessageMoveTaskInput,
    },
    operations::SqsOperation,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Mutex};
use uuid::Uuid;

use super::{journal::now, sqs::Sqs};
use crate::{shutdown::Shutdown, template::names};

type SqsAnswer = Result<http::Response<SqsResponseBody>, SqsError>;

/// The handler behind rustack's HTTP layer.
#[derive(Debug)]
pub(crate) struct Handler {
    sqs: Arc<Sqs>,
    inner: RustackSqsHandler,
    /// Finished move tasks, newest first.
    tasks: Mutex<Vec<Value>>,
}

/// Serves until `shutdown`.
pub(crate) async fn serve(listener: TcpListener, sqs: Arc<Sqs>, shutdown: Shutdown) {
    let handler = Handler {
        inner: RustackSqsHandler::new(Arc::clone(&sqs.provider)),
        sqs,
        tasks: Mutex::default(),
    };
    let service = SqsHttpService::new(
        Arc::new(SqsFront(Arc::new(handler))),
        SqsHttpConfig {
            region: names::REGION.to_owned(),
            ..SqsHttpConfig::default()
        },
    );
    super::serve(listener, |_| service.clone(), shutdown).await;
}

/// Lets the handler's future own the handler.
#[derive(Debug)]
struct SqsFront(Arc<Handler>);

impl SqsHandler for SqsFront {
    fn handle_operation(
        &self,
        operation: SqsOperation,
        body: Bytes,
    ) -> Pin<Box<dyn Future<Output = SqsAnswer> + Send>> {
        let handler = Arc::clone(&self.0);
        Box::pin(async move { handler.handle(operation, body).await })
    }
}

impl Handler {
    async fn handle(&self, operation: SqsOperation, body: Bytes) -> SqsAnswer {
        match operation {
            SqsOperation::SendMessage => answer(&self.sqs.send(read(&body)?).await?),
            SqsOperation::SendMessageBatch => self.send_batch(read(&body)?).await,
            SqsOperation::ReceiveMessage => answer(&self.sqs.receive(read(&body)?).await?),
            SqsOperation::DeleteMessage => {
                self.sqs.delete(read(&body)?).await?;
                answer(&json!({}))
            }
            SqsOperation::DeleteMessageBatch => self.delete_batch(read(&body)?).await,
            SqsOperation::ChangeMessageVisibility => {
                self.sqs.change_visibility(read(&body)?).await?;
                answer(&json!({}))
            }
            SqsOperation::ChangeMessageVisibilityBatch => {
                self.change_visibility_batch(read(&body)?).await
            }
            SqsOperation::PurgeQueue => {
                self.sqs.purge(read(&body)?).await?;
                answer(&json!({}))
            }
            SqsOperation::ListDeadLetterSourceQueues => {
                let listed = self
                    .sqs
                    .provider
                    .list_dead_letter_source_queues(read(&body)?);
                // The one field of SQS that begins with a small letter.
                answer(&json!({ "queueUrls": listed.await?.queue_urls }))
            }
            SqsOperation::StartMessageMoveTask => self.start_move(read(&body)?).await,
            SqsOperation::ListMessageMoveTasks => self.list_moves(&read(&body)?).await,
            other => self.inner.handle_operation(other, body).await,
        }
    }

    async fn send_batch(&self, input: SendMessageBatchInput) -> SqsAnswer {
        check_batch(input.entries.iter().map(|entry| entry.id.as_str()))?;
        let mut results = Results::default();
        for entry in input.entries {
            let message = SendMessageInput {
                queue_url: input.queue_url.clone(),
                message_body: entry.message_body,
                delay_seconds: entry.delay_seconds,
                message_deduplication_id: entry.message_deduplication_id,
                message_group_id: entry.message_group_id,
                message_attributes: entry.message_attributes,
                message_system_attributes: entry.message_system_attributes,
            };
            let sent = self.sqs.send(message).await;
            results.add(&entry.id, sent)?;
        }
        answer(&results.into_json())
    }

    async fn delete_batch(&self, input: DeleteMessageBatchInput) -> SqsAnswer {
        check_batch(input.entries.iter().map(|entry| entry.id.as_str()))?;
        let mut results = Results::default();
        for entry in input.entries {
            let message = DeleteMessageInput {
                queue_url: input.queue_url.clone(),
                receipt_handle: entry.receipt_handle,
            };
            let deleted = self.sqs.delete(message).await;
            results.add(&entry.id, deleted.map(|()| json!({})))?;
        }
        answer(&results.into_json())
    }

    async fn change_visibility_batch(&self, input: ChangeMessageVisibilityBatchInput) -> SqsAnswer {
        check_batch(input.entries.iter().map(|entry| entry.id.as_str()))?;
        let mut results = Results::default();
        for entry in input.entries {
            let message = ChangeMessageVisibilityInput {
                queue_url: input.queue_url.clone(),
                receipt_handle: entry.receipt_handle,
                visibility_timeout: entry.visibility_timeout,
            };
            let changed = self.sqs.change_visibility(message).await;
            results.add(&entry.id, changed.map(|()| json!({})))?;
        }
        answer(&results.into_json())
    }

    /// Moves what is in a dead-letter queue back, as new messages (AWS gives them
    /// new ids too). Done before the answer: local queues are short.
    async fn start_move(&self, input: StartMessageMoveTaskInput) -> SqsAnswer {
        let source = self.sqs.provider.queue_url_for_arn(&input.source_arn)?;
        let listed = self
            .sqs
            .provider
            .list_dead_letter_source_queues(ListDeadLetterSourceQueuesInput {
                queue_url: source.clone(),
                ..ListDeadLetterSourceQueuesInput::default()
            })
            .await?;
        let destination = match &input.destination_arn {
            Some(arn) => self.sqs.provider.queue_url_for_arn(arn)?,
            None => listed.queue_urls.first().cloned().ok_or_else(|| {
                SqsError::invalid_parameter_value(
                    "Source queue must be configured as a Dead Letter Queue.",
                )
            })?,
        };
        if listed.queue_urls.is_empty() {
            return Err(SqsError::invalid_parameter_value(
                "Source queue must be configured as a Dead Letter Queue.",
            ));
        }
        let moved = self.move_all(&source, &destination).await?;
        let handle = Uuid::new_v4().to_string();
        self.tasks.lock().await.insert(
            0,
            json!({
                "SourceArn": input.source_arn,
                "DestinationArn": input.destination_arn,
                "Status": "COMPLETED",
                "ApproximateNumberOfMessagesMoved": moved,
                "ApproximateNumberOfMessagesToMove": moved,
                "StartedTimestamp": now(),
            }),
        );
        answer(&json!({ "TaskHandle": handle }))
    }

    async fn move_all(&self, source: &str, destination: &str) -> Result<usize, SqsError> {
        let mut moved = 0;
        loop {
            let batch = self
                .sqs
                .receive(ReceiveMessageInput {
                    queue_url: source.to_owned(),
                    max_number_of_messages: Some(10),
                    wait_time_seconds: Some(0),
                    message_attribute_names: vec!["All".to_owned()],
                    ..ReceiveMessageInput::default()
                })
                .await?;
            if batch.messages.is_empty() {
                return Ok(moved);
            }
            for message in batch.messages {
                self.sqs
                    .send(SendMessageInput {
                        queue_url: destination.to_owned(),
                        message_body: message.body.unwrap_or_default(),
                        message_attributes: message.message_attributes,
                        ..SendMessageInput::default()
                    })
                    .await?;
                self.sqs
                    .delete(DeleteMessageInput {
                        queue_url: source.to_owned(),
                        receipt_handle: message.receipt_handle.unwrap_or_default(),
                    })
                    .await?;
                moved += 1;
            }
        }
    }

    async fn list_moves(&self, input: &ListMessageMoveTasksInput) -> SqsAnswer {
        let most = usize::try_from(input.max_results.unwrap_or(1)).unwrap_or(1);
        let tasks = self.tasks.lock().await;
        let results: Vec<_> = tasks
            .iter()
            .filter(|task| task["SourceArn"] == input.source_arn)
            .take(most)
            .collect();
        answer(&json!({ "Results": results }))
    }
}

/// The two lists every batch operation answers with.
#[derive(Default)]
struct Results {
    successful: Vec<Value>,
    failed: Vec<Value>,
}

impl Results {
    fn add(&mut self, id: &str, result: Result<impl Serialize, SqsError>) -> Result<(), SqsError> {
        match result {
            Ok(output) => {
                let mut entry = serde_json::to_value(output)
                    .map_err(|error| SqsError::internal_error(error.to_string()))?;
                entry["Id"] = json!(id);
                self.successful.push(entry);
            }
            Err(error) => self.failed.push(json!({
                "Id": id,
                "SenderFault": error.code.is_sender_fault(),
                "Code": error.code.error_type(),
                "Message": error.message,
            })),
        }
        Ok(())
    }

    fn into_json(self) -> Value {
        json!({ "Successful": self.successful, "Failed": self.failed })
    }
}

fn check_batch<'a>(ids: impl Iterator<Item = &'a str>) -> Result<(), SqsError> {
    let mut seen = std::collections::HashSet::new();
    let mut count = 0;
    for id in ids {
        count += 1;
        if !seen.insert(id) {
            return Err(SqsError::batch_entry_ids_not_distinct());
        }
    }
    match count {
        0 => Err(SqsError::empty_batch_request()),
        1..=10 => Ok(()),
        _ => Err(SqsError::too_many_entries_in_batch()),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, SqsError> {
    serde_json::from_slice(body).map_err(|error| {
        let said = error.to_string();
        if said.contains("missing field") {
            SqsError::missing_parameter(said)
        } else {
            SqsError::invalid_parameter_value(said)
        }
    })
}

fn answer(output: &impl Serialize) -> SqsAnswer {
    let json =
        serde_json::to_vec(output).map_err(|error| SqsError::internal_error(error.to_string()))?;
    Ok(json_response(json, &Uuid::new_v4().to_string()))
}
