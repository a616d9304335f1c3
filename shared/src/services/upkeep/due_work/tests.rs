//! The schedule over a real table API: each kind of due thing, told twice and with one of them failing.

use super::*;
use crate::clock;
use crate::domain::{Account, Page, Prints, Scan, ScanFilter, ScanId, ScanOrigin, ScanStatus};
use crate::services::scans::start;
use crate::services::upkeep::due_scans::STUCK_AFTER;
use crate::store::{Arrival, ScanClaim, ScanRow};
use crate::testing::{self, Cloud};
use crate::testing::{BACKGROUND, BREACHES, INGEST, PROFILES, QUEUE, World, delivered};

mod begins;

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
    let rescan = world.due_worker();
    let run = async |seconds| rescan.run(now.plus_seconds(seconds)).await.unwrap().done["scans"];
    assert_eq!(run(29).await, 0);
    // She waits for the one; the other may have to wait for many.
    assert_eq!(run(60).await, 1);
    assert_eq!(run(60).await, 0, "told twice");
    assert_eq!((sent(&world, QUEUE), sent(&world, BACKGROUND)), (1, 0));
    assert_eq!(run(120).await, 2);
    assert_eq!(run(120).await, 0, "told twice");
    assert_eq!((sent(&world, QUEUE), sent(&world, BACKGROUND)), (2, 1));
    assert_eq!(run(180).await, 1, "hers once more");
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
    assert_eq!(
        world.due_worker().run(clock::now()).await.unwrap().done["scans"],
        1
    );
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
    world.due_worker().run(clock::now()).await.unwrap();
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

/// The queues lag by days, and its message has expired.
#[tokio::test]
async fn a_scan_that_is_given_up_is_followed_by_another() {
    let world = World::new().await;
    with_account(&world).await;
    let image = world.picture(1).await;
    let (now, days) = (clock::now(), 4 * 24 * HOUR + HOUR);
    let first = Scan::first_of(world.user, image, now.minus_seconds(days));
    let created = world.store.create_scan(&first, ScanOrigin::System);
    assert!(created.await.unwrap());
    let planned = async || {
        let planned = world.store.planned_scan(world.user, ScanType::ImageScan);
        planned.await.unwrap()
    };
    assert_eq!(planned().await, None);
    world.due_worker().run(now).await.unwrap();
    let ended = world.row(first.id).await.scan;
    assert_eq!(ended.status, ScanStatus::Failed);
    let next = planned().await.expect("the next is planned");
    assert!(next > now && next <= now.plus_seconds(7 * 24 * HOUR));
    // What is planned already stays as it is.
    let other = begun(&world, ScanOrigin::System, now.minus_seconds(days)).await;
    world.due_worker().run(now.plus_seconds(60)).await.unwrap();
    let ended = world.row(other.scan.id).await.scan;
    assert_eq!(
        (ended.status, planned().await),
        (ScanStatus::Failed, Some(next))
    );
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
    world.due_worker().run(clock::now()).await.unwrap();
    assert_eq!(
        world.row(scan.scan.id).await.scan.status,
        ScanStatus::Failed
    );
    begun(&world, ScanOrigin::User, clock::now()).await;
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
    let tally = world.due_worker().run(clock::now()).await.unwrap();
    assert_eq!((tally.done["intakes"], tally.failed), (3, 0));
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
            .archive_image(&world.image(id).await.image, None, now)
            .await
            .unwrap()
    );
    let object = key::display(world.user, id);
    let rescan = world.due_worker();
    assert_eq!(
        rescan
            .run(now.plus_seconds(7 * 24 * HOUR - 60))
            .await
            .unwrap()
            .done["purges"],
        0
    );
    assert!(world.cloud.has_object(&object));
    assert_eq!(
        rescan
            .run(now.plus_seconds(7 * 24 * HOUR + 60))
            .await
            .unwrap()
            .done["purges"],
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
    let broken = DueWorker {
        queues: Cloud::silent_queues(),
        ..world.due_worker()
    };
    let tally = broken.run(clock::now()).await.unwrap();
    assert_eq!((tally.failed, tally.done["intakes"]), (1, 1));
    assert!(
        world
            .store
            .image(world.user, gone.id)
            .await
            .unwrap()
            .is_none()
    );
    let again = world
        .due_worker()
        .run(clock::now().plus_seconds(OUT_OF_SIGHT + 1))
        .await
        .unwrap();
    assert_eq!((again.failed, again.done["scans"]), (0, 1));
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
        .set_preferences(world.user, Some(&before), &row, None)
        .await;
    assert!(set.unwrap());

    let (rescan, now) = (world.due_worker(), clock::now());
    assert_eq!(rescan.run(now).await.unwrap().done["forgotten-faces"], 1);
    let prints = world.store.prints(world.user, image.id).await.unwrap();
    assert_eq!(prints.unwrap().faces, None);
    let later = now.plus_seconds(HOUR);
    assert_eq!(
        rescan.run(later).await.unwrap().done["forgotten-faces"],
        0,
        "told twice"
    );
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

    let with_key = DueWorker {
        facecheck: Some(facecheck.clone()),
        ..world.due_worker()
    };
    let at = |seconds| now.plus_seconds(seconds);
    assert_eq!(with_key.run(at(600)).await.unwrap().done["removals"], 0);
    assert_eq!(world.uploads().await, 1, "a search may still be under way");
    let without = world.due_worker().run(at(900)).await.unwrap();
    assert_eq!((without.done["removals"], without.failed), (0, 1));
    // Her leaving changes nothing: the row is nobody's.
    world
        .store
        .erase_all_rows(world.user, usize::MAX)
        .await
        .unwrap();
    assert_eq!(with_key.run(at(1800)).await.unwrap().done["removals"], 1);
    assert_eq!(world.uploads().await, 0);
    assert_eq!(with_key.run(at(9000)).await.unwrap().done["removals"], 0);

    // Removed by somebody who was killed before that was noted.
    world
        .store
        .note_away(upload.name(), &upload, now)
        .await
        .unwrap();
    assert_eq!(with_key.run(at(900)).await.unwrap().done["removals"], 1);
}
