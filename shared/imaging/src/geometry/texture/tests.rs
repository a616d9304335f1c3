//! Tests of the texture check on noise of known making.
#![allow(clippy::unwrap_used)]

use super::*;

const SIDE: usize = 200;

/// Repeatable noise between minus one and one.
fn noise(x: usize, y: usize, seed: usize) -> f32 {
    let mixed = (x * 73_856_093) ^ (y * 19_349_663) ^ (seed * 83_492_791);
    let mixed = mixed.wrapping_mul(2_654_435_761) >> 7;
    (mixed % 2001) as f32 / 1000.0 - 1.0
}

/// Large shapes that are the same for every seed, under a texture that is not.
fn skin(seed: usize) -> Plane {
    let grain = Plane {
        width: SIDE,
        height: SIDE,
        values: (0..SIDE * SIDE)
            .map(|n| 120.0 * noise(n % SIDE, n / SIDE, seed))
            .collect(),
    };
    let shape = |n: usize| {
        let (x, y) = ((n % SIDE) as f32, (n / SIDE) as f32);
        110.0 + 40.0 * (x / 23.0).sin() * (y / 31.0).cos()
    };
    let mut skin = grain.blurred(1.2);
    for (n, value) in skin.values.iter_mut().enumerate() {
        *value += shape(n);
    }
    skin
}

fn measure(one: &Plane, other: &Plane, transform: &Transform) -> Option<f64> {
    let [one, other] = [one, other].map(|plane| TextureInput {
        plane,
        size: [plane.width as f64, plane.height as f64],
    });
    correlate_texture(one, other, transform, None)
}

#[test]
fn a_copy_agrees_although_it_was_laid_a_little_beside() {
    let (skin, beside) = (
        skin(1),
        Transform::affine(1.01, 0.005, -2.0, -0.005, 1.01, 1.5),
    );
    let found = measure(&skin, &skin, &beside).unwrap();
    assert!(found > 0.95, "{found}");
}

#[test]
fn the_same_shapes_under_another_texture_do_not() {
    let found = measure(&skin(1), &skin(2), &Transform::scale(1.0, 1.0)).unwrap();
    assert!(found < 0.3, "{found}");
}

#[test]
fn a_blurred_copy_is_judged_by_what_is_left() {
    let skin = skin(1);
    let found = measure(&skin, &skin.blurred(2.0), &Transform::scale(1.0, 1.0)).unwrap();
    assert!(found > 0.9, "{found}");
}

#[test]
fn a_smaller_copy_is_judged_by_its_own_detail() {
    let skin = skin(1);
    let half = skin.blurred(0.9).halved();
    let found = measure(&skin, &half, &Transform::scale(0.5, 0.5)).unwrap();
    assert!(found > 0.9, "{found}");
}

#[test]
fn plain_and_tiny_parts_say_nothing() {
    let plain = Plane {
        width: SIDE,
        height: SIDE,
        values: vec![90.0; SIDE * SIDE],
    };
    let same = Transform::scale(1.0, 1.0);
    assert_eq!(measure(&plain, &skin(1), &same), None);
    let corner = Transform::affine(1.0, 0.0, 185.0, 0.0, 1.0, 185.0);
    assert_eq!(measure(&skin(1), &skin(1), &corner), None);
}
