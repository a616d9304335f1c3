//! Maximum-sum rectangle of squares.

/// Squares from and to, by row and column.
pub(super) struct Rectangle {
    pub(super) rows: std::ops::Range<usize>,
    pub(super) columns: std::ops::Range<usize>,
}

/// The rectangle with the largest sum; of equals the larger one.
pub(super) fn find_best_rectangle(gains: &[f64], across: usize) -> Rectangle {
    let down = gains.len() / across.max(1);
    let mut best = Rectangle {
        rows: 0..0,
        columns: 0..0,
    };
    let mut highest = (0.0, 0);
    for top in 0..down {
        let mut sums = vec![0.0; across];
        for bottom in top + 1..=down {
            for (sum, gain) in sums.iter_mut().zip(&gains[(bottom - 1) * across..]) {
                *sum += gain;
            }
            for left in 0..across {
                let mut sum = 0.0;
                for right in left + 1..=across {
                    sum += sums[right - 1];
                    let size = (bottom - top) * (right - left);
                    let better = sum > highest.0 + 1e-6;
                    if better || (sum > highest.0 - 1e-6 && size > highest.1) {
                        highest = (sum.max(highest.0), size);
                        best = Rectangle {
                            rows: top..bottom,
                            columns: left..right,
                        };
                    }
                }
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worthiest_rectangle_is_found() {
        let gains = [
            -1.0, -1.0, -1.0, -1.0, //
            -1.0, 2.0, 1.0, -1.0, //
            -1.0, 1.0, -0.5, -1.0,
        ];
        let best = find_best_rectangle(&gains, 4);
        assert_eq!((best.rows, best.columns), (1..3, 1..3));
    }

    #[test]
    fn squares_that_say_nothing_are_taken_along() {
        let best = find_best_rectangle(&[0.0, 1.0, 0.0, -1.0], 4);
        assert_eq!((best.rows, best.columns), (0..1, 0..3));
        let none = find_best_rectangle(&[-1.0, -2.0], 2);
        assert!(none.rows.is_empty() && none.columns.is_empty());
    }
}
