//! Tests of `decode_reduced`: a JPEG read small shows the same picture, for less.

use crate::common::*;
use image::ImageFormat;
use moxcms::ColorProfile;
use vara_imaging::{Limits, MATCH_DISTANCE, decode, decode_reduced, pdq, shrink};

#[test]
fn no_smaller_than_asked_for() {
    let file = jpeg(&scene(1001, 700));
    let sizes = [
        (5, (126, 88)),
        (88, (126, 88)),
        (89, (251, 175)),
        (175, (251, 175)),
        (176, (501, 350)),
        (350, (501, 350)),
        (351, (1001, 700)),
        (9000, (1001, 700)),
    ];
    for (least, size) in sizes {
        let picture = decode_reduced(&file, &Limits::DEFAULT, least).unwrap();
        assert_eq!((picture.width(), picture.height()), size, "{least}");
    }
}

#[test]
fn the_hash_stays_well_within_a_match() {
    let picture = scene(2400, 1800);
    let file = jpeg(&picture);
    let full = pdq(&decode(&file, &Limits::DEFAULT).unwrap()).unwrap();
    for least in [1200, 600, 450] {
        let small = pdq(&decode_reduced(&file, &Limits::DEFAULT, least).unwrap()).unwrap();
        let distance = full.pdq.distance(&small.pdq);
        assert!(distance <= MATCH_DISTANCE / 2, "{least}: {distance}");
    }
}

#[test]
fn orientation_and_profile_hold() {
    let picture = scene(640, 400);
    let profile = ColorProfile::new_display_p3().encode().unwrap();
    let file = with_segment(&jpeg(&picture), 0xe1, &exif_segment(6));
    let file = with_segment(
        &file,
        0xe2,
        &[b"ICC_PROFILE\0\x01\x01", &profile[..]].concat(),
    );
    let full = decode(&file, &Limits::DEFAULT).unwrap();
    let small = decode_reduced(&file, &Limits::DEFAULT, 200).unwrap();
    assert_eq!((small.width(), small.height()), (200, 320));
    assert!(difference(&small, &shrink(&full, 320)) < 2.0);
}

#[test]
fn grey_jpegs_and_other_formats_are_read_too() {
    let picture = scene(400, 300);
    let grey = image::DynamicImage::from(dynamic(&picture).into_luma8());
    let grey = file(grey, ImageFormat::Jpeg);
    let small = decode_reduced(&grey, &Limits::DEFAULT, 150).unwrap();
    let full = decode(&grey, &Limits::DEFAULT).unwrap();
    assert_eq!((small.width(), small.height()), (200, 150));
    assert!(difference(&small, &shrink(&full, 200)) < 2.0);
    for (name, bytes) in every_format(&picture).into_iter().skip(1) {
        let same = decode_reduced(&bytes, &Limits::DEFAULT, 50).unwrap();
        assert_eq!(same, decode(&bytes, &Limits::DEFAULT).unwrap(), "{name}");
    }
}

#[test]
fn limits_hold_and_damage_is_told() {
    let file = jpeg(&scene(800, 600));
    let few = Limits {
        pixels: 800 * 600 - 1,
        ..Limits::DEFAULT
    };
    assert_eq!(decode_reduced(&file, &few, 100), decode(&file, &few));
    let little = Limits {
        memory: 100_000,
        ..Limits::DEFAULT
    };
    assert_eq!(decode_reduced(&file, &little, 100), decode(&file, &little));
    let cut = &file[..file.len() / 2];
    assert_eq!(
        decode_reduced(cut, &Limits::DEFAULT, 100),
        decode(cut, &Limits::DEFAULT)
    );
}
