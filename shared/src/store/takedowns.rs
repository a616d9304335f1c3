//! Rows of requests to remove: create, list by state, change under the expected revision, attempts, latest of a finding.
//!
//! The row has in clear what lists, rules and the schedule need; facts, addresses, texts and names are sealed in it.
//! A change, the totals, its events, its frame and the row that leads from the finding to it are one transaction.

use serde::{Deserialize, Serialize};

use super::list::Counters;
use super::objections::{self, ObjectionChange, UPHELD};
use super::takedown_mails::{self, TakedownMailRow};
use super::tx::{Change, Condition, TxOutcome};
use super::{Append, Key, Listing, Row, Store};
use crate::domain::feed::{FeedChange, FeedTopic};
use crate::domain::takedown::objection::MAX_UPHELD;
use crate::domain::takedown::recheck::LookMemory;
use crate::domain::takedown::{
    NextActor, ObjectionMark, ObjectionState, PublicState, ReceiptKind, TakedownChannel,
    TakedownPurpose, TakedownState, guards,
};
use crate::domain::{
    AlertId, AlertType, Error, ErrorKind, Law, MatchId, Page, Result, TakedownId, Timestamp, UserId,
};

/// Kind of work in the `due` index: a request that is to be sent, looked after or told of.
pub(crate) const DUE_TAKEDOWN: &str = "TAKEDOWN";

/// Kind of an open request in the `due` index that no worker has to look after now. No worker takes it; it is there so
/// that all open requests can be counted (`takedown_standings`).
pub(super) const IDLE_TAKEDOWN: &str = "IDLE-TAKEDOWN";

/// The total of requests that are open.
const OPEN: &str = "takedowns.open";

/// Why a request could not be sent, or did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TakedownFailure {
    /// The mailbox does not exist or does not take mail.
    Bounced,
    /// The recipient marked the mail as unwanted.
    Complained,
    /// The mail service refused it for good.
    Rejected,
    /// It was tried too often.
    TooManyTries,
    /// Nobody knows whether it was sent; it is not sent again by itself.
    Uncertain,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TakedownRow {
    /// Its id.
    pub id: TakedownId,
    /// The finding that is to be removed.
    pub finding_id: MatchId,
    /// Whom it asks.
    pub recipient_id: String,
    /// The law that it invokes.
    pub law: Law,
    /// The number of the way among the recipient's.
    pub route: usize,
    /// How it goes there.
    pub channel: TakedownChannel,
    /// What its current text is for.
    pub purpose: TakedownPurpose,
    /// Where it stands.
    pub state: TakedownState,
    /// Which time this finding is asked of this recipient, from 1.
    pub round: u32,
    /// Counts every change.
    pub revision: u64,
    /// The higher, the sooner.
    pub priority: i64,
    /// Whether it goes by the queue of those that are urgent.
    pub is_urgent: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The hash of the text that she approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_sha256: Option<String>,
    /// When she approved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_at: Option<Timestamp>,
    /// Not to be sent before, by her word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_after: Option<Timestamp>,
    /// How often sending was tried, over all texts.
    #[serde(default)]
    pub attempts: u32,
    /// How often sending the current text was put off.
    #[serde(default)]
    pub delays: u32,
    /// When the current attempt began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed_at: Option<Timestamp>,
    /// When its last text was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
    /// When the recipient had it, provably.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_at: Option<Timestamp>,
    /// What proves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<ReceiptKind>,
    /// When the recipient's time ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// How many texts followed the first.
    #[serde(default)]
    pub follow_ups: u32,
    /// What the looks at it said.
    #[serde(default)]
    pub looks: LookMemory,
    /// When two looks had found it gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone_at: Option<Timestamp>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<TakedownFailure>,
    /// The request of the round before, or that this one goes on from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<TakedownId>,
    /// Its page may be of public interest: Vara sends nothing about it.
    #[serde(default)]
    pub is_of_public_interest: bool,
    /// The recipient's objection to it, and where that stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objection: Option<ObjectionMark>,
    /// When she last asked for a look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_asked_at: Option<Timestamp>,
    /// How many mails came about it that are provably of the recipient.
    #[serde(default)]
    pub mails: u32,
    /// How many came by others.
    #[serde(default)]
    pub unverified_mails: u32,
    /// When somebody has to look after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work_at: Option<Timestamp>,
    /// Facts, addresses, texts and names, sealed with her data key.
    pub sealed: String,
}

/// One attempt to send a text, stored before it is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TakedownAttempt {
    /// Its number, from 1.
    pub number: u32,
    /// When it began.
    pub started_at: Timestamp,
    /// The hash of what was sent.
    pub sha256: String,
    /// The mail service's id of it, when it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// When it ended, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
}

/// The request about a finding that changed last, as lists of findings and alerts show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TakedownOfFinding {
    /// The request.
    pub id: TakedownId,
    /// Where it stands.
    pub state: PublicState,
    /// Who acts next.
    pub next_actor: NextActor,
    /// When something happens next, if that is known.
    pub next_action_at: Option<Timestamp>,
}

/// What is stored with a change of a request.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct BesideTakedown<'a> {
    /// The attempt that begins or ends with it.
    pub(crate) attempt: Option<&'a TakedownAttempt>,
    /// The mail that made it; it must not be there yet.
    pub(crate) mail: Option<&'a TakedownMailRow>,
    /// The objection that comes or changes with it.
    pub(crate) objection: Option<&'a ObjectionChange>,
    /// She approves its text, so that somebody will know its reference.
    pub(crate) is_approved: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TakedownPointer {
    alert_id: AlertId,
    #[serde(flatten)]
    latest: TakedownOfFinding,
}

impl TakedownRow {
    /// When something happens next, as far as she has something to expect then.
    #[must_use]
    pub fn next_action_at(&self) -> Option<Timestamp> {
        match self.state.next_actor() {
            NextActor::Us => self.work_at,
            NextActor::Them => self.due_at,
            NextActor::You | NextActor::Nobody => None,
        }
    }

    /// Whether the recipient's objection waits for reviewers: nothing is sent meanwhile.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.objection
            .is_some_and(|it| it.state == ObjectionState::Open)
    }

    fn of_finding(&self) -> TakedownOfFinding {
        TakedownOfFinding {
            id: self.id,
            state: self.state.public(self.receipt),
            next_actor: self.state.next_actor(),
            next_action_at: self.next_action_at(),
        }
    }
}

fn key(user: UserId, id: TakedownId) -> Key {
    Key::user(user, format!("TAKEDOWN#{id}"))
}

fn attempt_key(user: UserId, id: TakedownId, number: u32) -> Key {
    Key::user(user, format!("TDATTEMPT#{id}#{number:04}"))
}

fn pointer_key(user: UserId, alert: AlertId) -> Key {
    Key::user(user, format!("TDLATEST#{alert}"))
}

fn run(state: TakedownState) -> String {
    format!("TAKEDOWN#{}", state.as_str())
}

fn counter(state: TakedownState) -> String {
    format!("takedown.{}", state.as_str())
}

pub(super) fn stored(user: UserId, it: &TakedownRow) -> Row<&TakedownRow> {
    let newest_first = it.updated_at.newest_first();
    let row = Row::new(key(user, it.id), it);
    let row = row.listed(format!("{}#{newest_first}.{}", run(it.state), it.id));
    match it.work_at {
        Some(at) => row.due(DUE_TAKEDOWN, at),
        None if it.state.is_open() => row.due(IDLE_TAKEDOWN, it.updated_at),
        None => row,
    }
}

fn pointer(user: UserId, it: &TakedownRow) -> Row<TakedownPointer> {
    let alert_id = AlertId::of_match(it.finding_id);
    let latest = it.of_finding();
    Row::new(
        pointer_key(user, alert_id),
        TakedownPointer { alert_id, latest },
    )
}

fn changed(id: TakedownId) -> FeedChange {
    FeedChange::of(FeedTopic::Takedown, id)
}

impl Store {
    /// A request of hers.
    pub async fn takedown(&self, user: UserId, id: TakedownId) -> Result<Option<TakedownRow>> {
        self.get(&key(user, id)).await
    }

    /// A page of her requests in these states, the last changed first.
    pub async fn takedowns(
        &self,
        user: UserId,
        states: &[TakedownState],
        page: Page,
    ) -> Result<Listing<TakedownRow>> {
        self.listing(user, page, |counters: &Counters| {
            let runs = states
                .iter()
                .map(|it| (run(*it), counters.get(&counter(*it))));
            runs.collect()
        })
        .await
    }

    /// The last requests about these alerts' findings. What is unreadable is left out.
    pub async fn takedowns_of_alerts(
        &self,
        user: UserId,
        alerts: &[AlertId],
    ) -> Result<std::collections::HashMap<AlertId, TakedownOfFinding>> {
        if alerts.is_empty() {
            return Ok(std::collections::HashMap::new());
        }
        let keys: Vec<Key> = alerts.iter().map(|it| pointer_key(user, *it)).collect();
        let found: Vec<TakedownPointer> = self.get_all(&keys).await?;
        Ok(found
            .into_iter()
            .map(|it| (it.alert_id, it.latest))
            .collect())
    }

    /// Stores a new request, if there is room for it. The events tell of it.
    pub(crate) async fn create_takedown(
        &self,
        user: UserId,
        new: &TakedownRow,
        events: Append,
    ) -> Result<TxOutcome> {
        let counts = [(OPEN.to_owned(), 1), (counter(new.state), 1)];
        self.tx()
            .require(&Key::user(user, "PROFILE"))
            .named(Condition::HasAccount)
            .create(&stored(user, new))
            .named(Condition::IsNew)
            .put(&pointer(user, new))
            .count(user, &counts)
            .room(OPEN, guards::MAX_OPEN)
            .append(events)
            .publish(user, changed(new.id))
            .commit()
            .await
    }

    /// Changes a request that is still at the revision it was read at, with what is beside it. At the moment that is
    /// named she is to be told outside the app. `false`: somebody was faster.
    ///
    /// # Errors
    ///
    /// `SENDING_CLOSED` if it is to be sent and too many objections to requests of hers were upheld.
    pub(crate) async fn change_takedown(
        &self,
        user: UserId,
        (before, after, told_at): (&TakedownRow, &TakedownRow, Option<Timestamp>),
        beside: BesideTakedown<'_>,
        events: Option<Append>,
    ) -> Result<bool> {
        let mut moves = vec![(super::list::CHANGES.to_owned(), 1)];
        if before.state != after.state {
            moves.extend([(counter(before.state), -1), (counter(after.state), 1)]);
        }
        let by = i64::from(after.state.is_open()) - i64::from(before.state.is_open());
        if by != 0 {
            moves.push((OPEN.to_owned(), by));
        }
        let objection = beside.objection;
        if objection.is_some_and(|it| it.after.state == ObjectionState::Upheld) {
            moves.push((UPHELD.to_owned(), 1));
        }
        let mut tx = self
            .tx()
            .put_when(&stored(user, after), "revision", before.revision)
            .put(&pointer(user, after))
            .count(user, &moves)
            .publish(user, changed(after.id));
        // The total lies in a row that is written anyway, so to ask for it costs nothing.
        if after.state == TakedownState::Sending && after.purpose != TakedownPurpose::Retraction {
            tx = tx.room(UPHELD, MAX_UPHELD);
        }
        if let Some(objection) = objection {
            tx = objections::put(tx, user, objection);
        }
        if beside.is_approved {
            tx = tx.put(&objections::reference(user, after.id));
        }
        tx = tx.append_all(events);
        if let Some(at) = told_at {
            tx = tx.tell(user, AlertType::ImageMisuse, at);
        }
        if let Some(mail) = beside.mail {
            tx = tx.create(&takedown_mails::stored(user, mail));
        }
        if let Some(attempt) = beside.attempt {
            let row = Row::new(attempt_key(user, after.id, attempt.number), attempt);
            tx = match attempt.ended_at {
                Some(_) => tx.put(&row),
                None => tx.create(&row),
            };
        }
        match tx.commit().await? {
            TxOutcome::Done => Ok(true),
            TxOutcome::Refused(why) if why.contains(&Condition::HasRoom) => Err(sending_closed()),
            TxOutcome::Refused(_) => Ok(false),
        }
    }

    /// An attempt to send a request.
    #[cfg(test)]
    pub(crate) async fn takedown_attempt(
        &self,
        user: UserId,
        id: TakedownId,
        number: u32,
    ) -> Result<Option<TakedownAttempt>> {
        self.get(&attempt_key(user, id, number)).await
    }

    /// Has a request be looked after at another time, without telling anybody, unless it changed.
    pub(crate) async fn put_off_takedown(
        &self,
        user: UserId,
        row: &TakedownRow,
        at: Timestamp,
    ) -> Result<bool> {
        let key = key(user, row.id);
        let change = Change::default()
            .set("workAt", at)
            .due(DUE_TAKEDOWN, &key, at)
            .when("revision", "=", row.revision);
        self.change_row(&key, change).await
    }
}

/// What she is told when nothing more is sent for her.
pub(crate) fn sending_closed() -> Error {
    Error::new(
        ErrorKind::Forbidden,
        "SENDING_CLOSED",
        "Several recipients objected rightly to requests of yours, so Vara sends no more requests for this account.",
    )
}

#[cfg(test)]
pub(super) mod tests;
