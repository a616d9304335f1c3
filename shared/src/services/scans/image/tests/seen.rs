//! What our own look says is kept with the finding, and outlasts the page.

use super::*;
use crate::domain::{Evidence, Match, MatchStatus, Relation, Signal};
use crate::testing::ShownResult;
use crate::testing::{self, photo, scene};

async fn scanned(world: &World) -> serde_json::Value {
    let scan = begun(world, ScanOrigin::User, None).await;
    take(world, &scan, 1).await.unwrap();
    row(world, &scan).await.scan.result.shown()
}

/// A scan that begins now, and so takes no answer of one before it.
async fn anew(world: &World) -> Scan {
    let (id, now) = (ScanId::next(), clock::now());
    let scan = Scan::pending(id, world.user, ScanType::ImageScan, None, now);
    let begun = world.store.create_scan(&scan, ScanOrigin::User);
    assert!(begun.await.unwrap());
    scan
}

async fn scanned_anew(world: &World) -> serde_json::Value {
    let scan = anew(world).await;
    take(world, &scan, 1).await.unwrap();
    row(world, &scan).await.scan.result.shown()
}

async fn only_finding(world: &World, image: ImageId) -> Match {
    let image = world.image(image).await.image;
    let mut found = world.store.matches(&image, PAGE).await.unwrap();
    assert_eq!(found.items.len(), 1);
    found.items.remove(0)
}

fn relation(found: &Match) -> Option<Relation> {
    found.evidence.as_ref().map(|it| it.relation)
}

#[tokio::test]
async fn the_evidence_is_stored_with_the_finding() {
    let world = World::new().await;
    let image = world.picture(1).await;
    world.plant(1, "https://forum.example/t/1").await;
    scanned(&world).await;
    let found = only_finding(&world, image).await;
    let evidence: Evidence = found.evidence.unwrap();
    assert_eq!(evidence.relation, Relation::Exact);
    assert_eq!(evidence.decided_by, Signal::Pixels);
    assert_eq!((evidence.score, found.similarity), (1.0, 1.0));
    assert_eq!(evidence.pdq.unwrap().distance, 0);
}

#[tokio::test]
async fn a_page_that_shows_something_else_by_now_is_put_to_her() {
    let world = World::new().await;
    let image = world.picture(1).await;
    world
        .plant_file(scene(1), Some(scene(2)), "https://forum.example/t/1")
        .await;
    let result = scanned(&world).await;
    assert_eq!(result["details"]["matchBreakdown"]["lowConfidence"], 1);
    let found = only_finding(&world, image).await;
    assert_eq!(
        (found.confidence, found.status),
        (Some(Tier::Low), MatchStatus::FlaggedForReview)
    );
    assert!(!found.evidence.unwrap().is_copy());
    assert_eq!(found.verification_engine, None);
}

#[tokio::test]
async fn a_page_that_was_down_is_certain_once_it_is_seen_and_stays_so() {
    let world = World::new().await;
    let image = world.picture(1).await;
    world.plant(1, "https://forum.example/t/1").await;
    let down = json!({ "engine": "web", "mode": "error", "status": 404 });
    world.fault(down.clone()).await;
    scanned(&world).await;
    let unseen = only_finding(&world, image).await;
    assert_eq!(
        (unseen.confidence, unseen.evidence),
        (Some(Tier::MediumHigh), None)
    );

    world.repair().await;
    scanned(&world).await;
    let seen = only_finding(&world, image).await;
    assert_eq!(relation(&seen), Some(Relation::Exact));
    assert_eq!(
        (seen.confidence, seen.match_type),
        (Some(Tier::High), MatchType::Exact)
    );

    world.fault(down).await;
    scanned(&world).await;
    let again = only_finding(&world, image).await;
    assert!(again.last_seen_at > seen.last_seen_at);
    let kept = Match {
        last_seen_at: seen.last_seen_at,
        scan_job_id: seen.scan_job_id,
        ..again
    };
    assert_eq!(kept, seen, "all else is as it was");
}

#[tokio::test]
async fn what_was_taken_down_is_told_of_again_when_it_comes_back() {
    let world = World::new().await;
    let image = world.picture(1).await;
    let page = "https://forum.example/t/1";
    world.plant(1, page).await;
    scanned_anew(&world).await;
    world.take_down().await;

    // An engine that does not answer says nothing about what is gone.
    world
        .fault(json!({ "engine": "tineye", "mode": "error", "status": 500 }))
        .await;
    let failing = anew(&world).await;
    take(&world, &failing, 3).await.unwrap_err();
    world.repair().await;
    scanned_anew(&world).await;
    assert_eq!(only_finding(&world, image).await.gone_at, None);
    scanned_anew(&world).await;
    assert!(only_finding(&world, image).await.gone_at.is_some());
    assert_eq!(world.alerts().await.len(), 1);

    world.plant(1, page).await;
    let result = scanned_anew(&world).await;
    assert_eq!(
        (&result["matchesFound"], &result["alertsCreated"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(only_finding(&world, image).await.gone_at, None);
    let alerts = world.alerts().await;
    assert_eq!(alerts.len(), 1);
    let title = &alerts[0].title;
    assert!(
        title.ends_with(" was found on forum.example again"),
        "{title}"
    );
    assert_eq!(alerts[0].metadata.as_ref().unwrap()["cameBack"], true);
}

#[tokio::test]
async fn a_copy_on_a_leak_site_is_graver_and_each_alert_names_its_picture() {
    let world = World::new().await;
    for (seed, page) in [
        (1, "https://forum.example/t/1"),
        (2, "https://www.erome.com/a/2"),
    ] {
        world.picture(seed).await;
        world.plant(seed, page).await;
    }
    scanned(&world).await;
    let alerts = world.alerts().await;
    let on = |place: &str| {
        let mut all = alerts.iter();
        all.find(|it| it.title.ends_with(place)).unwrap()
    };
    let (forum, leak) = (on(" on forum.example"), on(" on erome.com"));
    assert_eq!(
        (forum.severity, leak.severity),
        (Severity::High, Severity::Critical)
    );
    assert!(
        forum.title.starts_with("Your picture of "),
        "{}",
        forum.title
    );
    assert!(
        leak.title.starts_with("Your 2nd picture of "),
        "{}",
        leak.title
    );
}

#[tokio::test]
async fn her_face_in_another_picture_counts_if_she_agrees() {
    let world = World::new().await;
    let other = World::new().await;
    crate::testing::agree_to_faces(&world.store, world.user).await;
    let image = world.picture_of(photo("obama-2009")).await;
    let page = "https://forum.example/t/1";
    world
        .plant_file(photo("obama-2009"), Some(photo("obama-2012")), page)
        .await;
    let result = scanned(&world).await;
    assert_eq!(result["details"]["faceVerifiedMatches"], 1);
    let found = only_finding(&world, image).await;
    assert_eq!(relation(&found), Some(Relation::SamePerson));
    assert_eq!(
        (
            found.face_verified.as_deref(),
            found.verification_engine.as_deref()
        ),
        (Some("VERIFIED"), Some("faces"))
    );
    assert!(found.face_similarity.unwrap() >= 0.45);
    assert!(world.alerts().await[0].title.contains("may show you"));

    let image = other.picture_of(photo("obama-2009")).await;
    other
        .plant_file(photo("obama-2009"), Some(photo("obama-2012")), page)
        .await;
    let result = scanned(&other).await;
    assert_eq!(result["details"]["faceVerifiedMatches"], 0);
    let found = only_finding(&other, image).await;
    assert_ne!(relation(&found), Some(Relation::SamePerson));
    assert_eq!((found.face_verified, found.face_similarity), (None, None));
}

/// How many places a scan found as they were.
async fn unchanged(world: &World, scan: &Scan, image: ImageId) -> u32 {
    let stats = world.store.image_done(scan, image).await.unwrap();
    let stats: stats::ImageScanStats = stats.unwrap();
    stats.unchanged
}

#[tokio::test]
async fn a_place_that_is_as_it_was_keeps_its_verdict_and_is_not_compared_again() {
    let world = World::new().await;
    let image = world.picture(1).await;
    let page = "https://forum.example/t/1";
    world.plant(1, page).await;
    let first = anew(&world).await;
    take(&world, &first, 1).await.unwrap();
    let found = only_finding(&world, image).await;

    let second = anew(&world).await;
    take(&world, &second, 1).await.unwrap();
    let again = only_finding(&world, image).await;
    assert!(again.last_seen_at > found.last_seen_at);
    assert_eq!(again.scan_job_id, Some(second.id));
    let kept = Match {
        last_seen_at: found.last_seen_at,
        scan_job_id: found.scan_job_id,
        ..again
    };
    assert_eq!(kept, found, "all else is as it was");
    let result = row(&world, &second).await.scan.result.shown();
    assert_eq!(result["details"]["matchBreakdown"]["highConfidence"], 1);
    let counts = [&first, &second].map(|it| unchanged(&world, it, image));
    let [one, two] = counts;
    assert_eq!((one.await, two.await), (0, 1));

    // Another choice of hers is another comparison.
    testing::agree_to_faces(&world.store, world.user).await;
    let third = anew(&world).await;
    take(&world, &third, 1).await.unwrap();
    assert_eq!(unchanged(&world, &third, image).await, 0);
    assert_eq!(world.alerts().await.len(), 1);
}

#[tokio::test]
async fn what_is_remembered_does_not_count_against_what_is_known() {
    let world = World::new().await;
    let image = world.picture(1).await;
    let mut memory = crate::store::SeenPlaces::default();
    let page = "https://forum.example/t/1";
    world.plant(1, page).await;
    let first = anew(&world).await;
    take(&world, &first, 1).await.unwrap();
    // As if nothing of hers had been there, with the same bytes, and no finding.
    let seen = world.store.seen_places(world.user, image).await.unwrap();
    assert_eq!(seen.places.len(), 1);
    for (id, mut place) in seen.places {
        place.is_finding = false;
        memory.places.insert(id, place);
    }
    let kept = world
        .store
        .keep_seen_places(&first, image, &memory, clock::now());
    kept.await.unwrap();
    // Her finding is known, so what is remembered does not count.
    let second = anew(&world).await;
    take(&world, &second, 1).await.unwrap();
    assert_eq!(unchanged(&world, &second, image).await, 0);
    let seen = world.store.seen_places(world.user, image).await.unwrap();
    assert!(seen.places.values().all(|it| it.is_finding));
}

#[tokio::test]
async fn a_page_that_could_not_be_seen_is_compared_once_it_can() {
    let world = World::new().await;
    let image = world.picture(1).await;
    world.plant(1, "https://forum.example/t/1").await;
    let down = json!({ "engine": "web", "mode": "error", "status": 404 });
    world.fault(down).await;
    for expected in [0, 1] {
        let scan = anew(&world).await;
        take(&world, &scan, 1).await.unwrap();
        assert_eq!(unchanged(&world, &scan, image).await, expected);
        let result = row(&world, &scan).await.scan.result.shown();
        assert_eq!(result["details"]["unverifiedMatches"], 1);
    }
    world.repair().await;
    let scan = anew(&world).await;
    take(&world, &scan, 1).await.unwrap();
    assert_eq!(unchanged(&world, &scan, image).await, 0);
    let found = only_finding(&world, image).await;
    assert_eq!(found.confidence, Some(Tier::High));
}
