//! Tests of metadata removal: nothing of a file but its pixels comes out again.

use crate::common::*;
use image::ImageFormat;
use vara_imaging::{Limits, MetadataFlags, Picture, decode, encode_jpeg, read_metadata, shrink};

const XMP: &[u8] =
    b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta exif:GPSLatitude='1' aux:SerialNumber='7'/>";

/// A JPEG with everything a camera, an editor and a tracker put in.
fn talkative() -> Vec<u8> {
    let plain = jpeg(&scene(80, 60));
    let preview = jpeg(&scene(16, 12));
    let mut file = with_segment(&plain, 0xfe, b"a comment");
    file = with_segment(&file, 0xed, b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\0");
    file = with_segment(&file, 0xeb, b"JP\0\x01jumbjumdc2pa");
    file = with_segment(&file, 0xe2, b"ICC_PROFILE\0\x01\x01none");
    file = with_segment(&file, 0xe1, XMP);
    file = with_segment(&file, 0xe1, &[&exif_segment(1)[..], &preview].concat());
    [file, preview].concat()
}

/// The markers of a JPEG up to the coded pixels.
fn markers(jpeg: &[u8]) -> Vec<u8> {
    let mut markers = Vec::new();
    let mut at = 2;
    while markers.last() != Some(&0xda) {
        assert_eq!(jpeg[at], 0xff);
        markers.push(jpeg[at + 1]);
        at += 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
    }
    markers
}

fn count(bytes: &[u8], needle: &[u8]) -> usize {
    bytes
        .windows(needle.len())
        .filter(|part| *part == needle)
        .count()
}

#[test]
fn a_derivative_says_nothing() {
    let file = talkative();
    let all = MetadataFlags {
        gps: true,
        camera: true,
        serial: true,
        c2pa: true,
        generator: false,
    };
    assert_eq!(read_metadata(&file), all);
    let picture = decode(&file, &Limits::DEFAULT).unwrap();
    for copy in [picture.clone(), shrink(&picture, 32)] {
        let derived = encode_jpeg(&copy, 85).unwrap();
        assert_eq!(read_metadata(&derived), MetadataFlags::default());
        // JFIF, tables, frame and scan; nothing else.
        let allowed = [0xe0, 0xdb, 0xc0, 0xc4, 0xda];
        let found = markers(&derived);
        assert!(
            found.iter().all(|marker| allowed.contains(marker)),
            "{found:x?}"
        );
        for mark in [
            &b"Exif"[..],
            b"http://",
            b"ICC_PROFILE",
            b"8BIM",
            b"c2pa",
            b"comment",
        ] {
            assert_eq!(count(&derived, mark), 0);
        }
        assert_eq!(count(&derived, b"\xff\xd8"), 1, "no thumbnail");
        assert!(derived.ends_with(b"\xff\xd9"), "nothing appended");
    }
}

#[test]
fn each_kind_of_finding_by_itself() {
    let plain = jpeg(&scene(40, 30));
    assert_eq!(read_metadata(&plain), MetadataFlags::default());
    let exif = read_metadata(&with_segment(&plain, 0xe1, &exif_segment(1)));
    let place_and_camera = MetadataFlags {
        gps: true,
        camera: true,
        ..MetadataFlags::default()
    };
    assert_eq!(exif, place_and_camera);
    let xmp = read_metadata(&with_segment(&plain, 0xe1, XMP));
    let with_serial = MetadataFlags {
        serial: true,
        ..place_and_camera
    };
    assert_eq!(xmp, with_serial);
    let c2pa = read_metadata(&with_segment(&plain, 0xeb, b"JP\0\x01c2pa"));
    let credentials = MetadataFlags {
        c2pa: true,
        ..MetadataFlags::default()
    };
    assert_eq!(c2pa, credentials);
    let made = read_metadata(&with_segment(
        &plain,
        0xeb,
        b"JP\0\x01c2pa digitalsourcetype/trainedAlgorithmicMedia",
    ));
    assert!(made.c2pa && made.generator);
}

#[test]
fn previews_behind_the_picture_are_searched() {
    let plain = jpeg(&scene(40, 30));
    let preview = with_segment(&plain, 0xe1, &exif_segment(1));
    assert!(read_metadata(&[plain, preview].concat()).gps);
}

#[test]
fn png_webp_and_gif_are_searched() {
    let picture = dynamic(&scene(40, 30));
    let png = file(picture.clone(), ImageFormat::Png);
    assert_eq!(read_metadata(&png), MetadataFlags::default());
    let both = MetadataFlags {
        gps: true,
        camera: true,
        ..MetadataFlags::default()
    };
    let with_serial = MetadataFlags {
        serial: true,
        ..both
    };
    assert_eq!(
        read_metadata(&with_png_chunk(&png, b"eXIf", &exif(1))),
        both
    );
    let itxt = [b"XML:com.adobe.xmp\0\0\0\0\0", XMP].concat();
    assert_eq!(
        read_metadata(&with_png_chunk(&png, b"iTXt", &itxt)),
        with_serial
    );
    assert!(read_metadata(&with_png_chunk(&png, b"caBX", b"x")).c2pa);
    let webp = file(picture.clone(), ImageFormat::WebP);
    assert_eq!(read_metadata(&webp), MetadataFlags::default());
    assert_eq!(
        read_metadata(&with_webp_exif(&webp, 40, 30, &exif(1))),
        both
    );
    let gif = file(picture, ImageFormat::Gif);
    assert_eq!(read_metadata(&gif), MetadataFlags::default());
    let extension = [b"\x21\xff\x0bXMP DataXMP", XMP].concat();
    assert_eq!(read_metadata(&[gif, extension].concat()), with_serial);
}

#[test]
fn marks_of_generators_are_found_and_stripped() {
    let png = file(dynamic(&scene(40, 30)), ImageFormat::Png);
    let recipe = b"parameters\0a portrait\nSteps: 20, Sampler: Euler a, CFG scale: 7";
    let marked = with_png_chunk(&png, b"tEXt", recipe);
    let only_generator = MetadataFlags {
        generator: true,
        ..MetadataFlags::default()
    };
    assert_eq!(read_metadata(&marked), only_generator);
    let picture = decode(&marked, &Limits::DEFAULT).unwrap();
    let stripped = encode_jpeg(&picture, 85).unwrap();
    assert_eq!(read_metadata(&stripped), MetadataFlags::default());
    assert_eq!(count(&stripped, b"Sampler"), 0);
}

#[test]
fn exif_written_down_as_a_text_is_found() {
    let png = file(dynamic(&scene(40, 30)), ImageFormat::Png);
    let block = exif_segment(1);
    let digits = hex::encode(&block);
    let text = format!(
        "Raw profile type exif\0\nexif\n  {}\n{digits}\n",
        block.len()
    );
    let found = read_metadata(&with_png_chunk(&png, b"tEXt", text.as_bytes()));
    assert!(found.gps && found.camera && !found.serial);
}

#[test]
fn many_texts_do_not_hide_the_place() {
    let mut png = with_png_chunk(
        &file(dynamic(&scene(40, 30)), ImageFormat::Png),
        b"eXIf",
        &exif(1),
    );
    for _ in 0..200 {
        png = with_png_chunk(&png, b"tEXt", b"Comment\0nothing");
    }
    assert!(read_metadata(&png).gps);
}

#[test]
fn a_real_camera_file() {
    // From the reference's pictures: EXIF, XMP, Photoshop blocks and a profile.
    let file = include_bytes!("../vectors/core/wee.jpg");
    let picture = decode(file, &Limits::DEFAULT).unwrap();
    let derived = encode_jpeg(&picture, 85).unwrap();
    assert!(count(file, b"Exif") > 0 && count(file, b"8BIM") > 0);
    assert_eq!(count(&derived, b"Exif") + count(&derived, b"8BIM"), 0);
}

#[test]
fn a_side_that_jpeg_cannot_hold_is_refused() {
    let thread = Picture::from_rgb(70_000, 1, vec![0; 210_000]).unwrap();
    assert!(encode_jpeg(&thread, 85).is_err());
}
