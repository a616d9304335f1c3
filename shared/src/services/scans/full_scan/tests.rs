//! A full scan: begun at once, moved on by its parts, ended with the last of them, by whoever comes.

use serde_json::{Value, json};

use super::*;
use crate::comparison::ImageAnalyzer;
use crate::domain::{Account, ErrorKind, Linked, LinkedKind, Platform, ProfileSnapshot};
use crate::engines::{Fetcher, Hibp, Social};
use crate::services::scans::breach::BreachChecker;
use crate::services::scans::profile::ProfileScanner;
use crate::services::scans::start::{Scans, message};
use crate::services::search::governor::Governor;
use crate::store::{LinkedRow, ScanClaim};
use crate::testing::Cloud;
use crate::testing::ShownResult;
use crate::testing::{
    self, BACKGROUND, BREACHES, PROFILES, QUEUE, World, delivered, killed_after, lanes,
};

fn scans(world: &World) -> Scans {
    Scans {
        governor: Governor::new(world.store.clone(), None).unwrap(),
        store: world.store.clone(),
        log: testing::event_log(&world.store),
        queues: world.queues.clone(),
        lanes: lanes(),
    }
}

async fn trigger(world: &World, kind: ScanType, target: Option<uuid::Uuid>) -> Result<Scan> {
    let scans = scans(world);
    scans
        .trigger(&testing::caller(world.user), kind, target, clock::now())
        .await
}

async fn begun(world: &World) -> Scan {
    trigger(world, ScanType::FullScan, None).await.unwrap()
}

/// A part comes to its end, and its worker is killed before it says so.
async fn end(world: &World, parent: &Scan, kind: ScanType, result: Option<ScanResult>) -> ScanRow {
    let part = world.row(ScanId::part_of(parent.id, kind)).await;
    let claimed = world
        .store
        .claim_scan(&part, "w", 1, clock::now())
        .await
        .unwrap();
    let ScanClaim::Got(part) = claimed else {
        panic!("the part is free")
    };
    let ended = match result {
        Some(result) => part.scan.clone().completed(result, clock::now()),
        None => part.scan.clone().failed("no", None, clock::now()),
    };
    assert!(world.store.end_scan(&part, ended, None).await.unwrap());
    *part
}

fn queues_told(world: &World) -> Vec<Value> {
    let told = world.cloud.told("SendMessage").into_iter();
    told.map(|it| it["QueueUrl"].clone()).collect()
}

#[tokio::test]
async fn it_begins_with_all_its_parts_and_only_once() {
    let world = World::new().await;
    let scan = begun(&world).await;
    assert_eq!(queues_told(&world), [QUEUE, PROFILES, BREACHES, PROFILES]);
    for kind in PARTS {
        let part = world.row(ScanId::part_of(scan.id, kind)).await;
        assert_eq!((part.scan.kind, part.parent), (kind, Some(scan.id)));
    }
    let again = trigger(&world, ScanType::FullScan, None).await;
    assert_eq!(again.unwrap_err().code, "SCAN_ALREADY_RUNNING");
    trigger(&world, ScanType::ImageScan, None).await.unwrap();
    let target = Some(uuid::Uuid::new_v4());
    let targeted = trigger(&world, ScanType::FullScan, target).await;
    assert_eq!(targeted.unwrap_err().kind, ErrorKind::Invalid);
    let nobodys = trigger(&world, ScanType::ProfileScan, target).await;
    assert_eq!(nobodys.unwrap_err().code, "ACCOUNT_NOT_FOUND");
}

#[tokio::test]
async fn it_comes_further_and_ends_with_its_parts() {
    let world = World::new().await;
    let scan = begun(&world).await;
    let engine = json!({ "name": "x", "state": "searched", "searched": 1, "failed": 0 });
    let told = json!({ "imagesScanned": 1, "engines": [engine] });
    let result: ScanResult = serde_json::from_value(told).unwrap();
    for (done, kind) in PARTS.into_iter().enumerate() {
        assert_eq!(
            u64::from(world.row(scan.id).await.scan.progress),
            done as u64 * 25
        );
        let part = end(&world, &scan, kind, Some(result.clone())).await;
        settle_of(&world.store, &part).await.unwrap();
        settle_of(&world.store, &part).await.unwrap();
    }
    let ended = world.row(scan.id).await.scan;
    assert_eq!((ended.status, ended.progress), (ScanStatus::Completed, 100));
    let result = ended.result.shown();
    assert_eq!(
        (&result["imagesScanned"], &result["partial"]),
        (&json!(4), &json!(false))
    );
    assert_eq!(result["engines"].as_array().unwrap().len(), 4);
    assert_eq!(result["children"][2]["type"], "BREACH_CHECK");
    // The button is free again.
    begun(&world).await;
}

#[tokio::test]
async fn it_fails_only_if_all_of_it_does() {
    let world = World::new().await;
    for (failing, status) in [(3, ScanStatus::Completed), (4, ScanStatus::Failed)] {
        let scan = begun(&world).await;
        for (at, kind) in PARTS.into_iter().enumerate() {
            let result = (at >= failing).then(ScanResult::default);
            let part = end(&world, &scan, kind, result).await;
            settle_of(&world.store, &part).await.unwrap();
        }
        let ended = world.row(scan.id).await.scan;
        assert_eq!(ended.status, status);
        assert_eq!(ended.result.shown()["partial"], true);
    }
}

#[tokio::test]
async fn what_a_killed_worker_did_not_say_the_schedule_finds() {
    let world = World::new().await;
    let scan = begun(&world).await;
    for kind in PARTS {
        end(&world, &scan, kind, Some(ScanResult::default())).await;
    }
    assert_eq!(world.row(scan.id).await.scan.status, ScanStatus::Pending);
    let shown = scans(&world).get(world.user, scan.id).await.unwrap();
    assert_eq!(shown.progress, 90, "what is shown is as of now");
    let later = clock::now().plus_seconds(200);
    world.due_worker().run(later).await.unwrap();
    assert_eq!(world.row(scan.id).await.scan.status, ScanStatus::Completed);
}

#[tokio::test]
async fn parts_whose_messages_were_lost_are_sent_again_and_stuck_ones_end_it() {
    let world = World::new().await;
    let unsent = Scans {
        queues: Cloud::silent_queues(),
        ..scans(&world)
    };
    let now = clock::now();
    let scan = unsent
        .trigger(&testing::caller(world.user), ScanType::FullScan, None, now)
        .await
        .unwrap();
    world.due_worker().run(now.plus_seconds(200)).await.unwrap();
    let mut told = queues_told(&world);
    told.sort_by_key(ToString::to_string);
    assert_eq!(told, [BREACHES, QUEUE, PROFILES, PROFILES]);
    assert!(!told.contains(&json!(BACKGROUND)), "somebody waits for it");
    world
        .due_worker()
        .run(now.plus_seconds(16 * 60))
        .await
        .unwrap();
    for id in PARTS
        .map(|kind| ScanId::part_of(scan.id, kind))
        .into_iter()
        .chain([scan.id])
    {
        assert_eq!(world.row(id).await.scan.status, ScanStatus::Failed);
    }
}

fn checker(world: &World) -> BreachChecker {
    BreachChecker {
        store: world.store.clone(),
        queues: world.queues.clone(),
        governor: Governor::new(world.store.clone(), None).unwrap(),
        hibp: Some(Hibp::new("k".into(), Some(&world.at("/hibp/api/v3/"))).unwrap()),
        queue: BREACHES.into(),
    }
}

fn looker(world: &World) -> ProfileScanner {
    ProfileScanner {
        store: world.store.clone(),
        objects: world.objects.clone(),
        queues: world.queues.clone(),
        fetcher: Fetcher::new(None).unwrap(),
        social: Some(Social::new(&world.at("/social/")).unwrap()),
        queue: PROFILES.into(),
        analyzer: ImageAnalyzer::open(),
    }
}

/// A woman with something to be found by every kind of scan but that of pictures.
async fn exposed() -> World {
    let (world, now) = (World::new().await, clock::now());
    let mut account = Account::new(world.user, "ana@example.org", now);
    account.proved_at = Some(now);
    assert!(world.store.provision(&account).await.unwrap());
    let breach = json!({ "email": "ana@example.org", "breach": { "Name": "Shop" } });
    world.post("/_web/breaches", breach).await;
    let kind = LinkedKind::Handle;
    let mut hers = Linked::new(world.user, Platform::TikTok, kind, "ana.kovac", now);
    hers.verified_at = Some(now);
    hers.display_name = Some("Ana Kovac".into());
    let mut row = LinkedRow::from(hers);
    row.looks = vec![ProfileSnapshot {
        at: now.minus_seconds(3600),
        followers: 10,
    }];
    world.store.link_up(&row).await.unwrap();
    for (handle, followers) in [("ana.kovac", 100), ("ana.k0vac", 1)] {
        let profile = json!({ "platform": "TIKTOK", "handle": handle, "name": "Ana Kovac", "followers": followers });
        world.post("/_web/profiles", profile).await;
    }
    world
}

#[tokio::test]
async fn parts_whose_workers_are_killed_at_every_step_tell_once_and_end_once() {
    let world = exposed().await;
    let (checker, looker) = (checker(&world), looker(&world));
    let scan = begun(&world).await;
    for kind in &PARTS[1..] {
        let id = ScanId::part_of(scan.id, *kind);
        let body = serde_json::to_string(&message(&world.row(id).await.scan)).unwrap();
        let mut polls = 0;
        loop {
            polls += 1;
            let delivered = delivered(body.clone(), 1);
            let ended = match kind {
                ScanType::BreachCheck => killed_after(polls, checker.take(&delivered)).await,
                _ => killed_after(polls, looker.take(&delivered)).await,
            };
            if ended {
                break;
            }
            let dead = world.row(id).await;
            world
                .store
                .leave_scan(&dead, 0, clock::now())
                .await
                .unwrap();
        }
        let part = world.row(id).await;
        assert_eq!(
            (part.scan.status, part.findings),
            (ScanStatus::Completed, 1),
            "{kind:?}"
        );
    }
    let last = end(
        &world,
        &scan,
        ScanType::ImageScan,
        Some(ScanResult::default()),
    )
    .await;
    settle_of(&world.store, &last).await.unwrap();
    let whole = world.row(scan.id).await.scan;
    assert_eq!(whole.status, ScanStatus::Completed);
    assert_eq!(whole.result.shown()["matchesFound"], 3);
    assert_eq!(world.alerts().await.len(), 3);
}

/// A copy that is online stays an open finding though the part that looks for it is given up.
#[tokio::test]
async fn a_part_that_is_given_up_hides_no_open_finding() {
    let world = World::new().await;
    world.picture(1).await;
    world.plant(1, "https://forum.example/t/1").await;
    let first = trigger(&world, ScanType::ImageScan, None).await.unwrap();
    let body = serde_json::to_string(&message(&first)).unwrap();
    world.scanner().take(&delivered(body, 1)).await.unwrap();
    let scan = begun(&world).await;
    for kind in PARTS {
        let result = (kind != ScanType::ImageScan).then(ScanResult::default);
        let part = end(&world, &scan, kind, result).await;
        settle_of(&world.store, &part).await.unwrap();
    }
    let result = world.row(scan.id).await.scan.result.shown();
    assert_eq!(
        (&result["matchesFound"], &result["newMatches"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(result["partial"], true);
}
