//! What a scan came to.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::work::engine_state;
use super::image::{Facts, Seen, Stop, Trouble};
use crate::domain::{Error, ImageId, Timestamp};
use crate::engines::{EngineError, TinEye};
use crate::store::ScanRow;

/// The sums over a scan's pictures.
#[derive(Debug)]
pub(super) struct Tally {
    engine_on: bool,
    searched: usize,
    skipped: u32,
    unsearched: u32,
    facts: Facts,
    failures: Vec<(ImageId, Trouble)>,
}

impl Tally {
    pub(super) fn new(engine_on: bool) -> Self {
        Self {
            engine_on,
            searched: 0,
            skipped: 0,
            unsearched: 0,
            facts: Facts::default(),
            failures: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, seen: Seen) {
        match seen {
            Seen::Skipped => self.skipped += 1,
            Seen::Unsearched => self.unsearched += 1,
            Seen::Searched(facts) => {
                self.searched += 1;
                self.facts.high += facts.high;
                self.facts.medium_high += facts.medium_high;
                self.facts.medium += facts.medium;
                self.facts.low += facts.low;
                self.facts.unseen += facts.unseen;
                self.facts.face_verified += facts.face_verified;
            }
        }
    }

    pub(super) fn fail(&mut self, image: ImageId, trouble: Trouble) {
        self.failures.push((image, trouble));
    }

    /// Why no further picture can be searched for now, if so.
    pub(super) fn refused(&self) -> Option<Stop> {
        let refused = |it: &Trouble| matches!(it, Trouble::Engine(err) if err.is_for_all());
        self.failures
            .iter()
            .find(|(_, it)| refused(it))
            .map(|(_, it)| Stop::Failed(it.clone()))
    }

    pub(super) fn has_failures(&self) -> bool {
        !self.failures.is_empty()
    }

    /// Whether nothing at all was learnt.
    pub(super) fn all_failed(&self) -> bool {
        self.has_failures() && self.searched == 0
    }

    /// How long the engine wants to be left alone.
    pub(super) fn wait(&self) -> Option<Duration> {
        self.failures
            .iter()
            .filter_map(|(_, it)| {
                if let Trouble::Engine(err) = it {
                    err.wait()
                } else {
                    None
                }
            })
            .max()
    }

    /// The failure of the attempt, for the queue and the log.
    pub(super) fn error(&self) -> Error {
        let engine = self.failures.iter().find_map(|(_, it)| {
            if let Trouble::Engine(err) = it {
                Some(err.clone())
            } else {
                None
            }
        });
        match engine {
            Some(err) => Error::unavailable("searching for pictures", err),
            None => Error::unavailable("searching for pictures", "something of ours failed"),
        }
    }

    /// Why the scan failed, in words for her.
    pub(super) fn message(&self) -> String {
        self.failures
            .first()
            .map_or("", |(_, it)| words(it))
            .to_owned()
    }

    /// The result as the screens read it (PIPELINE 2.5, QUIRKS Q16).
    ///
    /// New findings are counted on the scan's row, together with each; what this attempt happened to
    /// see does not matter.
    pub(super) fn result(&self, row: &ScanRow, now: Timestamp) -> Value {
        let started = row.scan.started_at.unwrap_or(row.scan.created_at);
        let mut result = json!({
            "scannedAt": now,
            "imagesScanned": self.searched,
            "imagesProcessed": self.searched,
            "imagesSkipped": self.skipped,
            "matchesFound": row.findings,
            "alertsCreated": row.findings,
            "duration": now.millis_since(started),
            "details": self.details(),
            "errors": self.errors(),
            "partial": self.has_failures(),
            "engines": [self.engine()],
        });
        if let (Some(image), Some(facts)) = (row.scan.protected_image_id, result.as_object_mut()) {
            facts.insert("targetId".to_owned(), json!(image));
        }
        result
    }

    fn details(&self) -> Value {
        json!({
            "reverseImageSearch": self.searched > 0,
            "reverseImageSearchEngine": if self.engine_on { TinEye::NAME } else { "none" },
            "deepfakeAnalysis": false,
            "similarityCheck": self.searched > 0,
            "embeddingsGenerated": 0,
            "hashesGenerated": 0,
            "faceEmbeddingsGenerated": 0,
            "faceVerifiedMatches": self.facts.face_verified,
            "unverifiedMatches": self.facts.unseen,
            "matchBreakdown": {
                "highConfidence": self.facts.high,
                "mediumConfidence": self.facts.medium_high,
                "pagesMatches": self.facts.medium,
                "lowConfidence": self.facts.low,
                "skippedBelowThreshold": 0,
                "skippedFaceMismatch": 0,
                "skippedClipMismatch": 0,
            },
        })
    }

    fn errors(&self) -> Vec<String> {
        self.failures
            .iter()
            .map(|(image, it)| format!("Image {image}: {}", words(it)))
            .collect()
    }

    fn engine(&self) -> Value {
        let failed = self.failures.len();
        let off = (!self.engine_on).then_some("off");
        let state = engine_state(off, failed, self.searched);
        json!({ "name": TinEye::NAME, "state": state, "searched": self.searched, "failed": failed, "notSearched": self.unsearched })
    }
}

/// What failed, in words for her.
fn words(trouble: &Trouble) -> &'static str {
    match trouble {
        Trouble::Engine(EngineError::Refused(_)) => {
            "The search engine is not available to us right now."
        }
        Trouble::Engine(_) => {
            "The search engine could not be reached. We will try again with the next scan."
        }
        Trouble::Ours => "Something went wrong on our side. We will try again with the next scan.",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::{Scan, ScanId, ScanOrigin, ScanType, UserId};

    fn row() -> ScanRow {
        let now = Timestamp::from_epoch_seconds(1_800_000_000).unwrap();
        let scan = Scan::pending(
            ScanId::next(),
            UserId::random(),
            ScanType::ImageScan,
            None,
            now,
        );
        ScanRow {
            scan: scan.taken("w", 1, now),
            origin: ScanOrigin::User,
            findings: 2,
            parent: None,
            account: None,
            lease_until: None,
            advanced_at: None,
        }
    }

    fn result(tally: &Tally) -> Value {
        tally.result(
            &row(),
            Timestamp::from_epoch_seconds(1_800_000_002).unwrap(),
        )
    }

    #[test]
    fn the_screens_find_both_names_and_the_new_findings() {
        let mut tally = Tally::new(true);
        tally.add(Seen::Searched(Facts {
            high: 1,
            low: 3,
            face_verified: 2,
            ..Facts::default()
        }));
        tally.add(Seen::Skipped);
        let result = result(&tally);
        assert_eq!(
            (&result["imagesScanned"], &result["imagesProcessed"]),
            (&json!(1), &json!(1))
        );
        assert_eq!(
            (&result["matchesFound"], &result["alertsCreated"]),
            (&json!(2), &json!(2))
        );
        assert_eq!(
            (&result["duration"], &result["partial"]),
            (&json!(2000), &json!(false))
        );
        assert_eq!(result["details"]["matchBreakdown"]["lowConfidence"], 3);
        assert_eq!(result["details"]["faceVerifiedMatches"], 2);
        assert_eq!(result["details"]["reverseImageSearchEngine"], "tineye");
    }

    #[test]
    fn without_an_engine_nothing_is_claimed() {
        let mut tally = Tally::new(false);
        tally.add(Seen::Unsearched);
        let result = result(&tally);
        assert_eq!(
            (&result["imagesScanned"], &result["engines"][0]["state"]),
            (&json!(0), &json!("off"))
        );
        assert_eq!(result["details"]["reverseImageSearch"], false);
        assert!(!tally.all_failed());
    }

    #[test]
    fn a_failed_engine_makes_it_partial_or_failed() {
        let mut tally = Tally::new(true);
        tally.fail(ImageId::next(), Trouble::Engine(EngineError::Silent));
        assert!(tally.all_failed() && tally.refused().is_none());
        tally.add(Seen::Searched(Facts::default()));
        assert!(!tally.all_failed());
        let result = result(&tally);
        assert_eq!(
            (&result["partial"], &result["engines"][0]["state"]),
            (&json!(true), &json!("partial"))
        );
        assert!(result["errors"][0].as_str().unwrap().starts_with("Image "));
        let busy = EngineError::Busy {
            status: 429,
            after: Some(Duration::from_secs(60)),
        };
        tally.fail(ImageId::next(), Trouble::Engine(busy));
        assert_eq!(tally.wait(), Some(Duration::from_secs(60)));
        tally.fail(ImageId::next(), Trouble::Engine(EngineError::Refused(402)));
        assert!(tally.refused().is_some());
    }
}
