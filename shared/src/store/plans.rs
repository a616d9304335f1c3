//! Onboarding answers and protection plan rows, with optimistic locking by revision.
//!
//! Each is one small row that is replaced as a whole, by whoever saw the latest: every row has a
//! revision, and a change names the one it began with. So two open pages never undo each other.

use serde::Deserialize;

use super::tx::{Change, Condition, TxOutcome};
use super::users::account_key;
use super::{Key, RowState, Store, VERSION, alerts, images, reading};
use crate::domain::feed::{FeedChange, FeedTopic};
use crate::domain::{Answer, Plan, ProtectionState, Result, RiskLevel, Timestamp, UserId};

/// A plan, and which state of it this is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PlanRow {
    /// The plan.
    #[serde(flatten)]
    pub plan: Plan,
    revision: u64,
}

/// Her answers, and which state of them this is.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct AnswersRow {
    /// One for each question she answered.
    pub answers: Vec<Answer>,
    revision: u64,
}

/// What storing came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanWrite {
    /// It is stored.
    Done,
    /// Somebody was faster; nothing is stored.
    Stale,
    /// She has left; nothing is stored.
    Gone,
}

impl From<TxOutcome> for PlanWrite {
    /// Of a transaction that names the condition of her account.
    fn from(outcome: TxOutcome) -> Self {
        match outcome {
            TxOutcome::Done => Self::Done,
            TxOutcome::Refused(failed) if failed.contains(&Condition::HasAccount) => Self::Gone,
            TxOutcome::Refused(_) => Self::Stale,
        }
    }
}

fn plan_key(user: UserId) -> Key {
    Key::user(user, "PLAN")
}

fn answers_key(user: UserId) -> Key {
    Key::user(user, "ANSWERS")
}

/// A change of a row that is still in the state it was read in. An unreadable row is replaced whole.
fn revise<T>(before: &RowState<T>, revision: impl Fn(&T) -> u64) -> Change {
    let before = match before {
        RowState::Absent => None,
        RowState::Readable(row) => Some(revision(row)),
        RowState::Unreadable(item) => reading::number(item, "revision"),
    };
    let change = Change::default()
        .set("v", VERSION)
        .set("revision", before.map_or(1, |it| it.saturating_add(1)));
    match before {
        Some(revision) => change.when("revision", "=", revision),
        None => change.if_absent("revision"),
    }
}

fn revise_plan(before: &RowState<PlanRow>, after: &Plan) -> Change {
    revise(before, |it| it.revision)
        .set("userId", after.user_id)
        .set("generatedAt", after.generated_at)
        .set("lastUpdated", after.last_updated)
        .set("entries", &after.entries)
}

fn revise_answers(before: &RowState<AnswersRow>, after: &[Answer]) -> Change {
    revise(before, |it| it.revision).set("answers", after)
}

impl Store {
    /// Her plan, if she has one.
    pub async fn plan(&self, user: UserId) -> Result<RowState<PlanRow>> {
        self.get_state(&plan_key(user)).await
    }

    /// Her answers, if she ever sent any.
    pub async fn answers(&self, user: UserId) -> Result<RowState<AnswersRow>> {
        self.get_state(&answers_key(user)).await
    }

    /// How things stand with her, from her totals.
    pub async fn standing(&self, user: UserId) -> Result<ProtectionState> {
        let counters = self.counters(user).await?;
        Ok(ProtectionState {
            images: images::active(&counters),
            open_alerts: alerts::open(&counters),
        })
    }

    /// Replaces her plan.
    pub async fn keep_plan(&self, before: &RowState<PlanRow>, after: &Plan) -> Result<PlanWrite> {
        let user = after.user_id;
        let tx = self
            .tx()
            .require(&account_key(user))
            .named(Condition::HasAccount)
            .update(&plan_key(user), revise_plan(before, after))
            .publish(user, FeedChange::any(FeedTopic::Plan));
        Ok(tx.commit().await?.into())
    }

    /// Replaces her answers, her plan, and what her profile says of them, together.
    pub async fn keep_answers(
        &self,
        before: (&RowState<AnswersRow>, &RowState<PlanRow>),
        (answers, plan): (&[Answer], &Plan),
        risk: RiskLevel,
        now: Timestamp,
    ) -> Result<PlanWrite> {
        let user = plan.user_id;
        let profile = Change::default()
            .set("riskLevel", risk)
            .set("onboardingCompleted", true)
            .set("updatedAt", now)
            .if_exists();
        let tx = self
            .tx()
            .update(&account_key(user), profile)
            .named(Condition::HasAccount)
            .update(&answers_key(user), revise_answers(before.0, answers))
            .update(&plan_key(user), revise_plan(before.1, plan))
            .publish(user, FeedChange::any(FeedTopic::Plan));
        Ok(tx.commit().await?.into())
    }
}
