//! Figures of the compared pairs: threshold, recall, false alarms, times.

use std::io::{self, Write};

use vara_imaging::COPY_SCORE;

use crate::edits::EditCase;
use crate::run::{ComparedPair, Original, PairKind, half};

/// Share of different pictures that may be called the same.
pub(crate) const MAX_FALSE_ALARM_RATE: f64 = 1e-3;

/// The score from which a pair counts as found: the lowest one that at most a
/// thousandth of the pairs of different pictures reach, and no lower than the
/// one from which the crate itself speaks of a copy.
pub(crate) fn threshold(outcomes: &[ComparedPair], of_half: usize) -> f64 {
    let mut scores: Vec<f64> = of(outcomes, of_half)
        .filter(|outcome| outcome.kind == PairKind::Other)
        .map(|outcome| outcome.answer.score)
        .collect();
    scores.sort_by(|one, other| other.total_cmp(one));
    let allowed = (scores.len() as f64 * MAX_FALSE_ALARM_RATE) as usize;
    // Above the first score that may not be reached.
    let reached = scores.get(allowed).map_or(0.0, |score| score.next_up());
    reached.max(COPY_SCORE)
}

fn of(outcomes: &[ComparedPair], of_half: usize) -> impl Iterator<Item = &ComparedPair> {
    outcomes
        .iter()
        .filter(move |outcome| half(outcome.edited) == of_half)
}

/// Share of the outcomes of which something is true; 0 of none.
fn share<'a>(
    outcomes: impl Iterator<Item = &'a ComparedPair>,
    is: impl Fn(&ComparedPair) -> bool,
) -> f64 {
    let (mut all, mut true_of) = (0_u32, 0_u32);
    for outcome in outcomes {
        all += 1;
        true_of += u32::from(is(outcome));
    }
    f64::from(true_of) / f64::from(all.max(1))
}

/// Prints the whole report of one half.
pub(crate) fn print(
    out: &mut impl Write,
    outcomes: &[ComparedPair],
    cases: &[EditCase],
    of_half: usize,
    threshold: f64,
) -> io::Result<()> {
    let of_kind = |kind| of(outcomes, of_half).filter(move |outcome| outcome.kind == kind);
    for (kind, name) in [
        (PairKind::Other, "other pictures"),
        (PairKind::Framed, "other pictures in the same frame"),
    ] {
        writeln!(
            out,
            "{name}: {} pairs, {:.5} reach {threshold:.4}, {:.5} called a copy",
            of_kind(kind).count(),
            share(of_kind(kind), |outcome| outcome.answer.score >= threshold),
            share(of_kind(kind), |outcome| outcome.answer.edits.is_some()),
        )?;
    }
    writeln!(
        out,
        "{:<22} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7}",
        "edit", "recall", "copy", "named", "placed", "exact", "PDQ", "median"
    )?;
    let mut recalls = Vec::new();
    for (place, case) in cases.iter().enumerate() {
        let of_case = || of_kind(PairKind::Same).filter(|outcome| outcome.case == place);
        let recall = share(of_case(), |outcome| outcome.answer.score >= threshold);
        writeln!(
            out,
            "{:<22} {recall:>7.3} {:>7.3} {:>7.3} {:>7.3} {:>7.3} {:>7.3} {:>7.3}",
            case.name(),
            share(of_case(), |outcome| outcome.answer.edits.is_some()),
            share(of_case(), |outcome| named(*case, outcome)),
            share(of_case(), |outcome| outcome.is_placed),
            share(of_case(), |outcome| outcome.answer.is_exact),
            share(of_case(), |outcome| outcome.hashed),
            quantile(of_case().map(|outcome| outcome.answer.score).collect(), 0.5),
        )?;
        recalls.push(recall);
    }
    let mean = recalls.iter().sum::<f64>() / recalls.len() as f64;
    let lowest = recalls.iter().copied().fold(1.0, f64::min);
    writeln!(out, "recall: mean {mean:.4}, lowest {lowest:.4}")?;
    distribution(out, "same pictures", of_kind(PairKind::Same))?;
    distribution(out, "other pictures", of_kind(PairKind::Other))?;
    times(out, outcomes, of_half)
}

/// Whether the verdict names what was done, and nothing where nothing was done
/// that has a name.
fn named(case: EditCase, outcome: &ComparedPair) -> bool {
    let expected = case.names();
    outcome.answer.edits.is_some_and(|edits| {
        expected.iter().all(|&edit| edits.contains(edit))
            && (!expected.is_empty() || edits.is_empty())
    })
}

/// Scores in tenths.
fn distribution<'a>(
    out: &mut impl Write,
    name: &str,
    outcomes: impl Iterator<Item = &'a ComparedPair>,
) -> io::Result<()> {
    let mut tenths = [0_u32; 10];
    for outcome in outcomes {
        tenths[((outcome.answer.score * 10.0) as usize).min(9)] += 1;
    }
    writeln!(out, "scores of {name} by tenths: {tenths:?}")
}

fn times(out: &mut impl Write, outcomes: &[ComparedPair], of_half: usize) -> io::Result<()> {
    let kinds = [
        (PairKind::Same, "same picture, the edited one new"),
        (PairKind::Other, "other picture, mostly both known"),
        (
            PairKind::Framed,
            "other picture in the same frame, both new",
        ),
    ];
    for (kind, name) in kinds {
        let all: Vec<f64> = of(outcomes, of_half)
            .filter(|outcome| outcome.kind == kind)
            .map(|outcome| outcome.milliseconds)
            .collect();
        writeln!(
            out,
            "ms a pair, {name}: median {:.2}, 99 % {:.2}, most {:.2}",
            quantile(all.clone(), 0.5),
            quantile(all.clone(), 0.99),
            quantile(all, 1.0),
        )?;
    }
    Ok(())
}

/// 0 of nothing.
fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = (values.len().saturating_sub(1) as f64 * share).round() as usize;
    values.get(place).copied().unwrap_or(0.0)
}

/// One line for every pair on the wrong side of the threshold, both halves.
pub(crate) fn failures(
    out: &mut impl Write,
    outcomes: &[ComparedPair],
    cases: &[EditCase],
    originals: &[Original],
    threshold: f64,
) -> io::Result<()> {
    for outcome in outcomes {
        let found = outcome.answer.score >= threshold;
        let is_same = outcome.kind == PairKind::Same;
        let is_right = !is_same || (named(cases[outcome.case], outcome) && outcome.is_placed);
        if found == is_same && is_right {
            continue;
        }
        writeln!(
            out,
            "{}\t{}\t{}\t{}\t{:.4}\t{}",
            match (found, is_same) {
                (true, false) => "false alarm",
                (true, true) => "misnamed",
                (false, _) => "missed",
            },
            cases[outcome.case].name(),
            originals[outcome.edited].name,
            originals[outcome.original].name,
            outcome.answer.score,
            outcome.answer.words,
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::VerdictSummary;

    fn outcome(edited: usize, kind: PairKind, score: f64) -> ComparedPair {
        ComparedPair {
            case: 0,
            edited,
            original: 0,
            kind,
            answer: VerdictSummary {
                score,
                edits: None,
                is_exact: false,
                changes: Vec::new(),
                facts: None,
                words: String::new(),
            },
            hashed: false,
            is_placed: false,
            milliseconds: 0.0,
        }
    }

    #[test]
    fn one_in_a_thousand_may_reach_the_threshold() {
        let mut outcomes: Vec<_> = (0..2000)
            .map(|place| outcome(0, PairKind::Other, f64::from(place) / 2000.0))
            .collect();
        // Neither the other half nor what is the same picture counts.
        outcomes.push(outcome(1, PairKind::Other, 1.0));
        outcomes.push(outcome(0, PairKind::Same, 1.0));
        let threshold = threshold(&outcomes, 0);
        let alarms = of(&outcomes, 0)
            .filter(|outcome| outcome.kind == PairKind::Other && outcome.answer.score >= threshold);
        assert_eq!(alarms.count(), 2);
    }

    #[test]
    fn never_below_the_decision() {
        assert_eq!(
            threshold(&[outcome(0, PairKind::Other, 0.01)], 0),
            COPY_SCORE
        );
    }

    #[test]
    fn of_few_pairs_none_may_reach_it() {
        let outcomes = [
            outcome(0, PairKind::Other, 0.3),
            outcome(0, PairKind::Other, 0.7),
        ];
        let threshold = threshold(&outcomes, 0);
        assert!(threshold > 0.7 && threshold < 0.701, "{threshold}");
    }

    #[test]
    fn quantiles() {
        let values = vec![3.0, 1.0, 2.0];
        assert_eq!(quantile(values.clone(), 0.0), 1.0);
        assert_eq!(quantile(values.clone(), 0.5), 2.0);
        assert_eq!(quantile(values, 1.0), 3.0);
        assert_eq!(quantile(Vec::new(), 0.5), 0.0);
    }
}
