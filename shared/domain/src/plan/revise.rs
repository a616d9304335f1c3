//! A plan that is made again keeps what she did.

use super::generate::unanswered;
use super::{Advice, Entry, Plan, PlanItemStatus, PlanTemplate, advice};
use crate::{Choices, Timestamp};

/// How things stand with her, as far as a plan speaks of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProtectionState {
    /// Pictures under protection.
    pub images: u64,
    /// Alerts she has neither acted on nor dismissed.
    pub open_alerts: u64,
}

impl Plan {
    /// The plan after she answered: what her answers call for, and nothing else (QUIRKS Q13).
    #[must_use]
    pub fn answered(&self, choices: &Choices, now: Timestamp) -> Self {
        let entries = advice(choices)
            .iter()
            .map(|it| self.entry(it.template, now))
            .collect();
        Self {
            generated_at: now,
            last_updated: now,
            entries,
            ..self.clone()
        }
    }

    /// The plan made again from her answers (`None`: she gave none yet) and how things stand. What she
    /// has begun, done or put aside stays, called for or not (QUIRKS Q14b).
    #[must_use]
    pub fn regenerated(
        &self,
        choices: Option<&Choices>,
        standing: ProtectionState,
        now: Timestamp,
    ) -> Self {
        let mut wanted = standing.advice();
        let others = choices.map_or_else(unanswered, advice);
        let kept = self.entries.iter().filter(|it| it.is_hers());
        let kept = kept.map(|it| Advice::of(it.template));
        for advice in others.into_iter().chain(kept) {
            if wanted.iter().all(|it| it.template != advice.template) {
                wanted.push(advice);
            }
        }
        wanted.sort_by_key(|it| it.place);
        let mut entries: Vec<Entry> = wanted
            .iter()
            .map(|it| self.entry(it.template, now))
            .collect();
        for entry in entries.iter_mut().filter(|it| !it.is_hers()) {
            entry.count =
                (entry.template == PlanTemplate::OpenAlerts).then_some(standing.open_alerts);
        }
        Self {
            last_updated: now,
            entries,
            ..self.clone()
        }
    }

    /// A plan that holds the questions alone, as first plans once did, with the default advice added.
    /// `None`: the plan holds more already.
    #[must_use]
    pub fn with_defaults(&self, now: Timestamp) -> Option<Self> {
        let is_short =
            matches!(self.entries.as_slice(), [it] if it.template == PlanTemplate::GettingStarted);
        let entries = unanswered()
            .into_iter()
            .map(|it| self.entry(it.template, now));
        is_short.then(|| Self {
            last_updated: now,
            entries: entries.collect(),
            ..self.clone()
        })
    }

    /// The entry of a template: as it is, if it is in the plan, else a new one.
    fn entry(&self, template: PlanTemplate, now: Timestamp) -> Entry {
        let known = self.entries.iter().find(|it| it.template == template);
        known.cloned().unwrap_or_else(|| Entry::new(template, now))
    }
}

impl ProtectionState {
    /// What to do about how things stand, in the contract's places.
    fn advice(self) -> Vec<Advice> {
        let photos = Advice {
            template: PlanTemplate::UploadPhotos,
            place: 1,
        };
        let alerts = Advice::of(PlanTemplate::OpenAlerts);
        let photos = (self.images == 0).then_some(photos);
        let alerts = (self.open_alerts > 0).then_some(alerts);
        photos.into_iter().chain(alerts).collect()
    }
}

impl Entry {
    /// Whether she has done anything about it.
    fn is_hers(&self) -> bool {
        self.status != PlanItemStatus::Pending
    }
}
