//! The queues: what is sent through them, and sending.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::QueueAttributeName;
use serde::{Deserialize, Serialize};

use crate::domain::{Error, ImageId, Result, ScanId, UserId};

/// A scan to be worked on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub struct ScanMessage {
    pub scan_job_id: ScanId,
    pub user_id: UserId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_id: Option<ImageId>,
    /// Follows the work from the request to the engine call, in logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
}

/// How much is in a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Waiting to be taken.
    pub waiting: u64,
    /// Taken, not finished.
    pub active: u64,
    /// To be waited for.
    pub delayed: u64,
}

/// The queue service.
#[derive(Clone, Debug)]
pub struct Queues {
    client: Client,
}

impl Queues {
    /// Over `client`.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// Sends a message.
    pub async fn send(&self, queue: &str, message: &impl Serialize) -> Result<()> {
        let body =
            serde_json::to_string(message).map_err(|err| Error::bug("writing a message", err))?;
        let sent = self
            .client
            .send_message()
            .queue_url(queue)
            .message_body(body)
            .send()
            .await;
        sent.map_err(|err| {
            Error::unavailable("sending a message", DisplayErrorContext(&err).to_string())
        })?;
        Ok(())
    }

    /// Leaves a taken message alone for `seconds` before it is delivered again.
    pub async fn delay(&self, queue: &str, receipt: &str, seconds: i32) -> Result<()> {
        let changed = self
            .client
            .change_message_visibility()
            .queue_url(queue)
            .receipt_handle(receipt)
            .visibility_timeout(seconds)
            .send()
            .await;
        changed.map_err(|err| {
            Error::unavailable("delaying a message", DisplayErrorContext(&err).to_string())
        })?;
        Ok(())
    }

    /// How many messages a queue has given up on, where we may know it.
    pub async fn dead(&self, queue: &str) -> Result<Option<u64>> {
        let asked = self
            .client
            .get_queue_attributes()
            .queue_url(queue)
            .attribute_names(QueueAttributeName::RedrivePolicy);
        let reply = asked.send().await;
        let reply = reply.map_err(|err| {
            Error::unavailable("asking a queue", DisplayErrorContext(&err).to_string())
        })?;
        let policy = reply
            .attributes()
            .and_then(|all| all.get(&QueueAttributeName::RedrivePolicy));
        let Some(url) = policy.and_then(|policy| dead_letter_url(queue, policy)) else {
            return Ok(None);
        };
        // Looking into it is a right of its own, which not every function has.
        Ok(self.depth(&url).await.ok().map(|it| it.waiting + it.active))
    }

    /// How much is in a queue. Also tells whether it answers.
    pub async fn depth(&self, queue: &str) -> Result<Depth> {
        use QueueAttributeName::{
            ApproximateNumberOfMessages as Waiting, ApproximateNumberOfMessagesDelayed as Delayed,
            ApproximateNumberOfMessagesNotVisible as Active,
        };
        let asked = self
            .client
            .get_queue_attributes()
            .queue_url(queue)
            .attribute_names(Waiting);
        let reply = asked
            .attribute_names(Active)
            .attribute_names(Delayed)
            .send()
            .await;
        let reply = reply.map_err(|err| {
            Error::unavailable("asking a queue", DisplayErrorContext(&err).to_string())
        })?;
        let number = |name: &QueueAttributeName| {
            reply
                .attributes()
                .and_then(|all| all.get(name))
                .and_then(|text| text.parse().ok())
                .unwrap_or_default()
        };
        Ok(Depth {
            waiting: number(&Waiting),
            active: number(&Active),
            delayed: number(&Delayed),
        })
    }
}

/// Where the dead-letter queue is: beside its queue, under the last part of its name in the policy.
fn dead_letter_url(queue: &str, policy: &str) -> Option<String> {
    let policy: serde_json::Value = serde_json::from_str(policy).ok()?;
    let name = policy
        .get("deadLetterTargetArn")?
        .as_str()?
        .rsplit(':')
        .next()?;
    Some(format!("{}/{name}", queue.rsplit_once('/')?.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dead_letter_queue_is_beside_its_queue() {
        let policy = r#"{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:1:vara-image-scan-dead","maxReceiveCount":3}"#;
        let url = dead_letter_url("http://127.0.0.1:4003/1/vara-image-scan", policy);
        assert_eq!(
            url.as_deref(),
            Some("http://127.0.0.1:4003/1/vara-image-scan-dead")
        );
        assert_eq!(dead_letter_url("http://h/1/q", "{}"), None);
    }
}
