//! The search really compares: copies are found however they were edited, and no other
//! picture is.

use vara_imaging::{Picture, encode_jpeg, shrink};

use crate::pictures::{
    brighter, cropped, file, grey, jpeg, mirrored, quarter_turned, scene, slightly_turned,
    with_bars, with_caption,
};
use crate::support::Engines;

/// Scenes each edit is tried on: one lucky picture proves nothing.
const SEEDS: [u64; 4] = [3, 17, 40, 91];

/// Plants the copies, searches with the originals: each finds its own and nothing else.
async fn found(edit: impl Fn(&Picture) -> Vec<u8>, least_score: f64) {
    let engines = Engines::new();
    for seed in SEEDS {
        let page = format!("https://site-{seed}.example/p");
        engines.plant(&edit(&scene(seed, 480, 360)), &page).await;
    }
    for seed in SEEDS {
        let matches = engines.matches(&file(seed)).await;
        assert_eq!(matches.len(), 1, "seed {seed}: {matches:?}");
        assert_eq!(matches[0]["domain"], format!("site-{seed}.example"));
        let score = matches[0]["score"].as_f64().unwrap();
        assert!(
            (least_score..=100.0).contains(&score),
            "seed {seed}: score {score}"
        );
    }
}

#[tokio::test]
async fn the_same_file_is_found_with_almost_full_score() {
    found(jpeg, 95.0).await;
}

#[tokio::test]
async fn a_small_copy_is_found() {
    found(|picture| jpeg(&shrink(picture, 120)), 80.0).await;
}

#[tokio::test]
async fn a_badly_compressed_copy_is_found() {
    found(|picture| encode_jpeg(picture, 15).unwrap(), 80.0).await;
}

#[tokio::test]
async fn a_mirrored_copy_is_found() {
    found(|picture| jpeg(&mirrored(picture)), 80.0).await;
}

#[tokio::test]
async fn a_copy_turned_by_a_quarter_is_found() {
    found(|picture| jpeg(&quarter_turned(picture)), 80.0).await;
}

#[tokio::test]
async fn a_brighter_copy_and_a_grey_one_are_found() {
    found(|picture| jpeg(&brighter(picture)), 60.0).await;
    found(|picture| jpeg(&grey(picture)), 60.0).await;
}

#[tokio::test]
async fn the_middle_of_the_picture_is_found() {
    found(|picture| jpeg(&cropped(picture, 72, 54, 336, 252)), 30.0).await;
}

#[tokio::test]
async fn a_corner_of_the_picture_is_found() {
    found(|picture| jpeg(&cropped(picture, 0, 0, 288, 216)), 30.0).await;
}

#[tokio::test]
async fn a_slightly_turned_copy_is_found() {
    found(|picture| jpeg(&slightly_turned(picture, 6.0)), 20.0).await;
}

#[tokio::test]
async fn a_square_out_of_the_picture_is_found() {
    found(|picture| jpeg(&cropped(picture, 60, 0, 360, 360)), 30.0).await;
}

#[tokio::test]
async fn a_mirrored_crop_is_found() {
    found(
        |picture| jpeg(&mirrored(&cropped(picture, 48, 36, 384, 288))),
        30.0,
    )
    .await;
}

#[tokio::test]
async fn a_copy_with_bars_around_it_is_found() {
    found(|picture| jpeg(&with_bars(picture, 80)), 60.0).await;
}

#[tokio::test]
async fn a_copy_with_a_caption_over_it_is_found() {
    found(|picture| jpeg(&with_caption(picture, 15)), 30.0).await;
}

#[tokio::test]
async fn the_whole_picture_is_found_by_a_part_of_it() {
    let engines = Engines::new();
    engines.plant(&file(5), "https://site-5.example/p").await;
    engines.plant(&file(6), "https://site-6.example/p").await;
    let part = cropped(&scene(5, 480, 360), 48, 36, 336, 252);
    let matches = engines.matches(&jpeg(&part)).await;
    assert_eq!(matches.len(), 1);
    assert_eq!(matches[0]["domain"], "site-5.example");
}

#[tokio::test]
async fn no_picture_is_taken_for_another() {
    let engines = Engines::new();
    for seed in 100..124 {
        engines.plant(&file(seed), "https://site.example/p").await;
    }
    for seed in 200..216 {
        let matches = engines.matches(&file(seed)).await;
        assert!(matches.is_empty(), "seed {seed}: {matches:?}");
    }
}
