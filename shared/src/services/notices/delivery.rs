//! Notification delivery (queue notice): one mail or one webhook call for each message, with retries.
//!
//! A message may come twice. Before a channel is tried it is held in the outbox, so that no two workers try
//! it at once, and what was sent is noted there, so that it is not sent again. Only a worker that dies
//! between handing a mail over and noting it has that mail sent twice; a webhook knows a repeated call by
//! its `webhook-id`.
//!
//! What fails comes again by its visibility, later each time; on its last delivery it is left to the
//! outbox, which becomes due at that time. So a receiver that is down fills no dead-letter queue.

use std::time::Duration;

use crate::clock;
use crate::correlation::Correlation;
use crate::domain::{Account, Channel, Error, ErrorKind, Result, Timestamp, UserId};
use crate::engines::{FetchRefusal, Fetcher, signed};
use crate::mail::{Mail, Mailer, update_event};
use crate::queues::QueueDelivery;
use crate::queues::{Notice, NoticeMessage, Queues};
use crate::services::notices::due::{IN_FLIGHT_SECONDS, next_look};
use crate::services::notices::mail_links::MailLinks;
use crate::services::notices::mail_question::MAX_QUESTIONS;
use crate::store::{MailLinkPurpose, NoticeAttempt, NoticeOutcome, Outbox, PreferencesRow, Store};

/// How long a webhook may take to answer.
pub const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(3);

/// How often a channel is tried, and how long is waited after the first time, in seconds; twice as long
/// after each.
const MAX_TRIES: u32 = 8;
const FIRST_WAIT_SECONDS: i64 = 60;

/// How long a worker has a channel to itself, in seconds. Longer than a mail or a call may take.
const HOLD_SECONDS: i64 = 60;

/// When a question that could not be mailed is tried again, in seconds: mail was down, or the address is
/// still to be confirmed.
const QUESTION_RETRY_SECONDS: i64 = 3600;

/// How long after sign-up the question waits for the address to be confirmed, in seconds.
const UNCONFIRMED_SECONDS: i64 = 7 * 24 * 3600;

/// What sending needs.
#[derive(Clone, Debug)]
pub struct NoticeSender {
    /// The table.
    pub store: Store,
    /// The links of the mails.
    pub mail_links: MailLinks,
    /// The queue service.
    pub queues: Queues,
    /// The queue of notices.
    pub queue: String,
    /// Sends mail.
    pub mailer: Mailer,
    /// Calls webhooks.
    pub fetcher: Fetcher,
    /// How long a webhook may take to answer.
    pub webhook_timeout: Duration,
    /// The site she signs in at.
    pub site: String,
    /// Where the API is reached.
    pub public_url: String,
}

/// A delivery that must come again, and after how many seconds.
struct NoticeRetry {
    error: Error,
    seconds: i64,
}

impl From<Error> for NoticeRetry {
    fn from(error: Error) -> Self {
        Self {
            error,
            seconds: FIRST_WAIT_SECONDS,
        }
    }
}

/// Why somebody could not be told.
struct NoticeFailure {
    reason: String,
    is_permanent: bool,
}

impl NoticeFailure {
    fn transient(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            is_permanent: false,
        }
    }

    fn permanent(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            is_permanent: true,
        }
    }
}

impl NoticeSender {
    /// Takes a delivery. An error means it must come again; how soon is arranged.
    pub async fn take(&self, delivered: &QueueDelivery) -> Result<()> {
        self.take_at(delivered, clock::now()).await
    }

    async fn take_at(&self, delivered: &QueueDelivery, now: Timestamp) -> Result<()> {
        let message: NoticeMessage = serde_json::from_str(&delivered.body)
            .map_err(|err| Error::bug("reading a notice's message", err))?;
        let user = message.user_id;
        let correlation = Correlation::named(match &message.notice {
            Notice::Update { message, .. } => message.clone(),
            Notice::Question { round } => format!("question-{user}-{round}"),
        });
        let span = tracing::info_span!(
            "notice", user.id = %user, correlation = correlation.id, trace = correlation.root(),
            attempt = delivered.attempt
        );
        let work = async {
            let last = delivered.last;
            match message.notice {
                Notice::Update { message, channel } => {
                    self.update(user, &message, channel, last, now).await
                }
                Notice::Question { round } => self.question(user, round, last, now).await,
            }
        };
        let Err(again) = correlation.follow(span, work).await else {
            return Ok(());
        };
        let seconds = i32::try_from(again.seconds.max(0)).unwrap_or(i32::MAX);
        let delayed = self.queues.delay(&self.queue, &delivered.receipt, seconds);
        if let Err(err) = delayed.await {
            tracing::warn!(
                error.chain = err.chain(),
                "a notice could not be delayed and comes again later"
            );
        }
        Err(again.error)
    }

    async fn update(
        &self,
        user: UserId,
        name: &str,
        channel: Channel,
        is_last: bool,
        now: Timestamp,
    ) -> Result<(), NoticeRetry> {
        let outbox = self.store.outbox(user).await?;
        let under_way = outbox.filter(|it| it.message.as_deref() == Some(name));
        let Some(outbox) = under_way.filter(|it| !it.is_done(channel)) else {
            tracing::info!("this was told before");
            return Ok(());
        };
        let row = self.store.preferences(user).await?;
        let wanted = |it: &PreferencesRow| it.preferences.ways(&outbox.kinds()).contains(&channel);
        let Some(row) = row.filter(wanted) else {
            tracing::info!("she does not want to be told so any more");
            return Ok(self.close_if_told(user, now).await?);
        };
        // Quiet hours or a pause may have begun since the message was put on the queue.
        if let Some(again) = next_look(&row.preferences, &outbox, now) {
            tracing::info!("she is told later");
            return Ok(self.store.put_off_outbox(user, again).await?);
        }
        let until = now.plus_seconds(HOLD_SECONDS);
        let held = self
            .store
            .hold_delivery(user, name, channel, now, until)
            .await?;
        let Some(outbox) = held else {
            // Another delivery has it. Should its worker die, the outbox becomes due again.
            return if is_last {
                Ok(())
            } else {
                Err(busy(&outbox, channel, now))
            };
        };
        self.try_channel(user, &row, &outbox, channel, is_last, now)
            .await
    }

    async fn try_channel(
        &self,
        user: UserId,
        row: &PreferencesRow,
        outbox: &Outbox,
        channel: Channel,
        is_last: bool,
        now: Timestamp,
    ) -> Result<(), NoticeRetry> {
        let tries = outbox.tries(channel) + 1;
        let tried = match channel {
            Channel::Email => self.mail(user, now).await?,
            Channel::Webhook => self.call(row, outbox, now).await?,
        };
        let delivery = delivery(outbox, channel, tries, now, tried);
        let seconds = FIRST_WAIT_SECONDS << (tries - 1).min(MAX_TRIES);
        let again = now.plus_seconds(seconds);
        self.store.record_delivery(user, &delivery, again).await?;
        tracing::info!(
            channel = channel.as_str(),
            outcome = ?delivery.outcome,
            tries,
            "somebody was told, or could not be"
        );
        if delivery.outcome != NoticeOutcome::Failed {
            return Ok(self.close_if_told(user, now).await?);
        }
        if is_last {
            return Ok(self.store.put_off_outbox(user, again).await?);
        }
        // Should this message be lost, another is put on the queue.
        let lost = again.plus_seconds(IN_FLIGHT_SECONDS);
        self.store.put_off_outbox(user, lost).await?;
        let reason = delivery.reason.unwrap_or_default();
        Err(NoticeRetry {
            error: Error::unavailable("telling her outside the app", reason),
            seconds,
        })
    }

    /// Asks her whether she wants mail, unless she has said so by now.
    async fn question(
        &self,
        user: UserId,
        round: u32,
        is_last: bool,
        now: Timestamp,
    ) -> Result<(), NoticeRetry> {
        let question = self.store.mail_question(user).await?;
        let Some(question) = question.filter(|it| it.asked == round) else {
            tracing::info!("she was asked before");
            return Ok(());
        };
        if question.is_answered(now) {
            tracing::info!("she has answered");
            return Ok(self.store.close_question(user, round, now).await?);
        }
        let chosen = self.store.preferences(user).await?;
        let has_chosen =
            chosen.is_some_and(|it| it.preferences.channels.email || it.mail_stop.is_some());
        let account = self.store.account(user).await?;
        let account = account.filter(|_| !has_chosen && round < MAX_QUESTIONS);
        let is_fresh =
            |it: &Account| now.millis_since(it.profile.created_at) < UNCONFIRMED_SECONDS * 1000;
        let address = match account {
            Some(it) if it.email_confirmed_at.is_some() => it.email,
            Some(it) if is_fresh(&it) => {
                let again = now.plus_seconds(QUESTION_RETRY_SECONDS);
                return Ok(self.store.put_off_question(user, round, again).await?);
            }
            _ => return Ok(self.store.close_question(user, round, now).await?),
        };
        let until = now.plus_seconds(HOLD_SECONDS);
        if !self.store.hold_question(user, round, now, until).await? {
            let error = Error::conflict("NOTICE_BUSY", "Another worker has this notice.");
            let seconds = HOLD_SECONDS;
            return if is_last {
                Ok(())
            } else {
                Err(NoticeRetry { error, seconds })
            };
        }
        let mail = self.question_mail(user, round, now).await?;
        match self.mailer.send(&address, &mail).await {
            Err(error) if error.kind == ErrorKind::Unavailable && is_last => {
                let again = now.plus_seconds(QUESTION_RETRY_SECONDS);
                tracing::warn!(
                    error.chain = error.chain(),
                    "the question could not be mailed"
                );
                Ok(self.store.put_off_question(user, round, again).await?)
            }
            Err(error) if error.kind == ErrorKind::Unavailable => Err(error.into()),
            sent => {
                if let Err(err) = sent {
                    tracing::error!(error.chain = err.chain(), "a mail was refused");
                }
                Ok(self.store.close_question(user, round, now).await?)
            }
        }
    }

    async fn question_mail(&self, user: UserId, round: u32, now: Timestamp) -> Result<Mail> {
        let token = self
            .mail_links
            .create(user, MailLinkPurpose::Question, now)
            .await?;
        let link = |answer: &str| {
            let base = &self.public_url;
            format!("{base}/api/v1/users/mail/{token}/{answer}")
        };
        Ok(Mail::Question {
            yes: link("yes"),
            no: link("no"),
            later: (round + 1 < MAX_QUESTIONS).then(|| link("later")),
        })
    }

    /// Where she is mailed: the address she signs in with, once it is confirmed.
    async fn address(&self, user: UserId) -> Result<Option<String>> {
        let account = self.store.account(user).await?;
        let confirmed = account.filter(|it| it.email_confirmed_at.is_some());
        Ok(confirmed.map(|it| it.email))
    }

    /// Closes the outbox once no channel is left to try.
    async fn close_if_told(&self, user: UserId, now: Timestamp) -> Result<()> {
        let Some(outbox) = self.store.outbox(user).await? else {
            return Ok(());
        };
        let row = self.store.preferences(user).await?;
        let ways = row.map(|it| it.preferences.ways(&outbox.kinds()));
        let is_told = ways
            .unwrap_or_default()
            .iter()
            .all(|it| outbox.is_done(*it));
        if is_told && outbox.message.is_some() {
            self.store.close_outbox(user, &outbox, now).await?;
        }
        Ok(())
    }

    async fn mail(&self, user: UserId, now: Timestamp) -> Result<Result<(), NoticeFailure>> {
        let Some(address) = self.address(user).await? else {
            return Ok(Err(NoticeFailure::permanent("no confirmed address")));
        };
        let token = self
            .mail_links
            .create(user, MailLinkPurpose::Stop, now)
            .await?;
        let mail = Mail::Update {
            link: format!("{}/login", self.site),
            stop: format!("{}/api/v1/users/stop/{token}", self.public_url),
        };
        Ok(match self.mailer.send(&address, &mail).await {
            Ok(()) => Ok(()),
            Err(err) if err.kind == ErrorKind::Unavailable => {
                Err(NoticeFailure::transient("mail unavailable"))
            }
            Err(err) => {
                tracing::error!(error.chain = err.chain(), "a mail was refused");
                Err(NoticeFailure::permanent("mail refused"))
            }
        })
    }

    async fn call(
        &self,
        row: &PreferencesRow,
        outbox: &Outbox,
        now: Timestamp,
    ) -> Result<Result<(), NoticeFailure>> {
        let (Some(url), Some(secret), Some(id)) = (
            &row.preferences.channels.webhook,
            &row.webhook_secret,
            &outbox.message,
        ) else {
            return Ok(Err(NoticeFailure::permanent("no webhook")));
        };
        // The event tells when it came to be, not when it is tried again.
        let body = update_event(outbox.since);
        let headers = signed(secret, id, now, &body)?;
        let answered = self.fetcher.post(url, &headers, body);
        let answered = tokio::time::timeout(self.webhook_timeout, answered).await;
        Ok(match answered.unwrap_or(Err(FetchRefusal::TooSlow)) {
            Ok(_) => Ok(()),
            Err(FetchRefusal::Status(410)) => Err(NoticeFailure::permanent("status 410")),
            Err(why) => Err(NoticeFailure::transient(why.to_string())),
        })
    }
}

fn busy(outbox: &Outbox, channel: Channel, now: Timestamp) -> NoticeRetry {
    let left = outbox.held_until(channel).map(|it| it.millis_since(now));
    NoticeRetry {
        error: Error::conflict("NOTICE_BUSY", "Another worker has this notice."),
        seconds: left.map_or(HOLD_SECONDS, |it| it / 1000 + 1),
    }
}

fn delivery(
    outbox: &Outbox,
    channel: Channel,
    tries: u32,
    at: Timestamp,
    tried: Result<(), NoticeFailure>,
) -> NoticeAttempt {
    let outcome = match &tried {
        Ok(()) => NoticeOutcome::Sent,
        Err(it) if it.is_permanent || tries >= MAX_TRIES => NoticeOutcome::GivenUp,
        Err(_) => NoticeOutcome::Failed,
    };
    NoticeAttempt {
        message: outbox.message.clone().unwrap_or_default(),
        channel,
        at,
        outcome,
        reason: tried.err().map(|it| it.reason),
    }
}

#[cfg(test)]
mod tests;
