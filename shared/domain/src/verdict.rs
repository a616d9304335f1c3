//! Verdict on a candidate: confidence tier, severity, match type, and whether she is told.
//!
//! Two witnesses are heard: the engine, which matched the picture in its index, and our own look at
//! the picture it names. Our look has the last word on whether it is her picture, but never hides a
//! finding: what we cannot confirm is kept and put to her.

use super::{Evidence, MatchStatus, MatchType, Relation, ReviewStatus, Tier};

/// What an engine says of a picture it found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EngineClaim {
    /// It looks like hers to an engine that looks for pictures that look alike.
    Alike,
    /// An engine that looks for copies has little to say for it.
    Weak,
    /// It shows the same person.
    Face,
    /// It is somewhere on a page.
    Page,
    /// It is a part of hers, or an altered version.
    Partial,
    /// It is the whole of hers.
    Full,
}

impl EngineClaim {
    /// How sure we would be if we believed it.
    fn tier(self, score: Option<f64>) -> Tier {
        match self {
            Self::Full => Tier::High,
            Self::Partial => Tier::MediumHigh,
            Self::Page => Tier::Medium,
            Self::Face if score.is_some_and(|it| it >= SURE_FACE) => Tier::MediumHigh,
            Self::Face | Self::Weak | Self::Alike => Tier::Low,
        }
    }

    /// What stands for the score of an engine that gives none, out of 100.
    fn usual(self) -> f64 {
        match self {
            Self::Full => 98.0,
            Self::Page => 92.0,
            Self::Alike => 86.0,
            Self::Partial => 85.0,
            Self::Face | Self::Weak => 0.0,
        }
    }
}

/// A search for faces that is this sure is worth telling of, out of 100.
const SURE_FACE: f64 = 80.0;

/// What our own look at the found picture said.
#[derive(Clone, Debug, PartialEq)]
pub enum Comparison {
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
    /// Whether she is told. What merely looks alike waits for her among the findings.
    pub told: bool,
    /// What our own look rests on, if there was one.
    pub evidence: Option<Evidence>,
}

impl Verdict {
    /// The verdict on a candidate, after our own `look`; nothing if it is dismissed, which is said of
    /// look-alikes only. An engine may give a score, 0 to 100.
    #[must_use]
    pub fn of(claim: EngineClaim, score: Option<f64>, look: Comparison) -> Option<Self> {
        let score = score.filter(|it| it.is_finite());
        let claimed = claim.tier(score);
        let score = score.unwrap_or_else(|| claim.usual()).clamp(0.0, 100.0);
        let doubted = Self {
            tier: Tier::Low,
            similarity: hundredths(score / 100.0),
            match_type: MatchType::Modified,
            told: claim >= EngineClaim::Page || claim == EngineClaim::Weak,
            evidence: None,
        };
        let Comparison::Compared(evidence) = look else {
            let tier = one_less(claimed);
            return Some(Self {
                tier,
                told: doubted.told || tier > Tier::Low,
                ..doubted
            });
        };
        let copy = Self {
            tier: Tier::High,
            similarity: hundredths(evidence.score),
            told: true,
            ..doubted.clone()
        };
        let verdict = match evidence.relation {
            Relation::Exact => Self {
                match_type: MatchType::Exact,
                ..copy
            },
            Relation::Edited => copy,
            // Her face in a picture that is not hers: no copy, and worth knowing whatever is claimed.
            Relation::SamePerson => Self {
                tier: claimed.clamp(Tier::Medium, Tier::MediumHigh),
                match_type: match claim {
                    EngineClaim::Face => MatchType::FaceMatch,
                    _ => MatchType::PersonCandidate,
                },
                told: true,
                ..doubted
            },
            Relation::Similar => Self {
                match_type: MatchType::Similar,
                ..doubted
            },
            Relation::Different if claim == EngineClaim::Alike => return None,
            Relation::Different => doubted,
        };
        Some(Self {
            evidence: Some(*evidence),
            ..verdict
        })
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
    use crate::Severity;
    use crate::evidence::tests::evidence;

    const ALL: [EngineClaim; 6] = [
        EngineClaim::Alike,
        EngineClaim::Weak,
        EngineClaim::Face,
        EngineClaim::Page,
        EngineClaim::Partial,
        EngineClaim::Full,
    ];

    fn seen(claim: EngineClaim, relation: Relation, likelihood: f64) -> Option<Verdict> {
        let look = Comparison::Compared(Box::new(evidence(relation, likelihood)));
        Verdict::of(claim, Some(60.0), look)
    }

    fn unseen(claim: EngineClaim, score: Option<f64>) -> Verdict {
        Verdict::of(claim, score, Comparison::Unseen).unwrap()
    }

    #[test]
    fn her_picture_is_certain_whatever_the_engine_says() {
        for claim in ALL {
            let same = seen(claim, Relation::Exact, 0.991).unwrap();
            assert_eq!((same.tier, same.similarity), (Tier::High, 0.99));
            assert_eq!((same.match_type, same.told), (MatchType::Exact, true));
            let edited = seen(claim, Relation::Edited, 0.7).unwrap();
            assert_eq!((edited.tier, edited.similarity), (Tier::High, 0.7));
            assert_eq!(edited.match_type, MatchType::Modified);
            assert!(edited.told && edited.evidence.is_some_and(|it| it.is_copy()));
        }
    }

    #[test]
    fn what_could_not_be_seen_is_one_step_less_sure() {
        for (claim, score, tier, told) in [
            (EngineClaim::Full, None, Tier::MediumHigh, true),
            (EngineClaim::Partial, None, Tier::Medium, true),
            (EngineClaim::Page, None, Tier::Low, true),
            (EngineClaim::Face, Some(80.0), Tier::Medium, true),
            (EngineClaim::Face, Some(79.9), Tier::Low, false),
            (EngineClaim::Weak, Some(20.0), Tier::Low, true),
            (EngineClaim::Alike, None, Tier::Low, false),
        ] {
            let found = unseen(claim, score);
            assert_eq!((found.tier, found.told), (tier, told), "{claim:?}");
            assert_eq!(found.evidence, None);
        }
    }

    #[test]
    fn her_face_in_another_picture_is_between() {
        for (claim, tier, kind) in [
            (
                EngineClaim::Full,
                Tier::MediumHigh,
                MatchType::PersonCandidate,
            ),
            (EngineClaim::Alike, Tier::Medium, MatchType::PersonCandidate),
            (EngineClaim::Face, Tier::Medium, MatchType::FaceMatch),
        ] {
            let found = seen(claim, Relation::SamePerson, 0.1).unwrap();
            assert_eq!((found.tier, found.match_type), (tier, kind));
            assert_eq!((found.similarity, found.told), (0.6, true));
            assert_eq!(found.status(), (MatchStatus::New, ReviewStatus::Active));
        }
    }

    #[test]
    fn what_looks_different_is_put_to_her_unless_nobody_called_it_hers() {
        for claim in ALL.into_iter().filter(|it| *it != EngineClaim::Alike) {
            let found = seen(claim, Relation::Different, 0.1).unwrap();
            assert_eq!((found.tier, found.similarity), (Tier::Low, 0.6));
            assert_eq!(found.told, claim != EngineClaim::Face);
            let (status, review) = found.status();
            assert_eq!(status, MatchStatus::FlaggedForReview);
            assert_eq!(review, ReviewStatus::FlaggedForReview);
        }
        assert_eq!(seen(EngineClaim::Alike, Relation::Different, 0.1), None);
        let alike = seen(EngineClaim::Alike, Relation::Similar, 0.1).unwrap();
        assert_eq!((alike.tier, alike.told), (Tier::Low, false));
    }

    #[test]
    fn odd_scores_are_taken_calmly() {
        for odd in [None, Some(f64::NAN), Some(f64::INFINITY)] {
            assert_eq!(unseen(EngineClaim::Full, odd).similarity, 0.98);
            assert_eq!(unseen(EngineClaim::Weak, odd).similarity, 0.0);
        }
        assert_eq!(unseen(EngineClaim::Full, Some(-3.0)).similarity, 0.0);
        assert_eq!(unseen(EngineClaim::Full, Some(250.0)).similarity, 1.0);
    }

    #[test]
    fn the_surer_the_graver() {
        let severities =
            [Tier::Low, Tier::Medium, Tier::MediumHigh, Tier::High].map(Tier::severity);
        assert!(severities.is_sorted());
        assert_eq!(severities[3], Severity::High);
    }
}
