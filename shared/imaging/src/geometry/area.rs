//! Polygons: the common part of two pictures, its area and its bounds.

use super::transform::Transform;

/// A place in a picture: x and y, in pixels.
type Point2 = [f64; 2];

/// The corners of a picture, clockwise from the upper left.
pub(crate) fn corners(width: f64, height: f64) -> [Point2; 4] {
    [[0.0, 0.0], [width, 0.0], [width, height], [0.0, height]]
}

/// The part of a mapped picture that lies on another, as a polygon there.
pub(crate) fn clip_to_picture(transform: &Transform, from: Point2, to: Point2) -> Vec<Point2> {
    let mut polygon = corners(from[0], from[1])
        .map(|corner| transform.apply(corner))
        .to_vec();
    let inside: [fn(Point2, Point2) -> f64; 4] = [
        |point, _| point[0],
        |point, _| point[1],
        |point, size| size[0] - point[0],
        |point, size| size[1] - point[1],
    ];
    for depth in inside {
        polygon = clip_polygon(&polygon, |point| depth(point, to));
    }
    polygon
}

/// The part of a polygon where `depth` is not negative.
fn clip_polygon(polygon: &[Point2], depth: impl Fn(Point2) -> f64) -> Vec<Point2> {
    let mut kept = Vec::with_capacity(polygon.len() + 1);
    for (index, &end) in polygon.iter().enumerate() {
        let start = polygon[(index + polygon.len() - 1) % polygon.len()];
        let (before, after) = (depth(start), depth(end));
        if (before < 0.0) != (after < 0.0) {
            let part = before / (before - after);
            kept.push([
                start[0] + part * (end[0] - start[0]),
                start[1] + part * (end[1] - start[1]),
            ]);
        }
        if after >= 0.0 {
            kept.push(end);
        }
    }
    kept
}

/// The area of a polygon.
pub(crate) fn area(polygon: &[Point2]) -> f64 {
    let twice: f64 = polygon
        .iter()
        .enumerate()
        .map(|(index, [x, y])| {
            let [u, v] = polygon[(index + 1) % polygon.len()];
            x * v - u * y
        })
        .sum();
    twice.abs() / 2.0
}

/// The smallest upright rectangle around a polygon: left, top, right, bottom.
pub(crate) fn bounds(polygon: &[Point2]) -> [f64; 4] {
    let first = [f64::MAX, f64::MAX, f64::MIN, f64::MIN];
    polygon
        .iter()
        .fold(first, |[left, top, right, bottom], [x, y]| {
            [left.min(*x), top.min(*y), right.max(*x), bottom.max(*y)]
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shifted_picture_overlaps_by_a_quarter() {
        let shifted = Transform::affine(1.0, 0.0, 50.0, 0.0, 1.0, 50.0);
        let shared = clip_to_picture(&shifted, [100.0, 100.0], [100.0, 100.0]);
        assert!((area(&shared) - 2500.0).abs() < 1e-6);
        assert_eq!(bounds(&shared), [50.0, 50.0, 100.0, 100.0]);
    }

    #[test]
    fn a_picture_turned_inside_a_larger_one_is_all_there() {
        let turned = Transform::affine(0.0, -1.0, 300.0, 1.0, 0.0, 100.0);
        let shared = clip_to_picture(&turned, [100.0, 50.0], [400.0, 400.0]);
        assert!((area(&shared) - 5000.0).abs() < 1e-6);
    }

    #[test]
    fn pictures_apart_share_nothing() {
        let away = Transform::affine(1.0, 0.0, 500.0, 0.0, 1.0, 0.0);
        assert!(area(&clip_to_picture(&away, [100.0, 100.0], [100.0, 100.0])) < 1e-9);
    }
}
