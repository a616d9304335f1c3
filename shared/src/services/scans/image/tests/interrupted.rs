//! Killed between any two writes, delivered twice, worked on by two: once is what comes out.

use super::super::search::search;
use super::*;
use crate::engines::TinEye;
use crate::services::search::engines::digest;
use crate::store::KeptAnswer;
use crate::testing::ShownResult;
use crate::testing::killed_after;

/// As if the time of a dead worker's lease had passed.
async fn forget_the_dead(world: &World, scan: &Scan) {
    let row = row(world, scan).await;
    world.store.leave_scan(&row, 0, clock::now()).await.unwrap();
}

async fn assert_once(world: &World, scan: &Scan, image: ImageId) {
    let ended = row(world, scan).await.scan;
    assert_eq!(ended.status, ScanStatus::Completed);
    assert_eq!(ended.result.shown()["matchesFound"], 2);
    assert_eq!(world.alerts().await.len(), 2);
    let shown = world.image(image).await.image;
    assert_eq!((shown.scan_count, shown.match_count), (1, 2));
    let found = world.store.matches(&shown, PAGE).await.unwrap();
    assert_eq!(found.items.len(), 2);
    let counted = world.store.scans(world.user, &over(), PAGE).await.unwrap();
    assert_eq!((counted.pagination.total, counted.items.len()), (1, 1));
}

async fn prepared() -> (World, ImageId, Scan) {
    let world = World::new().await;
    let image = world.picture(1).await;
    world.plant(1, "https://forum.example/t/1").await;
    world.plant(1, "https://www.tiktok.com/@x/1").await;
    let scan = begun(&world, ScanOrigin::User, None).await;
    (world, image, scan)
}

#[tokio::test]
async fn killed_at_every_step_of_one_scan() {
    let (world, image, scan) = prepared().await;
    let mut polls = 0;
    loop {
        polls += 1;
        if killed_after(polls, take(&world, &scan, 1)).await {
            break;
        }
        forget_the_dead(&world, &scan).await;
    }
    assert_once(&world, &scan, image).await;
}

#[tokio::test]
async fn killed_once_anywhere() {
    let mut polls = 1;
    loop {
        let (world, image, scan) = prepared().await;
        let ended = killed_after(polls, take(&world, &scan, 1)).await;
        if !ended {
            forget_the_dead(&world, &scan).await;
            take(&world, &scan, 2).await.unwrap();
        }
        assert_once(&world, &scan, image).await;
        if ended {
            break;
        }
        polls += 5;
    }
}

#[tokio::test]
async fn delivered_twice_one_after_the_other() {
    let (world, image, scan) = prepared().await;
    take(&world, &scan, 1).await.unwrap();
    take(&world, &scan, 1).await.unwrap();
    assert_once(&world, &scan, image).await;
    assert_eq!(world.searches().await, (1, 0));
}

#[tokio::test]
async fn delivered_twice_at_once_the_search_is_paid_once() {
    let (world, image, scan) = prepared().await;
    let (one, two) = tokio::join!(take(&world, &scan, 1), take(&world, &scan, 1));
    assert!(
        one.is_ok() != two.is_ok(),
        "one works, the other waits: {one:?} {two:?}"
    );
    assert_once(&world, &scan, image).await;
    assert_eq!(world.searches().await, (1, 0));
}

#[tokio::test]
async fn a_search_that_was_paid_for_is_not_repeated() {
    let (world, image, scan) = prepared().await;
    let dead = claim(&world, &scan, clock::now().minus_seconds(100)).await;
    let scanner = world.scanner();
    let context = context(&scanner, &dead);
    let searched = search(&mut *opened(&context, image).await).await;
    assert_eq!(searched.unwrap().answers.len(), 1);
    assert_eq!(world.searches().await, (1, 0));
    forget_the_dead(&world, &scan).await;
    take(&world, &scan, 2).await.unwrap();
    assert_once(&world, &scan, image).await;
    assert_eq!(world.searches().await, (1, 0));
    let digest = digest(&world.display(image).await);
    let kept = world.store.found(world.user, TinEye::NAME, &digest).await;
    let kept: KeptAnswer<serde_json::Value> = kept.unwrap().unwrap();
    assert_eq!(kept.answer["candidates"].as_array().unwrap().len(), 2);
    assert_eq!(kept.scan, Some(scan.id));
}

#[tokio::test]
async fn a_worker_that_lost_its_scan_stores_no_end() {
    let (world, _, scan) = prepared().await;
    let mut first = claim(&world, &scan, clock::now().minus_seconds(100)).await;
    let second = claim(&world, &scan, clock::now()).await;
    assert!(
        !world
            .store
            .beat_scan(&mut first, 50, clock::now())
            .await
            .unwrap()
    );
    let failed = first.scan.clone().failed("late", None, clock::now());
    assert!(!world.store.end_scan(&first, failed, None).await.unwrap());
    assert_eq!(row(&world, &scan).await.scan, second.scan);
}
