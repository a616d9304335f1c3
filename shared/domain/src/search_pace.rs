//! How often a scan of the schedule asks each company about a picture.
//!
//! Companies take from a third of a cent to thirty cents for a picture. Whichever that may be asked is cheapest is
//! asked in every scan; the others less often about a picture at which nothing new was found for weeks, unless her
//! risk is high. What they are not asked, their last answer says.

use crate::{RiskLevel, Timestamp, Vendor, scan};

/// After how long without anything new a picture is quiet, in seconds.
pub const QUIET_AFTER: i64 = 28 * 24 * 3600;

/// The most scans that one answer of a dear company serves.
pub const MAX_SCANS_OF_AN_ANSWER: i64 = 4;

/// The companies by what they take for one picture, cheapest first, as their price lists of 2026 have it.
const BY_PRICE: [Vendor; 4] = [
    Vendor::GoogleVision,
    Vendor::Tineye,
    Vendor::Serpapi,
    Vendor::Facecheck,
];

/// From when on an answer is taken instead of asking anew, by company.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswersSince {
    usual: Timestamp,
    dear: Timestamp,
    cheapest: Option<Vendor>,
}

impl AnswersSince {
    /// The same for all companies.
    #[must_use]
    pub fn same(since: Timestamp) -> Self {
        Self {
            usual: since,
            dear: since,
            cheapest: None,
        }
    }

    /// For a scan of the schedule that began at `at`, of a picture about which these companies may be asked.
    #[must_use]
    pub fn scheduled(at: Timestamp, risk: RiskLevel, asked: &[Vendor], is_quiet: bool) -> Self {
        let apart = scan::rescan_after(risk);
        let usual = at.minus_seconds(apart / 2);
        let dear = match is_quiet && may_wait(risk) {
            true => usual.minus_seconds((MAX_SCANS_OF_AN_ANSWER - 1) * apart),
            false => usual,
        };
        Self {
            usual,
            dear,
            cheapest: BY_PRICE.into_iter().find(|it| asked.contains(it)),
        }
    }

    /// The same, but nothing from before `at`.
    #[must_use]
    pub fn not_before(self, at: Timestamp) -> Self {
        Self {
            usual: self.usual.max(at),
            dear: self.dear.max(at),
            ..self
        }
    }

    /// For this company.
    #[must_use]
    pub fn of(&self, vendor: Vendor) -> Timestamp {
        match self.cheapest == Some(vendor) {
            true => self.usual,
            false => self.dear,
        }
    }
}

/// Whether dear companies may be asked less often at this risk.
#[must_use]
pub fn may_wait(risk: RiskLevel) -> bool {
    matches!(risk, RiskLevel::Low | RiskLevel::Medium)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RISKS: [RiskLevel; 4] = [
        RiskLevel::Low,
        RiskLevel::Medium,
        RiskLevel::High,
        RiskLevel::Critical,
    ];

    /// Every choice of companies but none.
    fn choices() -> impl Iterator<Item = Vec<Vendor>> {
        (1..16_usize).map(|bits| {
            let chosen = (0..4).filter(move |it| bits & (1 << it) != 0);
            chosen.map(|it| Vendor::ALL[it]).collect()
        })
    }

    /// In how many of so many scans each company is asked, and the most scans from one question to the next.
    fn asked(risk: RiskLevel, vendors: &[Vendor], is_quiet: bool) -> Vec<(Vendor, i64, i64)> {
        const SCANS: i64 = 40;
        let begin = Timestamp::parse("2026-01-01T00:00:00.000Z").unwrap();
        let count = |&vendor: &Vendor| {
            let (mut last, mut questions, mut longest) = (None, 0, 0);
            for nth in 0..SCANS {
                // The schedule is never early, and late by minutes.
                let at = begin.plus_seconds(nth * scan::rescan_after(risk) + (nth % 3) * 120);
                let since = AnswersSince::scheduled(at, risk, vendors, is_quiet).of(vendor);
                match last {
                    Some((before, _)) if before >= since => {}
                    _ => {
                        longest = longest.max(last.map_or(0, |(_, it)| nth - it));
                        (last, questions) = (Some((at, nth)), questions + 1);
                    }
                }
            }
            (vendor, questions, longest)
        };
        vendors.iter().map(count).collect()
    }

    #[test]
    fn somebody_is_asked_in_every_scan_and_everybody_in_one_of_four() {
        for vendors in choices() {
            for risk in RISKS {
                for is_quiet in [false, true] {
                    let asked = asked(risk, &vendors, is_quiet);
                    assert!(asked.iter().any(|it| it.1 == 40), "{risk:?} {asked:?}");
                    assert!(asked.iter().all(|it| it.2 <= MAX_SCANS_OF_AN_ANSWER));
                }
            }
        }
    }

    #[test]
    fn only_quiet_pictures_of_lower_risks_wait() {
        for vendors in choices() {
            for risk in RISKS {
                let all = |it: Vec<(Vendor, i64, i64)>| it.iter().all(|it| it.1 == 40);
                assert!(all(asked(risk, &vendors, false)));
                let waits = matches!(risk, RiskLevel::Low | RiskLevel::Medium) && vendors.len() > 1;
                assert_eq!(all(asked(risk, &vendors, true)), !waits, "{risk:?}");
            }
        }
    }

    #[test]
    fn nothing_from_before_the_picture_is_taken() {
        let at = Timestamp::parse("2026-03-01T00:00:00.000Z").unwrap();
        let since = AnswersSince::scheduled(at, RiskLevel::Low, &Vendor::ALL, true).not_before(at);
        assert!(Vendor::ALL.into_iter().all(|it| since.of(it) == at));
    }
}
