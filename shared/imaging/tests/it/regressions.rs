//! Regression test on the fuzz corpus: reads every input again that the fuzzer found worth keeping.
//!
//! `fuzz/corpus/<target>.tar` holds the smallest set that reaches all the code the
//! fuzzer reached, `fuzz/seeds` the files it began with.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use tar::Archive;
use vara_imaging::{
    HashIndex, Limits, MetadataFlags, Pdq, blur, decode, encode_jpeg, pdq_dihedral, read_metadata,
    shrink, trim_borders,
};

/// As in the fuzz targets: small, because the inputs are.
const LIMITS: Limits = Limits {
    bytes: 1 << 20,
    pixels: 1 << 18,
    side: 4096,
    memory: 16 << 20,
};

fn fuzz(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz")
        .join(path)
}

fn seeds() -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(fuzz("seeds"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

/// The corpus of a fuzz target, packed as `fuzz/pack` packs it.
fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let path = fuzz(&format!("corpus/{target}.tar"));
    let mut files = Vec::new();
    for entry in Archive::new(File::open(&path).unwrap()).entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = path.join(entry.path().unwrap());
        assert_eq!(entry.header().mtime().unwrap(), 0, "{}", name.display());
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        files.push((name, bytes));
    }
    assert!(!files.is_empty(), "{}", path.display());
    assert!(
        files.is_sorted_by_key(|(name, _)| name),
        "{}",
        path.display()
    );
    files
}

#[test]
fn the_seeds_are_what_they_say() {
    for (path, bytes) in seeds() {
        let picture = decode(&bytes, &LIMITS);
        let extension = path.extension().unwrap();
        let expected = !["tiff", "txt"].iter().any(|it| extension == *it);
        assert_eq!(picture.is_ok(), expected, "{}", path.display());
    }
}

#[test]
fn files_the_whole_way() {
    let all = ["decode", "strip", "fingerprint"].map(corpus);
    let mut read = 0;
    for (path, bytes) in all.iter().flatten().chain(&seeds()) {
        let _ = read_metadata(bytes);
        let Ok(picture) = decode(bytes, &LIMITS) else {
            continue;
        };
        read += 1;
        assert!(pdq_dihedral(&picture).is_some(), "{}", path.display());
        assert!(blur(&picture, 48).width() <= 48);
        if let Some(inner) = trim_borders(&picture) {
            assert!(
                inner.rgb().len() < picture.rgb().len(),
                "{}",
                path.display()
            );
        }
        for copy in [shrink(&picture, 96), picture] {
            let stripped = encode_jpeg(&copy, 85).unwrap();
            assert_eq!(
                read_metadata(&stripped),
                MetadataFlags::default(),
                "{}",
                path.display()
            );
        }
    }
    assert!(read > 20, "only {read} pictures among the inputs");
}

#[test]
fn metadata_of_anything() {
    let plain = fs::read(fuzz("seeds/grey.jpg")).unwrap();
    for (path, bytes) in corpus("exif") {
        let _ = read_metadata(&bytes);
        let length = u16::try_from(bytes.len() + 8).unwrap().to_be_bytes();
        let segment = [b"\xff\xe1", &length[..], b"Exif\0\0", &bytes].concat();
        let file = [&plain[..2], &segment, &plain[2..]].concat();
        assert!(decode(&file, &LIMITS).is_ok(), "{}", path.display());
        let _ = read_metadata(&file);
    }
}

#[test]
fn texts_of_hashes() {
    for (path, bytes) in corpus("pdq_text") {
        let text = String::from_utf8_lossy(&bytes);
        if let Ok(hash) = text.parse::<Pdq>() {
            let written = text.to_ascii_lowercase();
            assert_eq!(hash.to_string(), written, "{}", path.display());
        }
        if let Ok(index) = HashIndex::from_bytes(&bytes) {
            assert_eq!(index.to_bytes(), bytes, "{}", path.display());
        }
    }
}
