//! Tests of face recognition on real people: found where the reference finds them, recognised
//! after edits and in other photographs, and never taken for somebody else.

use std::slice;
use std::sync::LazyLock;

use serde_json::Value;
use vara_imaging::{
    Face, INTIMATE_SCORE, Limits, MIN_FACE_SIDE, Models, PersonMatch, Picture, Turn, compare_faces,
    decode, encode_jpeg, shrink,
};

static MODELS: LazyLock<Models> = LazyLock::new(|| Models::embedded().unwrap());

/// Everybody who has a portrait here.
const PORTRAITS: [&str; 6] = [
    "biden-2010",
    "collins",
    "grace-hopper",
    "obama-2009",
    "obama-2010",
    "obama-2012",
];

fn picture(name: &str) -> Picture {
    let path = format!("{}/tests/pictures/{name}.jpg", env!("CARGO_MANIFEST_DIR"));
    decode(&std::fs::read(path).unwrap(), &Limits::DEFAULT).unwrap()
}

fn faces(picture: &Picture) -> Vec<Face> {
    MODELS.faces(picture).unwrap()
}

/// The person of a portrait: its name without the year.
fn who(portrait: &str) -> &str {
    portrait.split("-20").next().unwrap()
}

/// A part of the picture, in shares of its sides.
fn part(picture: &Picture, [left, top, right, bottom]: [f64; 4]) -> Picture {
    let at = |share: f64, side: u32| (share * f64::from(side)) as usize;
    let columns = at(left, picture.width())..at(right, picture.width());
    let rows = at(top, picture.height())..at(bottom, picture.height());
    let line = picture.width() as usize * 3;
    let lines = picture
        .rgb()
        .chunks_exact(line)
        .skip(rows.start)
        .take(rows.len());
    let rgb = lines.flat_map(|line| &line[columns.start * 3..columns.end * 3]);
    Picture::from_rgb(
        columns.len() as u32,
        rows.len() as u32,
        rgb.copied().collect(),
    )
    .unwrap()
}

/// The picture turned about its middle, grey where nothing comes from.
fn leaning(picture: &Picture, degrees: f64) -> Picture {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (width, height) = (i64::from(picture.width()), i64::from(picture.height()));
    let mut rgb = Vec::with_capacity(picture.rgb().len());
    for row in 0..height {
        for column in 0..width {
            let (x, y) = ((column - width / 2) as f64, (row - height / 2) as f64);
            let from_x = (cos * x + sin * y).round() as i64 + width / 2;
            let from_y = (cos * y - sin * x).round() as i64 + height / 2;
            let inside = (0..width).contains(&from_x) && (0..height).contains(&from_y);
            let start = 3 * (from_y * width + from_x).max(0) as usize;
            rgb.extend(if inside {
                &picture.rgb()[start..start + 3]
            } else {
                &[128; 3]
            });
        }
    }
    Picture::from_rgb(picture.width(), picture.height(), rgb).unwrap()
}

fn grey(picture: &Picture) -> Picture {
    let pixels = picture.rgb().as_chunks::<3>().0.iter();
    let rgb = pixels.flat_map(|&[r, g, b]| {
        [((299 * u32::from(r) + 587 * u32::from(g) + 114 * u32::from(b)) / 1000) as u8; 3]
    });
    Picture::from_rgb(picture.width(), picture.height(), rgb.collect()).unwrap()
}

fn saved(picture: &Picture, quality: u8) -> Picture {
    decode(&encode_jpeg(picture, quality).unwrap(), &Limits::DEFAULT).unwrap()
}

/// Pictures of one height side by side.
fn beside(pictures: &[Picture]) -> Picture {
    let height = pictures[0].height() as usize;
    let width: u32 = pictures.iter().map(Picture::width).sum();
    let mut rgb = Vec::new();
    for row in 0..height {
        for picture in pictures {
            let line = picture.width() as usize * 3;
            rgb.extend(&picture.rgb()[row * line..(row + 1) * line]);
        }
    }
    Picture::from_rgb(width, height as u32, rgb).unwrap()
}

/// What happens to pictures on their way through the web.
fn edits(picture: &Picture) -> Vec<(&'static str, Picture)> {
    vec![
        ("saved badly", saved(picture, 30)),
        ("mirrored", picture.turned(Turn::FlipY)),
        ("on its side", picture.turned(Turn::Rotate90)),
        ("upside down", picture.turned(Turn::Rotate180)),
        ("on its other side", picture.turned(Turn::Rotate270)),
        ("leaning 15", leaning(picture, 15.0)),
        ("leaning -30", leaning(picture, -30.0)),
        ("the middle", part(picture, [0.15, 0.0, 0.85, 0.8])),
        ("small", shrink(picture, 256)),
        ("grey", grey(picture)),
    ]
}

#[test]
fn that_there_are_faces_is_told_without_whose() {
    for name in ["collins", "solvay-1927"] {
        let picture = picture(name);
        let seen: Vec<_> = MODELS.detect_faces(&picture).unwrap();
        let seen: Vec<_> = seen.iter().map(|it| (it.area, it.confidence)).collect();
        let found = faces(&picture);
        let found: Vec<_> = found.iter().map(|it| (it.area, it.confidence)).collect();
        assert!(!seen.is_empty());
        assert_eq!(seen, found, "{name}");
    }
}

/// The reference is `OpenCV`'s detector and recogniser with the float weights;
/// ours are stored in eight bits and shrink faces without skipping pixels.
#[test]
fn faces_are_those_of_the_reference() {
    let reference = include_str!("../pictures/reference.json");
    let reference: Vec<Value> = serde_json::from_str(reference).unwrap();
    assert_eq!(reference.len(), PORTRAITS.len());
    let numbers = |value: &Value| -> Vec<f32> {
        let numbers = value.as_array().unwrap().iter();
        numbers
            .map(|number| number.as_f64().unwrap() as f32)
            .collect()
    };
    for expected in &reference {
        let name = expected["picture"].as_str().unwrap();
        let found = faces(&picture(name));
        assert_eq!(found.len(), 1, "{name}");
        let ours: Vec<f32> = found[0]
            .area
            .into_iter()
            .chain(found[0].landmarks.as_flattened().iter().copied())
            .collect();
        let theirs = [numbers(&expected["area"]), numbers(&expected["landmarks"])].concat();
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert!((ours - theirs).abs() < 1.5, "{name}: {ours} {theirs}");
        }
        let confidence = expected["confidence"].as_f64().unwrap() as f32;
        assert!((found[0].confidence - confidence).abs() < 0.01, "{name}");
        let mut other = found[0].vector.clone();
        other.values = numbers(&expected["face"]);
        let cosine = found[0].vector.cosine(&other).unwrap();
        assert!(cosine > 0.98, "{name}: {cosine}");
    }
}

#[test]
fn she_is_recognised_after_edits() {
    let mut missed = Vec::new();
    for name in PORTRAITS {
        let original = picture(name);
        let her = faces(&original);
        for (edit, edited) in edits(&original) {
            let verdict = compare_faces(&her, &faces(&edited));
            if verdict.person != PersonMatch::Same {
                missed.push((name, edit, verdict));
            }
        }
    }
    assert!(missed.is_empty(), "{missed:?}");
}

#[test]
fn portraits_of_one_are_the_same_person_and_of_two_are_not() {
    let portraits = PORTRAITS.map(|name| (name, faces(&picture(name))));
    for (index, (name, one)) in portraits.iter().enumerate() {
        for (other_name, other) in &portraits[index + 1..] {
            let expected = if who(name) == who(other_name) {
                PersonMatch::Same
            } else {
                PersonMatch::Different
            };
            let verdict = compare_faces(one, other);
            assert_eq!(verdict.person, expected, "{name} {other_name} {verdict:?}");
        }
    }
}

/// Twenty-nine people of one printed photograph and four of others: every
/// stranger against every other.
#[test]
fn nobody_is_taken_for_another() {
    let conference = picture("solvay-1927");
    let mut people = faces(&part(&conference, [0.0, 0.0, 0.505, 1.0]));
    people.extend(faces(&part(&conference, [0.505, 0.0, 1.0, 1.0])));
    assert_eq!(people.len(), 29);
    for name in ["biden-2010", "collins", "grace-hopper", "obama-2012"] {
        people.extend(faces(&picture(name)));
    }
    assert!(people.iter().all(Face::is_clear));
    for (index, one) in people.iter().enumerate() {
        for other in &people[index + 1..] {
            let verdict = compare_faces(slice::from_ref(one), slice::from_ref(other));
            assert_ne!(
                verdict.person,
                PersonMatch::Same,
                "{one:?} {other:?} {verdict:?}"
            );
        }
    }
}

#[test]
fn a_group_picture_says_which_face() {
    let heads = ["biden-2010", "obama-2010", "grace-hopper"].map(|name| {
        let head = shrink(&picture(name), 400);
        part(&head, [0.0, 0.0, 1.0, 320.0 / f64::from(head.height())])
    });
    let widths = heads.clone().map(|head| head.width() as f32);
    let group = faces(&beside(&heads));
    assert_eq!(group.len(), 3);
    let verdict = compare_faces(&faces(&picture("obama-2012")), &group);
    assert_eq!(
        (verdict.person, verdict.query_face),
        (PersonMatch::Same, Some(0))
    );
    let [left, _, width, _] = group[verdict.candidate_face.unwrap()].area;
    let middle = left + width / 2.0;
    assert!(
        (widths[0]..widths[0] + widths[1]).contains(&middle),
        "{middle}"
    );
}

#[test]
fn faces_come_largest_first_and_lie_in_the_picture() {
    let conference = picture("solvay-1927");
    let found = faces(&conference);
    assert_eq!(found.len(), vara_imaging::MAX_FACES);
    let sizes: Vec<f32> = found.iter().map(|it| it.area[2] * it.area[3]).collect();
    assert!(sizes.is_sorted_by(|a, b| a >= b), "{sizes:?}");
    for face in &found {
        let [left, top, width, height] = face.area;
        assert!(left >= 0.0 && top >= 0.0 && width.min(height) >= MIN_FACE_SIDE);
        assert!(left + width <= conference.width() as f32);
        assert!(top + height <= conference.height() as f32);
        let length: f32 = face.vector.values.iter().map(|it| it * it).sum();
        assert!((length - 1.0).abs() < 1e-4 && face.vector.values.len() == 128);
    }
}

#[test]
fn tiny_faces_are_not_reported() {
    let tiny = shrink(&picture("collins"), 100);
    assert_eq!(faces(&tiny).len(), 0);
    let verdict = compare_faces(&faces(&picture("collins")), &[]);
    assert_eq!(verdict.person, PersonMatch::Unknown);
}

/// A turned face is found where it lies, not where it would lie upright.
#[test]
fn places_are_those_in_the_picture_given() {
    let upright = picture("grace-hopper");
    let found = &faces(&upright)[0];
    let turned = upright.turned(Turn::Rotate90);
    let there = &faces(&turned)[0];
    // A quarter against the clock: the right edge becomes the top.
    let [left, top, width, height] = found.area;
    let expected = [top, upright.width() as f32 - left - width, height, width];
    for (ours, theirs) in there.area.iter().zip(expected) {
        assert!(
            (ours - theirs).abs() < 12.0,
            "{:?} {expected:?}",
            there.area
        );
    }
}

#[test]
fn portraits_are_not_intimate() {
    for name in PORTRAITS {
        let score = MODELS.intimate(&picture(name)).unwrap();
        assert!((0.0..INTIMATE_SCORE).contains(&score), "{name}: {score}");
    }
}
