//! Changes of made pictures of which the place is known.

#![allow(clippy::unwrap_used)]

use super::super::plane::Plane;
use super::*;

const WIDTH: usize = 240;
const HEIGHT: usize = 160;

/// Rough everywhere as grain is, a few samples wide, with large shapes below.
fn plane() -> Plane {
    let mut state = 7u32;
    let noise = (0..WIDTH * HEIGHT).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as f32
    });
    let grain = Plane {
        width: WIDTH,
        height: HEIGHT,
        values: noise.collect(),
    };
    changed(&grain.blurred(1.2), |x, y, grain| {
        let (x, y) = (x as f32, y as f32);
        70.0 + 40.0 * (x / 23.0).sin() * (y / 17.0).cos() + 0.5 * grain
    })
}

/// The plane with the value of some places exchanged.
fn changed(plane: &Plane, value: impl Fn(usize, usize, f32) -> f32) -> Plane {
    let values = plane.values.iter().enumerate();
    Plane {
        values: values
            .map(|(n, old)| value(n % WIDTH, n / WIDTH, *old))
            .collect(),
        ..*plane
    }
}

fn is_in_part(x: usize, y: usize) -> bool {
    (80..144).contains(&x) && (48..112).contains(&y)
}

fn find(query: &Plane, candidate: &Plane, original: usize) -> LocalChanges {
    let size = [WIDTH as f64, HEIGHT as f64];
    let both = [query, candidate].map(|plane| TextureInput { plane, size });
    find_changes(both, &Transform::scale(1.0, 1.0), None, original).unwrap()
}

/// One change of this kind around the part.
fn assert_part(found: &LocalChanges, kind: ChangeKind) {
    let [change] = found.changes[..] else {
        panic!("{found:?}");
    };
    assert_eq!(change.kind, kind, "{found:?}");
    for (side, part) in change.region.into_iter().zip([80.0, 48.0, 144.0, 112.0]) {
        assert!((side - part).abs() <= 8.0, "{found:?}");
    }
}

#[test]
fn nothing_is_found_in_the_same_picture_however_soft_or_bright() {
    let plane = plane();
    for (name, other) in [
        plane.clone(),
        plane.blurred(1.0),
        plane.blurred(2.0),
        changed(&plane, |_, _, value| value + 30.0),
        changed(&plane, |_, _, value| 0.85 * value + 20.0),
        changed(&plane, |_, _, value| 255.0 - value),
    ]
    .into_iter()
    .enumerate()
    {
        for original in [0, 1] {
            let found = find(&plane, &other, original);
            assert_eq!(found.changes, [], "{name} {original}");
            assert!(found.is_whole && !found.is_everywhere);
        }
    }
}

#[test]
fn a_covered_part_is_found_whichever_is_the_original() {
    let plane = plane();
    let bar = changed(
        &plane,
        |x, y, value| {
            if is_in_part(x, y) { 250.0 } else { value }
        },
    );
    for original in [0, 1] {
        assert_part(&find(&plane, &bar, original), ChangeKind::Covered);
    }
    let darker = changed(&bar, |_, _, value| value - 25.0);
    assert_part(&find(&plane, &darker, 0), ChangeKind::Covered);
}

#[test]
fn a_blurred_part_is_told_from_a_covered_one() {
    let plane = plane();
    let soft = plane.blurred(4.0);
    let part = changed(&plane, |x, y, value| {
        if is_in_part(x, y) {
            soft.values[y * WIDTH + x]
        } else {
            value
        }
    });
    assert_part(&find(&plane, &part, 0), ChangeKind::Blurred);
}

#[test]
fn marks_all_over_it_are_a_watermark() {
    let plane = plane();
    let marked = changed(
        &plane,
        |x, y, value| {
            if (x + y) % 40 < 5 { 245.0 } else { value }
        },
    );
    let found = find(&plane, &marked, 0);
    let [change] = found.changes[..] else {
        panic!("{found:?}");
    };
    assert_eq!(change.kind, ChangeKind::Watermarked);
    let [left, top, right, bottom] = change.region;
    assert!(left < 20.0 && top < 20.0 && right > 220.0 && bottom > 140.0);
}

#[test]
fn another_picture_is_not_a_change_of_a_part() {
    let plane = plane();
    let other = changed(&plane, |x, y, _| {
        128.0 + 100.0 * ((x as f32 / 5.0).sin() * (y as f32 / 7.0).sin()).signum()
    });
    let found = find(&plane, &other, 0);
    assert!(found.is_everywhere || found.changes.is_empty(), "{found:?}");
}

#[test]
fn exchanging_the_pictures_keeps_the_part_in_its_place() {
    let plane = plane();
    let bar = changed(
        &plane,
        |x, y, value| {
            if is_in_part(x, y) { 250.0 } else { value }
        },
    );
    let size = [WIDTH as f64, HEIGHT as f64];
    let mirror = Transform::affine(-1.0, 0.0, size[0], 0.0, 1.0, 0.0);
    let mirrored = changed(&bar, |x, y, _| bar.values[y * WIDTH + WIDTH - 1 - x]);
    let both = [&plane, &mirrored].map(|plane| TextureInput { plane, size });
    let found = find_changes(both, &mirror, None, 0).unwrap();
    assert_part(&found, ChangeKind::Covered);
    let [change] = found.reversed(size).changes[..] else {
        panic!("no change");
    };
    for (side, part) in change.region.into_iter().zip([96.0, 48.0, 160.0, 112.0]) {
        assert!((side - part).abs() <= 8.0, "{change:?}");
    }
}
