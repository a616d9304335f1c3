//! Plane transforms as three by three matrices, and fitting them to points.

/// A point of one picture and where it is found in the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PointPair {
    pub(crate) from: [f64; 2],
    pub(crate) to: [f64; 2],
}

/// A homography, row by row; affine when the last row is 0 0 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Transform(pub(crate) [f64; 9]);

impl Transform {
    pub(crate) fn affine(a: f64, b: f64, x: f64, c: f64, d: f64, y: f64) -> Self {
        Self([a, b, x, c, d, y, 0.0, 0.0, 1.0])
    }

    pub(crate) fn scale(x: f64, y: f64) -> Self {
        Self::affine(x, 0.0, 0.0, 0.0, y, 0.0)
    }

    pub(crate) fn is_affine(&self) -> bool {
        self.0[6] == 0.0 && self.0[7] == 0.0
    }

    /// Where a point goes. Points on the horizon go to infinity.
    #[inline]
    pub(crate) fn apply(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let [a, b, c, d, e, f, g, h, i] = self.0;
        let w = g * x + h * y + i;
        [(a * x + b * y + c) / w, (d * x + e * y + f) / w]
    }

    /// This transform after another.
    pub(crate) fn after(&self, first: &Self) -> Self {
        let mut product = [0.0; 9];
        for row in 0..3 {
            for column in 0..3 {
                product[3 * row + column] = (0..3)
                    .map(|k| self.0[3 * row + k] * first.0[3 * k + column])
                    .sum();
            }
        }
        Self(product)
    }

    /// The way back; `None` when everything falls on one line.
    pub(crate) fn inverse(&self) -> Option<Self> {
        let [a, b, c, d, e, f, g, h, i] = self.0;
        let (p, q, r) = (e * i - f * h, f * g - d * i, d * h - e * g);
        let determinant = a * p + b * q + c * r;
        if !determinant.is_finite() || determinant.abs() < 1e-12 {
            return None;
        }
        let adjugate = [
            p,
            c * h - b * i,
            b * f - c * e,
            q,
            a * i - c * g,
            c * d - a * f,
            r,
            b * g - a * h,
            a * e - b * d,
        ];
        // Scaled so that the last entry is one, as for the way there.
        let last = adjugate[8];
        if last.abs() < 1e-12 {
            return None;
        }
        Some(Self(adjugate.map(|value| value / last)))
    }

    /// The linear part around a point, as `[a, b, c, d]`.
    pub(crate) fn linear_at(&self, point: [f64; 2]) -> [f64; 4] {
        let [a, b, _, d, e, _, g, h, i] = self.0;
        let w = g * point[0] + h * point[1] + i;
        let [x, y] = self.apply(point);
        [
            (a - g * x) / w,
            (b - h * x) / w,
            (d - g * y) / w,
            (e - h * y) / w,
        ]
    }
}

/// The singular values of a linear map, the larger first; the product is its
/// determinant without sign.
pub(crate) fn singular_values([a, b, c, d]: [f64; 4]) -> (f64, f64) {
    let sum = (a * a + b * b + c * c + d * d) / 2.0;
    let determinant = a * d - b * c;
    let root = (sum * sum - determinant * determinant).max(0.0).sqrt();
    ((sum + root).sqrt(), (sum - root).max(0.0).sqrt())
}

/// The similarity, mirroring or not, with the least squared error.
pub(crate) fn fit_similarity(pairs: &[PointPair], mirrored: bool) -> Option<Transform> {
    let flip = if mirrored { -1.0 } else { 1.0 };
    let (from, to) = mean_points(pairs)?;
    let (mut along, mut across, mut spread) = (0.0, 0.0, 0.0);
    for pair in pairs {
        let (x, y) = (flip * (pair.from[0] - from[0]), pair.from[1] - from[1]);
        let (u, v) = (pair.to[0] - to[0], pair.to[1] - to[1]);
        along += x * u + y * v;
        across += x * v - y * u;
        spread += x * x + y * y;
    }
    if spread < 1e-9 {
        return None;
    }
    let (p, q) = (along / spread, across / spread);
    let (a, b, c, d) = (flip * p, -q, flip * q, p);
    Some(affine_between([a, b, c, d], from, to))
}

/// The affine map with the least squared error; `None` for points on a line.
pub(crate) fn fit_affine(pairs: &[PointPair]) -> Option<Transform> {
    let (from, to) = mean_points(pairs)?;
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    let mut cross = [0.0; 4];
    for pair in pairs {
        let (x, y) = (pair.from[0] - from[0], pair.from[1] - from[1]);
        let (u, v) = (pair.to[0] - to[0], pair.to[1] - to[1]);
        xx += x * x;
        xy += x * y;
        yy += y * y;
        cross[0] += x * u;
        cross[1] += y * u;
        cross[2] += x * v;
        cross[3] += y * v;
    }
    let determinant = xx * yy - xy * xy;
    if determinant < 1e-4 * xx * yy || determinant <= 0.0 {
        return None;
    }
    let row = |p: f64, q: f64| {
        (
            (p * yy - q * xy) / determinant,
            (q * xx - p * xy) / determinant,
        )
    };
    let ((a, b), (c, d)) = (row(cross[0], cross[1]), row(cross[2], cross[3]));
    Some(affine_between([a, b, c, d], from, to))
}

/// The homography with the least algebraic error, by the normal equations on
/// coordinates scaled to the unit square.
pub(crate) fn fit_homography(
    pairs: &[PointPair],
    from_size: f64,
    to_size: f64,
) -> Option<Transform> {
    let mut system = [[0.0; 9]; 8];
    for pair in pairs {
        let [x, y] = pair.from.map(|v| v / from_size);
        let [u, v] = pair.to.map(|v| v / to_size);
        let rows = [
            [x, y, 1.0, 0.0, 0.0, 0.0, -u * x, -u * y, u],
            [0.0, 0.0, 0.0, x, y, 1.0, -v * x, -v * y, v],
        ];
        for equation in rows {
            for (i, line) in system.iter_mut().enumerate() {
                for (sum, value) in line.iter_mut().zip(equation) {
                    *sum += equation[i] * value;
                }
            }
        }
    }
    let h = solve(system)?;
    let unit = Transform([h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7], 1.0]);
    let enlarged = Transform::scale(to_size, to_size).after(&unit);
    Some(enlarged.after(&Transform::scale(1.0 / from_size, 1.0 / from_size)))
}

/// Gaussian elimination with pivots.
fn solve(mut system: [[f64; 9]; 8]) -> Option<[f64; 8]> {
    for column in 0..8 {
        let pivot = (column..8)
            .max_by(|&a, &b| system[a][column].abs().total_cmp(&system[b][column].abs()))?;
        if system[pivot][column].abs() < 1e-12 {
            return None;
        }
        system.swap(column, pivot);
        let head = system[column];
        for line in system.iter_mut().skip(column + 1) {
            let factor = line[column] / head[column];
            for (value, above) in line.iter_mut().zip(head) {
                *value -= factor * above;
            }
        }
    }
    let mut solution = [0.0; 8];
    for row in (0..8).rev() {
        let known: f64 = (row + 1..8).map(|k| system[row][k] * solution[k]).sum();
        solution[row] = (system[row][8] - known) / system[row][row];
    }
    Some(solution)
}

fn mean_points(pairs: &[PointPair]) -> Option<([f64; 2], [f64; 2])> {
    if pairs.is_empty() {
        return None;
    }
    let count = pairs.len() as f64;
    let sum = |pick: fn(&PointPair) -> f64| pairs.iter().map(pick).sum::<f64>() / count;
    Some((
        [sum(|pair| pair.from[0]), sum(|pair| pair.from[1])],
        [sum(|pair| pair.to[0]), sum(|pair| pair.to[1])],
    ))
}

/// The affine map of a linear part that brings one centre to the other.
fn affine_between([a, b, c, d]: [f64; 4], from: [f64; 2], to: [f64; 2]) -> Transform {
    let x = to[0] - a * from[0] - b * from[1];
    let y = to[1] - c * from[0] - d * from[1];
    Transform::affine(a, b, x, c, d, y)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn pairs(map: &Transform) -> Vec<PointPair> {
        let from = [
            [3.0, 4.0],
            [90.0, 7.0],
            [80.0, 66.0],
            [5.0, 70.0],
            [44.0, 31.0],
        ];
        from.map(|from| PointPair {
            from,
            to: map.apply(from),
        })
        .to_vec()
    }

    fn close(a: &Transform, b: &Transform) -> bool {
        a.0.iter().zip(b.0).all(|(x, y)| (x - y).abs() < 1e-6)
    }

    #[test]
    fn fits_find_what_made_the_points() {
        let turned = Transform::affine(0.6, -0.8, 5.0, 0.8, 0.6, -3.0);
        assert!(close(
            &fit_similarity(&pairs(&turned), false).unwrap(),
            &turned
        ));
        let mirrored = Transform::affine(-0.6, -0.8, 5.0, -0.8, 0.6, -3.0);
        assert!(close(
            &fit_similarity(&pairs(&mirrored), true).unwrap(),
            &mirrored
        ));
        let sheared = Transform::affine(1.6, 0.2, 5.0, -0.1, 0.9, -3.0);
        assert!(close(&fit_affine(&pairs(&sheared)).unwrap(), &sheared));
        let tilted = Transform([1.1, 0.1, 4.0, 0.05, 0.9, 2.0, 1e-3, -5e-4, 1.0]);
        assert!(close(
            &fit_homography(&pairs(&tilted), 100.0, 100.0).unwrap(),
            &tilted
        ));
    }

    #[test]
    fn there_and_back() {
        let tilted = Transform([1.1, 0.1, 4.0, 0.05, 0.9, 2.0, 1e-3, -5e-4, 1.0]);
        let [x, y] = tilted.inverse().unwrap().apply(tilted.apply([12.0, 34.0]));
        assert!((x - 12.0).abs() < 1e-9 && (y - 34.0).abs() < 1e-9);
        assert!(Transform::scale(0.0, 1.0).inverse().is_none());
    }

    #[test]
    fn points_on_a_line_give_no_affine() {
        let line = (0..9).map(|n| PointPair {
            from: [f64::from(n); 2],
            to: [f64::from(n); 2],
        });
        assert!(fit_affine(&line.collect::<Vec<_>>()).is_none());
    }

    #[test]
    fn stretches_of_a_known_map() {
        let (large, small) = singular_values([0.0, -3.0, 2.0, 0.0]);
        assert!((large - 3.0).abs() < 1e-9 && (small - 2.0).abs() < 1e-9);
    }
}
