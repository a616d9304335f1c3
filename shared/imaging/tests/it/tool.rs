//! Tests of the command `fingerprint`: it is run, and its lines are read.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::common::*;
use image::ImageFormat;
use serde_json::Value;
use vara_imaging::{MetadataFlags, Turn, pdq, pdq_dihedral, read_metadata, shrink};

/// An empty folder of its own for each test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("tool")
        .join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fingerprint"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap()
}

/// The lines of a run that ended with this status.
fn lines(folder: &Path, arguments: &[&str], status: i32) -> Vec<Value> {
    let output = run(folder, arguments);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{told}");
    let text = String::from_utf8(output.stdout).unwrap();
    let parse = |line| serde_json::from_str(line).unwrap();
    text.lines().map(parse).collect()
}

#[test]
fn hash_tells_everything_of_each_file() {
    let folder = folder("hash");
    let picture = scene(320, 240);
    let plain = file(dynamic(&picture), ImageFormat::Png);
    fs::write(folder.join("plain.png"), &plain).unwrap();
    let told = with_png_chunk(&plain, b"eXIf", &exif(1));
    fs::write(folder.join("told.png"), told).unwrap();
    fs::write(folder.join("words.txt"), "not a picture").unwrap();
    let files = ["hash", "plain.png", "words.txt", "absent.jpg", "told.png"];
    let lines = lines(&folder, &files, 1);
    assert_eq!(lines.len(), 4);

    let first = &lines[0];
    assert_eq!(first["file"], "plain.png");
    assert_eq!(
        (&first["width"], &first["height"]),
        (&320.into(), &240.into())
    );
    let hash = pdq(&picture).unwrap();
    assert_eq!(first["pdq"], hash.pdq.to_string());
    assert_eq!(first["pdq_quality"], hash.quality);
    let eight = pdq_dihedral(&picture).unwrap().map(|it| it.pdq.to_string());
    assert_eq!(first["dihedral"], Value::from(eight.to_vec()));
    assert_eq!(first["faces"], Value::from(Vec::<Value>::new()));
    assert!(
        first["intimate"]
            .as_f64()
            .is_some_and(|it| (0.0..=1.0).contains(&it))
    );
    assert!(first["error"].is_null());
    let nothing = serde_json::json!({
        "gps": false, "camera": false, "serial": false, "c2pa": false, "generator": false
    });
    assert_eq!(first["metadata"], nothing);

    for (line, name) in lines[1..3].iter().zip(["words.txt", "absent.jpg"]) {
        assert_eq!(line["file"], name);
        assert!(line["error"].as_str().is_some_and(|it| !it.is_empty()));
        assert!(line["pdq"].is_null() && line["faces"].is_null());
        let names = |line: &Value| {
            line.as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect::<Vec<_>>()
        };
        assert_eq!(names(line), names(first), "the same names on every line");
    }
    assert_eq!(lines[3]["metadata"]["gps"], true);
    assert_eq!(lines[3]["metadata"]["camera"], true);
    assert_eq!(lines[3]["pdq"], first["pdq"]);
}

#[test]
fn many_files_keep_their_order() {
    let folder = folder("order");
    let names: Vec<String> = (0..24).map(|n| format!("{n}.jpg")).collect();
    for (n, name) in (0..).zip(&names) {
        fs::write(folder.join(name), jpeg(&scene(600 - 23 * n, 400))).unwrap();
    }
    let mut arguments = vec!["hash", "--no-models", "--jobs", "5"];
    arguments.extend(names.iter().map(String::as_str));
    let lines = lines(&folder, &arguments, 0);
    let found: Vec<&str> = lines
        .iter()
        .map(|it| it["file"].as_str().unwrap())
        .collect();
    assert_eq!(found, names);
    assert!(
        lines
            .iter()
            .all(|it| it["faces"].is_null() && it["pdq"].is_string())
    );
}

#[test]
fn strip_leaves_only_pixels() {
    let folder = folder("strip");
    let upright = scene(200, 120);
    let file = with_segment(&jpeg(&upright), 0xe1, &exif_segment(6));
    fs::write(folder.join("in.jpg"), &file).unwrap();
    let lines = lines(&folder, &["strip", "in.jpg", "out.jpg"], 0);
    assert_eq!(lines[0]["metadata"]["gps"], true);
    assert_eq!(
        (&lines[0]["width"], &lines[0]["height"]),
        (&120.into(), &200.into())
    );
    let stripped = fs::read(folder.join("out.jpg")).unwrap();
    assert_eq!(lines[0]["bytes"], stripped.len());
    assert_eq!(read_metadata(&stripped), MetadataFlags::default());
    // A second time, onto itself.
    assert_eq!(
        run(&folder, &["strip", "out.jpg", "out.jpg"]).status.code(),
        Some(0)
    );
    let left: Vec<_> = fs::read_dir(&folder).unwrap().collect();
    assert_eq!(left.len(), 2, "nothing is left beside the two files");
}

#[test]
fn strip_says_why_it_cannot() {
    let folder = folder("strip-errors");
    fs::write(folder.join("words.txt"), "words").unwrap();
    fs::write(folder.join("in.jpg"), jpeg(&scene(60, 40))).unwrap();
    for arguments in [
        ["strip", "words.txt", "out.jpg"],
        ["strip", "absent.jpg", "out.jpg"],
        ["strip", "in.jpg", "no/such/folder/out.jpg"],
    ] {
        let lines = lines(&folder, &arguments, 1);
        assert!(lines[0]["error"].is_string(), "{arguments:?}");
        assert!(!folder.join("out.jpg").exists());
    }
}

#[test]
fn search_prints_one_line_a_pair() {
    let folder = folder("search");
    let lists = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/index");
    let index = lists.join("haystack.txt");
    let queries = lists.join("needles.txt");
    let (index, queries) = (index.to_str().unwrap(), queries.to_str().unwrap());
    let base = ["search", "--index", index, "--queries", queries];
    for (distance, pairs) in [("0", 50), ("31", 250), ("63", 352)] {
        let arguments = [&base[..], &["--distance", distance]].concat();
        let found = lines(&folder, &arguments, 0);
        assert_eq!(found.len(), pairs, "within {distance}");
    }
    let found = lines(&folder, &base, 0);
    assert_eq!(found.len(), 250, "31 when nothing else is said");
    let hashes: Vec<String> = fs::read_to_string(index)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    for line in found {
        let place = usize::try_from(line["match_line"].as_u64().unwrap()).unwrap();
        assert_eq!(line["match"], hashes[place - 1]);
        assert!(line["distance"].as_u64().unwrap() <= 31);
    }
    // Many queries go through the buckets and find the same.
    let many = fs::read_to_string(queries).unwrap().repeat(41);
    fs::write(folder.join("many.txt"), many).unwrap();
    let found = lines(
        &folder,
        &["search", "--index", index, "--queries", "many.txt"],
        0,
    );
    assert_eq!(found.len(), 41 * 250);
}

#[test]
fn search_tells_lines_that_are_no_hashes() {
    let folder = folder("search-errors");
    let hash = "ab".repeat(32);
    let text = format!("{hash}, a comment\r\n\nnot a hash\n{}\n", "0".repeat(64));
    fs::write(folder.join("list.txt"), text).unwrap();
    let arguments = ["search", "--index", "list.txt", "--queries", "list.txt"];
    let found = lines(&folder, &arguments, 1);
    let (bad, good): (Vec<_>, Vec<_>) = found.iter().partition(|line| line["error"].is_string());
    assert_eq!((bad.len(), good.len()), (4, 1));
    assert_eq!((&bad[0]["line"], &bad[1]["line"]), (&3.into(), &4.into()));
    assert_eq!(
        (&good[0]["query"], &good[0]["match_line"]),
        (&hash.into(), &1.into())
    );
    let absent = run(
        &folder,
        &["search", "--index", "no.txt", "--queries", "list.txt"],
    );
    assert_eq!(absent.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&absent.stderr).contains("no.txt"));
}

#[test]
fn compare_answers_for_one_pair_and_for_many() {
    let folder = folder("compare");
    let picture = scene(640, 480);
    fs::write(folder.join("a.jpg"), jpeg(&picture)).unwrap();
    fs::write(folder.join("small.jpg"), jpeg(&shrink(&picture, 300))).unwrap();
    fs::write(
        folder.join("mirror.jpg"),
        jpeg(&picture.turned(Turn::FlipY)),
    )
    .unwrap();
    fs::write(folder.join("other.jpg"), jpeg(&quarters(640, 480))).unwrap();
    let one = lines(&folder, &["compare", "a.jpg", "small.jpg"], 0);
    assert_eq!(one.len(), 1);
    assert_eq!(
        (&one[0]["a"], &one[0]["b"]),
        (&"a.jpg".into(), &"small.jpg".into())
    );
    assert!(one[0]["score"].as_f64().unwrap() > 0.9);
    assert!(one[0]["evidence"].is_object() && one[0]["error"].is_null());

    let list = "a.jpg\tsmall.jpg\tpositive\na.jpg\tmirror.jpg\n\na.jpg\tother.jpg\na.jpg\tabsent.jpg\nno tab\n";
    fs::write(folder.join("pairs.tsv"), list).unwrap();
    let arguments = ["compare", "--no-models", "--pairs", "pairs.tsv"];
    let all = lines(&folder, &arguments, 1);
    assert_eq!(all.len(), 5);
    assert_eq!(all[0]["relation"], one[0]["relation"]);
    assert_eq!(all[1]["relation"], "edited");
    assert_eq!(all[1]["edits"], Value::from(vec!["mirrored"]));
    assert_eq!(all[2]["relation"], "different");
    assert!(all[2]["score"].as_f64().unwrap() < 0.5);
    assert!(all[3]["error"].as_str().unwrap().contains("absent.jpg"));
    assert!(all[4]["error"].as_str().unwrap().contains("line 6"));
}

#[test]
fn mistakes_are_told_on_standard_error() {
    let folder = folder("usage");
    for arguments in [&[][..], &["paint"], &["hash"], &["compare", "a"]] {
        let output = run(&folder, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
        assert!(String::from_utf8_lossy(&output.stderr).contains("usage:"));
    }
    let help = run(&folder, &["--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&help.stdout).starts_with("usage:"));
}
