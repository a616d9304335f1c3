//! Protection plan: read, mark items done, regenerate.

use crate::domain::{
    Choices, Error, Plan, PlanItem, PlanItemId, PlanItemStatus, PlanView, Result, Timestamp, UserId,
};
use crate::store::{PlanRow, PlanWrite, RowState, Store};

/// How often a change is tried again when another page of hers was faster.
pub(crate) const PLAN_CONFLICT_RETRIES: u32 = 8;

/// Her plan. Somebody who has none gets the one of the questions and the defaults. So does she whose
/// plan is unreadable, and hers stays stored as it is.
pub async fn get(store: &Store, user: UserId, now: Timestamp) -> Result<PlanView> {
    for _ in 0..PLAN_CONFLICT_RETRIES {
        let before = store.plan(user).await?;
        let plan = match &before {
            RowState::Absent => Plan::first(user, now),
            RowState::Unreadable(_) => return Ok(Plan::first(user, now).view()),
            RowState::Readable(row) => match row.plan.with_defaults(now) {
                None => return Ok(row.plan.view()),
                Some(plan) => plan,
            },
        };
        if keep(store.keep_plan(&before, &plan).await?)? {
            return Ok(plan.view());
        }
    }
    Err(busy())
}

/// Sets what has become of an item. `id` is whatever the caller sent.
pub async fn set_status(
    store: &Store,
    user: UserId,
    id: &str,
    status: PlanItemStatus,
    now: Timestamp,
) -> Result<PlanItem> {
    let id = PlanItemId::parse(id).ok_or_else(missing)?;
    for _ in 0..PLAN_CONFLICT_RETRIES {
        let before = store.plan(user).await?;
        let plan = match &before {
            RowState::Absent => return Err(missing()),
            RowState::Readable(row) => &row.plan,
            RowState::Unreadable(_) => {
                return Err(Error::unavailable("changing a plan", "it is unreadable"));
            }
        };
        let (after, item) = plan.with_status(id, status, now).ok_or_else(missing)?;
        if keep(store.keep_plan(&before, &after).await?)? {
            return Ok(item);
        }
    }
    Err(busy())
}

/// Makes her plan again from her answers and how things stand; what she did stays.
pub async fn regenerate(store: &Store, user: UserId, now: Timestamp) -> Result<PlanView> {
    for _ in 0..PLAN_CONFLICT_RETRIES {
        // The plan first: whoever answers after that changes it too, and this one is then not stored.
        let before = store.plan(user).await?;
        let answers = store.answers(user).await?.readable();
        let choices = answers.map(|it| Choices::from(it.answers.as_slice()));
        let standing = store.standing(user).await?;
        let after = plan_of(&before, user, now).regenerated(choices.as_ref(), standing, now);
        if keep(store.keep_plan(&before, &after).await?)? {
            return Ok(after.view());
        }
    }
    Err(busy())
}

/// The stored plan, or the first one if there is none to read.
pub(crate) fn plan_of(before: &RowState<PlanRow>, user: UserId, now: Timestamp) -> Plan {
    match before {
        RowState::Readable(row) => row.plan.clone(),
        RowState::Absent | RowState::Unreadable(_) => Plan::first(user, now),
    }
}

/// Whether it is stored; an error if she has left.
fn keep(kept: PlanWrite) -> Result<bool> {
    match kept {
        PlanWrite::Done => Ok(true),
        PlanWrite::Stale => Ok(false),
        PlanWrite::Gone => Err(gone()),
    }
}

fn busy() -> Error {
    Error::unavailable("changing a plan", "it kept changing")
}

fn missing() -> Error {
    Error::not_found("ITEM_NOT_FOUND", "This is not in your plan.")
}

pub(crate) fn gone() -> Error {
    Error::not_found("USER_NOT_FOUND", "There is no such account.")
}
