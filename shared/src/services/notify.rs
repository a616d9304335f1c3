//! Telling her outside the app that there is something new: content-free, where and when she wants it.
//!
//! Runs every minute. A message has one name however often it is tried, and each way is done once; only
//! a run that dies between handing a mail over and noting it sends that mail again.

use crate::domain::{Channel, Error, Kind, Result, Timestamp, UserId};
use crate::engines::{Fetcher, signed};
use crate::mail::{Mail, Mailer, update_event};
use crate::store::{DUE_NOTIFY, Delivery, DeliveryOutcome, Due, Outbox, PreferencesRow, Store};

/// How many users one run tells.
const MOST: usize = 200;

/// How long nobody else takes up what is being told, in seconds.
const OUT_OF_SIGHT: i64 = 5 * 60;

/// Preferences are looked at again at least so often, in seconds, while she waits.
const LOOK_AGAIN: i64 = 15 * 60;

/// How often a way is tried, and how long is waited after the first time, in seconds; twice as long
/// after each.
const TRIES: u32 = 8;
const FIRST_WAIT: i64 = 60;

/// What telling her needs.
#[derive(Clone, Debug)]
pub struct Notifier {
    /// The table.
    pub store: Store,
    /// Sends mail.
    pub mailer: Mailer,
    /// Calls webhooks.
    pub fetcher: Fetcher,
    /// The site she signs in at.
    pub site: String,
    /// Where the API is reached.
    pub public_url: String,
}

/// What one run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Messages that were taken, or given up.
    pub finished: usize,
    /// Users who want nothing, or have seen everything.
    pub dropped: usize,
    /// Users who are told later.
    pub waiting: usize,
    /// Users for whom something failed.
    pub failed: usize,
}

/// What was done for one user.
enum Step {
    Finished,
    Dropped,
    Waiting,
    Nothing,
}

impl Notifier {
    /// Tells everybody who is to be told now. Fails only if the table does not say who that is.
    pub async fn run(&self, now: Timestamp) -> Result<Told> {
        let mut told = Told::default();
        for due in self.store.due(DUE_NOTIFY, now, MOST).await? {
            match self.deal_with(&due, now).await {
                Ok(Step::Finished) => told.finished += 1,
                Ok(Step::Dropped) => told.dropped += 1,
                Ok(Step::Waiting) => told.waiting += 1,
                Ok(Step::Nothing) => {}
                Err(err) => {
                    told.failed += 1;
                    tracing::error!(
                        error.chain = err.chain(),
                        "telling somebody failed and comes again"
                    );
                }
            }
        }
        let Told {
            finished,
            dropped,
            waiting,
            failed,
        } = told;
        tracing::info!(finished, dropped, waiting, failed, "told who is to be told");
        Ok(told)
    }

    async fn deal_with(&self, due: &Due, now: Timestamp) -> Result<Step> {
        let until = now.plus_seconds(OUT_OF_SIGHT);
        if !self.store.take_due(due, DUE_NOTIFY, until).await? {
            return Ok(Step::Nothing);
        }
        let user = due
            .user()
            .ok_or_else(|| Error::bug("reading whom to tell", "it is nobody"))?;
        let Some(outbox) = self.store.outbox(user).await? else {
            return Ok(Step::Nothing);
        };
        let row = self.store.preferences(user).await?;
        let ways = row
            .as_ref()
            .map(|it| it.preferences.ways(&outbox.kinds()))
            .unwrap_or_default();
        let (Some(row), false) = (row, ways.is_empty()) else {
            return self.close(user, &outbox, now).await.map(|()| Step::Dropped);
        };
        // She may have looked in the meantime.
        if outbox.message.is_none() && self.store.new_alerts(user).await? == 0 {
            return self.close(user, &outbox, now).await.map(|()| Step::Dropped);
        }
        let moment = row.preferences.moment(outbox.since, now);
        if moment > now {
            let again = moment.min(now.plus_seconds(LOOK_AGAIN));
            self.store.put_off_outbox(user, again).await?;
            return Ok(Step::Waiting);
        }
        self.tell(user, &row, &ways, now).await
    }

    async fn tell(
        &self,
        user: UserId,
        row: &PreferencesRow,
        ways: &[Channel],
        now: Timestamp,
    ) -> Result<Step> {
        let Some(outbox) = self.store.begin_message(user).await? else {
            return Ok(Step::Nothing);
        };
        let mut wait = None;
        for &channel in ways.iter().filter(|it| !outbox.is_done(**it)) {
            let tries = outbox.tries(channel) + 1;
            let tried = self.send(user, row, &outbox, channel, now).await?;
            let delivery = delivery(&outbox, channel, tries, now, tried);
            if delivery.outcome == DeliveryOutcome::Failed {
                let again = FIRST_WAIT << (tries - 1).min(TRIES);
                wait = Some(wait.map_or(again, |it: i64| it.min(again)));
            }
            self.store.record_delivery(user, &delivery).await?;
            tracing::info!(
                user.id = %user,
                channel = channel.as_str(),
                outcome = ?delivery.outcome,
                tries,
                "somebody was told, or could not be"
            );
        }
        match wait {
            Some(seconds) => {
                let again = now.plus_seconds(seconds);
                self.store.put_off_outbox(user, again).await?;
                Ok(Step::Waiting)
            }
            None => self
                .close(user, &outbox, now)
                .await
                .map(|()| Step::Finished),
        }
    }

    async fn close(&self, user: UserId, outbox: &Outbox, now: Timestamp) -> Result<()> {
        self.store.close_outbox(user, outbox, now).await
    }

    /// Tries one way. The inner error is why it was not taken.
    async fn send(
        &self,
        user: UserId,
        row: &PreferencesRow,
        outbox: &Outbox,
        channel: Channel,
        now: Timestamp,
    ) -> Result<Result<(), Failure>> {
        match channel {
            Channel::Email => self.mail(user, row).await,
            Channel::Webhook => self.call(row, outbox, now).await,
        }
    }

    async fn mail(&self, user: UserId, row: &PreferencesRow) -> Result<Result<(), Failure>> {
        let account = self.store.account(user).await?;
        let address = account
            .filter(|it| it.email_confirmed_at.is_some())
            .map(|it| it.email);
        let Some(address) = address else {
            return Ok(Err(Failure::for_good("no confirmed address")));
        };
        let mail = Mail::Update {
            link: format!("{}/login", self.site),
            stop: format!("{}/api/v1/users/stop/{}", self.public_url, row.stop_token),
        };
        Ok(match self.mailer.send(&address, &mail).await {
            Ok(()) => Ok(()),
            Err(err) if err.kind == Kind::Unavailable => Err(Failure::for_now("mail unavailable")),
            Err(err) => {
                tracing::error!(error.chain = err.chain(), "a mail was refused");
                Err(Failure::for_good("mail refused"))
            }
        })
    }

    async fn call(
        &self,
        row: &PreferencesRow,
        outbox: &Outbox,
        now: Timestamp,
    ) -> Result<Result<(), Failure>> {
        let (Some(url), Some(secret), Some(id)) = (
            &row.preferences.channels.webhook,
            &row.webhook_secret,
            &outbox.message,
        ) else {
            return Ok(Err(Failure::for_good("no webhook")));
        };
        // The event tells when it came to be, not when it is tried again.
        let body = update_event(outbox.since);
        let headers = signed(secret, id, now, &body)?;
        let answered = self.fetcher.post(url, &headers, body).await;
        Ok(match answered {
            Ok(_) => Ok(()),
            Err(crate::engines::Refusal::Status(410)) => Err(Failure::for_good("status 410")),
            Err(why) => Err(Failure::for_now(why.to_string())),
        })
    }
}

/// Why somebody could not be told.
struct Failure {
    reason: String,
    for_good: bool,
}

impl Failure {
    fn for_now(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            for_good: false,
        }
    }

    fn for_good(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            for_good: true,
        }
    }
}

fn delivery(
    outbox: &Outbox,
    channel: Channel,
    tries: u32,
    at: Timestamp,
    tried: Result<(), Failure>,
) -> Delivery {
    let outcome = match &tried {
        Ok(()) => DeliveryOutcome::Sent,
        Err(it) if it.for_good || tries >= TRIES => DeliveryOutcome::GivenUp,
        Err(_) => DeliveryOutcome::Failed,
    };
    Delivery {
        message: outbox.message.clone().unwrap_or_default(),
        channel,
        at,
        outcome,
        reason: tried.err().map(|it| it.reason),
    }
}

#[cfg(test)]
#[path = "notify_tests.rs"]
mod tests;
