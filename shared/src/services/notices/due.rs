//! Notification schedule: find users with due alerts, put one message for each channel on the queue.
//!
//! Runs every minute and calls nobody itself. A message has one name however often it is put on the queue;
//! `notices` sends it, once for each channel. Until it is sent or given up on all channels the outbox stays
//! due, so that a message which was lost is put on the queue again.

use futures_util::{StreamExt, stream};

use crate::domain::{Error, Preferences, Result, Timestamp, UserId};
use crate::queues::{Notice, NoticeMessage, Queues};
use crate::store::{DUE_NOTIFY, DUE_QUESTION, Due, Outbox, Store};

/// How many users one run looks at, and how many of them side by side. A minute's time is enough for them.
const MAX_USERS_PER_RUN: usize = 4000;
const SIDE_BY_SIDE: usize = 16;

/// How long a message that was put on the queue is left alone, in seconds.
pub(crate) const IN_FLIGHT_SECONDS: i64 = 15 * 60;

/// The longest her outbox is put off, in seconds. Her choice has it looked at when she changes it, so this
/// matters only if that was lost.
const MAX_PUT_OFF: i64 = 24 * 3600;

/// When her outbox is looked at again, if she is not to be told now: at the moment that her quiet hours, her
/// pause and her digest come to.
pub(crate) fn next_look(
    preferences: &Preferences,
    outbox: &Outbox,
    now: Timestamp,
) -> Option<Timestamp> {
    let moment = preferences.moment(outbox.since, now);
    (moment > now).then(|| moment.min(now.plus_seconds(MAX_PUT_OFF)))
}

/// What finding who is to be told needs.
#[derive(Clone, Debug)]
pub struct UpdateNotifier {
    /// The table.
    pub store: Store,
    /// The queue service.
    pub queues: Queues,
    /// The queue of what is sent to her.
    pub queue: String,
}

/// What one run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NotifyTotals {
    /// Users for whom messages were put on the queue.
    pub queued: usize,
    /// Users who want nothing, have seen everything, or were told by now.
    pub dropped: usize,
    /// Users who are told later.
    pub waiting: usize,
    /// Users for whom something failed.
    pub failed: usize,
}

/// What was done for one user.
enum NoticeStep {
    Queued,
    Dropped,
    Waiting,
    Nothing,
}

impl NotifyTotals {
    fn note(&mut self, step: Result<NoticeStep>) {
        match step {
            Ok(NoticeStep::Queued) => self.queued += 1,
            Ok(NoticeStep::Dropped) => self.dropped += 1,
            Ok(NoticeStep::Waiting) => self.waiting += 1,
            Ok(NoticeStep::Nothing) => {}
            Err(err) => {
                self.failed += 1;
                tracing::error!(
                    error.chain = err.chain(),
                    "telling somebody failed and comes again"
                );
            }
        }
    }
}

impl UpdateNotifier {
    /// Has everybody told who is to be told now. Fails only if the table does not say who that is.
    pub async fn run(&self, now: Timestamp) -> Result<NotifyTotals> {
        let mut told = NotifyTotals::default();
        for kind in [DUE_NOTIFY, DUE_QUESTION] {
            let due = self.store.due(kind, now, MAX_USERS_PER_RUN).await?;
            let steps = stream::iter(&due).map(|due| self.take(kind, due, now));
            let mut steps = steps.buffer_unordered(SIDE_BY_SIDE);
            while let Some(step) = steps.next().await {
                told.note(step);
            }
        }
        let NotifyTotals {
            queued,
            dropped,
            waiting,
            failed,
        } = told;
        tracing::info!(queued, dropped, waiting, failed, "told who is to be told");
        Ok(told)
    }

    async fn take(&self, kind: &str, due: &Due, now: Timestamp) -> Result<NoticeStep> {
        let until = now.plus_seconds(IN_FLIGHT_SECONDS);
        if !self.store.take_due(due, until).await? {
            return Ok(NoticeStep::Nothing);
        }
        let user = due
            .user()
            .ok_or_else(|| Error::bug("reading whom to tell", "it is nobody"))?;
        match kind {
            DUE_QUESTION => self.ask(user).await,
            _ => self.tell(user, now).await,
        }
    }

    /// Has a message to her put on the queue, if she is to be told now.
    async fn tell(&self, user: UserId, now: Timestamp) -> Result<NoticeStep> {
        let Some(outbox) = self.store.outbox(user).await? else {
            return Ok(NoticeStep::Nothing);
        };
        let row = self.store.preferences(user).await?;
        let ways = row
            .as_ref()
            .map(|it| it.preferences.ways(&outbox.kinds()))
            .unwrap_or_default();
        let is_told = ways.iter().all(|it| outbox.is_done(*it));
        let (Some(row), false) = (row, is_told) else {
            return self.close(user, &outbox, now).await;
        };
        // She may have looked in the meantime.
        if outbox.message.is_none() && self.store.new_alerts(user).await? == 0 {
            return self.close(user, &outbox, now).await;
        }
        if let Some(again) = next_look(&row.preferences, &outbox, now) {
            self.store.put_off_outbox(user, again).await?;
            return Ok(NoticeStep::Waiting);
        }
        let Some(outbox) = self.store.begin_message(user, &outbox).await? else {
            return Ok(NoticeStep::Nothing);
        };
        let message = outbox.message.clone().unwrap_or_default();
        for channel in ways.into_iter().filter(|it| !outbox.is_done(*it)) {
            let notice = Notice::Update {
                message: message.clone(),
                channel,
            };
            let user_id = user;
            let sent = NoticeMessage { user_id, notice };
            self.queues.send(&self.queue, &sent).await?;
        }
        Ok(NoticeStep::Queued)
    }

    /// Has a woman who is new asked by mail whether she wants mail.
    async fn ask(&self, user_id: UserId) -> Result<NoticeStep> {
        let Some(question) = self.store.mail_question(user_id).await? else {
            return Ok(NoticeStep::Nothing);
        };
        let notice = Notice::Question {
            round: question.asked,
        };
        let asked = NoticeMessage { user_id, notice };
        self.queues.send(&self.queue, &asked).await?;
        Ok(NoticeStep::Queued)
    }

    async fn close(&self, user: UserId, outbox: &Outbox, now: Timestamp) -> Result<NoticeStep> {
        self.store.close_outbox(user, outbox, now).await?;
        Ok(NoticeStep::Dropped)
    }
}
