//! What a scheduled scan of known places costs: write units, and pictures decoded again.

use super::*;
use crate::testing::{self, MeteredTable, WriteCost};

/// Her pictures, and where each of them is known to be.
const PICTURES: u32 = 5;
const PLACES: u32 = 20;

/// What such a scan may cost, in write units. It was 335 when this was written: 200 for the sightings, which
/// are an update and its copy in an index each.
const MAX_UNITS: f64 = 450.0;

/// A world whose writes are counted, with the pictures and the places.
async fn metered() -> (World, MeteredTable) {
    let mut world = World::new().await;
    let table = testing::metered_table().await;
    world.store = table.store.clone();
    for seed in 1..=PICTURES {
        world.picture(seed).await;
        for at in 0..PLACES {
            let page = format!("https://forum{seed}.example/t/{at}");
            world.plant(seed, &page).await;
        }
    }
    (world, table)
}

/// One scan of the schedule, from its row to its end; what it cost.
async fn scheduled(world: &World, table: &MeteredTable) -> (Scan, WriteCost) {
    table.meter.take();
    let (id, now) = (ScanId::next(), clock::now());
    let scan = Scan::pending(id, world.user, ScanType::ImageScan, None, now);
    let begun = world.store.create_scan(&scan, ScanOrigin::System);
    assert!(begun.await.unwrap());
    take(world, &scan, 1).await.unwrap();
    (scan, table.meter.take())
}

#[tokio::test]
async fn a_scheduled_scan_of_known_places_costs_little() {
    let (world, table) = metered().await;
    let (first, cost) = scheduled(&world, &table).await;
    let places = PICTURES * PLACES;
    assert_eq!(row(&world, &first).await.findings, places);
    println!("new places: {} units, {} refused", cost.units, cost.refused);

    table.age_answers(world.user).await;
    let (second, cost) = scheduled(&world, &table).await;
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
