//! Review of objections: the queue, one objection with the request it is about, the votes, and what they decide.
//!
//! *Invariant:* what a reviewer sees of a request is in the woman's access log before it is answered
//! (`a_look_is_in_her_access_log_or_there_is_no_answer`).

use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Takedowns;
use super::sealed::RequestSealer;
use super::transition::Changed;
use crate::auth::Staff;
use crate::domain::event::{AccessSubject, Purpose};
use crate::domain::takedown::{
    Harm, ObjectionMark, ObjectionState, ObjectionVerdict, ObjectionVote, TakedownEvent,
    TakedownState,
};
use crate::domain::{Error, ErrorKind, Law, Page, Result, TakedownId, Timestamp, UserId};
use crate::services::record::access_log::AccessLog;
use crate::store::{Listing, ObjectionChange, ObjectionRow, retry_on_conflict};

/// An objection in the queue. It says nothing of anybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ObjectionInQueue {
    /// The request that it is about; by it the objection is opened and decided.
    pub id: TakedownId,
    /// When it came.
    pub opened_at: Timestamp,
    /// How many reviewers have voted.
    pub votes: usize,
    /// Whether they differ, so that a third decides.
    pub is_disputed: bool,
}

/// A vote as reviewers see it: not whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ObjectionVoteView {
    /// What for.
    pub verdict: ObjectionVerdict,
    /// When.
    pub at: Timestamp,
    /// Whether it is the caller's own.
    pub is_yours: bool,
}

/// What a reviewer has to know of the request: not her name, and not her address.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ObjectedRequest {
    /// Where it stands.
    pub state: TakedownState,
    /// Whom it asks.
    pub recipient_id: String,
    /// The law that it invokes.
    pub law: Law,
    /// What is done to her by it.
    pub harm: Option<Harm>,
    /// The address of the finding.
    pub page: String,
    /// The addresses of what should be removed.
    pub urls: Vec<String>,
    /// When its text was sent, if it was.
    pub sent_at: Option<Timestamp>,
}

/// An objection with the request that it is about.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ObjectionView {
    /// The request.
    pub id: TakedownId,
    /// When the objection came.
    pub opened_at: Timestamp,
    /// Where it stands.
    pub state: ObjectionState,
    /// Why the request is said to be wrong. It is somebody else's text.
    pub reason: String,
    /// How to reach who objects.
    pub contact: String,
    /// The votes so far.
    pub votes: Vec<ObjectionVoteView>,
    /// The request.
    pub request: ObjectedRequest,
}

/// The vote of a reviewer.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ObjectionDecision {
    /// What for.
    pub verdict: ObjectionVerdict,
}

/// What became of an objection by a vote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ObjectionOutcome {
    /// The request.
    pub id: TakedownId,
    /// Where the objection stands: open until two reviewers agree.
    pub state: ObjectionState,
    /// The votes so far.
    pub votes: Vec<ObjectionVoteView>,
}

impl Takedowns {
    /// A page of the objections that wait for reviewers, the oldest first.
    pub async fn objections(
        &self,
        page: Page,
        now: Timestamp,
    ) -> Result<Listing<ObjectionInQueue>> {
        let place = (page.offset(), page.limit as usize);
        let (rows, total) = self.store().open_objections(place, now).await?;
        let items = rows.into_iter().map(|it| ObjectionInQueue {
            id: it.takedown_id,
            opened_at: it.opened_at,
            votes: it.votes.len(),
            is_disputed: it.votes.len() > 1,
        });
        Ok(Listing {
            items: items.collect(),
            pagination: page.of(u64::try_from(total).unwrap_or(u64::MAX)),
        })
    }

    /// An objection with the request it is about. That it was looked at is recorded first.
    pub async fn objection(
        &self,
        reviewer: &Staff,
        id: TakedownId,
        now: Timestamp,
    ) -> Result<ObjectionView> {
        let (user, row) = self.objection_row(id).await?;
        must_be_another(reviewer, user)?;
        let looked = AccessLog::new(self.log.clone());
        let whose = (user, reviewer.actor.clone());
        let what = (AccessSubject::Request, id.to_string());
        looked
            .record_look(whose, what, Purpose::Objection, now)
            .await?;
        let (request, sealed) = self.opened(user, id, now).await?;
        let key = self.log.data_key(user, now).await?;
        let said = RequestSealer { user, key: &key }.open_objection(&row)?;
        Ok(ObjectionView {
            id,
            opened_at: row.opened_at,
            state: row.state,
            reason: said.reason,
            contact: said.contact,
            votes: votes_of(&row, reviewer),
            request: ObjectedRequest {
                state: request.state,
                recipient_id: request.recipient_id,
                law: request.law,
                harm: sealed.facts.harm,
                page: sealed.page,
                urls: sealed.facts.urls,
                sent_at: request.sent_at,
            },
        })
    }

    /// Votes on an objection. Two different reviewers who agree decide it; told again, a vote changes nothing.
    pub async fn decide_objection(
        &self,
        reviewer: &Staff,
        id: TakedownId,
        decision: ObjectionDecision,
        now: Timestamp,
    ) -> Result<ObjectionOutcome> {
        let vote = ObjectionVote {
            by: reviewer.user,
            verdict: decision.verdict,
            at: now,
        };
        let is_cast = |it: &ObjectionRow| {
            let mut votes = it.votes.iter();
            votes.any(|it| it.by == vote.by && it.verdict == vote.verdict)
        };
        let row = retry_on_conflict("deciding an objection", || async {
            let (user, before) = self.objection_row(id).await?;
            must_be_another(reviewer, user)?;
            if is_cast(&before) {
                return Ok(Some(before));
            }
            if before.state != ObjectionState::Open {
                return Err(decided(before.state));
            }
            let after = before.after(vote);
            let is_stored = match after.state {
                ObjectionState::Open => {
                    let store = self.store();
                    store
                        .vote_on_objection(user, before.revision, &after)
                        .await?
                }
                _ => self.settle((user, &before), &after, reviewer, now).await?,
            };
            Ok::<_, Error>(is_stored.then_some(after))
        });
        let row = row.await?;
        Ok(ObjectionOutcome {
            id,
            state: row.state,
            votes: votes_of(&row, reviewer),
        })
    }

    /// Has a request end or go on, as two reviewers decided. `false`: the objection changed since it was read.
    async fn settle(
        &self,
        (user, before): (UserId, &ObjectionRow),
        after: &ObjectionRow,
        reviewer: &Staff,
        now: Timestamp,
    ) -> Result<bool> {
        let (actor, id) = (&reviewer.actor, after.takedown_id);
        let is_ours = AtomicBool::new(false);
        let changed = self.change((user, actor), id, now, |row, _| {
            is_ours.store(row.is_paused(), Ordering::Relaxed);
            if !row.is_paused() {
                return Ok(None);
            }
            let mut changed = Changed::of(row);
            changed.row.objection = Some(ObjectionMark {
                state: after.state,
                since: now,
            });
            changed.objection = Some(ObjectionChange {
                before: Some(before.revision),
                after: after.clone(),
            });
            match after.state {
                // She took it back meanwhile; it counts all the same.
                ObjectionState::Upheld if row.state.is_over() => {
                    changed.told.push(TakedownEvent::Uphold.record_type());
                }
                ObjectionState::Upheld => changed.step(TakedownEvent::Uphold, json!({}))?,
                _ => changed.told.push("takedown.objection_dismissed"),
            }
            Ok(Some(changed))
        });
        let row = changed.await?;
        let waits = matches!(row.state, TakedownState::Approved | TakedownState::Queued);
        let is_ours = is_ours.into_inner();
        if is_ours && waits {
            self.tell_worker(user, &row).await;
        }
        Ok(is_ours)
    }

    async fn objection_row(&self, id: TakedownId) -> Result<(UserId, ObjectionRow)> {
        let user = self.store().owner_of_request(id).await?;
        let user = user.ok_or_else(no_objection)?;
        let row = self.store().objection(user, id).await?;
        Ok((user, row.ok_or_else(no_objection)?))
    }
}

fn votes_of(row: &ObjectionRow, reviewer: &Staff) -> Vec<ObjectionVoteView> {
    let votes = row.votes.iter().map(|it| ObjectionVoteView {
        verdict: it.verdict,
        at: it.at,
        is_yours: it.by == reviewer.user,
    });
    votes.collect()
}

/// Nobody decides about her own request.
fn must_be_another(reviewer: &Staff, user: UserId) -> Result<()> {
    match reviewer.user == user {
        false => Ok(()),
        true => Err(Error::new(
            ErrorKind::Forbidden,
            "FORBIDDEN",
            "This is about a request of your own. Somebody else has to look at it.",
        )),
    }
}

fn no_objection() -> Error {
    Error::not_found("OBJECTION_NOT_FOUND", "There is no such objection.")
}

fn decided(state: ObjectionState) -> Error {
    Error::conflict("OBJECTION_DECIDED", "This objection is decided already.")
        .with_details(json!({ "state": state }))
}
