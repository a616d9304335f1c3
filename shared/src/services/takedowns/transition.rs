//! Transitions of a request: the one way by which every change is stored, with its events.

use serde_json::{Value, json};

use super::addressee::{Addressee, addressee_of};
use super::sealed::{RequestSealer, SealedTakedown};
use super::{Takedowns, missing, schedule, view};
use crate::domain::event::{Actor, ActorKind, StreamName};
use crate::domain::takedown::proposal::hours;
use crate::domain::takedown::{
    ReceiptKind, ReplyKind, TakedownEvent, TakedownState, WrongState, next,
};
use crate::domain::{Error, Result, TakedownId, Timestamp, UserId};
use crate::store::{
    BesideTakedown, ObjectionChange, TakedownAttempt, TakedownMailRow, TakedownRow,
    retry_on_conflict,
};

/// A change of a request: how it is then, and what happened, in order.
pub(super) struct Changed {
    pub(super) row: TakedownRow,
    pub(super) steps: Vec<(TakedownEvent, Value)>,
    pub(super) attempt: Option<TakedownAttempt>,
    /// The mail that made it.
    pub(super) mail: Option<TakedownMailRow>,
    /// The objection that comes or changes with it.
    pub(super) objection: Option<ObjectionChange>,
    /// What happened that is no transition, by the types of its events.
    pub(super) told: Vec<&'static str>,
}

impl Changed {
    /// The request as it was.
    pub(super) fn of(row: &TakedownRow) -> Self {
        Self {
            row: row.clone(),
            steps: Vec::new(),
            attempt: None,
            mail: None,
            objection: None,
            told: Vec::new(),
        }
    }

    /// Has this happen, if the table of states allows it.
    pub(super) fn step(&mut self, event: TakedownEvent, said: Value) -> Result<()> {
        self.row.state = next_state(self.row.state, event)?;
        self.steps.push((event, said));
        Ok(())
    }
}

impl Takedowns {
    /// Changes a request by a rule: row, totals, events and frame together. A rule that answers nothing finds it as it
    /// shall be.
    pub(super) async fn change(
        &self,
        (user, actor): (UserId, &Actor),
        id: TakedownId,
        now: Timestamp,
        rule: impl Fn(&TakedownRow, &mut SealedTakedown) -> Result<Option<Changed>>,
    ) -> Result<TakedownRow> {
        let key = self.log.data_key(user, now).await?;
        let sealer = RequestSealer { user, key: &key };
        retry_on_conflict("changing a request", || async {
            let before = self.store().takedown(user, id).await?.ok_or_else(missing)?;
            let opened = sealer.open(&before)?;
            let mut sealed = opened.clone();
            let Some(Changed {
                mut row,
                steps,
                attempt,
                mail,
                objection,
                told,
            }) = rule(&before, &mut sealed)?
            else {
                return Ok(Some(before));
            };
            if sealed != opened {
                row.sealed = sealer.close(id, &sealed)?;
            }
            row.revision = before.revision + 1;
            let mut events = None;
            let told = all_events(mail.as_ref(), &told, &steps);
            if !told.is_empty() {
                row.updated_at = now;
                let stream = StreamName::takedown(id);
                events = Some(
                    self.log
                        .tell_all_in((user, actor, &stream), &told, now)
                        .await?,
                );
                if row.work_at == before.work_at || row.work_at.is_none() {
                    row.work_at = schedule::work_at(&row, now);
                }
            }
            let is_told =
                steps.iter().any(|it| is_news(it.0)) || mail.as_ref().is_some_and(asks_her);
            let tells = is_told && actor.kind != ActorKind::User;
            let change = (&before, &row, tells.then_some(now));
            let beside = BesideTakedown {
                attempt: attempt.as_ref(),
                mail: mail.as_ref(),
                objection: objection.as_ref(),
                is_approved: steps.iter().any(|it| it.0 == TakedownEvent::Approve),
            };
            let is_done = self
                .store()
                .change_takedown(user, change, beside, events)
                .await?;
            if is_done {
                tracing::info!(takedown.id = %id, state = row.state.as_str(), "a request changed");
            }
            Ok::<_, Error>(is_done.then_some(row))
        })
        .await
    }

    /// Has a worker look after a request now. If the queue does not take it, the schedule finds it.
    pub(super) async fn tell_worker(&self, user: UserId, row: &TakedownRow) {
        if let Err(err) = self.queues.send(user, row).await {
            tracing::warn!(takedown.id = %row.id, error.chain = err.chain(), "a request waits for the schedule");
        }
    }
}

/// The type of the event that a mail came.
const MAIL_CAME: &str = "takedown.mail_received";

/// What happened, by the types of its events, in order.
fn all_events(
    mail: Option<&TakedownMailRow>,
    told: &[&'static str],
    steps: &[(TakedownEvent, Value)],
) -> Vec<(&'static str, Value)> {
    let came = mail.into_iter().map(|it| {
        let said = json!({ "mail": it.id, "kind": it.kind, "isVerified": it.is_verified });
        (MAIL_CAME, said)
    });
    let told = told.iter().map(|it| (*it, json!({})));
    let done = steps
        .iter()
        .map(|(it, said)| (it.record_type(), said.clone()));
    came.chain(told).chain(done).collect()
}

/// A mail of the recipient that she has to read.
fn asks_her(mail: &TakedownMailRow) -> bool {
    mail.is_verified && mail.kind != ReplyKind::Acknowledgement
}

/// What she is told of outside the app, without saying what it is.
fn is_news(event: TakedownEvent) -> bool {
    matches!(
        event,
        TakedownEvent::SeeGone
            | TakedownEvent::SeeThere
            | TakedownEvent::RunOut
            | TakedownEvent::Fail
            | TakedownEvent::Uphold
    )
}

/// The state after an event, or the refusal.
pub(super) fn next_state(state: TakedownState, event: TakedownEvent) -> Result<TakedownState> {
    next(state, event).map_err(|WrongState { state, .. }| wrong_state(state))
}

pub(super) fn wrong_state(state: TakedownState) -> Error {
    let message = "This cannot be done with the request as it stands.";
    Error::conflict("WRONG_STATE", message).with_details(json!({ "state": state }))
}

/// What she approved does not hold any more.
pub(super) fn forget_approval(row: &mut TakedownRow, sealed: &mut SealedTakedown) {
    row.approved_sha256 = None;
    row.approved_at = None;
    row.send_after = None;
    row.work_at = None;
    row.delays = 0;
    sealed.approval = None;
}

/// The text is another one: nothing is approved, and it waits for her if nothing is missing.
pub(super) fn redraft(changed: &mut Changed, sealed: &mut SealedTakedown) -> Result<()> {
    forget_approval(&mut changed.row, sealed);
    let Addressee { recipient, .. } = addressee_of(&changed.row, sealed)?;
    if view::missing_of(&changed.row, &recipient, &sealed.facts).is_empty() {
        changed.step(TakedownEvent::Complete, json!({}))?;
    }
    Ok(())
}

/// The current text left now; what was proved of an earlier one proves nothing of it.
pub(super) fn mark_sent(row: &mut TakedownRow, now: Timestamp) {
    row.sent_at = Some(now);
    row.received_at = None;
    row.receipt = None;
    row.due_at = None;
}

/// The recipient has it since then: its clock begins.
pub(super) fn receive(
    row: &mut TakedownRow,
    sealed: &SealedTakedown,
    receipt: ReceiptKind,
    at: Timestamp,
) -> Result<()> {
    let Addressee { recipient, .. } = addressee_of(row, sealed)?;
    row.received_at = Some(at);
    row.receipt = Some(receipt);
    row.due_at = hours(row.law, &recipient).map(|it| at.plus_seconds(it * 3600));
    Ok(())
}
