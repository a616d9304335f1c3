//! The queues: what is sent through them, and sending.

mod delivery;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::{
    Message, MessageSystemAttributeName, MessageSystemAttributeNameForSends as Attribute,
    MessageSystemAttributeValue, QueueAttributeName,
};
use serde::{Deserialize, Serialize};

use crate::correlation::Correlation;
use crate::domain::socket::{ByeReason, ProgressFrame};
use crate::domain::{
    Channel, DownloadId, Error, EvidenceId, ExportId, ImageId, Result, ScanId, SessionId,
    TakedownId, Timestamp, UserId,
};

pub use delivery::QueueDelivery;

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

/// Something to be sent to her outside the app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NoticeMessage {
    /// Who is told.
    pub user_id: UserId,
    /// What is sent.
    #[serde(flatten)]
    pub notice: Notice,
}

/// What is sent to her outside the app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Notice {
    /// There is something new for her.
    Update {
        /// The name of the message, the same however often it is sent.
        message: String,
        /// How it is sent.
        channel: Channel,
    },
    /// Does she want mail?
    Question {
        /// How many mails have asked before.
        round: u32,
    },
}

/// Something to be done about her evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceMessage {
    /// Whose it is.
    pub user_id: UserId,
    /// What it is about. What is to be done, its row says.
    #[serde(flatten)]
    pub about: EvidenceTask,
}

/// What is to be looked after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EvidenceTask {
    /// A record: it is to be captured, stamped or erased.
    EvidenceId(EvidenceId),
    /// A pack: it is to be made or erased.
    ExportId(ExportId),
}

/// A mail about signing in. It holds no token: who reads the queue cannot use a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignInMail {
    /// Which mail.
    pub kind: SignInMailKind,
    /// To whom, known or not.
    pub email: String,
    /// Whose account it is about, if no address leads to it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// Where the link leads in the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_to: Option<String>,
    /// What opens the code or the token that a row holds sealed. It is of no use without the row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// When it was asked for.
    pub asked_at: Timestamp,
}

/// Why a mail about signing in is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SignInMailKind {
    /// A password was forgotten.
    Recovery,
    /// An account was made.
    Confirmation,
    /// An account was to be made with an address that has one.
    SignUpAgain,
    /// An account was deleted and rests.
    AccountRests,
    /// A code is to prove the address that an account shall have.
    AddressCode,
    /// An account has another address; the earlier one is told.
    AddressChanged,
}

/// A partition of the index of what is due, in which something is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepMessage {
    /// Its name.
    pub partition: String,
}

/// Something that open apps of hers are told of at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PushMessage {
    /// Whose apps they are.
    pub user_id: UserId,
    /// When it happened.
    pub sent_at: Timestamp,
    /// What they are told.
    #[serde(flatten)]
    pub work: PushWork,
}

/// What open apps are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "push",
    rename_all = "SCREAMING_SNAKE_CASE",
    rename_all_fields = "camelCase"
)]
pub enum PushWork {
    /// Frames of the live feed were stored.
    Frames {
        /// The number before the first of them.
        after: u64,
        /// The number of the last of them.
        up_to: u64,
        /// Sign-ins that ended with them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        ended: Vec<SessionId>,
    },
    /// Something in the background has come further.
    Progress {
        /// How far.
        progress: ProgressFrame,
    },
    /// Connections are closed.
    Close {
        /// Which one; all of hers, if none is named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        connection: Option<String>,
        /// Why.
        reason: ByeReason,
    },
}

/// A file to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RenderMessage {
    /// Whose it is.
    pub user_id: UserId,
    /// Which one.
    pub download_id: DownloadId,
}

/// A request to remove that is to be looked after, or what the mail service tells of its mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TakedownMessage {
    /// Whose it is.
    pub user_id: UserId,
    /// Which it is.
    pub takedown_id: TakedownId,
    /// What the mail service tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<MailNews>,
}

impl TakedownMessage {
    /// A request that is to be looked after.
    #[must_use]
    pub fn of(user_id: UserId, takedown_id: TakedownId) -> Self {
        Self {
            user_id,
            takedown_id,
            mail: None,
        }
    }
}

/// What the mail service tells of the mail of a request. No address is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailNews {
    /// What happened.
    pub kind: MailNewsKind,
    /// The number of the attempt.
    pub attempt: String,
    /// The kind of a bounce; empty for anything else.
    #[serde(default)]
    pub bounce: String,
    /// When.
    #[serde(default)]
    pub at: Option<Timestamp>,
}

/// What happened to a mail, by the mail service's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the mail service's")]
pub enum MailNewsKind {
    Send,
    Delivery,
    Bounce,
    Complaint,
    Reject,
    /// Anything else.
    #[serde(other)]
    Other,
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

/// The most messages the queue service gives at a time.
const MOST_AT_ONCE: i32 = 10;

/// A message that was given up on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadMessage {
    /// Its name.
    pub id: String,
    /// What it says.
    pub body: String,
    /// When it was first sent.
    pub sent_at: Option<Timestamp>,
    /// How often it was read since.
    pub received: u32,
    /// What is needed to remove it.
    pub receipt: String,
}

impl DeadMessage {
    fn of(message: Message) -> Self {
        use MessageSystemAttributeName::{ApproximateReceiveCount, SentTimestamp};
        let number = |name: &MessageSystemAttributeName| -> Option<i64> {
            message.attributes()?.get(name)?.parse().ok()
        };
        let sent = number(&SentTimestamp).map(|ms| ms / 1000);
        let received = number(&ApproximateReceiveCount);
        Self {
            sent_at: sent.and_then(Timestamp::from_epoch_seconds),
            received: received
                .and_then(|it| it.try_into().ok())
                .unwrap_or_default(),
            id: message.message_id.unwrap_or_default(),
            body: message.body.unwrap_or_default(),
            receipt: message.receipt_handle.unwrap_or_default(),
        }
    }
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
        self.send_later(queue, message, 0).await
    }

    /// Sends a message that is delivered in `seconds`, of which the queue service takes 900 at most. One that
    /// comes later begins a trace of its own: Lambda stops what comes round sixteen times within one, and a
    /// scan may go on more often.
    pub async fn send_later(
        &self,
        queue: &str,
        message: &impl Serialize,
        seconds: i32,
    ) -> Result<()> {
        let body =
            serde_json::to_string(message).map_err(|err| Error::bug("writing a message", err))?;
        self.send_text(queue, &body, seconds).await
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
        let Some(url) = self.dead_letter_queue(queue).await? else {
            return Ok(None);
        };
        // Looking into it is a right of its own, which not every function has.
        Ok(self.depth(&url).await.ok().map(|it| it.waiting + it.active))
    }

    /// The address of the queue that holds what this one has given up on.
    pub async fn dead_letter_queue(&self, queue: &str) -> Result<Option<String>> {
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
        Ok(policy.and_then(|policy| dead_letter_url(queue, policy)))
    }

    /// Up to ten messages of a queue, left alone by others for so many seconds from now.
    pub async fn take(&self, queue: &str, seconds: i32) -> Result<Vec<DeadMessage>> {
        use MessageSystemAttributeName::{ApproximateReceiveCount, SentTimestamp};
        let asked = self
            .client
            .receive_message()
            .queue_url(queue)
            .max_number_of_messages(MOST_AT_ONCE)
            .visibility_timeout(seconds)
            .message_system_attribute_names(ApproximateReceiveCount)
            .message_system_attribute_names(SentTimestamp);
        let reply = asked.send().await.map_err(|err| {
            Error::unavailable("reading a queue", DisplayErrorContext(&err).to_string())
        })?;
        Ok(reply
            .messages
            .unwrap_or_default()
            .into_iter()
            .map(DeadMessage::of)
            .collect())
    }

    /// Puts the text of a message into a queue again.
    pub async fn send_again(&self, queue: &str, body: &str) -> Result<()> {
        self.send_text(queue, body, 0).await
    }

    async fn send_text(&self, queue: &str, body: &str, seconds: i32) -> Result<()> {
        let mut message = self
            .client
            .send_message()
            .queue_url(queue)
            .set_delay_seconds((seconds > 0).then_some(seconds))
            .message_body(body);
        let trace = Correlation::current().and_then(|it| it.trace);
        if let Some(trace) = trace.filter(|_| seconds == 0) {
            let trace = MessageSystemAttributeValue::builder()
                .data_type("String")
                .string_value(trace)
                .build()
                .map_err(|err| Error::bug("writing a message", err))?;
            message = message.message_system_attributes(Attribute::AwsTraceHeader, trace);
        }
        let sent = message.send().await;
        sent.map_err(|err| {
            Error::unavailable("sending a message", DisplayErrorContext(&err).to_string())
        })?;
        Ok(())
    }

    /// Removes a message that was taken.
    pub async fn remove(&self, queue: &str, receipt: &str) -> Result<()> {
        let removed = self
            .client
            .delete_message()
            .queue_url(queue)
            .receipt_handle(receipt)
            .send()
            .await;
        removed.map_err(|err| {
            Error::unavailable("removing a message", DisplayErrorContext(&err).to_string())
        })?;
        Ok(())
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
