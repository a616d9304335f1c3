//! What we conclude about a candidate: how sure we are, and how much it matters.
//!
//! Two witnesses are heard: the engine, which matched the picture in its index, and our own look at
//! the picture it names. Our look has the last word on whether it is her picture, but never hides a
//! finding: what we cannot confirm is kept and put to her.

use serde::{Deserialize, Serialize};

use super::{Evidence, MatchStatus, MatchType, Relation, ReviewStatus, Severity};

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
#[derive(Clone, Debug, PartialEq)]
pub enum Look {
    /// It was compared with hers.
    Compared(Box<Evidence>),
    /// It could not be fetched, read or compared.
    Unseen,
}

/// What we conclude.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// How sure we are.
    pub tier: Tier,
    /// 0 to 1.
    pub similarity: f64,
    /// How like the found picture is.
    pub match_type: MatchType,
    /// What our own look rests on, if there was one.
    pub evidence: Option<Evidence>,
}

impl Verdict {
    /// The verdict on a candidate that an engine gave `score` (0 to 100), after our own `look`.
    #[must_use]
    pub fn of(score: Option<f64>, look: Look) -> Self {
        let score = score
            .filter(|it| it.is_finite())
            .unwrap_or_default()
            .clamp(0.0, 100.0);
        let claimed = claimed(score);
        let doubted = Self {
            tier: Tier::Low,
            similarity: hundredths(score / 100.0),
            match_type: MatchType::Modified,
            evidence: None,
        };
        let Look::Compared(evidence) = look else {
            let tier = one_less(claimed);
            return Self { tier, ..doubted };
        };
        let verdict = match evidence.relation {
            Relation::Exact => Self {
                tier: Tier::High,
                similarity: hundredths(evidence.score),
                match_type: MatchType::Exact,
                ..doubted
            },
            Relation::Edited => Self {
                tier: Tier::High,
                similarity: hundredths(evidence.score),
                ..doubted
            },
            // Her face in a picture that is not hers: no copy, and worth knowing whatever is claimed.
            Relation::SamePerson => Self {
                tier: claimed.clamp(Tier::Medium, Tier::MediumHigh),
                match_type: MatchType::Similar,
                ..doubted
            },
            Relation::Similar => Self {
                match_type: MatchType::Similar,
                ..doubted
            },
            Relation::Different => doubted,
        };
        Self {
            evidence: Some(*evidence),
            ..verdict
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

fn one_less(tier: Tier) -> Tier {
    match tier {
        Tier::High => Tier::MediumHigh,
        Tier::MediumHigh => Tier::Medium,
        Tier::Medium | Tier::Low => Tier::Low,
    }
}

fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::evidence::tests::evidence;

    fn seen(score: f64, relation: Relation, likelihood: f64) -> Verdict {
        let look = Look::Compared(Box::new(evidence(relation, likelihood)));
        Verdict::of(Some(score), look)
    }

    fn tier(score: f64, look: Look) -> Tier {
        Verdict::of(Some(score), look).tier
    }

    #[test]
    fn her_picture_is_certain_whatever_the_engine_says() {
        for score in [0.0, 12.0, 99.0] {
            let same = seen(score, Relation::Exact, 0.991);
            assert_eq!((same.tier, same.similarity), (Tier::High, 0.99));
            assert_eq!(same.match_type, MatchType::Exact);
            let edited = seen(score, Relation::Edited, 0.7);
            assert_eq!((edited.tier, edited.similarity), (Tier::High, 0.7));
            assert_eq!(edited.match_type, MatchType::Modified);
            assert!(edited.evidence.is_some_and(|it| it.is_copy()));
        }
        let none = Verdict::of(
            None,
            Look::Compared(Box::new(evidence(Relation::Exact, 1.0))),
        );
        assert_eq!((none.tier, none.similarity), (Tier::High, 1.0));
    }

    #[test]
    fn what_could_not_be_seen_is_one_step_less_sure() {
        assert_eq!(tier(50.0, Look::Unseen), Tier::MediumHigh);
        assert_eq!(tier(49.9, Look::Unseen), Tier::Medium);
        assert_eq!(tier(30.0, Look::Unseen), Tier::Medium);
        assert_eq!(tier(29.9, Look::Unseen), Tier::Low);
        assert_eq!(Verdict::of(Some(90.0), Look::Unseen).evidence, None);
    }

    #[test]
    fn her_face_in_another_picture_is_between() {
        for (score, tier) in [
            (90.0, Tier::MediumHigh),
            (30.0, Tier::MediumHigh),
            (5.0, Tier::Medium),
        ] {
            let found = seen(score, Relation::SamePerson, 0.1);
            assert_eq!((found.tier, found.similarity), (tier, score / 100.0));
            assert_eq!(found.status(), (MatchStatus::New, ReviewStatus::Active));
        }
    }

    #[test]
    fn what_looks_different_is_put_to_her_and_never_hidden() {
        for relation in [Relation::Similar, Relation::Different] {
            for score in [5.0, 40.0, 90.0] {
                let found = seen(score, relation, 0.1);
                assert_eq!((found.tier, found.similarity), (Tier::Low, score / 100.0));
                assert!(found.evidence.is_some());
                assert_eq!(
                    found.status(),
                    (
                        MatchStatus::FlaggedForReview,
                        ReviewStatus::FlaggedForReview
                    )
                );
            }
        }
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
