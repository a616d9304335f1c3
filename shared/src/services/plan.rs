//! Her plan: reading it, marking what she did, making it again.

use crate::domain::{
    Choices, Error, Plan, PlanItem, PlanItemId, PlanItemStatus, PlanView, Result, Timestamp, UserId,
};
use crate::store::{Kept, Store};

/// How often a change is tried again when another page of hers was faster.
pub(crate) const ATTEMPTS: u32 = 8;

/// Her plan. Somebody who has none gets the one that leads to the questions.
pub async fn get(store: &Store, user: UserId, now: Timestamp) -> Result<PlanView> {
    for _ in 0..ATTEMPTS {
        if let Some(row) = store.plan(user).await? {
            return Ok(row.plan.view());
        }
        let plan = Plan::first(user, now);
        if keep(store.keep_plan(None, &plan).await?)? {
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
    for _ in 0..ATTEMPTS {
        let row = store.plan(user).await?.ok_or_else(missing)?;
        let (after, item) = row.plan.with_status(id, status, now).ok_or_else(missing)?;
        if keep(store.keep_plan(Some(&row), &after).await?)? {
            return Ok(item);
        }
    }
    Err(busy())
}

/// Makes her plan again from her answers and how things stand; what she did stays.
pub async fn regenerate(store: &Store, user: UserId, now: Timestamp) -> Result<PlanView> {
    for _ in 0..ATTEMPTS {
        // The plan first: whoever answers after that changes it too, and this one is then not stored.
        let row = store.plan(user).await?;
        let answers = store.answers(user).await?;
        let choices = answers.map(|it| Choices::from(it.answers.as_slice()));
        let standing = store.standing(user).await?;
        let after = row
            .as_ref()
            .map_or_else(|| Plan::first(user, now), |it| it.plan.clone())
            .regenerated(choices.as_ref(), standing, now);
        if keep(store.keep_plan(row.as_ref(), &after).await?)? {
            return Ok(after.view());
        }
    }
    Err(busy())
}

/// Whether it is stored; an error if she has left.
fn keep(kept: Kept) -> Result<bool> {
    match kept {
        Kept::Done => Ok(true),
        Kept::Stale => Ok(false),
        Kept::Gone => Err(gone()),
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
