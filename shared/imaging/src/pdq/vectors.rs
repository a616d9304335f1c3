//! The hashes of the reference, bit for bit.
//!
//! The pictures and the expected values are in `tests/vectors`, with their
//! licences. The reference drops transparency where we fill it with white, so
//! the pixels come from the plain decoder here.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use serde_json::Value;

use super::*;

struct TestVector {
    file: String,
    /// The pixels as the reference saw them.
    picture: Picture,
    /// The pixels as our decoder gives them.
    decoded: Picture,
    expected: Value,
}

fn read(path: &Path) -> Picture {
    let bytes = std::fs::read(path).unwrap();
    let rgb = image::load_from_memory(&bytes).unwrap().into_rgb8();
    Picture::from_rgb(rgb.width(), rgb.height(), rgb.into_raw()).unwrap()
}

fn vectors() -> Vec<TestVector> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let text = std::fs::read_to_string(folder.join("vectors.json")).unwrap();
    let list: Value = serde_json::from_str(&text).unwrap();
    let images = list["images"].as_array().unwrap();
    assert_eq!(images.len(), 24);
    images
        .iter()
        .map(|expected| {
            let file = expected["file"].as_str().unwrap().to_owned();
            let path = folder.join(&file);
            let pixels = path.with_extension("pixels.png");
            let lossless = if pixels.exists() { &pixels } else { &path };
            TestVector {
                file,
                picture: read(lossless),
                decoded: read(&path),
                expected: expected.clone(),
            }
        })
        .collect()
}

#[test]
fn every_vector_has_the_bits_and_the_quality_of_the_reference() {
    let mut wrong = Vec::new();
    for vector in vectors() {
        let expected = &vector.expected["ref_full"];
        let (Some(found), Some(decoded)) = (pdq(&vector.picture), pdq(&vector.decoded)) else {
            assert_eq!(vector.file, "synthetic/s11_rgb_40x4_too_small.png");
            continue;
        };
        let quality = expected["quality"].as_u64().unwrap();
        if (u64::from(found.quality), u64::from(decoded.quality)) != (quality, quality) {
            wrong.push((vector.file.clone(), "quality", u32::from(found.quality)));
        }
        if vector.expected["assert_hash"] == true {
            let hash: Pdq = expected["hash"].as_str().unwrap().parse().unwrap();
            if found.pdq != hash {
                wrong.push((vector.file.clone(), "hash", found.pdq.distance(&hash)));
            }
            if decoded.pdq.distance(&hash) > 2 {
                wrong.push((vector.file, "decoded", decoded.pdq.distance(&hash)));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_shortcut_gives_the_eight_hashes_of_the_reference() {
    let names = [
        "orig",
        "rot90",
        "rot180",
        "rot270",
        "flipx",
        "flipy",
        "flip_plus1",
        "flip_minus1",
    ];
    let mut wrong = Vec::new();
    for vector in vectors() {
        if vector.expected["assert_hash"] != true {
            continue;
        }
        let found = derive_dihedral(&vector.picture).unwrap();
        for (name, found) in names.iter().zip(found) {
            let expected: Pdq = vector.expected["ref_dihedral_full"][name]
                .as_str()
                .unwrap()
                .parse()
                .unwrap();
            if found.pdq != expected {
                wrong.push((vector.file.clone(), name, found.pdq.distance(&expected)));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
