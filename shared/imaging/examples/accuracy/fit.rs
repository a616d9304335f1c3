//! Fits the weights of the geometric score by logistic regression.

use crate::judge::FACTS;
use crate::run::{ComparedPair, PairKind, half};

/// Rounds of Newton's method; it settles in about ten.
const MAX_NEWTON_STEPS: usize = 30;

/// Pull of every weight but the constant towards zero, so that facts which
/// separate the pairs perfectly do not drive the weights to infinity.
const RIDGE_PENALTY: f64 = 1.0;

type FactRow = [f64; FACTS];

/// Weights fitted on the pairs of one half in which the geometric check found an
/// overlay; `None` when they cannot be told.
pub(crate) fn geometry(outcomes: &[ComparedPair], of_half: usize) -> Option<FactRow> {
    let examples: Vec<(FactRow, bool)> = outcomes
        .iter()
        .filter(|outcome| half(outcome.edited) == of_half)
        .filter_map(|outcome| Some((outcome.answer.facts?, outcome.kind == PairKind::Same)))
        .collect();
    let mut weights = [0.0; FACTS];
    for _ in 0..MAX_NEWTON_STEPS {
        let step = newton_step(&examples, &weights)?;
        for (weight, step) in weights.iter_mut().zip(step) {
            *weight += step;
        }
    }
    Some(weights)
}

/// One step of Newton's method towards the most likely weights.
fn newton_step(examples: &[(FactRow, bool)], weights: &FactRow) -> Option<FactRow> {
    let mut slope = [0.0; FACTS];
    let mut bend = [[0.0; FACTS]; FACTS];
    for place in 1..FACTS {
        slope[place] = -RIDGE_PENALTY * weights[place];
        bend[place][place] = RIDGE_PENALTY;
    }
    for (facts, same) in examples {
        let sum: f64 = weights
            .iter()
            .zip(facts)
            .map(|(weight, fact)| weight * fact)
            .sum();
        let likely = 1.0 / (1.0 + (-sum).exp());
        let missing = f64::from(u8::from(*same)) - likely;
        for row in 0..FACTS {
            slope[row] += missing * facts[row];
            for column in 0..FACTS {
                bend[row][column] += likely * (1.0 - likely) * facts[row] * facts[column];
            }
        }
    }
    solve(bend, slope)
}

/// Solves a positive definite system of equations; `None` when it is not.
fn solve(mut matrix: [FactRow; FACTS], mut right: FactRow) -> Option<FactRow> {
    for pivot in 0..FACTS {
        if matrix[pivot][pivot].abs() < 1e-12 {
            return None;
        }
        for row in pivot + 1..FACTS {
            let factor = matrix[row][pivot] / matrix[pivot][pivot];
            let above = matrix[pivot];
            for (value, above) in matrix[row].iter_mut().zip(above).skip(pivot) {
                *value -= factor * above;
            }
            right[row] -= factor * right[pivot];
        }
    }
    for row in (0..FACTS).rev() {
        let known: f64 = (row + 1..FACTS)
            .map(|column| matrix[row][column] * right[column])
            .sum();
        right[row] = (right[row] - known) / matrix[row][row];
    }
    Some(right)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn solves_by_hand() {
        let mut matrix = [[0.0; FACTS]; FACTS];
        for (place, row) in matrix.iter_mut().enumerate() {
            row[place] = 2.0;
        }
        matrix[0][1] = 1.0;
        matrix[1][0] = 1.0;
        let solved = solve(matrix, [4.0, 5.0, 2.0, 4.0, 6.0]).unwrap();
        for (found, expected) in solved.into_iter().zip([1.0, 2.0, 1.0, 2.0, 3.0]) {
            assert!((found - expected).abs() < 1e-9, "{solved:?}");
        }
    }

    #[test]
    fn steps_end_where_the_slope_is_level() {
        let examples: Vec<(FactRow, bool)> = (0..40)
            .map(|n| {
                let fact = f64::from(n) / 10.0;
                (
                    [1.0, fact, fact * fact % 1.3, 0.5, 0.1],
                    n > 20 || n % 7 == 0,
                )
            })
            .collect();
        let mut weights = [0.0; FACTS];
        for _ in 0..MAX_NEWTON_STEPS {
            let step = newton_step(&examples, &weights).unwrap();
            for (weight, step) in weights.iter_mut().zip(step) {
                *weight += step;
            }
        }
        let last = newton_step(&examples, &weights).unwrap();
        assert!(last.iter().all(|step| step.abs() < 1e-9), "{last:?}");
        assert!(
            weights[1] > 0.0,
            "more of the first fact makes a copy likelier: {weights:?}"
        );
    }
}
