//! What we conclude about a candidate: how sure we are, and how much it matters.
//!
//! Two witnesses are heard: the engine, which matched the picture in its index, and our own look at
//! the picture it names. Our look can raise a finding to certain; it can never hide one, because
//! engines find crops and montages that a fingerprint of the whole does not.

use serde::{Deserialize, Serialize};

use super::{MatchStatus, MatchType, ReviewStatus, Severity};

/// Two fingerprints at most this far apart are copies; the makers' own figure.
pub const SAME_DISTANCE: u32 = 31;

/// How many bits a fingerprint has.
const BITS: u32 = 256;

/// How sure we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub enum Tier {
    Low,
    Medium,
    MediumHigh,
    High,
}

impl Tier {
    /// How much an alert of this tier matters. CRITICAL is kept for what analysis of the picture's
    /// content will say.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            Self::High => Severity::High,
            Self::MediumHigh | Self::Medium => Severity::Medium,
            Self::Low => Severity::Low,
        }
    }

    /// The contract's spelling.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::MediumHigh => "MEDIUM_HIGH",
            Self::High => "HIGH",
        }
    }
}

/// What our own look at the found picture said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Its fingerprint is this far from the nearest of hers.
    Compared {
        /// Bits that differ, of 256.
        distance: u32,
    },
    /// It could not be fetched, read or compared.
    Unseen,
}

/// What we conclude.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// How sure we are.
    pub tier: Tier,
    /// 0 to 1.
    pub similarity: f64,
    /// How like the found picture is.
    pub match_type: MatchType,
    /// Whether our own look confirmed it.
    pub verified: bool,
}

impl Verdict {
    /// The verdict on a candidate that an engine gave `score` (0 to 100), after our own `look`.
    #[must_use]
    pub fn of(score: Option<f64>, look: Look) -> Self {
        let score = score
            .filter(|it| it.is_finite())
            .unwrap_or_default()
            .clamp(0.0, 100.0);
        if let Look::Compared { distance } = look
            && distance <= SAME_DISTANCE
        {
            let similarity = hundredths(1.0 - f64::from(distance) / f64::from(BITS));
            return Self {
                tier: Tier::High,
                similarity,
                match_type: by_similarity(similarity),
                verified: true,
            };
        }
        let lowered = if matches!(look, Look::Unseen) { 1 } else { 2 };
        Self {
            tier: lower(claimed(score), lowered),
            similarity: hundredths(score / 100.0),
            match_type: MatchType::Modified,
            verified: false,
        }
    }

    /// Where a finding of this verdict begins its life.
    #[must_use]
    pub fn status(&self) -> (MatchStatus, ReviewStatus) {
        match self.tier {
            Tier::Low => (
                MatchStatus::FlaggedForReview,
                ReviewStatus::FlaggedForReview,
            ),
            _ => (MatchStatus::New, ReviewStatus::Active),
        }
    }
}

/// What the engine's own score claims.
fn claimed(score: f64) -> Tier {
    match score {
        it if it >= 50.0 => Tier::High,
        it if it >= 30.0 => Tier::MediumHigh,
        _ => Tier::Low,
    }
}

fn lower(tier: Tier, steps: usize) -> Tier {
    let ladder = [Tier::Low, Tier::Medium, Tier::MediumHigh, Tier::High];
    ladder[(tier as usize).saturating_sub(steps)]
}

fn by_similarity(similarity: f64) -> MatchType {
    if similarity >= 0.95 {
        MatchType::Exact
    } else {
        MatchType::Similar
    }
}

fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tier(score: f64, look: Look) -> Tier {
        Verdict::of(Some(score), look).tier
    }

    #[test]
    fn a_copy_is_certain_whatever_the_engine_says() {
        for score in [None, Some(0.0), Some(12.0), Some(99.0)] {
            let verdict = Verdict::of(score, Look::Compared { distance: 31 });
            assert_eq!((verdict.tier, verdict.verified), (Tier::High, true));
            assert_eq!(
                (verdict.similarity, verdict.match_type),
                (0.88, MatchType::Similar)
            );
        }
        let same = Verdict::of(None, Look::Compared { distance: 0 });
        assert_eq!((same.similarity, same.match_type), (1.0, MatchType::Exact));
    }

    #[test]
    fn what_could_not_be_seen_is_one_step_less_sure() {
        assert_eq!(tier(50.0, Look::Unseen), Tier::MediumHigh);
        assert_eq!(tier(49.9, Look::Unseen), Tier::Medium);
        assert_eq!(tier(30.0, Look::Unseen), Tier::Medium);
        assert_eq!(tier(29.9, Look::Unseen), Tier::Low);
    }

    #[test]
    fn what_looks_different_is_two_steps_less_sure_and_never_hidden() {
        let different = Look::Compared { distance: 32 };
        assert_eq!(tier(90.0, different), Tier::Medium);
        assert_eq!(tier(40.0, different), Tier::Low);
        let low = Verdict::of(Some(5.0), different);
        assert_eq!((low.tier, low.similarity), (Tier::Low, 0.05));
        assert_eq!(
            low.status(),
            (
                MatchStatus::FlaggedForReview,
                ReviewStatus::FlaggedForReview
            )
        );
    }

    #[test]
    fn odd_scores_are_taken_calmly() {
        for odd in [None, Some(f64::NAN), Some(-3.0), Some(f64::INFINITY)] {
            assert_eq!(Verdict::of(odd, Look::Unseen).similarity, 0.0);
        }
        assert_eq!(Verdict::of(Some(250.0), Look::Unseen).similarity, 1.0);
    }

    #[test]
    fn the_surer_the_graver() {
        let severities =
            [Tier::Low, Tier::Medium, Tier::MediumHigh, Tier::High].map(Tier::severity);
        assert!(severities.is_sorted());
        assert_eq!(severities[3], Severity::High);
    }
}
