//! What a scheduled scan of known places costs: write units, and pictures decoded again.

use aws_sdk_dynamodb::Client;

use super::*;
use crate::testing::{self, WriteCost, WriteMeter};

/// Her pictures, and where each of them is known to be.
const PICTURES: u32 = 5;
const PLACES: u32 = 20;

/// What such a scan may cost, in write units. It was 335 when this was written: 200 for the sightings, which
/// are an update and its copy in an index each.
const MAX_UNITS: f64 = 450.0;

/// A world whose writes are counted, with the pictures and the places.
async fn metered() -> (World, Client, WriteMeter) {
    let mut world = World::new().await;
    let (store, client, meter) = testing::metered_store().await;
    world.store = store;
    for seed in 1..=PICTURES {
        world.picture(seed).await;
        for at in 0..PLACES {
            let page = format!("https://forum{seed}.example/t/{at}");
            world.plant(seed, &page).await;
        }
    }
    (world, client, meter)
}

/// One scan of the schedule, from its row to its end; what it cost.
async fn scheduled(world: &World, meter: &WriteMeter) -> (Scan, WriteCost) {
    meter.take();
    let (id, now) = (ScanId::next(), clock::now());
    let scan = Scan::pending(id, world.user, ScanType::ImageScan, None, now);
    let begun = world.store.create_scan(&scan, ScanOrigin::System);
    assert!(begun.await.unwrap());
    take(world, &scan, 1).await.unwrap();
    (scan, meter.take())
}

/// As if a long time had passed: no answer of an engine is young enough to be taken again.
async fn forget_answers(world: &World, client: &Client) {
    let all = client.scan().table_name("vara").send().await.unwrap();
    for item in all.items() {
        let sk = item["sk"].as_s().unwrap();
        if sk.starts_with("FOUND#") {
            testing::set_text(client, world.user, sk, "at", "2020-01-01T00:00:00.000Z").await;
        }
    }
}

#[tokio::test]
async fn a_scheduled_scan_of_known_places_costs_little() {
    let (world, client, meter) = metered().await;
    let (first, cost) = scheduled(&world, &meter).await;
    let places = PICTURES * PLACES;
    assert_eq!(row(&world, &first).await.findings, places);
    println!("new places: {} units, {} refused", cost.units, cost.refused);

    forget_answers(&world, &client).await;
    let (second, cost) = scheduled(&world, &meter).await;
    println!(
        "known places: {} units, {} refused",
        cost.units, cost.refused
    );
    let ended = row(&world, &second).await;
    assert_eq!(ended.scan.result.shown()["matchesFound"], places);
    assert_eq!(ended.findings, 0);
    assert_eq!(world.calls("tineye").await, u64::from(2 * PICTURES));
    assert_eq!(world.alerts().await.len(), places as usize);
    assert!(cost.units < MAX_UNITS, "{cost:#?}");
    // Nothing is decoded twice.
    for image in world.store.searchable_images(world.user).await.unwrap() {
        let stats = world.store.image_done(&second, image.image.id).await;
        let stats: stats::ImageScanStats = stats.unwrap().unwrap();
        assert_eq!((stats.unchanged, stats.high), (PLACES, PLACES));
    }
}
