//! Property tests: what holds for every picture and every file.

use crate::common::*;
use image::ImageFormat;
use proptest::prelude::*;
use vara_imaging::{
    Limits, MetadataFlags, Picture, Subject, Turn, blur, compare, decode, encode_jpeg, pdq,
    pdq_dihedral, read_metadata, shrink,
};

fn pictures() -> impl Strategy<Value = Picture> {
    (5..90_u32, 5..90_u32, any::<u64>()).prop_map(|(width, height, seed)| {
        let mut state = seed | 1;
        let rgb = (0..width * height * 3).map(|n| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (n / 7 % 128) as u8 + (state >> 57) as u8
        });
        Picture::from_rgb(width, height, rgb.collect()).unwrap()
    })
}

/// What a camera, an editor or a generator may put into a file.
fn blocks() -> impl Strategy<Value = Vec<(u8, Vec<u8>)>> {
    let exif = (0..9_u16).prop_map(|orientation| (0xe1, exif_segment(orientation)));
    let xmp = "[ -~]{0,60}".prop_map(|text| {
        let packet = format!("http://ns.adobe.com/xap/1.0/\0GPSLatitude SerialNumber {text}");
        (0xe1, packet.into_bytes())
    });
    let other = (
        prop::sample::select(vec![0xe0_u8, 0xe3, 0xeb, 0xed, 0xee, 0xfe]),
        prop::collection::vec(any::<u8>(), 0..60),
    );
    let c2pa = Just((0xeb, b"JP\0\x01c2pa trainedAlgorithmicMedia".to_vec()));
    prop::collection::vec(prop_oneof![exif, xmp, other, c2pa], 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(120) })]

    #[test]
    fn a_stripped_file_has_no_metadata(picture in pictures(), blocks in blocks(), quality in any::<u8>()) {
        let file = blocks
            .iter()
            .fold(jpeg(&picture), |file, (marker, data)| with_segment(&file, *marker, data));
        let decoded = decode(&file, &Limits::DEFAULT);
        // A random application segment may claim a colour coding nobody knows.
        prop_assume!(decoded.is_ok());
        let decoded = decoded.unwrap();
        let copies = [shrink(&decoded, 40), blur(&decoded, 40), decoded.clone()];
        for copy in copies {
            let stripped = encode_jpeg(&copy, quality).unwrap();
            prop_assert_eq!(read_metadata(&stripped), MetadataFlags::default());
            for (_, data) in blocks.iter().filter(|(_, data)| data.len() > 12) {
                prop_assert!(!stripped.windows(data.len()).any(|part| part == data));
            }
        }
    }

    #[test]
    fn stripping_keeps_what_is_seen(picture in pictures()) {
        let png = file(dynamic(&picture), ImageFormat::Png);
        let decoded = decode(&png, &Limits::DEFAULT).unwrap();
        prop_assert_eq!(&decoded, &picture);
        let stripped = encode_jpeg(&decoded, 100).unwrap();
        let again = decode(&stripped, &Limits::DEFAULT).unwrap();
        prop_assert!(difference(&again, &picture) < 12.0);
    }

    #[test]
    fn four_quarter_turns_are_the_identity(picture in pictures()) {
        for turn in [Turn::Rotate90, Turn::Rotate270] {
            let once = picture.turned(turn);
            prop_assert_eq!((once.width(), once.height()), (picture.height(), picture.width()));
            let four = once.turned(turn).turned(turn).turned(turn);
            prop_assert_eq!(&four, &picture);
        }
        for turn in [Turn::Rotate180, Turn::FlipX, Turn::FlipY, Turn::Transpose, Turn::AntiTranspose] {
            prop_assert_eq!(&picture.turned(turn).turned(turn), &picture);
        }
    }

    #[test]
    fn a_turned_picture_has_the_same_eight_hashes(picture in pictures()) {
        let mut own: Vec<_> = pdq_dihedral(&picture).unwrap().map(|it| it.pdq).to_vec();
        own.sort();
        for turn in Turn::ALL {
            let turned = picture.turned(turn);
            let mut others: Vec<_> = pdq_dihedral(&turned).unwrap().map(|it| it.pdq).to_vec();
            prop_assert_eq!(pdq(&turned).unwrap().pdq, others[0]);
            others.sort();
            prop_assert_eq!(&own, &others);
        }
    }

    #[test]
    fn copies_keep_their_proportions(picture in pictures(), longest in 1..200_u32) {
        let small = shrink(&picture, longest);
        prop_assert!(small.width().max(small.height()) <= longest.min(90));
        let preview = blur(&picture, longest);
        prop_assert_eq!(preview.width().max(preview.height()), longest);
    }
}

/// The scene after something was done to it, or another picture.
fn relatives() -> impl Strategy<Value = Picture> {
    let sides = (120..260_u32, 120..260_u32);
    let turned = prop::sample::select(Turn::ALL.to_vec());
    let scenes = (sides, turned, 60..260_u32, 20..100_u8).prop_map(
        |((width, height), turn, longest, quality)| {
            let copy = shrink(&scene(width, height).turned(turn), longest);
            decode(&encode_jpeg(&copy, quality).unwrap(), &Limits::DEFAULT).unwrap()
        },
    );
    prop_oneof![4 => scenes, 1 => pictures()]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn a_verdict_is_the_same_the_other_way_round(one in relatives(), other in relatives()) {
        let (one, other) = (Subject::new(one), Subject::new(other));
        let there = compare(&one, &other, None);
        let back = compare(&other, &one, None);
        prop_assert_eq!(there.relation.name(), back.relation.name());
        prop_assert_eq!(there.score, back.score);
        prop_assert!((0.0..=1.0).contains(&there.score));
        let itself = compare(&one, &one, None);
        prop_assert!(itself.relation.is_copy(), "{:?}", itself);
    }
}
