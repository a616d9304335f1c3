//! What `compare` says about pictures made and edited here, where the right
//! answer is known to the pixel.

use proptest::prelude::*;
use vara_imaging::{
    ChangeKind, DecidedBy, Picture, PictureEdit, PictureRelation, PictureVerdict, Subject, Turn,
    compare,
};

const WIDTH: u32 = 480;
const HEIGHT: u32 = 360;

/// A slope of light with many rectangles and discs on it, another for each seed.
fn scene(seed: u64) -> Picture {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = move |below: u32| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u32 % below
    };
    let mut pixels: Vec<[u8; 3]> = (0..WIDTH * HEIGHT)
        .map(|n| [(n % WIDTH / 3) as u8, (n / WIDTH / 2) as u8, 90])
        .collect();
    for _ in 0..90 {
        let (x, y, size) = (next(WIDTH), next(HEIGHT), 4 + next(36));
        let (colour, round) = (
            [next(256), next(256), next(256)].map(|v| v as u8),
            next(2) == 0,
        );
        for row in y.saturating_sub(size)..(y + size).min(HEIGHT) {
            for column in x.saturating_sub(size)..(x + size).min(WIDTH) {
                let (dx, dy) = (row.abs_diff(y), column.abs_diff(x));
                if !round || dx * dx + dy * dy < size * size {
                    pixels[(row * WIDTH + column) as usize] = colour;
                }
            }
        }
    }
    Picture::from_rgb(WIDTH, HEIGHT, pixels.into_flattened()).unwrap()
}

/// A picture drawn anew: `from` tells where in the old one a pixel is found.
fn drawn(
    picture: &Picture,
    width: u32,
    height: u32,
    from: impl Fn(f64, f64) -> [f64; 2],
) -> Picture {
    let at = |x: u32, y: u32, n: usize| {
        f64::from(picture.rgb()[((y * picture.width() + x) * 3) as usize + n])
    };
    let mut rgb = Vec::new();
    for row in 0..height {
        for column in 0..width {
            let [x, y] = from(f64::from(column) + 0.5, f64::from(row) + 0.5);
            let (x, y) = (x - 0.5, y - 0.5);
            let inside = x > -0.5
                && y > -0.5
                && x < f64::from(picture.width()) - 0.5
                && y < f64::from(picture.height()) - 0.5;
            if !inside {
                rgb.extend([235; 3]);
                continue;
            }
            let (left, top) = (x.max(0.0) as u32, y.max(0.0) as u32);
            let (right, below) = (
                (left + 1).min(picture.width() - 1),
                (top + 1).min(picture.height() - 1),
            );
            let (fx, fy) = (
                (x - f64::from(left)).max(0.0),
                (y - f64::from(top)).max(0.0),
            );
            rgb.extend((0..3).map(|n| {
                let upper = at(left, top, n) * (1.0 - fx) + at(right, top, n) * fx;
                let lower = at(left, below, n) * (1.0 - fx) + at(right, below, n) * fx;
                (upper * (1.0 - fy) + lower * fy).round() as u8
            }));
        }
    }
    Picture::from_rgb(width, height, rgb).unwrap()
}

fn crop(picture: &Picture, x: f64, y: f64, width: u32, height: u32) -> Picture {
    drawn(picture, width, height, |u, v| [u + x, v + y])
}

/// Turned by degrees about its middle, the canvas grown to hold it.
fn rotated(picture: &Picture, degrees: f64) -> Picture {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (w, h) = (f64::from(picture.width()), f64::from(picture.height()));
    let (width, height) = (w * cos.abs() + h * sin.abs(), w * sin.abs() + h * cos.abs());
    drawn(picture, width as u32, height as u32, |u, v| {
        let (u, v) = (u - width / 2.0, v - height / 2.0);
        [cos * u + sin * v + w / 2.0, cos * v - sin * u + h / 2.0]
    })
}

/// Put into a page with words (here: dashes) around it, the same for all.
fn framed(picture: &Picture) -> Picture {
    let (width, height) = (400, 760);
    let page = drawn(picture, width, height, |u, v| {
        [(u - 20.0) * 480.0 / 360.0, (v - 200.0) * 480.0 / 360.0]
    });
    let mut rgb = page.rgb().to_vec();
    for row in (20..180).chain(490..740) {
        for column in 20..380u32 {
            let word = (row / 12 * 7919 + column / 9 * 104_729) % 5;
            if row % 12 < 7 && word < 2 {
                let place = ((row * width + column) * 3) as usize;
                rgb[place..place + 3].fill(40);
            }
        }
    }
    Picture::from_rgb(width, height, rgb).unwrap()
}

fn each_pixel(picture: &Picture, change: impl Fn([u8; 3]) -> [u8; 3]) -> Picture {
    let (pixels, _) = picture.rgb().as_chunks::<3>();
    let rgb = pixels.iter().flat_map(|pixel| change(*pixel)).collect();
    Picture::from_rgb(picture.width(), picture.height(), rgb).unwrap()
}

fn grey(picture: &Picture) -> Picture {
    each_pixel(picture, |[r, g, b]| {
        [((u32::from(r) * 3 + u32::from(g) * 6 + u32::from(b)) / 10) as u8; 3]
    })
}

fn judged(query: &Picture, candidate: &Picture) -> PictureVerdict {
    compare(
        &Subject::new(query.clone()),
        &Subject::new(candidate.clone()),
        None,
    )
}

/// That the candidate is the query with just these edits.
#[track_caller]
fn assert_edits(query: &Picture, candidate: &Picture, expected: &[PictureEdit]) -> PictureVerdict {
    let verdict = judged(query, candidate);
    let PictureRelation::Edited(edits) = verdict.relation else {
        panic!("{verdict:?}");
    };
    assert_eq!(edits.iter().collect::<Vec<_>>(), expected, "{verdict:?}");
    assert!(verdict.score > 0.9, "{verdict:?}");
    verdict
}

/// Where the overlay puts a point of the query.
fn placed(verdict: &PictureVerdict, [x, y]: [f64; 2]) -> [f64; 2] {
    let [a, b, c, d, e, f, g, h, i] = verdict.evidence.overlay.as_ref().unwrap().matrix;
    let w = g * x + h * y + i;
    [(a * x + b * y + c) / w, (d * x + e * y + f) / w]
}

#[track_caller]
fn assert_near([x, y]: [f64; 2], [u, v]: [f64; 2]) {
    assert!(
        (x - u).abs() < 3.0 && (y - v).abs() < 3.0,
        "{x}, {y} is not {u}, {v}"
    );
}

#[test]
fn the_same_picture_is_exact() {
    let same = judged(&scene(1), &scene(1));
    assert_eq!(same.relation, PictureRelation::Exact);
    assert_eq!(same.evidence.decided_by, DecidedBy::Pixels);
    let smaller = drawn(&scene(1), 240, 180, |u, v| [2.0 * u, 2.0 * v]);
    let smaller = judged(&scene(1), &smaller);
    assert_eq!(smaller.relation, PictureRelation::Exact, "{smaller:?}");
    assert_eq!(smaller.evidence.decided_by, DecidedBy::Hash);
    assert!(smaller.score > 0.95);
}

#[test]
fn crops_are_found_where_they_were_cut() {
    for (x, y, width, height) in [
        (40.0, 30.0, 384, 288),
        (100.0, 80.0, 288, 216),
        (200.0, 60.0, 192, 144),
    ] {
        let part = crop(&scene(2), x, y, width, height);
        let verdict = assert_edits(&scene(2), &part, &[PictureEdit::Cropped]);
        assert_near(placed(&verdict, [x, y]), [0.0, 0.0]);
        let overlay = verdict.evidence.overlay.unwrap();
        let share = f64::from(width * height) / f64::from(WIDTH * HEIGHT);
        assert!(
            (overlay.overlap - share).abs() < 0.05 && overlay.covered > 0.94,
            "{overlay:?}"
        );
        assert!(overlay.affine || overlay.inliers >= 20);
    }
}

#[test]
fn turned_and_mirrored() {
    let picture = scene(3);
    assert_edits(
        &picture,
        &picture.turned(Turn::FlipY),
        &[PictureEdit::Mirrored],
    );
    assert_edits(
        &picture,
        &picture.turned(Turn::Rotate90),
        &[PictureEdit::Rotated],
    );
    let slanted = assert_edits(&picture, &rotated(&picture, 15.0), &[PictureEdit::Rotated]);
    assert!(slanted.evidence.overlay.unwrap().overlap > 0.97);
    let both = rotated(&picture.turned(Turn::FlipY), 15.0);
    assert_edits(
        &picture,
        &both,
        &[PictureEdit::Rotated, PictureEdit::Mirrored],
    );
    let part = crop(&picture, 100.0, 50.0, 300, 240).turned(Turn::FlipY);
    let part = assert_edits(
        &picture,
        &part,
        &[PictureEdit::Cropped, PictureEdit::Mirrored],
    );
    assert_near(placed(&part, [100.0, 50.0]), [300.0, 0.0]);
}

#[test]
fn put_into_something_larger() {
    let picture = scene(4);
    let verdict = assert_edits(&picture, &framed(&picture), &[PictureEdit::Embedded]);
    assert_near(placed(&verdict, [0.0, 0.0]), [20.0, 200.0]);
    let below = drawn(&picture, WIDTH, HEIGHT + 70, |u, v| [u, v - 70.0]);
    assert_edits(&picture, &below, &[PictureEdit::Captioned]);
    let in_part = framed(&crop(&picture, 60.0, 40.0, 400, 300));
    assert_edits(
        &picture,
        &in_part,
        &[PictureEdit::Cropped, PictureEdit::Embedded],
    );
}

#[test]
fn other_colours_and_proportions() {
    let picture = scene(5);
    assert_edits(&picture, &grey(&picture), &[PictureEdit::Recoloured]);
    let brighter = each_pixel(&picture, |pixel| {
        pixel.map(|v| (f64::from(v) * 1.6).min(255.0) as u8)
    });
    assert_edits(&picture, &brighter, &[PictureEdit::Recoloured]);
    let square = drawn(&picture, 360, 360, |u, v| [u * 480.0 / 360.0, v]);
    assert_edits(&picture, &square, &[PictureEdit::Stretched]);
    let part = grey(&crop(&picture, 90.0, 60.0, 300, 220));
    assert_edits(
        &picture,
        &part,
        &[PictureEdit::Cropped, PictureEdit::Recoloured],
    );
}

/// Fills a part with a grey.
fn barred(picture: &Picture, [left, top, right, bottom]: [u32; 4]) -> Picture {
    let mut rgb = picture.rgb().to_vec();
    for row in top..bottom {
        let start = (row * picture.width() + left) as usize * 3;
        rgb[start..start + (right - left) as usize * 3].fill(20);
    }
    Picture::from_rgb(picture.width(), picture.height(), rgb).unwrap()
}

#[test]
fn a_picture_with_a_bar_on_it_is_not_exact() {
    let picture = scene(5);
    let verdict = judged(&picture, &barred(&picture, [200, 140, 290, 190]));
    assert!(
        matches!(verdict.relation, PictureRelation::Edited(_)),
        "{verdict:?}"
    );
    assert_change(&verdict, ChangeKind::Covered, [200, 140, 290, 190]);
    let [left, top, right, bottom] = verdict.evidence.overlay.unwrap().altered.unwrap();
    assert!((140.0..=200.0).contains(&left) && (290.0..=350.0).contains(&right));
    assert!((80.0..=140.0).contains(&top) && (190.0..=250.0).contains(&bottom));
}

/// One change of this kind, about there and nowhere else.
fn assert_change(verdict: &PictureVerdict, kind: ChangeKind, part: [u32; 4]) {
    let [change] = &verdict.evidence.changes[..] else {
        panic!("{verdict:?}");
    };
    assert_eq!(change.kind, kind, "{verdict:?}");
    // Where the part was of one colour there was nothing to change.
    let (found, part) = (change.region, part.map(f64::from));
    assert!((0..2).all(|n| found[n] >= part[n] - 20.0), "{verdict:?}");
    assert!((2..4).all(|n| found[n] <= part[n] + 20.0), "{verdict:?}");
    let area = |it: [f64; 4]| (it[2] - it[0]) * (it[3] - it[1]);
    assert!(area(found) >= 0.6 * area(part), "{verdict:?}");
    let PictureRelation::Edited(edits) = verdict.relation else {
        panic!("{verdict:?}");
    };
    assert!(edits.contains(kind.into()), "{verdict:?}");
}

/// Each square of so many pixels within a part in its mean colour.
fn pixelated(picture: &Picture, [left, top, right, bottom]: [u32; 4], block: u32) -> Picture {
    let mut pixels = picture.rgb().as_chunks::<3>().0.to_vec();
    let at = |x: u32, y: u32| (y * picture.width() + x) as usize;
    for y in (top..bottom).step_by(block as usize) {
        for x in (left..right).step_by(block as usize) {
            let places: Vec<_> = (y..(y + block).min(bottom))
                .flat_map(|row| (x..(x + block).min(right)).map(move |column| at(column, row)))
                .collect();
            let mean = [0, 1, 2].map(|n| {
                let sum: usize = places.iter().map(|it| usize::from(pixels[*it][n])).sum();
                (sum / places.len()) as u8
            });
            places.into_iter().for_each(|it| pixels[it] = mean);
        }
    }
    Picture::from_rgb(picture.width(), picture.height(), pixels.into_flattened()).unwrap()
}

/// Whichever of the two is asked about: what is known of the part is about her picture.
#[test]
fn a_pixelated_part_is_told_with_its_place() {
    let picture = scene(5);
    let part = [160, 80, 320, 240];
    let edited = pixelated(&picture, part, 16);
    assert_change(&judged(&picture, &edited), ChangeKind::Blurred, part);
    let mirrored = edited.turned(Turn::FlipY);
    assert_change(&judged(&picture, &mirrored), ChangeKind::Blurred, part);
    let turned_round = judged(&edited, &picture);
    assert!(
        matches!(turned_round.relation, PictureRelation::Edited(_)),
        "{turned_round:?}"
    );
}

#[test]
fn a_watermark_all_over_is_told_and_is_not_exact() {
    let picture = scene(7);
    let pixels = picture.rgb().as_chunks::<3>().0.iter().enumerate();
    let marked = pixels.flat_map(|(n, pixel)| {
        let (x, y) = (n as u32 % WIDTH, n as u32 / WIDTH);
        if (x + y) % 60 < 6 {
            pixel.map(|value| value / 2 + 110)
        } else {
            *pixel
        }
    });
    let marked = Picture::from_rgb(WIDTH, HEIGHT, marked.collect()).unwrap();
    let verdict = judged(&picture, &marked);
    assert_change(&verdict, ChangeKind::Watermarked, [0, 0, WIDTH, HEIGHT]);
    let round = judged(&marked, &picture);
    assert!(
        matches!(round.relation, PictureRelation::Edited(_)),
        "{round:?}"
    );
}

/// The other half is not cut off: it is there, under something.
#[test]
fn a_half_that_is_black_is_covered() {
    let picture = scene(5);
    let half = [WIDTH / 2, 0, WIDTH, HEIGHT];
    let verdict = judged(&picture, &barred(&picture, half));
    assert_change(&verdict, ChangeKind::Covered, half);
    let PictureRelation::Edited(edits) = verdict.relation else {
        panic!("{verdict:?}");
    };
    assert!(!edits.contains(PictureEdit::Cropped), "{verdict:?}");
}

#[test]
fn a_picture_saved_smaller_has_no_changed_parts() {
    let picture = scene(5);
    for share in [0.4, 0.7, 1.0] {
        let [width, height] = [WIDTH, HEIGHT].map(|side| (f64::from(side) * share) as u32);
        let smaller = drawn(&picture, width, height, |x, y| [x / share, y / share]);
        let file = vara_imaging::encode_jpeg(&smaller, 40).unwrap();
        let saved = vara_imaging::decode(&file, &vara_imaging::Limits::DEFAULT).unwrap();
        let verdict = judged(&picture, &saved);
        assert_eq!(
            verdict.relation,
            PictureRelation::Exact,
            "{share}: {verdict:?}"
        );
        assert_eq!(verdict.evidence.changes, []);
    }
}

#[test]
fn inverted_colours() {
    let invert = |picture: &Picture| each_pixel(picture, |pixel| pixel.map(|value| 255 - value));
    let picture = scene(5);
    let verdict = assert_edits(&picture, &invert(&picture), &[PictureEdit::Recoloured]);
    assert!(verdict.evidence.inverted);
    let mirrored = invert(&picture.turned(Turn::FlipY));
    assert_edits(
        &picture,
        &mirrored,
        &[PictureEdit::Mirrored, PictureEdit::Recoloured],
    );
    let other = judged(&picture, &invert(&scene(6)));
    assert_eq!(other.relation, PictureRelation::Different, "{other:?}");
    assert!(!other.evidence.inverted);
}

#[test]
fn other_pictures_are_different() {
    let subjects: Vec<Subject> = (10..18).map(|seed| Subject::new(scene(seed))).collect();
    for (n, query) in subjects.iter().enumerate() {
        for candidate in &subjects[n + 1..] {
            let verdict = compare(query, candidate, None);
            assert_eq!(verdict.relation, PictureRelation::Different, "{verdict:?}");
            assert!(verdict.score < 0.1, "{verdict:?}");
        }
    }
}

#[test]
fn the_same_page_around_other_pictures_is_no_match() {
    let verdict = judged(&framed(&scene(20)), &framed(&scene(21)));
    assert_eq!(verdict.relation, PictureRelation::Different, "{verdict:?}");
    assert!(verdict.score < 0.1);
}

#[test]
fn pictures_without_anything_in_them() {
    let flat = |value: u8, side: u32| {
        Picture::from_rgb(side, side, vec![value; (side * side * 3) as usize]).unwrap()
    };
    assert_eq!(
        judged(&flat(9, 64), &flat(9, 64)).relation,
        PictureRelation::Exact
    );
    for other in [flat(200, 64), flat(9, 63), flat(9, 1), scene(1)] {
        assert_eq!(
            judged(&flat(9, 64), &other).relation,
            PictureRelation::Different
        );
        assert_eq!(
            judged(&other, &flat(9, 64)).relation,
            PictureRelation::Different
        );
    }
}

#[test]
fn stored_hashes_are_taken() {
    let made = Subject::new(scene(6));
    let hashes = *made.dihedral().unwrap();
    let stored = Subject::new(scene(7)).with_dihedral(hashes);
    assert_eq!(stored.dihedral(), Some(&hashes));
    assert_eq!(
        compare(&stored, &made, None).evidence.pdq.unwrap().distance,
        0
    );
}

/// One of the edits by number.
fn edited(picture: &Picture, edit: u8) -> Picture {
    match edit {
        0 => crop(picture, 33.0, 61.0, 300, 250),
        1 => rotated(picture, 15.0),
        2 => framed(picture),
        3 => grey(&crop(picture, 100.0, 20.0, 260, 300)),
        4 => picture.turned(Turn::AntiTranspose),
        5 => crop(&rotated(picture, 40.0), 90.0, 90.0, 320, 330),
        _ => drawn(picture, WIDTH, HEIGHT + 60, |u, v| [u, v]),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn exchanging_the_pictures_changes_no_verdict(seed in 0u64..1000, other in 0u64..4, edit in 0u8..7) {
        // One time in four it is the same picture.
        let (a, b) = (scene(seed), edited(&scene(seed + other), edit));
        let (there, back) = (judged(&a, &b), judged(&b, &a));
        prop_assert_eq!(there.score.to_bits(), back.score.to_bits());
        prop_assert_eq!(there.relation.name(), back.relation.name());
        prop_assert_eq!(there.relation.is_copy(), other == 0);
        prop_assert_eq!(there.evidence.decided_by, back.evidence.decided_by);
        if let (Some(there), Some(back)) = (there.evidence.overlay, back.evidence.overlay) {
            prop_assert_eq!(there.overlap, back.covered);
            prop_assert_eq!(there.covered, back.overlap);
            prop_assert_eq!(there.mirrored, back.mirrored);
        }
    }
}
