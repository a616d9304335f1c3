//! Worker of requests (queues takedown and takedown-urgent): sends what she approved, takes what the mail service tells,
//! looks whether it is gone, ends the recipient's time.
//!
//! A message names a request and nothing else; what is to be done follows from its row. Before a mail is handed over,
//! its attempt is stored. Whoever finds an attempt whose outcome nobody knows sends nothing again.

use std::cell::Cell;

use serde_json::json;

use super::transition::{Changed, mark_sent, receive};
use super::{Takedowns, schedule};
use crate::clock;
use crate::domain::event::Actor;
use crate::domain::takedown::{
    ReceiptKind, ReplyTag, TakedownEvent, TakedownPurpose, TakedownState, guards,
};
use crate::domain::{Error, Result, TakedownId, Timestamp, UserId};
use crate::engines::Fetcher;
use crate::mail::{Mailer, RequestMail, RequestMailFault};
use crate::queues::{MailNews, MailNewsKind, QueueDelivery, TakedownMessage};
use crate::store::{TakedownAttempt, TakedownFailure, TakedownRow};

/// For how long a mail server that refused us is left alone, in seconds.
const HOST_REST_SECONDS: i64 = 60;

/// Sends requests and looks after them.
#[derive(Clone, Debug)]
pub struct TakedownWorker {
    /// Her requests.
    pub takedowns: Takedowns,
    /// Hands mails over.
    pub mailer: Mailer,
    /// Fetches pages.
    pub fetcher: Fetcher,
    /// The domain of reply addresses, where incoming mail is read. Without one, answers go to the address she gave.
    pub post_domain: Option<String>,
}

impl TakedownWorker {
    /// Takes a delivery. An error means it must come again.
    pub async fn take(&self, delivered: &QueueDelivery) -> Result<()> {
        let message: TakedownMessage = serde_json::from_str(&delivered.body)
            .map_err(|err| Error::bug("reading a message of takedown", err))?;
        let now = clock::now();
        match &message.mail {
            Some(news) => {
                self.take_news(message.user_id, message.takedown_id, news, now)
                    .await
            }
            None => {
                self.look_after(message.user_id, message.takedown_id, now)
                    .await
            }
        }
    }

    /// Does what is to be done with a request now.
    pub async fn look_after(&self, user: UserId, id: TakedownId, now: Timestamp) -> Result<()> {
        let Some(row) = self.takedowns.store().takedown(user, id).await? else {
            return Ok(());
        };
        match row.state {
            // Its recipient objected: nothing is sent until reviewers decided.
            TakedownState::Approved | TakedownState::Queued if row.is_paused() => Ok(()),
            TakedownState::Approved => {
                let is_kept_back = row.send_after.is_some_and(|it| it > now);
                match is_kept_back {
                    true => Ok(()),
                    false => self.enqueue(user, &row, now).await,
                }
            }
            TakedownState::Queued => self.send(user, &row, now).await,
            TakedownState::Sending => self.give_up_uncertain(user, &row, now).await,
            _ if row.sent_at.is_some() => self.watch(user, &row, now).await,
            _ => Ok(()),
        }
    }

    async fn enqueue(&self, user: UserId, row: &TakedownRow, now: Timestamp) -> Result<()> {
        let queued = self.change(user, row.id, now, |row| {
            if row.state != TakedownState::Approved || row.is_paused() {
                return Ok(None);
            }
            let mut changed = Changed::of(row);
            changed.step(TakedownEvent::Enqueue, json!({}))?;
            Ok(Some(changed))
        });
        let queued = queued.await?;
        match queued.state {
            TakedownState::Queued if queued.is_paused() => Ok(()),
            TakedownState::Queued => self.send(user, &queued, now).await,
            _ => Ok(()),
        }
    }

    /// Hands the mail over, if its turn has come.
    async fn send(&self, user: UserId, row: &TakedownRow, now: Timestamp) -> Result<()> {
        // Put off, it comes again when its time is there, whatever messages come before.
        let is_early = row.delays > 0 && row.work_at.is_some_and(|it| it > now);
        if is_early {
            return Ok(());
        }
        let (_, sealed) = self.takedowns.opened(user, row.id, now).await?;
        let approval = sealed.approval.as_ref();
        let approved = approval.filter(|it| row.approved_sha256 == Some(it.text.sha256()));
        let Some((approval, address)) = approved.and_then(|it| Some((it, it.address.clone()?)))
        else {
            tracing::error!(takedown.id = %row.id, "a request is not what was approved and is not sent");
            return self.fail(user, row, TakedownFailure::Rejected, now).await;
        };
        let host = guards::registrable_domain(address.rsplit('@').next().unwrap_or_default());
        let super::addressee::Addressee { recipient, .. } =
            super::addressee::addressee_of(row, &sealed)?;
        let store = self.takedowns.store();
        if let Some(at) = store.take_host_token(&host, recipient.pace(), now).await? {
            store.put_off_takedown(user, row, at).await?;
            return Ok(());
        }
        let alias = self.reply_address(user, row.id).await?;
        let mail = RequestMail {
            to: address,
            reply_to: alias.clone().or_else(|| sealed.facts.email.clone()),
            thread: alias,
            subject: approval.text.subject.clone(),
            text: approval.text.body.clone(),
            answers: sealed.message_ids.clone(),
            user,
            takedown: row.id,
            attempt: row.attempts + 1,
        };
        let claimed = match self.claim(user, row, now).await {
            Ok(Some(claimed)) => claimed,
            Ok(None) => return Ok(()),
            Err(err) if err.code == "SENDING_CLOSED" => return self.stop(user, row.id, now).await,
            Err(err) => return Err(err),
        };
        let sent = self.mailer.send_request(&mail).await;
        self.settle(user, &claimed, &host, sent, clock::now()).await
    }

    /// The address for answers to a request, which leads to it from then on.
    async fn reply_address(&self, user: UserId, id: TakedownId) -> Result<Option<String>> {
        let Some(domain) = &self.post_domain else {
            return Ok(None);
        };
        let leads = self.takedowns.store().put_reply_address(user, id).await?;
        Ok(leads.then(|| ReplyTag::of(user, id).address(domain)))
    }

    /// Notes that an attempt begins. Nothing: somebody else was faster.
    async fn claim(
        &self,
        user: UserId,
        row: &TakedownRow,
        now: Timestamp,
    ) -> Result<Option<TakedownRow>> {
        let number = row.attempts + 1;
        let sha256 = row.approved_sha256.clone().unwrap_or_default();
        // Two workers can begin in the same millisecond: only who made the change sends.
        let is_ours = Cell::new(false);
        let claimed = self.change(user, row.id, now, |before| {
            is_ours.set(before.revision == row.revision);
            if !is_ours.get() {
                return Ok(None);
            }
            let mut changed = Changed::of(before);
            changed.row.attempts = number;
            changed.row.claimed_at = Some(now);
            changed.row.work_at = None;
            changed.attempt = Some(TakedownAttempt {
                number,
                started_at: now,
                sha256: sha256.clone(),
                message_id: None,
                ended_at: None,
            });
            changed.step(
                TakedownEvent::Claim,
                json!({ "attempt": number, "sha256": sha256 }),
            )?;
            Ok(Some(changed))
        });
        let claimed = claimed.await?;
        Ok(is_ours.get().then_some(claimed))
    }

    /// Stores what became of an attempt.
    async fn settle(
        &self,
        user: UserId,
        claimed: &TakedownRow,
        host: &str,
        sent: Result<String, RequestMailFault>,
        now: Timestamp,
    ) -> Result<()> {
        let store = self.takedowns.store();
        match sent {
            Ok(message_id) => {
                store.note_host_outcome(host, None, now).await?;
                self.sent(user, claimed.id, claimed.attempts, Some(message_id), now)
                    .await
            }
            Err(RequestMailFault::Unknown(err)) => {
                store.note_host_outcome(host, Some(0), now).await?;
                tracing::error!(takedown.id = %claimed.id, error.chain = err.chain(), "nobody knows yet whether a request was sent");
                Ok(())
            }
            Err(RequestMailFault::Never(err)) => {
                tracing::error!(takedown.id = %claimed.id, error.chain = err.chain(), "the mail service refuses a request");
                self.fail(user, claimed, TakedownFailure::Rejected, now)
                    .await
            }
            Err(RequestMailFault::Later(err)) => {
                store
                    .note_host_outcome(host, Some(HOST_REST_SECONDS), now)
                    .await?;
                tracing::warn!(takedown.id = %claimed.id, error.chain = err.chain(), "a request is sent later");
                if claimed.delays >= schedule::MAX_DELAYS {
                    return self
                        .fail(user, claimed, TakedownFailure::TooManyTries, now)
                        .await;
                }
                let wait =
                    schedule::delay_seconds(claimed.delays, uuid::Uuid::new_v4().as_fields().0);
                let again = now.plus_seconds(wait);
                let number = claimed.attempts;
                self.change(user, claimed.id, now, |row| {
                    if row.state != TakedownState::Sending || row.attempts != number {
                        return Ok(None);
                    }
                    let mut changed = Changed::of(row);
                    changed.row.delays = row.delays + 1;
                    changed.row.work_at = Some(again);
                    changed.attempt = Some(ended(row, None, now));
                    changed.step(TakedownEvent::Delay, json!({ "attempt": number }))?;
                    Ok(Some(changed))
                })
                .await?;
                Ok(())
            }
        }
    }

    /// Notes that an attempt was sent. Told twice, it changes nothing.
    async fn sent(
        &self,
        user: UserId,
        id: TakedownId,
        attempt: u32,
        message_id: Option<String>,
        now: Timestamp,
    ) -> Result<()> {
        let actor = Actor::system();
        self.takedowns
            .change((user, &actor), id, now, |row, sealed| {
                let is_under_way = row.state == TakedownState::Sending && row.attempts == attempt;
                if let Some(id) = &message_id
                    && !sealed.message_ids.contains(id)
                {
                    sealed.message_ids.push(id.clone());
                } else if !is_under_way {
                    return Ok(None);
                }
                let mut changed = Changed::of(row);
                if !is_under_way {
                    // The news of it was faster than we are.
                    return Ok(Some(changed));
                }
                changed.row.work_at = None;
                changed.attempt = Some(ended(row, message_id.clone(), now));
                let said = json!({ "attempt": attempt, "sha256": row.approved_sha256 });
                match row.purpose {
                    TakedownPurpose::Retraction => changed.step(TakedownEvent::Retract, said)?,
                    _ => {
                        changed.step(TakedownEvent::Send, said)?;
                        mark_sent(&mut changed.row, now);
                    }
                }
                Ok(Some(changed))
            })
            .await?;
        Ok(())
    }

    async fn fail(
        &self,
        user: UserId,
        row: &TakedownRow,
        why: TakedownFailure,
        now: Timestamp,
    ) -> Result<()> {
        let number = row.attempts;
        self.change(user, row.id, now, |row| {
            let can_fail = matches!(
                row.state,
                TakedownState::Queued | TakedownState::Sending | TakedownState::Sent
            );
            if !can_fail || row.attempts != number {
                return Ok(None);
            }
            let mut changed = Changed::of(row);
            changed.row.failure = Some(why);
            changed.row.work_at = None;
            if row.state == TakedownState::Sending {
                changed.attempt = Some(ended(row, None, now));
            }
            changed.step(TakedownEvent::Fail, json!({ "reason": why }))?;
            Ok(Some(changed))
        })
        .await?;
        Ok(())
    }

    /// Ends a request that waits to be sent for an account that cannot send any more.
    async fn stop(&self, user: UserId, id: TakedownId, now: Timestamp) -> Result<()> {
        self.change(user, id, now, |row| {
            if row.state != TakedownState::Queued {
                return Ok(None);
            }
            let mut changed = Changed::of(row);
            changed.step(
                TakedownEvent::Withdraw,
                json!({ "reason": "SENDING_CLOSED", "wasSent": row.sent_at.is_some() }),
            )?;
            Ok(Some(changed))
        })
        .await?;
        Ok(())
    }

    /// An attempt of which nobody has told for an hour: she is told that we do not know. It is never sent again.
    async fn give_up_uncertain(
        &self,
        user: UserId,
        row: &TakedownRow,
        now: Timestamp,
    ) -> Result<()> {
        let began = row.claimed_at.unwrap_or(row.updated_at);
        if now < began.plus_seconds(schedule::OUTCOME_KNOWN_AFTER) {
            return Ok(());
        }
        self.fail(user, row, TakedownFailure::Uncertain, now).await
    }

    /// What the mail service tells of a mail. It is also how we learn of an attempt that we lost sight of.
    async fn take_news(
        &self,
        user: UserId,
        id: TakedownId,
        news: &MailNews,
        now: Timestamp,
    ) -> Result<()> {
        let Some(row) = self.takedowns.store().takedown(user, id).await? else {
            return Ok(());
        };
        let attempt: u32 = news.attempt.parse().unwrap_or_default();
        if attempt != row.attempts {
            // Of an earlier text, which is past.
            return Ok(());
        }
        match news.kind {
            MailNewsKind::Send => self.sent(user, id, attempt, None, now).await,
            MailNewsKind::Delivery => {
                self.sent(user, id, attempt, None, now).await?;
                let at = news.at.filter(|it| *it <= now).unwrap_or(now);
                self.received(user, id, at, now).await
            }
            MailNewsKind::Bounce if news.bounce == "Permanent" => {
                self.fail(user, &row, TakedownFailure::Bounced, now).await
            }
            MailNewsKind::Reject => self.fail(user, &row, TakedownFailure::Rejected, now).await,
            MailNewsKind::Complaint => {
                self.fail(user, &row, TakedownFailure::Complained, now)
                    .await
            }
            MailNewsKind::Bounce | MailNewsKind::Other => Ok(()),
        }
    }

    async fn received(
        &self,
        user: UserId,
        id: TakedownId,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<()> {
        let actor = Actor::system();
        self.takedowns
            .change((user, &actor), id, now, |row, sealed| {
                if row.state != TakedownState::Sent || row.receipt.is_some() {
                    return Ok(None);
                }
                let mut changed = Changed::of(row);
                changed.step(
                    TakedownEvent::Receive,
                    json!({ "receipt": ReceiptKind::Smtp, "at": at }),
                )?;
                receive(&mut changed.row, sealed, ReceiptKind::Smtp, at)?;
                changed.row.work_at = None;
                Ok(Some(changed))
            })
            .await?;
        Ok(())
    }

    async fn change(
        &self,
        user: UserId,
        id: TakedownId,
        now: Timestamp,
        rule: impl Fn(&TakedownRow) -> Result<Option<Changed>>,
    ) -> Result<TakedownRow> {
        let actor = Actor::system();
        self.takedowns
            .change((user, &actor), id, now, |row, _| rule(row))
            .await
    }
}

/// The attempt under way, ended.
fn ended(row: &TakedownRow, message_id: Option<String>, now: Timestamp) -> TakedownAttempt {
    TakedownAttempt {
        number: row.attempts,
        started_at: row.claimed_at.unwrap_or(now),
        sha256: row.approved_sha256.clone().unwrap_or_default(),
        message_id,
        ended_at: Some(now),
    }
}

#[cfg(test)]
pub(super) mod tests;
