//! SQS: rustack's server, with the template's queues, a journal that lets their
//! messages outlive the process, and the move task it lacks.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::Arc,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use rustack_sqs_core::{config::SqsConfig, provider::RustackSqs};
use rustack_sqs_model::{
    error::SqsError,
    input::{
        ChangeMessageVisibilityInput, CreateQueueInput, DeleteMessageInput, PurgeQueueInput,
        ReceiveMessageInput, SendMessageInput,
    },
    output::{ReceiveMessageOutput, SendMessageOutput},
};
use serde_json::Value;

mod trace;

use super::journal::{Journal, JournalLine, Stored, now};
use crate::{
    error::{Error, Result},
    template::{Queue, names},
};

/// SQS delays no message longer.
const LONGEST_DELAY: u64 = 900;

/// The queues.
#[derive(Debug)]
pub(crate) struct Sqs {
    pub(crate) provider: Arc<RustackSqs>,
    /// The template's queues, by name; others live in memory only.
    queues: BTreeMap<String, Queue>,
    journal: Option<Journal>,
}

impl Sqs {
    /// Creates the template's queues and puts back what the last run left in them.
    pub(crate) async fn open(
        port: u16,
        queues: &[Queue],
        journal: Option<&Path>,
    ) -> Result<Arc<Self>> {
        let provider = Arc::new(RustackSqs::new(SqsConfig {
            skip_signature_validation: true,
            default_region: names::REGION.to_owned(),
            account_id: names::ACCOUNT.to_owned(),
            host: "127.0.0.1".to_owned(),
            port,
        }));
        for queue in queues {
            let input = CreateQueueInput {
                queue_name: queue.name.clone(),
                attributes: queue.attributes.clone().into_iter().collect(),
                tags: HashMap::new(),
            };
            provider.create_queue(input).await.map_err(|error| {
                Error::server("SQS", format!("{}: {}", queue.logical, error.message))
            })?;
        }
        let (journal, left) = match journal {
            None => (None, Vec::new()),
            Some(path) => {
                let (journal, left) = Journal::open(path)?;
                (Some(journal), left)
            }
        };
        let sqs = Self {
            provider,
            queues: queues
                .iter()
                .map(|queue| (queue.name.clone(), queue.clone()))
                .collect(),
            journal,
        };
        sqs.put_back(left).await?;
        Ok(Arc::new(sqs))
    }

    async fn put_back(&self, left: Vec<Stored>) -> Result<()> {
        for message in left {
            let Some(queue) = self.home(&message) else {
                tracing::warn!(
                    queue = message.queue,
                    "a stored message's queue is gone from the template"
                );
                continue;
            };
            let wait = message.not_before.saturating_sub(now()).div_ceil(1000);
            let input = SendMessageInput {
                queue_url: queue.url.clone(),
                message_body: message.body,
                message_attributes: message.attributes,
                delay_seconds: i32::try_from(wait.min(LONGEST_DELAY)).ok(),
                ..SendMessageInput::default()
            };
            self.send(input)
                .await
                .map_err(|error| Error::server("SQS", error.message))?;
        }
        self.journal.as_ref().map_or(Ok(()), Journal::adopt)
    }

    /// Where a stored message belongs: its queue, or the dead-letter queue when it
    /// had used up its attempts.
    fn home(&self, message: &Stored) -> Option<&Queue> {
        let queue = self.queues.get(&message.queue)?;
        let dead = redrive(queue).filter(|(_, attempts)| u64::from(message.received) >= *attempts);
        match dead {
            Some((arn, _)) => self.by_arn(&arn),
            None => Some(queue),
        }
    }

    /// The template's queue with this ARN.
    pub(crate) fn by_arn(&self, arn: &str) -> Option<&Queue> {
        self.queues.values().find(|queue| queue.arn == arn)
    }

    /// `SendMessage`.
    pub(crate) async fn send(
        &self,
        input: SendMessageInput,
    ) -> std::result::Result<SendMessageOutput, SqsError> {
        let is_plain = input.message_attributes.is_empty();
        let input = trace::kept(input);
        let queue = name(&input.queue_url).to_owned();
        let stored = Stored {
            id: String::new(),
            queue: queue.clone(),
            body: input.message_body.clone(),
            attributes: input.message_attributes.clone(),
            not_before: now() + u64::try_from(input.delay_seconds.unwrap_or(0)).unwrap_or(0) * 1000,
            received: 0,
        };
        let mut output = self.provider.send_message(input).await?;
        if is_plain {
            output.md5_of_message_attributes = None;
        }
        let id = output.message_id.clone().unwrap_or_default();
        self.write(&queue, &JournalLine::Sent(Stored { id, ..stored }))?;
        Ok(output)
    }

    /// `ReceiveMessage`.
    pub(crate) async fn receive(
        &self,
        input: ReceiveMessageInput,
    ) -> std::result::Result<ReceiveMessageOutput, SqsError> {
        let queue = name(&input.queue_url).to_owned();
        let mut input = input;
        let asked = trace::wanted(&mut input);
        let output = self.provider.receive_message(input).await?;
        let output = trace::told(output, asked);
        for id in output
            .messages
            .iter()
            .filter_map(|message| message.message_id.clone())
        {
            let line = JournalLine::Received {
                id,
                queue: queue.clone(),
            };
            self.write(&queue, &line)?;
        }
        Ok(output)
    }

    /// `DeleteMessage`.
    pub(crate) async fn delete(
        &self,
        input: DeleteMessageInput,
    ) -> std::result::Result<(), SqsError> {
        let queue = name(&input.queue_url).to_owned();
        let id = message_id(&input.receipt_handle)?;
        self.provider.delete_message(input).await?;
        self.write(&queue, &JournalLine::Deleted { id })
    }

    /// `ChangeMessageVisibility`.
    pub(crate) async fn change_visibility(
        &self,
        input: ChangeMessageVisibilityInput,
    ) -> std::result::Result<(), SqsError> {
        let queue = name(&input.queue_url).to_owned();
        let id = message_id(&input.receipt_handle)?;
        let not_before = now() + u64::try_from(input.visibility_timeout).unwrap_or(0) * 1000;
        self.provider.change_message_visibility(input).await?;
        self.write(&queue, &JournalLine::Later { id, not_before })
    }

    /// `PurgeQueue`.
    pub(crate) async fn purge(&self, input: PurgeQueueInput) -> std::result::Result<(), SqsError> {
        let queue = name(&input.queue_url).to_owned();
        self.provider.purge_queue(input).await?;
        self.write(
            &queue,
            &JournalLine::Purged {
                queue: queue.clone(),
            },
        )
    }

    /// The client is only answered once this has succeeded.
    fn write(&self, queue: &str, line: &JournalLine) -> std::result::Result<(), SqsError> {
        match &self.journal {
            Some(journal) if self.queues.contains_key(queue) => journal
                .write(line)
                .map_err(|error| SqsError::internal_error(error.to_string())),
            _ => Ok(()),
        }
    }

    /// Ends the queues' actors.
    pub(crate) async fn close(&self) {
        self.provider.shutdown_all().await;
    }
}

/// The ARN of a queue's dead-letter queue, and how many attempts come first.
fn redrive(queue: &Queue) -> Option<(String, u64)> {
    let policy: Value = serde_json::from_str(queue.attributes.get("RedrivePolicy")?).ok()?;
    Some((
        policy["deadLetterTargetArn"].as_str()?.to_owned(),
        policy["maxReceiveCount"].as_u64()?,
    ))
}

/// The name at the end of a queue's URL or ARN.
fn name(url: &str) -> &str {
    url.rsplit(['/', ':']).next().unwrap_or(url)
}

/// A receipt handle of this server names its message; others it takes without a
/// word, which AWS does not.
fn message_id(receipt: &str) -> std::result::Result<String, SqsError> {
    STANDARD
        .decode(receipt)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| text.split_once(':').map(|(id, _)| id.to_owned()))
        .ok_or_else(SqsError::receipt_handle_is_invalid)
}

#[cfg(test)]
mod tests;
