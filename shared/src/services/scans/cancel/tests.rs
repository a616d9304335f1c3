//! Stopped and begun again: at any moment, twice, with parts, and with a queue that does not answer.

use std::pin::pin;

use serde_json::json;

use super::*;
use crate::clock;
use crate::domain::event::StreamName;
use crate::domain::{Account, ImageId, Page, ScanFilter, ScanOrigin, ScanStatus};
use crate::services::scans::full_scan::PARTS;
use crate::services::scans::start::message;
use crate::services::search::governor::Governor;
use crate::store::{DUE_RESCAN, ScanClaim};
use crate::testing::Cloud;
use crate::testing::ShownResult;
use crate::testing::{self, BREACHES, PROFILES, QUEUE, World, delivered, killed_after, lanes};

fn scans(world: &World) -> Scans {
    Scans {
        governor: Governor::new(world.store.clone(), None).unwrap(),
        store: world.store.clone(),
        log: testing::event_log(&world.store),
        queues: world.queues.clone(),
        lanes: lanes(),
    }
}

async fn cancel(world: &World, id: ScanId) -> Result<Scan> {
    scans(world)
        .cancel(&testing::caller(world.user), id, clock::now())
        .await
}

async fn retry(world: &World, id: ScanId) -> Result<Scan> {
    scans(world)
        .retry(&testing::caller(world.user), id, clock::now())
        .await
}

async fn take(world: &World, scan: &Scan, attempt: u32) -> Result<()> {
    let body = serde_json::to_string(&message(scan)).unwrap();
    world.scanner().take(&delivered(body, attempt)).await
}

async fn begun(world: &World) -> Scan {
    world
        .begun(ScanType::ImageScan, ScanOrigin::User, None)
        .await
}

/// How many of her scans of pictures are listed in each state.
async fn listed(world: &World) -> [u64; 4] {
    let mut totals = [0; 4];
    for (total, status) in totals.iter_mut().zip(ScanStatus::ALL) {
        let filter = ScanFilter {
            statuses: Some(vec![status]),
            kind: Some(ScanType::ImageScan),
        };
        let page = Page {
            number: 1,
            limit: 20,
        };
        let found = world.store.scans(world.user, &filter, page).await.unwrap();
        *total = found.pagination.total;
        assert_eq!(*total, found.items.len() as u64);
    }
    totals
}

fn code(refused: Result<Scan>) -> &'static str {
    refused.unwrap_err().code
}

#[tokio::test]
async fn a_scan_that_waits_is_stopped_and_its_message_does_not_begin_it() {
    let world = World::new().await;
    world.picture(1).await;
    let scan = begun(&world).await;
    let ended = cancel(&world, scan.id).await.unwrap();
    assert_eq!(ended.status, ScanStatus::Failed);
    assert!(
        ended
            .error_message
            .as_ref()
            .unwrap()
            .contains("You stopped")
    );
    let result = ended.result.shown();
    assert_eq!(
        (
            &result["cancelled"],
            &result["partial"],
            &result["matchesFound"]
        ),
        (&json!(true), &json!(true), &json!(0))
    );
    assert_eq!(listed(&world).await, [0, 0, 0, 1]);
    // Clicked twice; and then its message comes, and its copy.
    assert_eq!(cancel(&world, scan.id).await.unwrap(), ended);
    take(&world, &scan, 1).await.unwrap();
    take(&world, &scan, 2).await.unwrap();
    assert_eq!(world.row(scan.id).await.scan, ended);
    assert_eq!(world.searches().await, (0, 0));
    begun(&world).await;
}

#[tokio::test]
async fn stopped_at_any_step_it_stays_stopped_and_leaves_the_next_one_alone() {
    let mut polls = 1;
    loop {
        let world = World::new().await;
        world.picture(1).await;
        world.plant(1, "https://forum.example/t/1").await;
        let scan = begun(&world).await;
        let mut work = pin!(take(&world, &scan, 1));
        if killed_after(polls, work.as_mut()).await {
            assert_eq!(code(cancel(&world, scan.id).await), "SCAN_OVER");
            break;
        }
        let ended = match cancel(&world, scan.id).await {
            Ok(ended) => ended,
            Err(err) => {
                assert_eq!(err.code, "SCAN_OVER", "{err}");
                break;
            }
        };
        let next = begun(&world).await;
        work.await.ok();
        assert_eq!(world.row(scan.id).await.scan, ended, "after {polls} steps");
        let of_her = scans(&world);
        let caller = testing::caller(world.user);
        let again = of_her.trigger(&caller, ScanType::ImageScan, None, clock::now());
        assert_eq!(
            code(again.await),
            "SCAN_ALREADY_RUNNING",
            "the lock is {}'s",
            next.id
        );
        take(&world, &next, 1).await.unwrap();
        assert_eq!(listed(&world).await, [0, 0, 1, 1]);
        assert_eq!(world.alerts().await.len(), 1);
        polls += 7;
    }
    assert!(polls > 20, "it was stopped {polls} steps in");
}

#[tokio::test]
async fn a_worker_notices_at_its_next_sign_of_life() {
    let world = World::new().await;
    let scan = begun(&world).await;
    let row = world.row(scan.id).await;
    let claimed = world
        .store
        .claim_scan(&row, "w", 1, clock::now())
        .await
        .unwrap();
    let ScanClaim::Got(mut row) = claimed else {
        panic!("it is free")
    };
    assert!(
        world
            .store
            .beat_scan(&mut row, 20, clock::now())
            .await
            .unwrap()
    );
    cancel(&world, scan.id).await.unwrap();
    assert!(
        !world
            .store
            .beat_scan(&mut row, 30, clock::now())
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn a_partial_scan_begins_again_and_pays_for_nothing_twice() {
    let world = World::new().await;
    world.picture(1).await;
    world.picture(2).await;
    world.plant(1, "https://forum.example/t/1").await;
    let scan = begun(&world).await;
    // The first picture fails at both tries, the other does not.
    world
        .fault(json!({ "engine": "tineye", "mode": "error", "status": 500, "times": 2 }))
        .await;
    take(&world, &scan, 3).await.unwrap();
    let ended = world.row(scan.id).await.scan;
    assert_eq!(ended.status, ScanStatus::Completed);
    assert_eq!(ended.result.shown()["partial"], true, "{ended:?}");
    assert_eq!(world.searches().await.0, 1);

    let waiting = retry(&world, scan.id).await.unwrap();
    assert_eq!(
        (waiting.status, waiting.progress, waiting.retry_count),
        (ScanStatus::Pending, 0, ended.retry_count + 1)
    );
    assert_eq!((&waiting.result, &waiting.completed_at), (&None, &None));
    assert_eq!(listed(&world).await, [1, 0, 0, 0]);
    let told = world.cloud.told("SendMessage");
    assert_eq!((told.len(), &told[0]["QueueUrl"]), (1, &json!(QUEUE)));
    assert_eq!(code(retry(&world, scan.id).await), "SCAN_ALREADY_RUNNING");

    take(&world, &scan, 1).await.unwrap();
    let ended = world.row(scan.id).await.scan;
    assert_eq!((ended.status, ended.progress), (ScanStatus::Completed, 100));
    assert_eq!(ended.result.shown()["partial"], false);
    assert_eq!(
        world.searches().await.0,
        2,
        "one of them had been paid before"
    );
    assert_eq!(world.alerts().await.len(), 1);
    assert_eq!(listed(&world).await, [0, 0, 1, 0]);
    assert_eq!(code(retry(&world, scan.id).await), "SCAN_NOT_RETRYABLE");
    assert_eq!(code(cancel(&world, scan.id).await), "SCAN_OVER");
}

#[tokio::test]
async fn a_failed_scan_begins_again() {
    let world = World::new().await;
    world.picture(1).await;
    world
        .fault(json!({ "engine": "tineye", "mode": "quota" }))
        .await;
    let scan = begun(&world).await;
    take(&world, &scan, 3).await.unwrap_err();
    assert_eq!(listed(&world).await, [0, 0, 0, 1]);
    world.repair().await;
    retry(&world, scan.id).await.unwrap();
    take(&world, &scan, 1).await.unwrap();
    assert_eq!(listed(&world).await, [0, 0, 1, 0]);
}

#[tokio::test]
async fn what_was_stopped_begins_again_at_her_word() {
    let world = World::new().await;
    world.picture(1).await;
    world.plant(1, "https://forum.example/t/1").await;
    let scan = begun(&world).await;
    cancel(&world, scan.id).await.unwrap();
    let other = begun(&world).await;
    assert_eq!(code(retry(&world, scan.id).await), "SCAN_ALREADY_RUNNING");
    take(&world, &other, 1).await.unwrap();
    retry(&world, scan.id).await.unwrap();
    take(&world, &scan, 1).await.unwrap();
    assert_eq!(listed(&world).await, [0, 0, 2, 0]);
    assert_eq!(world.alerts().await.len(), 1);
}

#[tokio::test]
async fn a_message_that_cannot_be_sent_is_made_up_for_by_the_schedule() {
    let world = World::new().await;
    let scan = begun(&world).await;
    cancel(&world, scan.id).await.unwrap();
    let unsent = Scans {
        queues: Cloud::silent_queues(),
        ..scans(&world)
    };
    let now = clock::now();
    unsent
        .retry(&testing::caller(world.user), scan.id, now)
        .await
        .unwrap();
    assert!(world.cloud.told("SendMessage").is_empty());
    world.due_worker().run(now.plus_seconds(200)).await.unwrap();
    assert_eq!(world.cloud.told("SendMessage")[0]["QueueUrl"], QUEUE);
    assert_eq!(world.row(scan.id).await.scan.status, ScanStatus::Pending);
}

#[tokio::test]
async fn a_whole_is_stopped_and_begun_again_with_its_parts() {
    let world = World::new().await;
    let now = clock::now();
    let of_her = scans(&world);
    let whole = of_her
        .trigger(&testing::caller(world.user), ScanType::FullScan, None, now)
        .await
        .unwrap();
    let part = |kind| world.row(ScanId::part_of(whole.id, kind));
    // One part has come to its end.
    let first = part(ScanType::BreachCheck).await;
    let ScanClaim::Got(first) = world.store.claim_scan(&first, "w", 1, now).await.unwrap() else {
        panic!("the part is free")
    };
    let result = ScanResult {
        breaches_found: Some(2),
        ..ScanResult::default()
    };
    let done = first.scan.clone().completed(result, now);
    assert!(world.store.end_scan(&first, done, None).await.unwrap());

    let ended = cancel(&world, whole.id).await.unwrap();
    let result = ended.result.shown();
    assert_eq!(
        (
            &result["cancelled"],
            &result["breachesFound"],
            &result["children"][0]["status"]
        ),
        (&json!(true), &json!(2), &json!("FAILED"))
    );
    for kind in PARTS {
        let it = part(kind).await.scan;
        let (status, stopped) = match kind {
            ScanType::BreachCheck => (ScanStatus::Completed, false),
            _ => (ScanStatus::Failed, true),
        };
        assert_eq!(
            (it.status, it.is_cancelled()),
            (status, stopped),
            "{kind:?}"
        );
    }
    let a_part = ScanId::part_of(whole.id, ScanType::ProfileScan);
    assert_eq!(code(retry(&world, a_part).await), "SCAN_NOT_RETRYABLE");

    let told = world.cloud.told("SendMessage").len();
    let again = retry(&world, whole.id).await.unwrap();
    assert_eq!(again.status, ScanStatus::Pending);
    let told: Vec<_> = world.cloud.told("SendMessage")[told..]
        .iter()
        .map(|it| it["QueueUrl"].clone())
        .collect();
    assert_eq!(told, [QUEUE, PROFILES, PROFILES]);
    assert!(
        !told.contains(&json!(BREACHES)),
        "what is done is not done again"
    );
    assert_eq!(
        part(ScanType::BreachCheck).await.scan.status,
        ScanStatus::Completed
    );
    assert_eq!(
        part(ScanType::ImageScan).await.scan.status,
        ScanStatus::Pending
    );
}

#[tokio::test]
async fn a_part_that_is_stopped_leaves_the_others_to_end_the_whole() {
    let world = World::new().await;
    let now = clock::now();
    let of_her = scans(&world);
    let whole = of_her
        .trigger(&testing::caller(world.user), ScanType::FullScan, None, now)
        .await
        .unwrap();
    for kind in PARTS {
        assert!(!world.row(whole.id).await.scan.status.is_over());
        cancel(&world, ScanId::part_of(whole.id, kind))
            .await
            .unwrap();
    }
    // All of them were stopped one by one: nothing of it could be finished.
    let ended = world.row(whole.id).await.scan;
    assert_eq!(
        (ended.status, ended.is_cancelled()),
        (ScanStatus::Failed, false)
    );
}

#[tokio::test]
async fn a_stopped_first_scan_is_not_the_last() {
    let world = World::new().await;
    let now = clock::now();
    let account = Account::new(world.user, "ana@example.org", now);
    assert!(world.store.provision(&account).await.unwrap());
    let scan = Scan::first_of(world.user, ImageId::next(), now);
    assert!(
        world
            .store
            .create_scan(&scan, ScanOrigin::System)
            .await
            .unwrap()
    );
    let later = now.plus_seconds(30 * 24 * 3600);
    assert!(
        world
            .store
            .due(DUE_RESCAN, later, 9)
            .await
            .unwrap()
            .is_empty()
    );
    cancel(&world, scan.id).await.unwrap();
    assert_eq!(
        world.store.due(DUE_RESCAN, later, 9).await.unwrap().len(),
        1
    );
    // We wanted it first; now she waits for it.
    retry(&world, scan.id).await.unwrap();
    assert_eq!(world.cloud.told("SendMessage")[0]["QueueUrl"], QUEUE);
}

#[tokio::test]
async fn nobodys_scan_is_not_found() {
    let world = World::new().await;
    let nobodys = ScanId::next();
    assert_eq!(code(cancel(&world, nobodys).await), "SCAN_NOT_FOUND");
    assert_eq!(code(retry(&world, nobodys).await), "SCAN_NOT_FOUND");
}

#[tokio::test]
async fn what_she_asks_of_a_scan_is_told_in_its_stream_and_what_is_refused_is_not() {
    let world = World::new().await;
    let (of_her, caller) = (scans(&world), testing::caller(world.user));
    let start = async || {
        let started = of_her.trigger(&caller, ScanType::FullScan, None, clock::now());
        started.await
    };
    let scan = start().await.unwrap();
    assert_eq!(code(start().await), "SCAN_ALREADY_RUNNING");
    for _ in 0..2 {
        cancel(&world, scan.id).await.unwrap();
    }
    retry(&world, scan.id).await.unwrap();
    let told = testing::told(&world.store, world.user, &StreamName::scan(scan.id)).await;
    let names: Vec<&str> = told.iter().map(|it| it.0.as_str()).collect();
    assert_eq!(names, ["scan.started", "scan.stopped", "scan.retried"]);
    assert_eq!(told[0].1, json!({ "type": "FULL_SCAN" }));
}
