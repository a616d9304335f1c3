//! The schedule over a real table API: each kind of due thing, told twice and with one of them failing.

use super::*;
use crate::clock;
use crate::domain::{Account, Page, Prints, ScanFilter, ScanOrigin, ScanStatus};
use crate::store::{Arrival, ScanClaim};
use crate::testing::{self, Cloud};
use crate::testing::{BACKGROUND, BREACHES, INGEST, PROFILES, QUEUE, World, delivered};

const HOUR: i64 = 3600;

async fn begun(world: &World, origin: ScanOrigin, at: Timestamp) -> ScanRow {
    let scan = Scan::pending(ScanId::next(), world.user, ScanType::ImageScan, None, at);
    assert!(world.store.create_scan(&scan, origin).await.unwrap());
    world.row(scan.id).await
}

async fn claim(world: &World, row: &ScanRow, at: Timestamp) -> ScanRow {
    match world.store.claim_scan(row, "w", 1, at).await.unwrap() {
        ScanClaim::Got(row) => *row,
        ScanClaim::Busy(_) => panic!("the scan is free"),
    }
}

async fn with_account(world: &World) {
    assert!(
        world
            .store
            .provision(&Account::new(world.user, "ana@example.com", clock::now()))
            .await
            .unwrap()
    );
}

/// How many scans of hers a list shows.
async fn shown(world: &World, statuses: Option<Vec<ScanStatus>>, kind: Option<ScanType>) -> u64 {
    let filter = ScanFilter { statuses, kind };
    let page = Page {
        number: 1,
        limit: 5,
    };
    let scans = world.store.scans(world.user, &filter, page).await.unwrap();
    scans.pagination.total
}

async fn with_name(world: &World, now: Timestamp) {
    let named = world.store.rename(world.user, Some("Ana Example"), now);
    named.await.unwrap().unwrap();
}

fn sent(world: &World, queue: &str) -> usize {
    world
        .cloud
        .told("SendMessage")
        .iter()
        .filter(|it| it["QueueUrl"] == queue)
        .count()
}

#[tokio::test]
async fn a_scan_nobody_took_is_sent_again_once_a_round() {
    let world = World::new().await;
    let now = clock::now();
    let scan = begun(&world, ScanOrigin::User, now).await;
    let other = begun(&world, ScanOrigin::System, now).await;
    let rescan = world.rescan();
    assert_eq!(rescan.run(now.plus_seconds(60)).await.unwrap().done[0], 0);
    assert_eq!(rescan.run(now.plus_seconds(130)).await.unwrap().done[0], 2);
    assert_eq!(
        rescan.run(now.plus_seconds(130)).await.unwrap().done[0],
        0,
        "told twice"
    );
    assert_eq!((sent(&world, QUEUE), sent(&world, BACKGROUND)), (1, 1));
    let message = world
        .cloud
        .told("SendMessage")
        .into_iter()
        .find(|it| it["QueueUrl"] == QUEUE)
        .unwrap();
    assert!(
        message["MessageBody"]
            .as_str()
            .unwrap()
            .contains(&scan.scan.id.to_string())
    );
    assert_eq!(
        world.row(other.scan.id).await.scan.status,
        ScanStatus::Pending
    );
}

#[tokio::test]
async fn a_scan_whose_worker_fell_silent_goes_on_with_the_next() {
    let world = World::new().await;
    world.picture(1).await;
    world.plant(1, "https://forum.example/t/1").await;
    let killed = clock::now().minus_seconds(100);
    let scan = begun(&world, ScanOrigin::User, killed).await;
    claim(&world, &scan, killed).await;
    assert_eq!(world.rescan().run(clock::now()).await.unwrap().done[0], 1);
    let body = world.cloud.told("SendMessage").pop().unwrap()["MessageBody"]
        .as_str()
        .unwrap()
        .to_owned();
    world.scanner().take(&delivered(body, 1)).await.unwrap();
    assert_eq!(
        world.row(scan.scan.id).await.scan.status,
        ScanStatus::Completed
    );
    assert_eq!(world.alerts().await.len(), 1);
}

#[tokio::test]
async fn a_stuck_scan_ends_and_frees_the_button() {
    let world = World::new().await;
    let then = clock::now().minus_seconds(STUCK_AFTER + 1);
    let waiting = begun(&world, ScanOrigin::System, then).await;
    let scan = begun(&world, ScanOrigin::User, then).await;
    claim(&world, &scan, then).await;
    world.rescan().run(clock::now()).await.unwrap();
    let ended = world.row(scan.scan.id).await.scan;
    assert_eq!(ended.status, ScanStatus::Failed);
    assert!(ended.error_message.unwrap().contains("too long"));
    assert_eq!(
        world.row(waiting.scan.id).await.scan.status,
        ScanStatus::Pending,
        "ours may wait longer"
    );
    begun(&world, ScanOrigin::User, clock::now()).await;
}

#[tokio::test]
async fn a_scan_nobody_ever_took_ends_as_well() {
    let world = World::new().await;
    let scan = begun(
        &world,
        ScanOrigin::User,
        clock::now().minus_seconds(STUCK_AFTER + 1),
    )
    .await;
    world.rescan().run(clock::now()).await.unwrap();
    assert_eq!(
        world.row(scan.scan.id).await.scan.status,
        ScanStatus::Failed
    );
    begun(&world, ScanOrigin::User, clock::now()).await;
}

#[tokio::test]
async fn her_next_scan_begins_when_it_is_due_and_is_planned_again() {
    let world = World::new().await;
    with_account(&world).await;
    world.picture(1).await;
    let scan = begun(&world, ScanOrigin::User, clock::now().minus_seconds(5)).await;
    let body = serde_json::to_string(&start::message(&scan.scan)).unwrap();
    world.scanner().take(&delivered(body, 1)).await.unwrap();

    let rescan = world.rescan();
    assert_eq!(
        rescan
            .run(clock::now().plus_seconds(6 * 24 * HOUR))
            .await
            .unwrap()
            .done[1],
        0
    );
    let week = clock::now().plus_seconds(7 * 24 * HOUR + 60);
    crate::services::upkeep::switches::off(&world.store, "scheduled-scans").await;
    assert_eq!(rescan.run(week).await.unwrap().done[1], 0, "switched off");
    let on = serde_json::from_str(r#"{"isOn":true,"reason":"a test"}"#).unwrap();
    let set =
        crate::services::upkeep::switches::set(&world.store, "scheduled-scans", on, world.user);
    set.await.unwrap();
    assert_eq!(rescan.run(week).await.unwrap().done[1], 1);
    assert_eq!(rescan.run(week).await.unwrap().done[1], 0, "told twice");
    assert_eq!(sent(&world, BACKGROUND), 1);
    let filter = ScanFilter {
        statuses: Some(vec![ScanStatus::Pending]),
        kind: Some(ScanType::ImageScan),
    };
    let found = world
        .store
        .scans(
            world.user,
            &filter,
            Page {
                number: 1,
                limit: 9,
            },
        )
        .await
        .unwrap();
    assert_eq!(found.pagination.total, 1);
    let hidden = ScanFilter {
        kind: None,
        ..filter
    };
    assert_eq!(
        world
            .store
            .scans(
                world.user,
                &hidden,
                Page {
                    number: 1,
                    limit: 9
                }
            )
            .await
            .unwrap()
            .pagination
            .total,
        0
    );
}

#[tokio::test]
async fn nobody_without_pictures_or_account_is_scanned() {
    let world = World::new().await;
    let scan = begun(&world, ScanOrigin::System, clock::now()).await;
    world
        .store
        .plan_rescan(&scan.scan, clock::now())
        .await
        .unwrap();
    let rescan = world.rescan();
    assert_eq!(
        rescan.run(clock::now().plus_seconds(1)).await.unwrap().done[1],
        0
    );
    with_account(&world).await;
    assert_eq!(
        rescan
            .run(clock::now().plus_seconds(HOUR))
            .await
            .unwrap()
            .done[1],
        0
    );
    assert!(
        world
            .store
            .due(DUE_RESCAN, clock::now().plus_seconds(6 * 24 * HOUR), 9)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn uploads_nobody_took_in() {
    let world = World::new().await;
    let then = clock::now().minus_seconds(HOUR);
    let never_came = world.announce(ImageState::Expected, then).await;
    let came = world.announce(ImageState::Expected, then).await;
    let hopeless = world
        .announce(
            ImageState::Pending,
            clock::now().minus_seconds(INTAKE_PATIENCE + HOUR),
        )
        .await;
    let ready = world.picture(1).await;
    for image in [&came, &hopeless] {
        world
            .objects
            .put(&key::upload(world.user, image.id), "image/jpeg", "x".into())
            .await
            .unwrap();
    }
    let tally = world.rescan().run(clock::now()).await.unwrap();
    assert_eq!((tally.done[2], tally.failed), (3, 0));
    assert!(
        world
            .store
            .image(world.user, never_came.id)
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(
        world.image(hopeless.id).await.image.state,
        ImageState::Rejected
    );
    assert_eq!(world.image(ready).await.image.state, ImageState::Ready);
    let told = world.cloud.told("SendMessage").pop().unwrap();
    assert_eq!(told["QueueUrl"], INGEST);
    let uploads =
        crate::services::pictures::ingest::uploads(told["MessageBody"].as_str().unwrap()).unwrap();
    assert_eq!(uploads, [(world.user, came.id)]);
}

#[tokio::test]
async fn what_was_put_away_is_purged_after_a_week() {
    let world = World::new().await;
    let id = world.picture(1).await;
    let now = clock::now();
    assert!(
        world
            .store
            .archive_image(&world.image(id).await.image, now)
            .await
            .unwrap()
    );
    let object = key::display(world.user, id);
    let rescan = world.rescan();
    assert_eq!(
        rescan
            .run(now.plus_seconds(7 * 24 * HOUR - 60))
            .await
            .unwrap()
            .done[3],
        0
    );
    assert!(world.cloud.has_object(&object));
    assert_eq!(
        rescan
            .run(now.plus_seconds(7 * 24 * HOUR + 60))
            .await
            .unwrap()
            .done[3],
        1
    );
    assert!(!world.cloud.has_object(&object));
    assert!(world.store.image(world.user, id).await.unwrap().is_none());
}

#[tokio::test]
async fn one_that_fails_does_not_stop_the_others_and_comes_again() {
    let world = World::new().await;
    let then = clock::now().minus_seconds(300);
    begun(&world, ScanOrigin::User, then).await;
    let gone = world
        .announce(ImageState::Expected, clock::now().minus_seconds(HOUR))
        .await;
    let broken = Rescan {
        queues: Cloud::silent_queues(),
        ..world.rescan()
    };
    let tally = broken.run(clock::now()).await.unwrap();
    assert_eq!((tally.failed, tally.done[2]), (1, 1));
    assert!(
        world
            .store
            .image(world.user, gone.id)
            .await
            .unwrap()
            .is_none()
    );
    let again = world
        .rescan()
        .run(clock::now().plus_seconds(OUT_OF_SIGHT + 1))
        .await
        .unwrap();
    assert_eq!((again.failed, again.done[0]), (0, 1));
}

#[tokio::test]
async fn her_addresses_are_checked_soon_after_she_came_and_again_some_day() {
    let world = World::new().await;
    with_account(&world).await;
    let rescan = world.rescan();
    let now = clock::now();
    assert_eq!(rescan.run(now.plus_seconds(60)).await.unwrap().done[5], 0);
    let soon = now.plus_seconds(700);
    assert_eq!(rescan.run(soon).await.unwrap().done[5], 1);
    assert_eq!(rescan.run(soon).await.unwrap().done[5], 0, "told twice");
    assert_eq!(sent(&world, BREACHES), 1);
    assert_eq!(shown(&world, None, Some(ScanType::BreachCheck)).await, 1);
    // Where the Scan button looks nothing is shown.
    let pending = Some(vec![ScanStatus::Pending]);
    assert_eq!(shown(&world, pending, None).await, 0);
    let week = soon.plus_seconds(7 * 24 * HOUR + 1);
    assert_eq!(rescan.run(week).await.unwrap().done[5], 1);
}

#[tokio::test]
async fn a_woman_who_left_is_not_checked() {
    let world = World::new().await;
    with_account(&world).await;
    world
        .store
        .erase_all_rows(world.user, usize::MAX)
        .await
        .unwrap();
    let later = clock::now().plus_seconds(HOUR);
    assert_eq!(world.rescan().run(later).await.unwrap().done[5], 0);
}

#[tokio::test]
async fn profiles_are_searched_by_themselves_once_there_is_a_name_to_search_by() {
    let world = World::new().await;
    with_account(&world).await;
    let (rescan, now) = (world.rescan(), clock::now());
    let day = |days: i64| now.plus_seconds(days * 24 * HOUR + HOUR + 1);
    assert_eq!(rescan.run(day(0)).await.unwrap().done[7], 0, "no name");
    with_name(&world, now).await;
    let without = Rescan {
        has_profile_directory: false,
        ..world.rescan()
    };
    assert_eq!(without.run(day(1)).await.unwrap().done[7], 0, "engine off");
    assert_eq!(sent(&world, PROFILES), 0);
    assert_eq!(rescan.run(day(8)).await.unwrap().done[7], 1);
    assert_eq!(rescan.run(day(8)).await.unwrap().done[7], 0, "told twice");
    assert_eq!(sent(&world, PROFILES), 1);
    assert_eq!(shown(&world, None, Some(ScanType::ProfileScan)).await, 1);
    assert_eq!(rescan.run(day(16)).await.unwrap().done[7], 1, "and again");
}

/// An account of before profile scans were planned gets them with its next breach check.
#[tokio::test]
async fn an_older_account_gets_its_profile_scans_too() {
    let world = World::new().await;
    with_account(&world).await;
    let now = clock::now();
    with_name(&world, now).await;
    let planned = world
        .store
        .due(DUE_PROFILES, now.plus_seconds(2 * HOUR), 9)
        .await
        .unwrap();
    let gone = world.store.tx().delete(planned[0].key());
    assert!(gone.commit().await.unwrap().is_done());
    let rescan = world.rescan();
    let soon = now.plus_seconds(700);
    let tally = rescan.run(soon).await.unwrap();
    assert_eq!((tally.done[5], tally.done[7]), (1, 1));
    assert_eq!(sent(&world, PROFILES), 1);
}

/// Killed between her word and the forgetting: the schedule finds it.
#[tokio::test]
async fn faces_she_wanted_forgotten_are() {
    let world = World::new().await;
    testing::agree_to_faces(&world.store, world.user).await;
    let image = world.announce(ImageState::Pending, clock::now()).await;
    let arrival = Arrival {
        prints: Prints {
            faces: Some(vec![]),
            ..Prints::default()
        },
        ..Arrival::default()
    };
    let tx = world.store.tx().ready_image(&image, &arrival);
    assert!(tx.commit().await.unwrap().is_done());
    let mut row = world.store.preferences(world.user).await.unwrap().unwrap();
    let before = row.edition.clone();
    (row.face_consent_at, row.has_faces_left) = (None, true);
    let set = world
        .store
        .set_preferences(world.user, Some(&before), &row)
        .await;
    assert!(set.unwrap());

    let (rescan, now) = (world.rescan(), clock::now());
    assert_eq!(rescan.run(now).await.unwrap().done[6], 1);
    let prints = world.store.prints(world.user, image.id).await.unwrap();
    assert_eq!(prints.unwrap().faces, None);
    let later = now.plus_seconds(HOUR);
    assert_eq!(rescan.run(later).await.unwrap().done[6], 0, "told twice");
}

#[tokio::test]
async fn a_picture_left_at_an_engine_is_removed_there() {
    let world = World::new().await;
    let (facecheck, now) = (world.facecheck(), clock::now());
    let copy = world.display(world.picture(5).await).await;
    let upload = facecheck.upload(&copy).await;
    let upload = upload.unwrap().unwrap();
    world
        .store
        .note_away(upload.name(), &upload, now)
        .await
        .unwrap();

    let with_key = Rescan {
        facecheck: Some(facecheck.clone()),
        ..world.rescan()
    };
    let at = |seconds| now.plus_seconds(seconds);
    assert_eq!(with_key.run(at(600)).await.unwrap().done[8], 0);
    assert_eq!(world.uploads().await, 1, "a search may still be under way");
    let without = world.rescan().run(at(900)).await.unwrap();
    assert_eq!((without.done[8], without.failed), (0, 1));
    // Her leaving changes nothing: the row is nobody's.
    world
        .store
        .erase_all_rows(world.user, usize::MAX)
        .await
        .unwrap();
    assert_eq!(with_key.run(at(1800)).await.unwrap().done[8], 1);
    assert_eq!(world.uploads().await, 0);
    assert_eq!(with_key.run(at(9000)).await.unwrap().done[8], 0);

    // Removed by somebody who was killed before that was noted.
    world
        .store
        .note_away(upload.name(), &upload, now)
        .await
        .unwrap();
    assert_eq!(with_key.run(at(900)).await.unwrap().done[8], 1);
}
