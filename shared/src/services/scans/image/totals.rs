//! Result of an image scan: counts, engine states, errors, failure message.

use std::collections::BTreeMap;
use std::time::Duration;

use uuid::Uuid;

use super::search::longest_wait;
use super::stats::{EngineOutcome, ImageOutcome, ImageScanStats};
use crate::domain::{
    EngineSummary, Error, ImageId, ImageScanDetails, MatchBreakdown, PersonDiscovery, ScanResult,
    Timestamp, Vendor,
};
use crate::engines::EngineError;
use crate::services::scans::ending::engine_summary;
use crate::services::search::governor::Unanswered;
use crate::store::ScanRow;

/// The sums over a scan's pictures.
#[derive(Debug)]
pub(super) struct ImageScanTotals {
    vendors: Vec<Vendor>,
    searched: usize,
    skipped: u32,
    unsearched: u32,
    stats: ImageScanStats,
    /// How each engine did, and with how many pictures.
    engine_outcomes: BTreeMap<(Vendor, EngineOutcome), usize>,
    failures: Vec<(ImageId, Unanswered)>,
    /// Pictures that the time limit left undone, in whole or in part.
    left: usize,
}

impl ImageScanTotals {
    /// With the companies that can be asked.
    pub(super) fn new(vendors: Vec<Vendor>) -> Self {
        Self {
            vendors,
            searched: 0,
            skipped: 0,
            unsearched: 0,
            stats: ImageScanStats::default(),
            engine_outcomes: BTreeMap::new(),
            failures: Vec::new(),
            left: 0,
        }
    }

    pub(super) fn add(&mut self, image: ImageId, seen: ImageOutcome) {
        match seen {
            ImageOutcome::Skipped => self.skipped += 1,
            ImageOutcome::Unsearched(stats) => {
                self.unsearched += 1;
                self.note(&stats);
            }
            ImageOutcome::Searched(stats, troubles) => {
                self.searched += usize::from(stats.is_searched());
                self.left += usize::from(troubles.is_empty() && stats.has_gaps());
                self.note(&stats);
                self.failures
                    .extend(troubles.into_iter().map(|it| (image, it)));
            }
        }
    }

    fn note(&mut self, stats: &ImageScanStats) {
        let sum = &mut self.stats;
        sum.high += stats.high;
        sum.medium_high += stats.medium_high;
        sum.medium += stats.medium;
        sum.low += stats.low;
        sum.unseen += stats.unseen;
        sum.face_verified += stats.face_verified;
        sum.other_faces += stats.other_faces;
        sum.other_pictures += stats.other_pictures;
        sum.expanded += stats.expanded;
        sum.expansions += stats.expansions;
        for (vendor, outcome) in &stats.engines {
            *self.engine_outcomes.entry((*vendor, *outcome)).or_default() += 1;
        }
    }

    /// Something of ours failed at this picture.
    pub(super) fn fail(&mut self, image: ImageId) {
        self.failures.push((image, Unanswered::Ours));
    }

    /// There is no time left for so many pictures.
    pub(super) fn leave(&mut self, pictures: usize) {
        self.left += pictures;
    }

    pub(super) fn has_failures(&self) -> bool {
        !self.failures.is_empty()
    }

    /// Whether the time limit left something undone.
    pub(super) fn has_left(&self) -> bool {
        self.left > 0
    }

    /// Whether no picture was searched for to its end.
    fn all_failed(&self) -> bool {
        (self.has_failures() || self.has_left()) && self.searched == 0
    }

    /// Why the scan failed, in words for her, if it did. With something to show it did not if another
    /// scan goes on with it: the picture that the time limit cut off is not counted as searched, but what
    /// was found of it is there. Findings of earlier scans are no answer where engines failed (Q22).
    pub(super) fn failure(
        &self,
        (has_open, has_new): (bool, bool),
        continues: bool,
    ) -> Option<String> {
        let is_answered = continues && (has_new || has_open && !self.has_failures());
        (self.all_failed() && !is_answered).then(|| self.message(continues))
    }

    /// How long until the engines can be asked again.
    pub(super) fn wait(&self) -> Option<Duration> {
        longest_wait(self.failures.iter().map(|(_, it)| it))
    }

    /// The failure of the attempt, for the queue and the log.
    pub(super) fn error(&self) -> Error {
        const WHAT: &str = "searching for pictures";
        let engine = self.failures.iter().find_map(|(_, it)| match it {
            Unanswered::Failed(err) => Some(Error::unavailable(WHAT, err.clone())),
            Unanswered::Held(why, _) => Some(Error::unavailable(WHAT, why.as_str())),
            Unanswered::Ours => None,
        });
        engine.unwrap_or_else(|| Error::unavailable(WHAT, "something of ours failed"))
    }

    /// Why the scan failed, in words for her.
    fn message(&self, continues: bool) -> String {
        let first = self.failures.first();
        match first.filter(|_| !continues) {
            Some((_, it)) => words(it),
            None => {
                "This search takes longer than usual. It goes on, and you will be told of what it finds."
            }
        }
        .to_owned()
    }

    /// The result as the screens read it (PIPELINE 2.5, QUIRKS Q16).
    ///
    /// `open` is how many findings are open after the scan. New ones are counted on the scan's row,
    /// together with each; what this attempt happened to see does not matter.
    ///
    /// `continues`: another scan goes on with what was left undone.
    pub(super) fn result(
        &self,
        row: &ScanRow,
        (open, continues): (usize, bool),
        now: Timestamp,
    ) -> ScanResult {
        let started = row.scan.started_at.unwrap_or(row.scan.created_at);
        let is_partial = self.has_failures() || self.has_left() || self.budget_words().is_some();
        ScanResult {
            target_id: row.scan.protected_image_id.map(Uuid::from),
            scanned_at: Some(now),
            images_scanned: Some(self.searched as u64),
            images_processed: Some(self.searched as u64),
            images_skipped: Some(self.skipped),
            matches_found: Some(open as u64),
            new_matches: Some(row.findings),
            alerts_created: Some(row.alerts()),
            duration: Some(now.millis_since(started)),
            details: Some(self.details()),
            errors: Some(self.errors()),
            partial: Some(is_partial),
            continues: Some(continues),
            engines: Some(Vendor::ALL.map(|it| self.engine(it)).into()),
            ..ScanResult::default()
        }
    }

    fn details(&self) -> ImageScanDetails {
        let stats = &self.stats;
        ImageScanDetails {
            reverse_image_search: self.searched > 0,
            reverse_image_search_engine: self.engines(),
            deepfake_analysis: false,
            similarity_check: self.searched > 0,
            embeddings_generated: 0,
            hashes_generated: 0,
            face_embeddings_generated: 0,
            face_verified_matches: stats.face_verified,
            unverified_matches: stats.unseen,
            match_breakdown: MatchBreakdown {
                high_confidence: stats.high,
                medium_confidence: stats.medium_high,
                pages_matches: stats.medium,
                low_confidence: stats.low,
                skipped_below_threshold: 0,
                skipped_face_mismatch: stats.other_faces,
                skipped_clip_mismatch: stats.other_pictures,
            },
            person_discovery: PersonDiscovery {
                enabled: self.vendors.iter().any(|it| discovers(*it)),
                candidates_expanded: stats.expansions,
                expansion_matches: stats.expanded,
            },
        }
    }

    /// The engines' names in one word, as the contract has it.
    fn engines(&self) -> String {
        let names: Vec<&str> = self.vendors.iter().copied().map(Vendor::name).collect();
        match names[..] {
            [] => "none".to_owned(),
            [name] => name.to_owned(),
            _ if self.vendors.iter().any(|it| discovers(*it)) => {
                format!("person-discovery:{}", names.join(","))
            }
            _ => names.join(","),
        }
    }

    /// Which budget ended before her pictures did, in words for her.
    fn budget_words(&self) -> Option<&'static str> {
        let has = |outcome| self.engine_outcomes.keys().any(|it| it.1 == outcome);
        let postponed = has(EngineOutcome::Postponed).then_some(POSTPONED);
        postponed.or(has(EngineOutcome::Spent).then_some(SPENT))
    }

    fn errors(&self) -> Vec<String> {
        let failures = self.failures.iter();
        let failures = failures.map(|(image, it)| format!("Image {image}: {}", words(it)));
        let budget = self.budget_words().map(str::to_owned);
        failures.chain(budget).collect()
    }

    fn engine(&self, vendor: Vendor) -> EngineSummary {
        let of = |outcome| {
            self.engine_outcomes
                .get(&(vendor, outcome))
                .copied()
                .unwrap_or_default()
        };
        let searched = of(EngineOutcome::Searched) + of(EngineOutcome::Unsuitable);
        let (failed, spent, withheld) = (
            of(EngineOutcome::Failed),
            of(EngineOutcome::Spent),
            of(EngineOutcome::Withheld),
        );
        let (postponed, off) = (of(EngineOutcome::Postponed), of(EngineOutcome::Off));
        let unasked = if !self.vendors.contains(&vendor) || searched + failed == 0 && off > 0 {
            Some("off")
        } else if searched + failed == 0 && spent > 0 {
            Some("spent")
        } else if searched + failed == 0 && postponed > 0 {
            Some("postponed")
        } else if searched + failed == 0 && withheld > 0 {
            Some("withheld")
        } else {
            None
        };
        EngineSummary {
            not_searched: Some((spent + withheld + postponed + off) as u64),
            ..engine_summary(vendor.name(), unasked, failed, searched)
        }
    }
}

/// Whether an engine finds other pictures of her, too.
fn discovers(vendor: Vendor) -> bool {
    matches!(vendor, Vendor::Serpapi | Vendor::Facecheck)
}

/// Why not all her pictures were searched for with every engine, in words for her: her share of the
/// day is used up, or the month of all.
const POSTPONED: &str = "We have searched as much as we can for you today. A later scan goes on with your other pictures.";
const SPENT: &str =
    "One of the search engines cannot be asked for now. We ask it again with a later scan.";

/// What failed, in words for her.
fn words(trouble: &Unanswered) -> &'static str {
    match trouble {
        Unanswered::Failed(EngineError::Refused(_) | EngineError::Spent) => {
            "The search engine is not available to us right now."
        }
        Unanswered::Failed(_) | Unanswered::Held(..) => {
            "The search engine could not be reached. We will try again with the next scan."
        }
        Unanswered::Ours => {
            "Something went wrong on our side. We will try again with the next scan."
        }
    }
}

#[cfg(test)]
mod tests;
