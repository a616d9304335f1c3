//! Dead-letter queues: list messages for admins, redrive them.
//!
//! What is shown names things by their ids and holds nothing of anybody's. A message is sent before it
//! is removed: killed in between it comes twice, which everyone who takes messages bears.

use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use serde::Serialize;
use serde_json::{Value, json};

use crate::domain::{Error, MailFeedback, Result, Timestamp};
use crate::objects::{created_objects, key};
use crate::queues::{
    DeadMessage, EvidenceMessage, NoticeMessage, PushMessage, Queues, RenderMessage, ScanMessage,
    SignInMail, SweepMessage, TakedownMessage,
};
use crate::services::pictures::ingest::uploads;
use crate::store::Store;

/// How long a message that is sent back is hidden from others who might send it back, in seconds.
const READ_VISIBILITY_TIMEOUT: i32 = 60;

/// The most messages one call sends back, and how long it may take: the gateway does not wait for ever.
const MAX_REDRIVEN: u64 = 500;
const REDRIVE_TIMEOUT: Duration = Duration::from_secs(15);

/// What is needed to look after dead letters.
#[derive(Clone)]
pub struct DeadLetters {
    /// The table, for what became of the work.
    pub store: Store,
    /// The queue service.
    pub queues: Queues,
    /// The queues that give up, by name.
    pub urls: Vec<(&'static str, String)>,
}

/// The dead letters of one queue.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct DeadQueue {
    /// Its name.
    pub name: &'static str,
    /// About how many messages there are.
    pub count: u64,
    /// Some of them.
    pub messages: Vec<DeadLetter>,
}

/// One dead letter.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter {
    /// Its name.
    pub id: String,
    /// When it was first sent.
    pub sent_at: Option<Timestamp>,
    /// How often it was read.
    pub received: u32,
    /// What it is about, by ids.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub about: Value,
    /// Why it was given up, as far as the table knows.
    pub reason: String,
}

/// The result of a redrive.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SentBack {
    /// The queue.
    pub queue: &'static str,
    /// How many messages were sent back.
    pub moved: u64,
    /// About how many are left; the call can be repeated.
    pub left: u64,
}

impl DeadLetters {
    /// All queues with some of what they have given up on. Nothing is taken away.
    pub async fn list(&self) -> Result<Vec<DeadQueue>> {
        try_join_all(self.urls.iter().map(|(name, url)| self.look(name, url))).await
    }

    async fn look(&self, name: &'static str, url: &str) -> Result<DeadQueue> {
        let dead = self.dead(url).await?;
        let count = self.count(&dead).await?;
        let letters = match count {
            0 => Vec::new(),
            _ => self.queues.take(&dead, 0).await?,
        };
        let messages = try_join_all(letters.into_iter().map(|it| self.read(it))).await?;
        Ok(DeadQueue {
            name,
            count,
            messages,
        })
    }

    /// Sends what a queue has given up on back to it, as if it had never been tried.
    pub async fn send_back(&self, name: &str) -> Result<SentBack> {
        let found = self.urls.iter().find(|it| it.0 == name);
        let (queue, url) =
            found.ok_or_else(|| Error::not_found("QUEUE_NOT_FOUND", "There is no such queue."))?;
        let dead = self.dead(url).await?;
        // What fails again meanwhile is left for another call.
        let wanted = self.count(&dead).await?.min(MAX_REDRIVEN);
        let (began, mut moved) = (Instant::now(), 0);
        'moving: while moved < wanted {
            let letters = self.queues.take(&dead, READ_VISIBILITY_TIMEOUT).await?;
            if letters.is_empty() {
                break;
            }
            for letter in letters {
                if began.elapsed() > REDRIVE_TIMEOUT {
                    break 'moving;
                }
                self.queues.send_again(url, &letter.body).await?;
                self.queues.remove(&dead, &letter.receipt).await?;
                moved += 1;
            }
        }
        let left = self.count(&dead).await?;
        tracing::warn!(queue, moved, left, "dead letters were sent back");
        Ok(SentBack { queue, moved, left })
    }

    async fn dead(&self, url: &str) -> Result<String> {
        let dead = self.queues.dead_letter_queue(url).await?;
        dead.ok_or_else(|| Error::bug("finding a dead-letter queue", "the queue has none"))
    }

    async fn count(&self, dead: &str) -> Result<u64> {
        let depth = self.queues.depth(dead).await?;
        Ok(depth.waiting + depth.active)
    }

    async fn read(&self, letter: DeadMessage) -> Result<DeadLetter> {
        let (about, reason) = self.about(&letter.body).await?;
        Ok(DeadLetter {
            id: letter.id,
            sent_at: letter.sent_at,
            received: letter.received,
            about,
            reason,
        })
    }

    /// What a message is about, and what the table knows of it. What is not a message of ours is not
    /// quoted: nobody knows what it holds.
    async fn about(&self, body: &str) -> Result<(Value, String)> {
        if let Ok(message) = serde_json::from_str::<ScanMessage>(body) {
            let row = self
                .store
                .scan(message.user_id, message.scan_job_id)
                .await?;
            let reason = row.map_or_else(gone, |row| {
                let why = row.scan.error_message.as_deref();
                format!(
                    "{}: {}",
                    row.scan.status.as_str(),
                    why.unwrap_or("nothing is noted")
                )
            });
            return Ok((json!(message), reason));
        }
        if let Ok(message) = serde_json::from_str::<NoticeMessage>(body) {
            let reason =
                "Telling her outside the app failed; what is due is put on the queue again.";
            return Ok((json!(message), reason.to_owned()));
        }
        if let Ok(message) = serde_json::from_str::<PushMessage>(body) {
            let reason = "Open apps were not told at once; they have asked for it since.";
            return Ok((json!(message), reason.to_owned()));
        }
        if let Ok(message) = serde_json::from_str::<RenderMessage>(body) {
            let reason = "A file was not made. She can ask for it again.";
            return Ok((json!(message), reason.to_owned()));
        }
        if let Ok(message) = serde_json::from_str::<TakedownMessage>(body) {
            let row = self
                .store
                .takedown(message.user_id, message.takedown_id)
                .await?;
            let state = row.map_or_else(gone, |row| row.state.as_str().to_owned());
            return Ok((json!(message), state));
        }
        if let Ok(message) = serde_json::from_str::<SweepMessage>(body) {
            let reason = "What is due there is told to the queue again each minute.";
            return Ok((json!(message), reason.to_owned()));
        }
        if let Ok(message) = serde_json::from_str::<EvidenceMessage>(body) {
            let reason = "What its row says is to be done is put on the queue again.";
            return Ok((json!(message), reason.to_owned()));
        }
        if let Ok(mail) = serde_json::from_str::<SignInMail>(body) {
            // Whom it is for stays with the message.
            let about = json!({ "kind": mail.kind, "askedAt": mail.asked_at });
            return Ok((about, "A mail was not sent".to_owned()));
        }
        if let Some(feedback) = MailFeedback::parse(body) {
            // Whose address it is stays with the message.
            let about = json!({ "kind": feedback.stop.reason, "at": feedback.stop.at });
            let reason = "Mail to an address that refuses it was not stopped";
            return Ok((about, reason.to_owned()));
        }
        let names = created_objects(body).unwrap_or_default();
        if names.iter().any(|it| it.starts_with(key::MAILS)) {
            let about = json!({ "mails": names.len() });
            let reason = "A mail about a request was not taken to it. It is kept for two weeks.";
            return Ok((about, reason.to_owned()));
        }
        let Some((user, image)) = uploads(body).ok().and_then(|it| it.into_iter().next()) else {
            let about = json!({ "bytes": body.len() });
            return Ok((about, "This is not a message of ours.".to_owned()));
        };
        let row = self.store.image(user, image).await?;
        let state = row.map(|row| json!(row.image.state));
        let state = state.and_then(|it| it.as_str().map(str::to_owned));
        let about = json!({ "imageId": image, "userId": user });
        Ok((about, state.unwrap_or_else(gone)))
    }
}

fn gone() -> String {
    "GONE: what it is about does not exist any more".to_owned()
}

#[cfg(test)]
mod tests;
