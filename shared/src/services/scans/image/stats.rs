//! What an image scan learns of one picture: findings by tier, and how each engine did.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::{Match, Tier, Vendor};
use crate::services::search::governor::Unanswered;

/// What a scan learnt of one picture. Kept with the mark that it is done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ImageScanStats {
    pub(super) high: u32,
    pub(super) medium_high: u32,
    pub(super) medium: u32,
    pub(super) low: u32,
    /// Pages whose picture we could not see ourselves.
    pub(super) unseen: u32,
    /// Places that are as they were when they were last compared.
    pub(super) unchanged: u32,
    /// Pages that show her face.
    pub(super) face_verified: u32,
    /// Look-alikes that show somebody else, and those that show something else.
    pub(super) other_faces: u32,
    pub(super) other_pictures: u32,
    /// Copies of other pictures of her that were found on the way.
    pub(super) expanded: u32,
    pub(super) expansions: u32,
    /// How each engine did.
    pub(super) engines: BTreeMap<Vendor, EngineOutcome>,
}

/// What became of a picture.
#[derive(Clone, Debug)]
pub(super) enum ImageOutcome {
    /// It was searched for, at least in part, or could not be for these reasons.
    Searched(ImageScanStats, Vec<Unanswered>),
    /// It is put away or gone by now.
    Skipped,
    /// There is no engine to search with, or none that may see it.
    Unsearched(ImageScanStats),
}

/// How an engine did with a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum EngineOutcome {
    /// It searched.
    Searched,
    /// It cannot search for this picture.
    Unsuitable,
    /// She does not want it to see this picture.
    Withheld,
    /// Her share of the day is used up; it may be asked tomorrow.
    Postponed,
    /// The month's budget is spent.
    Spent,
    /// It is switched off.
    Off,
    /// It was not asked, or did not answer; it may yet.
    Failed,
}

impl ImageScanStats {
    pub(super) fn add(&mut self, found: &Match) {
        match found.confidence.unwrap_or(Tier::Low) {
            Tier::High => self.high += 1,
            Tier::MediumHigh => self.medium_high += 1,
            Tier::Medium => self.medium += 1,
            Tier::Low => self.low += 1,
        }
        self.face_verified += u32::from(found.is_her_face());
    }

    /// Whether an engine could yet say more.
    pub(super) fn is_partial(&self) -> bool {
        self.has_gaps() || self.awaits_budget()
    }

    /// Whether a budget left an engine out.
    pub(super) fn awaits_budget(&self) -> bool {
        let is_left_out =
            |it: &EngineOutcome| matches!(it, EngineOutcome::Postponed | EngineOutcome::Spent);
        self.engines.values().any(is_left_out)
    }

    /// Whether an engine was left without an answer.
    pub(super) fn has_gaps(&self) -> bool {
        self.engines.values().any(|it| *it == EngineOutcome::Failed)
    }

    pub(super) fn is_searched(&self) -> bool {
        let answered =
            |it: &EngineOutcome| matches!(it, EngineOutcome::Searched | EngineOutcome::Unsuitable);
        self.engines.values().any(answered)
    }

    /// Of an engine's several answers the best counts.
    pub(super) fn record_engine(&mut self, vendor: Vendor, outcome: EngineOutcome) {
        let known = self.engines.entry(vendor).or_insert(outcome);
        *known = outcome.min(*known);
    }
}
