//! From which day a law can be invoked: `shared/catalogue/laws.yaml`, embedded and read once.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::{Law, Timestamp};

const TEXT: &str = include_str!("../../../catalogue/laws.yaml");

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LawEntry {
    law: Law,
    commenced_at: Option<String>,
    source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LawsFile {
    laws: Vec<LawEntry>,
}

/// The laws whose day matters, each with its day.
#[derive(Debug)]
struct Commencements(Vec<(Law, Option<Timestamp>)>);

static FILE: LazyLock<Result<Commencements, String>> = LazyLock::new(|| Commencements::parse(TEXT));

impl Commencements {
    fn parse(text: &str) -> Result<Self, String> {
        let file: LawsFile = serde_saphyr::from_str(text).map_err(|err| err.to_string())?;
        let entries = file.laws.into_iter().map(|it| {
            if it.source.trim().is_empty() {
                return Err(format!("{} has no source", it.law.as_str()));
            }
            let day = it.commenced_at.map(|day| {
                let start = Timestamp::parse(&format!("{day}T00:00:00Z"));
                start.ok_or_else(|| format!("{day} is no day"))
            });
            Ok((it.law, day.transpose()?))
        });
        entries.collect::<Result<_, String>>().map(Self)
    }

    fn has_commenced(&self, law: Law, now: Timestamp) -> bool {
        let entry = self.0.iter().find(|it| it.0 == law);
        entry.is_none_or(|(_, day)| day.is_some_and(|it| it <= now))
    }
}

/// Whether a law can be invoked now.
#[must_use]
pub fn has_commenced(law: Law, now: Timestamp) -> bool {
    // The embedded file is read by a test.
    FILE.as_ref().is_ok_and(|it| it.has_commenced(law, now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: &str) -> Timestamp {
        Timestamp::parse(&format!("{day}T00:00:00Z")).expect("a day")
    }

    #[test]
    fn a_law_without_a_day_is_not_in_force_and_one_that_is_not_named_is() {
        let now = at("2026-11-30");
        assert!(FILE.is_ok(), "{FILE:?}");
        assert!(!has_commenced(Law::UkOsa, now));
        for law in Law::ALL.iter().filter(|it| **it != Law::UkOsa) {
            assert!(has_commenced(*law, now), "{law:?}");
        }
    }

    #[test]
    fn a_day_is_enough_to_begin() {
        let text =
            "laws:\n  - law: UK_OSA\n    commencedAt: 2027-01-31\n    source: a regulation\n";
        let read = Commencements::parse(text).expect("a file");
        assert!(!read.has_commenced(Law::UkOsa, at("2027-01-30")));
        assert!(read.has_commenced(Law::UkOsa, at("2027-01-31")));
        for wrong in [
            text.replace("2027-01-31", "soon"),
            text.replace("a regulation", "''"),
            text.replace("UK_OSA", "XX"),
        ] {
            assert!(Commencements::parse(&wrong).is_err(), "{wrong}");
        }
    }
}
