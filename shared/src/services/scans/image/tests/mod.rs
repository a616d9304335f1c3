//! The worker end to end: a real table API, the stand-in engines, and everything that can go wrong.

mod engines;
mod interrupted;
mod limit;
mod seen;
mod writes;

use std::time::Duration;

use serde_json::json;

use super::picture::{OpenedPicture, PictureScan};
use super::*;
use crate::clock;
use crate::domain::{
    AlertType, EngineConsent, Error, MatchType, Page, PictureNames, RiskLevel, Scan, ScanFilter,
    ScanId, ScanOrigin, ScanStatus, ScanType, Severity, Tier, UserId,
};
use crate::services::scans::stop;
use crate::services::search::governor::Asker;
use crate::store::{DUE_SCAN, ScanClaim};
use crate::testing::ShownResult;
use crate::testing::{BACKGROUND, Cloud, QUEUE, World, delivered};

const PAGE: Page = Page {
    number: 1,
    limit: 20,
};

/// A scan she started a while ago, so that no test waits for it to be shown.
async fn begun(world: &World, origin: ScanOrigin, target: Option<ImageId>) -> Scan {
    world.begun(ScanType::ImageScan, origin, target).await
}

/// A scan that she starts now.
async fn started(world: &World) -> Scan {
    let (id, now) = (ScanId::next(), clock::now());
    let scan = Scan::pending(id, world.user, ScanType::ImageScan, None, now);
    let created = world.store.create_scan(&scan, ScanOrigin::User);
    assert!(created.await.unwrap());
    scan
}

async fn row(world: &World, scan: &Scan) -> ScanRow {
    world.row(scan.id).await
}

async fn take(world: &World, scan: &Scan, attempt: u32) -> Result<()> {
    let body = serde_json::to_string(&message(scan)).unwrap();
    world.scanner().take(&delivered(body, attempt)).await
}

/// What the stages of a scan share, with time enough.
fn context<'a>(scanner: &'a Scanner, row: &ScanRow) -> ScanContext<'a> {
    ScanContext {
        scanner,
        row: row.clone(),
        consent: EngineConsent::default(),
        names: PictureNames::default(),
        asker: Asker {
            user: UserId::random(),
            is_new: false,
            is_scheduled: false,
        },
        deadline: clock::now().plus_seconds(300),
        attempt: 1,
        last: false,
        limit: None,
    }
}

/// The picture as the scan comes to it.
async fn opened<'a>(context: &'a ScanContext<'a>, id: ImageId) -> Box<PictureScan<'a>> {
    match PictureScan::open(context, id).await.unwrap() {
        OpenedPicture::Ready(picture) => picture,
        OpenedPicture::Over(outcome) => panic!("there is nothing to be done: {outcome:?}"),
    }
}

#[tokio::test]
async fn a_planted_copy_becomes_a_finding_an_alert_and_a_result() {
    let world = World::new().await;
    let image = world.picture(1).await;
    world.plant(1, "https://www.instagram.com/p/1").await;
    world.plant(9, "https://other.example/").await;
    let scan = begun(&world, ScanOrigin::User, None).await;
    take(&world, &scan, 1).await.unwrap();

    let ended = row(&world, &scan).await.scan;
    assert_eq!(
        (ended.status, ended.progress, ended.retry_count),
        (ScanStatus::Completed, 100, 0)
    );
    let result = ended.result.shown();
    assert_eq!(
        (&result["matchesFound"], &result["imagesScanned"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(result["errors"], json!([]));

    let alerts = world.alerts().await;
    assert_eq!(alerts.len(), 1);
    assert_eq!(
        (alerts[0].kind, alerts[0].severity),
        (AlertType::ImageMisuse, Severity::High)
    );
    let metadata = alerts[0].metadata.as_ref().unwrap();
    assert_eq!(
        (&metadata["platform"], &metadata["confidence"]),
        (&json!("Instagram"), &json!("HIGH"))
    );
    assert_eq!(metadata["sourceUrl"], "https://www.instagram.com/p/1");
    let uploaded = world.image(image).await.image.uploaded_at.date();
    let (day, month) = (uploaded.day(), uploaded.month());
    let title = format!("Your picture of {day} {month} was found on Instagram");
    assert_eq!(alerts[0].title, title);

    let found = world
        .store
        .matches(&world.image(image).await.image, PAGE)
        .await
        .unwrap();
    assert_eq!(
        (found.pagination.total, found.items[0].match_type),
        (1, MatchType::Exact)
    );
    assert_eq!(found.items[0].verification_engine.as_deref(), Some("pdq"));
    let shown = world.image(image).await.image;
    assert_eq!(
        (
            shown.scan_count,
            shown.match_count,
            shown.last_scanned.is_some()
        ),
        (1, 1, true)
    );
    // The lock is free again.
    begun(&world, ScanOrigin::User, None).await;
}

#[tokio::test]
async fn a_second_scan_raises_nothing_new_and_says_what_is_still_there() {
    let world = World::new().await;
    let image = world.picture(1).await;
    world.plant(1, "https://forum.example/t/1").await;
    // The first one is ours: she has not heard of it when she starts the second.
    for (origin, new) in [(ScanOrigin::System, 1), (ScanOrigin::User, 0)] {
        let scan = begun(&world, origin, None).await;
        take(&world, &scan, 1).await.unwrap();
        let result = row(&world, &scan).await.scan.result.shown();
        assert_eq!(
            (&result["matchesFound"], &result["newMatches"]),
            (&json!(1), &json!(new))
        );
    }
    assert_eq!(world.alerts().await.len(), 1);
    let shown = world.image(image).await.image;
    assert_eq!((shown.scan_count, shown.match_count), (2, 1));
}

#[tokio::test]
async fn what_cannot_be_seen_is_less_sure_and_still_told() {
    let world = World::new().await;
    world.picture(1).await;
    world.plant(1, "https://forum.example/t/1").await;
    world
        .fault(json!({ "engine": "web", "mode": "error", "status": 404 }))
        .await;
    let scan = begun(&world, ScanOrigin::User, None).await;
    take(&world, &scan, 1).await.unwrap();
    let alerts = world.alerts().await;
    assert_eq!(alerts[0].severity, Severity::Medium);
    assert_eq!(
        alerts[0].metadata.as_ref().unwrap()["confidence"],
        json!(Tier::MediumHigh)
    );
    assert_eq!(
        row(&world, &scan).await.scan.result.shown()["details"]["unverifiedMatches"],
        1
    );
}

#[tokio::test]
async fn without_a_key_the_result_says_that_nothing_was_searched() {
    let world = World::new().await;
    let image = world.picture(1).await;
    let scan = begun(&world, ScanOrigin::User, Some(image)).await;
    let body = serde_json::to_string(&message(&scan)).unwrap();
    let mut scanner = world.scanner();
    scanner.engines.tineye = None;
    scanner.take(&delivered(body, 1)).await.unwrap();
    let ended = row(&world, &scan).await.scan;
    assert_eq!(ended.status, ScanStatus::Completed);
    let result = ended.result.shown();
    assert_eq!(
        (&result["engines"][0]["state"], &result["imagesScanned"]),
        (&json!("off"), &json!(0))
    );
    assert_eq!(result["targetId"], json!(image));
    assert_eq!(world.image(image).await.image.last_scanned, None);
    assert_eq!(world.searches().await, (0, 0));
}

#[tokio::test]
async fn no_pictures_is_no_error_and_one_put_away_is_left_out() {
    let world = World::new().await;
    let scan = begun(&world, ScanOrigin::User, None).await;
    take(&world, &scan, 1).await.unwrap();
    assert_eq!(row(&world, &scan).await.scan.status, ScanStatus::Completed);

    let image = world.picture(1).await;
    let scan = begun(&world, ScanOrigin::User, Some(image)).await;
    world
        .store
        .archive_image(&world.image(image).await.image, None, clock::now())
        .await
        .unwrap();
    take(&world, &scan, 1).await.unwrap();
    let ended = row(&world, &scan).await.scan;
    assert_eq!(
        (ended.status, &ended.result.shown()["imagesSkipped"]),
        (ScanStatus::Completed, &json!(1))
    );
    assert_eq!(world.searches().await, (0, 0));
}

#[tokio::test]
async fn a_scan_of_hers_is_shown_long_enough_to_be_seen() {
    let world = World::new().await;
    let scan = Scan::pending(
        ScanId::next(),
        world.user,
        ScanType::ImageScan,
        None,
        clock::now(),
    );
    assert!(
        world
            .store
            .create_scan(&scan, ScanOrigin::User)
            .await
            .unwrap()
    );
    take(&world, &scan, 1).await.unwrap();
    let ended = row(&world, &scan).await.scan.completed_at.unwrap();
    assert!(ended.millis_since(scan.created_at) >= ending::MIN_SHOWN_MILLIS);
}

#[tokio::test]
async fn an_engine_that_recovers_costs_one_more_delivery() {
    let world = World::new().await;
    world.picture(1).await;
    world.plant(1, "https://forum.example/t/1").await;
    world
        .fault(json!({ "engine": "tineye", "mode": "quota", "times": 1 }))
        .await;
    let scan = begun(&world, ScanOrigin::User, None).await;
    assert!(take(&world, &scan, 1).await.unwrap_err().is_retryable());
    let waiting = row(&world, &scan).await;
    assert_eq!(
        (waiting.scan.status, waiting.lease_until),
        (ScanStatus::Running, None)
    );
    let delay = world.cloud.told("ChangeMessageVisibility").pop().unwrap();
    assert_eq!(
        (&delay["VisibilityTimeout"], &delay["ReceiptHandle"]),
        (&json!(5), &json!("receipt"))
    );

    world.rested().await;
    take(&world, &scan, 2).await.unwrap();
    let ended = row(&world, &scan).await.scan;
    assert_eq!(
        (ended.status, ended.retry_count),
        (ScanStatus::Completed, 1)
    );
    assert_eq!(ended.result.shown()["partial"], false);
    assert_eq!(
        (world.searches().await, world.alerts().await.len()),
        ((1, 1), 1)
    );
}

#[tokio::test]
async fn an_engine_that_stays_down_fails_the_scan_after_the_last_delivery_and_redrive_mends_it() {
    let world = World::new().await;
    world.picture(1).await;
    world.plant(1, "https://forum.example/t/1").await;
    world
        .fault(json!({ "engine": "tineye", "mode": "quota" }))
        .await;
    let scan = begun(&world, ScanOrigin::User, None).await;
    for attempt in 1..=3 {
        assert_ne!(
            row(&world, &scan).await.scan.status,
            ScanStatus::Failed,
            "before delivery {attempt}"
        );
        take(&world, &scan, attempt).await.unwrap_err();
    }
    let failed = row(&world, &scan).await.scan;
    assert_eq!((failed.status, failed.retry_count), (ScanStatus::Failed, 2));
    assert!(failed.error_message.unwrap().contains("search engine"));
    let delays: Vec<_> = world
        .cloud
        .told("ChangeMessageVisibility")
        .iter()
        .map(|it| it["VisibilityTimeout"].clone())
        .collect();
    assert_eq!(delays, [json!(5), json!(10), json!(0)]);

    // It was asked once; the other deliveries found it resting.
    assert_eq!(world.searches().await, (0, 1));
    world.repair().await;
    take(&world, &scan, 4).await.unwrap();
    assert_eq!(
        row(&world, &scan).await.scan.status,
        ScanStatus::Failed,
        "a late copy changes nothing"
    );
    take(&world, &scan, 1).await.unwrap();
    assert_eq!(row(&world, &scan).await.scan.status, ScanStatus::Completed);
    assert_eq!(world.alerts().await.len(), 1);
    assert_eq!(
        world
            .store
            .scans(world.user, &over(), PAGE)
            .await
            .unwrap()
            .pagination
            .total,
        1
    );
}

fn over() -> ScanFilter {
    ScanFilter {
        statuses: Some(vec![ScanStatus::Completed, ScanStatus::Failed]),
        kind: None,
    }
}

#[tokio::test]
async fn what_was_found_stays_found_when_the_engine_fails_later() {
    let world = World::new().await;
    world.picture(1).await;
    world.picture(2).await;
    world.plant(1, "https://forum.example/t/1").await;
    let scan = begun(&world, ScanOrigin::User, None).await;
    // The first search goes through, the second meets the end of the quota.
    let first = world.scanner();
    let body = serde_json::to_string(&message(&scan)).unwrap();
    let only_first = searched_images(&world.store, &scan).await.unwrap()[0];
    let claimed = claim(&world, &scan, clock::now().minus_seconds(100)).await;
    let context = context(&first, &claimed);
    let seen = scan_picture(&context, only_first).await.unwrap();
    assert!(matches!(seen, ImageOutcome::Searched(..)));
    let stale = row(&world, &scan).await;
    world
        .store
        .leave_scan(&stale, 0, clock::now())
        .await
        .unwrap();
    world
        .fault(json!({ "engine": "tineye", "mode": "quota" }))
        .await;
    first.take(&delivered(body, 3)).await.unwrap();
    let ended = row(&world, &scan).await.scan;
    assert_eq!(ended.status, ScanStatus::Completed);
    let result = ended.result.shown();
    assert_eq!(
        (&result["partial"], &result["matchesFound"]),
        (&json!(true), &json!(1))
    );
    assert_eq!(result["engines"][0]["state"], "partial");
    assert_eq!(result["errors"].as_array().unwrap().len(), 1);
}

/// A worker's claim of the past.
async fn claim(world: &World, scan: &Scan, at: Timestamp) -> ScanRow {
    let before = row(world, scan).await;
    let worker = uuid::Uuid::new_v4().to_string();
    match world
        .store
        .claim_scan(&before, &worker, 1, at)
        .await
        .unwrap()
    {
        ScanClaim::Got(row) => *row,
        ScanClaim::Busy(_) => panic!("the scan is free"),
    }
}

#[tokio::test]
async fn messages_that_make_no_sense_go_to_the_dead_at_once_and_lost_scans_are_nothing() {
    let world = World::new().await;
    for (attempt, seconds) in [(1, 5), (2, 10), (3, 0)] {
        assert!(
            world
                .scanner()
                .take(&delivered("not json", attempt))
                .await
                .is_err()
        );
        assert_eq!(
            world.cloud.told("ChangeMessageVisibility").pop().unwrap()["VisibilityTimeout"],
            seconds
        );
    }
    let other = QueueDelivery {
        queue: "vara-background-scan".into(),
        ..delivered("not json", 1)
    };
    assert!(world.scanner().take(&other).await.is_err());
    let queues: Vec<_> = world
        .cloud
        .told("ChangeMessageVisibility")
        .iter()
        .map(|it| it["QueueUrl"].clone())
        .collect();
    assert_eq!(queues, [QUEUE, QUEUE, QUEUE, BACKGROUND]);
    let never = Scan::pending(
        ScanId::next(),
        world.user,
        ScanType::ImageScan,
        None,
        clock::now(),
    );
    take(&world, &never, 1).await.unwrap();
}

#[tokio::test]
async fn the_end_of_the_invocation_leaves_the_rest_to_the_next() {
    let world = World::new().await;
    world.picture(1).await;
    let scan = begun(&world, ScanOrigin::User, None).await;
    let mut late = delivered(serde_json::to_string(&message(&scan)).unwrap(), 1);
    late.deadline = clock::now().plus_seconds(stop::RESERVED_SECONDS - 1);
    let due = async || {
        let due = world.store.due(DUE_SCAN, clock::now(), 10);
        due.await.unwrap().len()
    };
    world.scanner().take(&late).await.unwrap();
    let paused = row(&world, &scan).await;
    assert_eq!(
        (paused.scan.status, paused.lease_until),
        (ScanStatus::Running, None)
    );
    // It goes on by its own message, and not by the schedule.
    let sent = world.cloud.told("SendMessage");
    assert_eq!((sent.len(), due().await), (1, 0));
    assert_eq!(
        (&sent[0]["QueueUrl"], &sent[0]["DelaySeconds"]),
        (&json!(QUEUE), &json!(stop::WATCHED_RESUME_SECONDS))
    );
    let mut silent = world.scanner();
    silent.queues = Cloud::silent_queues();
    silent.take(&late).await.unwrap();
    assert_eq!(due().await, 1, "it waits for the schedule");
    let body = sent[0]["MessageBody"].as_str().unwrap();
    world.scanner().take(&delivered(body, 1)).await.unwrap();
    assert_eq!(row(&world, &scan).await.scan.status, ScanStatus::Completed);
}

#[test]
fn waits_grow_and_have_a_bound() {
    let seconds = |attempt, wait| {
        let again = RetryLater {
            error: Error::unavailable("x", "y"),
            wait,
        };
        stop::wait(
            &again,
            &QueueDelivery {
                last: false,
                ..delivered("", attempt)
            },
        )
    };
    assert_eq!([1, 2, 3].map(|it| seconds(it, None)), [5, 10, 20]);
    assert_eq!(seconds(1, Some(Duration::from_secs(60))), 61);
    assert_eq!(seconds(1, Some(Duration::from_secs(86_400))), 300);
    assert!(scan::rescan_after(RiskLevel::Critical) < scan::rescan_after(RiskLevel::Low));
}
