//! Several engines at once: merged, withheld, failing each for itself.

use super::super::expand::may_be_asked_about;
use super::*;
use crate::comparison::ImageAnalyzer;
use crate::domain::event::{Actor, StreamName};
use crate::domain::{Intimacy, Preferences, Prints};
use crate::services::record::access_log::{AccessFilter, AccessLog};
use crate::services::record::event_log::EventLog;
use crate::services::search::governor::Governor;
use crate::testing;
use crate::testing::ShownResult;
use crate::testing::{photo, scene};

async fn taken(world: &World, scan: &Scan, attempt: u32) -> Result<()> {
    let body = serde_json::to_string(&message(scan)).unwrap();
    world
        .scanner_with_vision()
        .take(&delivered(body, attempt))
        .await
}

fn states(result: &serde_json::Value) -> Vec<&str> {
    let engines = result["engines"].as_array().unwrap();
    engines
        .iter()
        .map(|it| it["state"].as_str().unwrap())
        .collect()
}

async fn asked(world: &World) -> (u64, u64) {
    (world.calls("tineye").await, world.calls("vision").await)
}

#[tokio::test]
async fn what_two_engines_find_is_one_finding_and_one_alert() {
    let world = World::new().await;
    world.picture(1).await;
    world.plant(1, "https://forum.example/t/1").await;
    let scan = begun(&world, ScanOrigin::User, None).await;
    taken(&world, &scan, 1).await.unwrap();
    let result = row(&world, &scan).await.scan.result.shown();
    assert_eq!(states(&result), ["searched", "searched", "off", "off"]);
    assert_eq!(
        (&result["matchesFound"], &result["alertsCreated"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(world.alerts().await.len(), 1);
    assert_eq!(asked(&world).await, (1, 1));
}

#[tokio::test]
async fn what_a_company_is_given_is_in_her_access_log_once_for_a_scan() {
    let world = World::new().await;
    for seed in [1, 2] {
        world.picture(seed).await;
    }
    let scan = begun(&world, ScanOrigin::User, None).await;
    taken(&world, &scan, 1).await.unwrap();
    assert_eq!(asked(&world).await, (2, 2), "both pictures, by both");
    let log = world.access();
    let filter = AccessFilter::default();
    let page = log.list(world.user, &filter, None, 50, crate::clock::now());
    let entries = page.await.unwrap().entries;
    let mut sentences: Vec<&str> = entries
        .iter()
        .map(|it| it.sentence.split("(UTC) ").nth(1).unwrap())
        .collect();
    sentences.sort_unstable();
    assert_eq!(
        sentences,
        [
            "Vara sent copies of your pictures to Google Cloud Vision for a search you started.",
            "Vara sent copies of your pictures to TinEye for a search you started.",
        ]
    );
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_given() {
    let world = World::new().await;
    world.picture(1).await;
    let scan = begun(&world, ScanOrigin::User, None).await;
    let mut scanner = world.scanner_with_vision();
    let vault = testing::Cloud::vault_at("http://127.0.0.1:9");
    scanner.engines.access = AccessLog::new(EventLog::new(world.store.clone(), vault));
    let body = serde_json::to_string(&message(&scan)).unwrap();
    scanner.take(&delivered(body, 1)).await.unwrap_err();
    assert_eq!(asked(&world).await, (0, 0));
    taken(&world, &scan, 2).await.unwrap();
    assert_eq!(asked(&world).await, (1, 1));
}

#[tokio::test]
async fn one_that_fails_takes_nothing_from_the_other_and_is_asked_alone_again() {
    let world = World::new().await;
    world.picture(1).await;
    world.plant(1, "https://forum.example/t/1").await;
    world
        .fault(json!({ "engine": "tineye", "mode": "error", "status": 503 }))
        .await;
    let scan = begun(&world, ScanOrigin::User, None).await;
    taken(&world, &scan, 1).await.unwrap_err();
    // She knows already, though the scan is not over.
    assert_eq!(world.alerts().await.len(), 1);
    assert_eq!(row(&world, &scan).await.scan.status, ScanStatus::Running);
    taken(&world, &scan, 3).await.unwrap();
    let ended = row(&world, &scan).await.scan;
    let result = ended.result.shown();
    assert_eq!(ended.status, ScanStatus::Completed);
    assert_eq!(states(&result), ["failed", "searched", "off", "off"]);
    assert_eq!(
        (&result["partial"], &result["matchesFound"]),
        (&json!(true), &json!(1))
    );

    // Begun again, as a retry does: only what failed is asked.
    world.repair().await;
    let before = asked(&world).await;
    let ended = row(&world, &scan).await;
    let stream = StreamName::scan(scan.id);
    let place = (world.user, Actor::system(), &stream);
    let log = testing::event_log(&world.store);
    let said = json!({});
    let event = log.tell_in(place, "scan.retried", &said, clock::now());
    let event = event.await.unwrap();
    let ended = [&ended];
    let restarted = world.store.restart_scans(&ended, event, clock::now());
    assert!(restarted.await.unwrap());
    taken(&world, &scan, 1).await.unwrap();
    let result = row(&world, &scan).await.scan.result.shown();
    assert_eq!(states(&result)[..2], ["searched", "searched"]);
    assert_eq!(result["partial"], false);
    assert_eq!(asked(&world).await, (before.0 + 1, before.1));
    assert_eq!(world.alerts().await.len(), 1);
}

#[tokio::test]
async fn what_looks_intimate_goes_nowhere_until_she_says_so() {
    let world = World::new().await;
    let prints = Prints {
        intimate: Some(Intimacy {
            model: "m@0".into(),
            score: 0.9,
        }),
        ..Prints::default()
    };
    world.picture_with(scene(1), prints).await;
    let scan = begun(&world, ScanOrigin::User, None).await;
    taken(&world, &scan, 1).await.unwrap();
    let result = row(&world, &scan).await.scan.result.shown();
    assert_eq!(states(&result)[..2], ["withheld", "withheld"]);
    assert_eq!(
        (&result["imagesScanned"], &result["partial"]),
        (&json!(0), &json!(false))
    );
    assert_eq!(asked(&world).await, (0, 0));
}

#[tokio::test]
async fn what_an_engine_calls_intimate_is_sent_nowhere_again() {
    let world = World::new().await;
    let image = world.picture(1).await;
    let scan = begun(&world, ScanOrigin::User, None).await;
    let answer = json!({ "candidates": [], "safeSearch": { "adult": "LIKELY" } });
    let said = world
        .store
        .keep_search(&scan, image, "google-vision", &answer, clock::now());
    assert!(said.await.unwrap());
    taken(&world, &scan, 1).await.unwrap();
    let result = row(&world, &scan).await.scan.result.shown();
    assert_eq!(states(&result)[..2], ["searched", "searched"]);

    let next = begun(&world, ScanOrigin::User, None).await;
    let before = asked(&world).await;
    taken(&world, &next, 1).await.unwrap();
    let result = row(&world, &next).await.scan.result.shown();
    assert_eq!(states(&result)[..2], ["withheld", "withheld"]);
    assert_eq!(asked(&world).await, before);
}

/// She lets the engine see such pictures, and ours was surer than the engine.
#[tokio::test]
async fn what_is_known_to_be_intimate_stays_marked_as_it_is() {
    let world = World::new().await;
    let ours = Intimacy {
        model: "m@0".into(),
        score: 0.9,
    };
    let prints = Prints {
        intimate: Some(ours.clone()),
        ..Prints::default()
    };
    let image = world.picture_with(scene(1), prints).await;
    let engines = json!({ "tineye": "ALSO_INTIMATE", "google-vision": "ALSO_INTIMATE" });
    let chosen = |usual| Preferences {
        engines: serde_json::from_value(engines).unwrap(),
        ..usual
    };
    testing::choose(&world.store, world.user, chosen).await;
    for (adult, marked) in [("LIKELY", ours), ("VERY_LIKELY", vision(0.95))] {
        let scan = begun(&world, ScanOrigin::User, None).await;
        let answer = json!({ "candidates": [], "safeSearch": { "adult": adult } });
        let store = &world.store;
        let said = store.keep_search(&scan, image, "google-vision", &answer, clock::now());
        assert!(said.await.unwrap());
        taken(&world, &scan, 1).await.unwrap();
        let prints = store.prints(world.user, image).await.unwrap().unwrap();
        assert_eq!(prints.intimate, Some(marked));
    }
}

fn vision(score: f32) -> Intimacy {
    Intimacy {
        model: "google-vision@safe-search".into(),
        score,
    }
}

/// A picture whose model failed at the intake has no score.
#[tokio::test]
async fn what_nobody_has_looked_at_counts_as_intimate_until_somebody_does() {
    let world = World::new().await;
    let image = world
        .picture_with(photo("obama-2009"), Prints::default())
        .await;
    let scan = begun(&world, ScanOrigin::User, None).await;
    let mut scanner = world.scanner_with_vision();
    scanner.analyzer = ImageAnalyzer::blind();
    let body = serde_json::to_string(&message(&scan)).unwrap();
    scanner.take(&delivered(body, 1)).await.unwrap();
    let result = row(&world, &scan).await.scan.result.shown();
    assert_eq!(states(&result)[..2], ["withheld", "withheld"]);
    assert_eq!(asked(&world).await, (0, 0));

    let next = begun(&world, ScanOrigin::User, None).await;
    taken(&world, &next, 1).await.unwrap();
    let result = row(&world, &next).await.scan.result.shown();
    assert_eq!(states(&result)[..2], ["searched", "searched"]);
    let prints = world.store.prints(world.user, image).await.unwrap();
    assert!(prints.unwrap().intimacy().is_some_and(|it| it < 0.7));
}

#[tokio::test]
async fn a_scan_beyond_her_share_of_the_day_is_partial_and_goes_on_the_next_day() {
    let world = World::new().await;
    for seed in 1..=3 {
        world.picture(seed).await;
    }
    let mut scanner = world.scanner();
    let allowances = r#"{"tineye":{"perMonth":1000,"newAccountPerDay":2}}"#;
    scanner.engines.governor = Governor::new(world.store.clone(), Some(allowances)).unwrap();
    let scan = begun(&world, ScanOrigin::User, None).await;
    let body = serde_json::to_string(&message(&scan)).unwrap();
    scanner.take(&delivered(body.clone(), 1)).await.unwrap();
    let ended = row(&world, &scan).await.scan;
    assert_eq!(ended.status, ScanStatus::Completed);
    let result = ended.result.shown();
    assert_eq!(
        (&result["imagesScanned"], &result["partial"]),
        (&json!(2), &json!(true))
    );
    let tineye = &result["engines"][0];
    assert_eq!(
        (&tineye["searched"], &tineye["notSearched"]),
        (&json!(2), &json!(1))
    );
    let said = result["errors"][0].as_str().unwrap();
    assert!(
        said.ends_with("A later scan goes on with your other pictures."),
        "{said}"
    );
    // The same message once more asks nothing.
    scanner.take(&delivered(body, 1)).await.unwrap();
    assert_eq!(world.calls("tineye").await, 2);

    // The next scan, of a day with a share of its own, begins with the one that is left.
    let allowances = r#"{"tineye":{"perMonth":1000,"newAccountPerDay":3}}"#;
    scanner.engines.governor = Governor::new(world.store.clone(), Some(allowances)).unwrap();
    let next = begun(&world, ScanOrigin::User, None).await;
    let body = serde_json::to_string(&message(&next)).unwrap();
    scanner.take(&delivered(body, 1)).await.unwrap();
    let images = world.store.searchable_images(world.user).await.unwrap();
    assert!(images.iter().all(|it| it.image.scan_count > 0));
    assert_eq!(world.calls("tineye").await, 3);
}

/// The engine with the smaller budget comes to every picture in the end, though the other one searches
/// for all of them each time.
#[tokio::test]
async fn a_picture_that_a_budget_left_out_is_the_first_of_the_next_scan() {
    let world = World::new().await;
    world.picture(1).await;
    world.picture(2).await;
    let mut scanner = world.scanner_with_vision();
    let scan = begun(&world, ScanOrigin::User, None).await;
    let mut order = searched_images(&world.store, &scan).await.unwrap();
    for share in [1, 2] {
        let allowances =
            json!({ "google-vision": { "perMonth": 1000, "newAccountPerDay": share } });
        let governor = Governor::new(world.store.clone(), Some(&allowances.to_string()));
        scanner.engines.governor = governor.unwrap();
        let scan = match share {
            1 => scan.clone(),
            // What was answered before is older than this one.
            _ => started(&world).await,
        };
        let body = serde_json::to_string(&message(&scan)).unwrap();
        scanner.take(&delivered(body, 1)).await.unwrap();
        let result = row(&world, &scan).await.scan.result.shown();
        assert_eq!(result["imagesScanned"], 2);
        assert_eq!(asked(&world).await, (2 * share, share));
        order.reverse();
        assert_eq!(searched_images(&world.store, &scan).await.unwrap(), order);
        assert!(world.image(order[0]).await.awaits_budget);
        assert!(!world.image(order[1]).await.awaits_budget);
    }
    // Whoever goes on with a scan and asks for what is left notes that, too.
    let facts = (&stats::ImageScanStats::default(), false);
    let amended = world
        .store
        .amend_image(&scan, order[0], facts, clock::now());
    assert!(amended.await.unwrap());
    assert!(!world.image(order[0]).await.awaits_budget);
}

/// TinEye would learn where she is shown.
#[tokio::test]
async fn the_address_of_another_picture_passes_the_same_gate() {
    let world = World::new().await;
    world
        .plant_file(photo("obama-2009"), None, "https://forum.example/t/1")
        .await;
    let pages = reqwest::get(world.at("/_web")).await.unwrap();
    let pages: serde_json::Value = serde_json::from_str(&pages.text().await.unwrap()).unwrap();
    let shown = pages[0]["image_url"].as_str().unwrap();
    let gone = world.at("/web/gone.jpg");
    for (sending, models, picture, may) in [
        ("ORDINARY", true, shown, true),
        ("ORDINARY", false, shown, false),
        ("ORDINARY", true, gone.as_str(), false),
        ("NEVER", true, shown, false),
        ("ALSO_INTIMATE", false, gone.as_str(), true),
    ] {
        let mut scanner = world.scanner();
        if !models {
            scanner.analyzer = ImageAnalyzer::blind();
        }
        let consent = serde_json::from_value(json!({ "tineye": sending })).unwrap();
        let asked = may_be_asked_about(&scanner, &consent, picture).await;
        assert_eq!(asked, may, "{sending} {models} {picture}");
    }
}
