//! Tests of border trimming: a copy in a letterbox or frame is found by its second hash.

use crate::common::*;
use proptest::prelude::*;
use vara_imaging::{
    Limits, MATCH_DISTANCE, Picture, decode, encode_jpeg, pdq, shrink, trim_borders,
};

/// The picture on a ground of one colour: left, top, right, bottom.
fn framed(inner: &Picture, [l, t, r, b]: [u32; 4], colour: [u8; 3]) -> Picture {
    let (width, height) = (inner.width() + l + r, inner.height() + t + b);
    let mut rgb = colour.repeat((width * height) as usize);
    let row = inner.width() as usize * 3;
    for (y, pixels) in inner.rgb().chunks(row).enumerate() {
        let at = ((y as u32 + t) * width + l) as usize * 3;
        rgb[at..at + row].copy_from_slice(pixels);
    }
    Picture::from_rgb(width, height, rgb).unwrap()
}

/// Saved by somebody careless, twice.
fn passed_on(picture: &Picture) -> Picture {
    let once = encode_jpeg(&shrink(picture, 640), 50).unwrap();
    let once = decode(&once, &Limits::DEFAULT).unwrap();
    decode(&encode_jpeg(&once, 40).unwrap(), &Limits::DEFAULT).unwrap()
}

#[test]
fn framed_and_passed_on_it_is_found_again() {
    let picture = scene(800, 600);
    let hash = pdq(&picture).unwrap().pdq;
    let frames = [
        ([0, 200, 0, 200], [0, 0, 0]),
        ([320, 0, 320, 0], [255, 255, 255]),
        ([60, 60, 60, 260], [244, 240, 230]),
        ([0, 0, 0, 90], [20, 90, 160]),
    ];
    for (sides, colour) in frames {
        let copy = passed_on(&framed(&picture, sides, colour));
        let inner = pdq(&trim_borders(&copy).unwrap()).unwrap().pdq;
        let distance = hash.distance(&inner);
        assert!(distance <= MATCH_DISTANCE, "{sides:?}: {distance}");
        let outer = hash.distance(&pdq(&copy).unwrap().pdq);
        assert!(
            outer > MATCH_DISTANCE,
            "{sides:?}: {outer} needs no trimming"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    #[test]
    fn any_frame_comes_off(
        sides in prop::array::uniform4(0..60_u32),
        colour in any::<[u8; 3]>(),
    ) {
        prop_assume!(sides.iter().any(|side| *side >= 2));
        let inner = scene(120, 96);
        // The scene has no flat line of its own.
        prop_assert_eq!(trim_borders(&inner), None);
        let found = trim_borders(&framed(&inner, sides, colour)).unwrap();
        // Lines that happen to have the colour of the frame may go with it.
        prop_assert!(found.width() <= 120 && found.width() >= 114);
        prop_assert!(found.height() <= 96 && found.height() >= 90);
    }
}
