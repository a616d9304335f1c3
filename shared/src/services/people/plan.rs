//! Protection plan: read, mark items done, regenerate.

use crate::domain::{
    Choices, Error, Plan, PlanItem, PlanItemId, PlanItemStatus, PlanView, Result, Timestamp, UserId,
};
use crate::store::{PlanRow, PlanWrite, RowState, Store, retry_on_conflict};

/// Reads and changes protection plans.
#[derive(Clone, Debug)]
pub struct ProtectionPlans {
    store: Store,
}

impl ProtectionPlans {
    /// The service over this table.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Her plan. Somebody who has none gets the one of the questions and the defaults. So does she whose
    /// plan is unreadable, and hers stays stored as it is.
    pub async fn get(&self, user: UserId, now: Timestamp) -> Result<PlanView> {
        retry_on_conflict("changing a plan", || async {
            let before = self.store.plan(user).await?;
            let plan = match &before {
                RowState::Absent => Plan::first(user, now),
                RowState::Unreadable(_) => return Ok(Some(Plan::first(user, now).view())),
                RowState::Readable(row) => match row.plan.with_defaults(now) {
                    None => return Ok(Some(row.plan.view())),
                    Some(plan) => plan,
                },
            };
            if keep(self.store.keep_plan(&before, &plan).await?)? {
                return Ok(Some(plan.view()));
            }
            Ok::<_, Error>(None)
        })
        .await
    }

    /// Sets what has become of an item. `id` is whatever the caller sent.
    pub async fn set_status(
        &self,
        user: UserId,
        id: &str,
        status: PlanItemStatus,
        now: Timestamp,
    ) -> Result<PlanItem> {
        let id = PlanItemId::parse(id).ok_or_else(missing)?;
        retry_on_conflict("changing a plan", || async {
            let before = self.store.plan(user).await?;
            let plan = match &before {
                RowState::Absent => return Err(missing()),
                RowState::Readable(row) => &row.plan,
                RowState::Unreadable(_) => {
                    return Err(Error::unavailable("changing a plan", "it is unreadable"));
                }
            };
            let (after, item) = plan.with_status(id, status, now).ok_or_else(missing)?;
            if keep(self.store.keep_plan(&before, &after).await?)? {
                return Ok(Some(item));
            }
            Ok::<_, Error>(None)
        })
        .await
    }

    /// Makes her plan again from her answers and how things stand; what she did stays.
    pub async fn regenerate(&self, user: UserId, now: Timestamp) -> Result<PlanView> {
        retry_on_conflict("changing a plan", || async {
            // The plan first: whoever answers after that changes it too, and this one is then not stored.
            let before = self.store.plan(user).await?;
            let answers = self.store.answers(user).await?.readable();
            let choices = answers.map(|it| Choices::from(it.answers.as_slice()));
            let standing = self.store.standing(user).await?;
            let after = plan_of(&before, user, now).regenerated(choices.as_ref(), standing, now);
            if keep(self.store.keep_plan(&before, &after).await?)? {
                return Ok(Some(after.view()));
            }
            Ok::<_, Error>(None)
        })
        .await
    }
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

fn missing() -> Error {
    Error::not_found("ITEM_NOT_FOUND", "This is not in your plan.")
}

pub(crate) fn gone() -> Error {
    Error::not_found("USER_NOT_FOUND", "There is no such account.")
}
