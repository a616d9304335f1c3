//! Her plan: a few pieces of advice that follow from what she told us.
//!
//! *Invariant:* a plan has each piece of advice at most once, and its priorities run from 1 without
//! gaps. What she has begun, done or put aside is never asked of her anew.

mod category;
mod generate;
mod revise;
mod templates;

use serde::{Deserialize, Serialize};

use super::{PlanId, PlanItemId, Timestamp, UserId};

pub use category::Category;
pub use generate::{Advice, advice};
pub use revise::ProtectionState;
pub use templates::PlanTemplate;

/// The status of a piece of advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub enum PlanItemStatus {
    Pending,
    InProgress,
    Completed,
    Skipped,
}

/// A piece of advice in her plan, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Which.
    pub template: PlanTemplate,
    /// How many things it speaks of, where it speaks of a number.
    pub count: Option<u64>,
    /// What has become of it.
    pub status: PlanItemStatus,
    /// Since when it is in the plan.
    pub created_at: Timestamp,
}

/// Her plan, as it is kept. The entries are in the order she is shown them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Whose.
    pub user_id: UserId,
    /// When it was made.
    pub generated_at: Timestamp,
    /// When anything in it last changed.
    pub last_updated: Timestamp,
    /// What it says.
    pub entries: Vec<Entry>,
}

/// An item of the plan as the user sees it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub struct PlanItem {
    pub id: PlanItemId,
    pub plan_id: PlanId,
    pub category: &'static str,
    /// For programs; `category` is for the user.
    pub category_code: Category,
    pub title: &'static str,
    pub description: String,
    pub priority: usize,
    pub status: PlanItemStatus,
    pub due_date: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// A plan as the user sees it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Plan))]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub struct PlanView {
    pub id: PlanId,
    pub user_id: UserId,
    pub generated_at: Timestamp,
    pub last_updated: Timestamp,
    pub items: Vec<PlanItem>,
}

impl Plan {
    /// The plan of somebody who has not answered anything yet.
    #[must_use]
    pub fn first(user: UserId, now: Timestamp) -> Self {
        Self {
            user_id: user,
            generated_at: now,
            last_updated: now,
            entries: generate::unanswered()
                .into_iter()
                .map(|it| Entry::new(it.template, now))
                .collect(),
        }
    }

    /// The plan as she is shown it.
    #[must_use]
    pub fn view(&self) -> PlanView {
        let entries = self.entries.iter().enumerate();
        PlanView {
            id: PlanId::of(self.user_id),
            user_id: self.user_id,
            generated_at: self.generated_at,
            last_updated: self.last_updated,
            items: entries
                .map(|(at, it)| it.view(self.user_id, at + 1))
                .collect(),
        }
    }

    /// The plan after she set what has become of an item; `None` if it is not in the plan.
    #[must_use]
    pub fn with_status(
        &self,
        id: PlanItemId,
        status: PlanItemStatus,
        now: Timestamp,
    ) -> Option<(Self, PlanItem)> {
        let mut after = Self {
            last_updated: now,
            ..self.clone()
        };
        let at = after
            .entries
            .iter()
            .position(|it| PlanItemId::of(self.user_id, it.template) == id)?;
        after.entries[at].status = status;
        let item = after.entries[at].view(self.user_id, at + 1);
        Some((after, item))
    }

    /// What the plan is about, each thing once, in the order of the items.
    #[must_use]
    pub fn focus_areas(&self) -> Vec<&'static str> {
        let mut areas = Vec::new();
        for label in self
            .entries
            .iter()
            .map(|it| it.template.recipe().category.label())
        {
            if !areas.contains(&label) {
                areas.push(label);
            }
        }
        areas
    }
}

impl Entry {
    fn new(template: PlanTemplate, now: Timestamp) -> Self {
        Self {
            template,
            count: None,
            status: PlanItemStatus::Pending,
            created_at: now,
        }
    }

    fn view(&self, user: UserId, priority: usize) -> PlanItem {
        let recipe = self.template.recipe();
        PlanItem {
            id: PlanItemId::of(user, self.template),
            plan_id: PlanId::of(user),
            category: recipe.category.label(),
            category_code: recipe.category,
            title: recipe.title,
            description: self.description(),
            priority,
            status: self.status,
            due_date: None,
            created_at: self.created_at,
        }
    }

    fn description(&self) -> String {
        match (self.template, self.count) {
            (PlanTemplate::OpenAlerts, Some(1)) => {
                "1 alert is waiting for you. Have a look when you feel ready.".to_owned()
            }
            (PlanTemplate::OpenAlerts, Some(count)) => {
                format!("{count} alerts are waiting for you. Have a look when you feel ready.")
            }
            _ => self.template.recipe().description.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
