//! The time limit of a scan that she waits for: at the limit she has what there is, and a scan of ours
//! goes on behind it, once, whatever happens to the workers.

use super::super::record::mark_missing_findings;
use super::*;
use crate::testing::ShownResult;
use crate::testing::killed_after;

/// Enough for healthy stand-ins, and little enough to wait for.
const WITHIN: Duration = Duration::from_secs(8);

/// Takes the message of a scan with this limit, with two engines.
async fn limited(world: &World, scan: &Scan, within: Duration) -> Result<()> {
    limited_at(world, scan, within, 1).await
}

async fn limited_at(world: &World, scan: &Scan, within: Duration, attempt: u32) -> Result<()> {
    let mut scanner = world.scanner_with_vision();
    scanner.answer_within = within;
    let body = serde_json::to_string(&message(scan)).unwrap();
    scanner.take(&delivered(body, attempt)).await
}

async fn hang(world: &World, engine: &str) {
    world
        .fault(json!({ "engine": engine, "mode": "timeout" }))
        .await;
}

/// Works on the scan that goes on behind, as the message in the background queue says.
async fn continued(world: &World, scan: &Scan) -> ScanRow {
    let sent = world.cloud.told("SendMessage").pop().unwrap();
    assert_eq!(sent["QueueUrl"], BACKGROUND);
    let id = ScanId::continuation_of(scan.id);
    let body = sent["MessageBody"].as_str().unwrap();
    assert!(body.contains(&id.to_string()), "{body}");
    let waiting = world.row(id).await;
    assert_eq!(
        (waiting.origin, waiting.continues, waiting.is_watched()),
        (ScanOrigin::System, Some(scan.id), false)
    );
    let background = QueueDelivery {
        queue: "vara-background-scan".into(),
        ..delivered(body, 1)
    };
    world.scanner_with_vision().take(&background).await.unwrap();
    world.row(id).await
}

#[tokio::test]
async fn an_engine_that_hangs_leaves_her_what_the_other_found_and_is_waited_for_behind() {
    let world = World::new().await;
    let image = world.picture(1).await;
    world.plant(1, "https://forum.example/t/1").await;
    hang(&world, "vision").await;
    let scan = started(&world).await;
    limited(&world, &scan, WITHIN).await.unwrap();

    let ended = row(&world, &scan).await.scan;
    let took = ended.completed_at.unwrap().millis_since(scan.created_at);
    assert!(
        took < 15_000,
        "less than a client waits by itself: {took} ms"
    );
    assert_eq!(ended.status, ScanStatus::Completed);
    assert!(ended.is_continued() && !ended.is_retryable());
    let result = ended.result.shown();
    assert_eq!(
        (&result["partial"], &result["continues"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(
        (&result["matchesFound"], &result["imagesScanned"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(result["engines"][1]["state"], "failed");
    // What the toast speaks of is there, and she may scan again.
    assert_eq!(world.alerts().await.len(), 1);
    let shown = world.image(image).await.image;
    assert_eq!((shown.scan_count, shown.last_scanned.is_some()), (1, true));
    assert!(
        world
            .store
            .create_scan(&started_later(&world), ScanOrigin::User)
            .await
            .unwrap()
    );

    // The engine is well again, and knows a page that the other does not.
    world.repair().await;
    let asked = world.calls("tineye").await;
    let after = continued(&world, &scan).await;
    let result = after.scan.result.shown();
    assert_eq!(after.scan.status, ScanStatus::Completed);
    assert_eq!(
        (&result["partial"], &result["continues"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(result["engines"][1]["state"], "searched");
    assert_eq!(world.calls("tineye").await, asked, "it is not paid twice");
    assert_eq!(world.image(image).await.image.scan_count, 1);
    // Late copies of both messages change nothing.
    limited(&world, &scan, WITHIN).await.unwrap();
    continued(&world, &scan).await;
    assert_eq!(world.alerts().await.len(), 1);
}

fn started_later(world: &World) -> Scan {
    let (id, now) = (ScanId::next(), clock::now());
    Scan::pending(id, world.user, ScanType::ImageScan, None, now)
}

#[tokio::test]
async fn what_an_engine_finds_behind_is_told_as_always() {
    let world = World::new().await;
    world.picture(1).await;
    hang(&world, "tineye").await;
    let scan = started(&world).await;
    limited(&world, &scan, WITHIN).await.unwrap();
    let result = row(&world, &scan).await.scan.result.shown();
    assert_eq!(
        (&result["matchesFound"], &result["continues"]),
        (&json!(0), &json!(true))
    );
    assert!(world.alerts().await.is_empty());
    world.repair().await;
    world.plant(1, "https://forum.example/t/1").await;
    let after = continued(&world, &scan).await;
    assert_eq!(after.scan.result.shown()["newMatches"], 1);
    assert_eq!(world.alerts().await.len(), 1);
}

#[tokio::test]
async fn with_nothing_at_all_it_says_so_and_goes_on() {
    let world = World::new().await;
    world.picture(1).await;
    for engine in ["tineye", "vision"] {
        hang(&world, engine).await;
    }
    let scan = started(&world).await;
    limited(&world, &scan, WITHIN).await.unwrap();
    let ended = row(&world, &scan).await.scan;
    assert_eq!(ended.status, ScanStatus::Failed);
    let message = ended.error_message.clone().unwrap();
    assert!(message.contains("It goes on"), "{message}");
    assert!(ended.is_continued() && !ended.is_retryable());
    // No copy of the message begins it again.
    limited(&world, &scan, WITHIN).await.unwrap();
    assert_eq!(row(&world, &scan).await.scan, ended);
    world.repair().await;
    world.plant(1, "https://forum.example/t/1").await;
    let after = continued(&world, &scan).await;
    assert_eq!(after.scan.status, ScanStatus::Completed);
    assert_eq!(world.alerts().await.len(), 1);
}

/// The time in the queue counts: nothing is begun that would come too late.
#[tokio::test]
async fn a_message_that_comes_too_late_is_answered_at_once() {
    let world = World::new().await;
    world.picture(1).await;
    let scan = begun(&world, ScanOrigin::User, None).await;
    limited(&world, &scan, Duration::from_secs(4))
        .await
        .unwrap();
    let ended = row(&world, &scan).await.scan;
    assert!(ended.status.is_over() && ended.is_continued(), "{ended:?}");
    assert_eq!(world.searches().await, (0, 0));
    let after = continued(&world, &scan).await;
    assert_eq!(after.scan.status, ScanStatus::Completed);
    assert_eq!(world.searches().await, (1, 0));
    // Our own scans have no limit.
    let ours = begun(&world, ScanOrigin::System, None).await;
    limited(&world, &ours, Duration::from_secs(1))
        .await
        .unwrap();
    assert!(!row(&world, &ours).await.scan.is_continued());
}

#[tokio::test]
async fn killed_anywhere_before_its_answer_it_is_answered_and_continued_once() {
    let mut polls = 1;
    loop {
        let world = World::new().await;
        world.picture(1).await;
        world.plant(1, "https://forum.example/t/1").await;
        let scan = begun(&world, ScanOrigin::User, None).await;
        let within = Duration::from_secs(4);
        let ended = killed_after(polls, limited(&world, &scan, within)).await;
        if !ended {
            let dead = row(&world, &scan).await;
            world
                .store
                .leave_scan(&dead, 0, clock::now())
                .await
                .unwrap();
            limited(&world, &scan, within).await.unwrap();
        }
        assert!(row(&world, &scan).await.scan.is_continued());
        let rest = world.row(ScanId::continuation_of(scan.id)).await;
        assert_eq!(rest.scan.status, ScanStatus::Pending);
        let again = Store::continuation(&row(&world, &scan).await, clock::now());
        assert_eq!(again.scan.id, rest.scan.id);
        if ended {
            break;
        }
        polls += 3;
    }
}

/// A finding is gone with the second scan that misses it; a scan and its continuation are one.
#[tokio::test]
async fn a_scan_and_its_continuation_miss_a_finding_once() {
    let world = World::new().await;
    let id = world.picture(1).await;
    world.plant(1, "https://forum.example/t/1").await;
    let first = begun(&world, ScanOrigin::System, None).await;
    take(&world, &first, 1).await.unwrap();
    let (image, scanner) = (world.image(id).await, world.scanner());
    let second = row(&world, &started(&world).await).await;
    let behind = Store::continuation(&second, clock::now());
    let miss = async |row: &ScanRow| {
        let context = context(&scanner, row);
        let picture = opened(&context, id).await;
        let missed = mark_missing_findings(&picture, &["tineye"]);
        missed.await.unwrap();
    };
    miss(&second).await;
    miss(&behind).await;
    let gone_at = async || {
        let found = world.store.matches(&image.image, PAGE).await.unwrap();
        found.items[0].gone_at
    };
    assert_eq!(gone_at().await, None);
    let mut third = second;
    third.scan.id = ScanId::next();
    miss(&third).await;
    assert!(gone_at().await.is_some());
}

/// The picture that the limit cuts off is not finished, but what was found of it is there.
#[tokio::test]
async fn what_was_found_before_the_limit_is_no_failure() {
    let world = World::new().await;
    let image = world.picture(1).await;
    world.plant(1, "https://forum.example/t/1").await;
    // The second scan finds nothing new, and the copy is known.
    for new in [1, 0] {
        let scan = begun(&world, ScanOrigin::User, None).await;
        if new > 0 {
            let claimed = claim(&world, &scan, clock::now().minus_seconds(100)).await;
            let scanner = world.scanner_with_vision();
            let context = context(&scanner, &claimed);
            scan_picture(&context, image).await.unwrap();
            let dead = row(&world, &scan).await;
            let left = world.store.leave_scan(&dead, 0, clock::now());
            left.await.unwrap();
        }
        let within = Duration::from_secs(4);
        limited(&world, &scan, within).await.unwrap();
        let ended = row(&world, &scan).await.scan;
        assert_eq!(ended.status, ScanStatus::Completed);
        assert!(ended.is_continued());
        let result = ended.result.shown();
        assert_eq!(
            (&result["matchesFound"], &result["newMatches"]),
            (&json!(1), &json!(new))
        );
        assert_eq!(
            (&result["partial"], &result["continues"]),
            (&json!(true), &json!(true))
        );
    }
}

/// With no retry to come the limit cuts nothing off: the message goes to the dead letters, from where
/// the scan begins again.
#[tokio::test]
async fn the_last_delivery_fails_the_scan_though_a_retry_would_come_too_late() {
    let world = World::new().await;
    world.picture(1).await;
    for engine in ["tineye", "vision"] {
        world
            .fault(json!({ "engine": engine, "mode": "garbage" }))
            .await;
    }
    let scan = started(&world).await;
    limited_at(&world, &scan, WITHIN, 3).await.unwrap_err();
    let ended = row(&world, &scan).await.scan;
    assert_eq!(ended.status, ScanStatus::Failed);
    assert!(!ended.is_continued() && ended.is_retryable());
    world.repair().await;
    limited(&world, &scan, WITHIN).await.unwrap();
    assert_eq!(row(&world, &scan).await.scan.status, ScanStatus::Completed);
}
