//! Tests of PDQ fingerprints on any picture.

use crate::common::*;
use proptest::prelude::*;
use vara_imaging::{
    Limits, MATCH_DISTANCE, MIN_QUALITY, Pdq, Picture, SHORTCUT_SIDE, Turn, decode, encode_jpeg,
    pdq, pdq_dihedral, shrink,
};

#[test]
fn small_pictures_are_really_turned() {
    for (width, height) in [(64, 64), (97, 61), (256, 200), (40, 30)] {
        let picture = scene(width, height);
        let eight = pdq_dihedral(&picture).unwrap();
        for (turn, found) in Turn::ALL.into_iter().zip(eight) {
            assert_eq!(
                Some(found),
                pdq(&picture.turned(turn)),
                "{turn:?} {width}x{height}"
            );
        }
    }
}

#[test]
fn the_shortcut_spends_at_most_half_the_budget_on_large_pictures() {
    let picture = scene(1400, SHORTCUT_SIDE);
    let eight = pdq_dihedral(&picture).unwrap();
    let turned = Turn::ALL.map(|turn| pdq(&picture.turned(turn)).unwrap());
    for (turn, (found, real)) in Turn::ALL.into_iter().zip(eight.iter().zip(&turned)) {
        let distance = found.pdq.distance(&real.pdq);
        assert!(distance <= MATCH_DISTANCE / 2, "{turn:?}: {distance}");
    }
    // Each is close to its own turn only.
    for (index, found) in eight.iter().enumerate() {
        for (other, real) in turned.iter().enumerate() {
            let distance = found.pdq.distance(&real.pdq);
            assert!(
                index == other || distance > 64,
                "{index} {other}: {distance}"
            );
        }
    }
}

#[test]
fn one_side_under_the_limit_is_small() {
    let picture = scene(1100, SHORTCUT_SIDE - 1);
    let eight = pdq_dihedral(&picture).unwrap();
    assert_eq!(Some(eight[2]), pdq(&picture.turned(Turn::Rotate180)));
}

#[test]
fn under_five_pixels_there_is_no_hash() {
    let picture =
        |width, height| Picture::from_rgb(width, height, vec![7; (width * height * 3) as usize]);
    for (width, height) in [(4, 100), (100, 4), (1, 1)] {
        assert_eq!(pdq(&picture(width, height).unwrap()), None);
        assert_eq!(pdq_dihedral(&picture(width, height).unwrap()), None);
    }
    let flat = pdq(&picture(5, 5).unwrap()).unwrap();
    assert_eq!(flat.quality, 0);
}

#[test]
fn a_saved_and_shrunk_copy_matches_and_another_picture_does_not() {
    let picture = scene(900, 700);
    let original = pdq(&picture).unwrap();
    assert!(original.quality >= MIN_QUALITY);
    let saved = encode_jpeg(&shrink(&picture, 320), 60).unwrap();
    let copy = pdq(&decode(&saved, &Limits::DEFAULT).unwrap()).unwrap();
    assert!(original.pdq.distance(&copy.pdq) <= MATCH_DISTANCE);
    let other = pdq(&picture.turned(Turn::FlipY)).unwrap();
    assert!(original.pdq.distance(&other.pdq) > MATCH_DISTANCE);
}

fn hashes() -> impl Strategy<Value = Pdq> {
    any::<[u8; 32]>().prop_map(Pdq)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn distance_is_a_metric(a in hashes(), b in hashes(), c in hashes()) {
        prop_assert_eq!(a.distance(&a), 0);
        prop_assert_eq!(a.distance(&b), b.distance(&a));
        prop_assert!(a.distance(&c) <= a.distance(&b) + b.distance(&c));
        prop_assert_eq!(a == b, a.distance(&b) == 0);
    }

    #[test]
    fn text_and_back(hash in hashes()) {
        prop_assume!(hash != Pdq([0; 32]));
        prop_assert_eq!(hash.to_string().parse(), Ok(hash));
    }

    #[test]
    fn text_never_panics(text in ".{0,80}") {
        let _ = text.parse::<Pdq>();
    }

    #[test]
    fn any_size_has_a_half_weight_hash_or_a_low_quality(
        width in 5..160_u32,
        height in 5..160_u32,
    ) {
        let found = pdq(&scene(width, height)).unwrap();
        let weight = found.pdq.distance(&Pdq([0; 32]));
        // Of so few pixels some frequencies are exactly alike, and neither is above the median.
        prop_assert!(weight == 128 || found.quality < MIN_QUALITY || width.min(height) <= 16);
    }
}
