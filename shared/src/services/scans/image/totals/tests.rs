//! What a scan says of itself: counts, engines, errors, when it failed.

use serde_json::{Value, json};

use super::*;
use crate::clock;
use crate::domain::{Hold, Scan, ScanId, ScanOrigin, ScanType, UserId};
use crate::store::Store;
use crate::testing::ShownResult;

fn row() -> ScanRow {
    let now = Timestamp::from_epoch_seconds(1_800_000_000).unwrap();
    let scan = Scan::pending(
        ScanId::next(),
        UserId::random(),
        ScanType::ImageScan,
        None,
        now,
    );
    ScanRow {
        origin: ScanOrigin::User,
        findings: 2,
        quiet: 1,
        ..Store::wanted(&scan.taken("w", 1, now), None)
    }
}

fn result(tally: &ImageScanTotals) -> Value {
    let now = Timestamp::from_epoch_seconds(1_800_000_002).unwrap();
    Some(tally.result(&row(), (5, false), now)).shown()
}

fn stats(engines: &[(Vendor, EngineOutcome)]) -> ImageScanStats {
    ImageScanStats {
        engines: engines.iter().copied().collect(),
        ..ImageScanStats::default()
    }
}

fn searched(engines: &[(Vendor, EngineOutcome)]) -> ImageOutcome {
    ImageOutcome::Searched(stats(engines), Vec::new())
}

#[test]
fn the_screens_find_both_names_and_what_is_open() {
    let mut tally = ImageScanTotals::new(vec![Vendor::Tineye]);
    let seen = ImageScanStats {
        high: 1,
        low: 3,
        face_verified: 2,
        ..stats(&[(Vendor::Tineye, EngineOutcome::Searched)])
    };
    tally.add(ImageId::next(), ImageOutcome::Searched(seen, Vec::new()));
    tally.add(ImageId::next(), ImageOutcome::Skipped);
    let result = result(&tally);
    assert_eq!(
        (&result["imagesScanned"], &result["imagesProcessed"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        (&result["matchesFound"], &result["newMatches"]),
        (&json!(5), &json!(2))
    );
    assert_eq!(result["alertsCreated"], 1);
    assert_eq!(
        (&result["duration"], &result["partial"]),
        (&json!(2000), &json!(false))
    );
    assert_eq!(result["details"]["matchBreakdown"]["lowConfidence"], 3);
    assert_eq!(result["details"]["faceVerifiedMatches"], 2);
    assert_eq!(result["details"]["reverseImageSearchEngine"], "tineye");
}

#[test]
fn without_an_engine_nothing_is_claimed() {
    let mut tally = ImageScanTotals::new(Vec::new());
    tally.add(
        ImageId::next(),
        ImageOutcome::Unsearched(ImageScanStats::default()),
    );
    let result = result(&tally);
    assert_eq!(
        (&result["imagesScanned"], &result["engines"][0]["state"]),
        (&json!(0), &json!("off"))
    );
    assert_eq!(result["details"]["reverseImageSearch"], false);
    assert!(!tally.all_failed());
}

#[test]
fn every_engine_says_how_it_did() {
    let mut tally = ImageScanTotals::new(Vendor::ALL.into());
    let engines = [
        (Vendor::Tineye, EngineOutcome::Searched),
        (Vendor::GoogleVision, EngineOutcome::Spent),
        (Vendor::Serpapi, EngineOutcome::Failed),
        (Vendor::Facecheck, EngineOutcome::Withheld),
    ];
    tally.add(ImageId::next(), searched(&engines));
    tally.add(
        ImageId::next(),
        searched(&[(Vendor::Serpapi, EngineOutcome::Unsuitable)]),
    );
    let mut off = ImageScanTotals::new(Vendor::ALL.into());
    off.add(
        ImageId::next(),
        searched(&[(Vendor::Tineye, EngineOutcome::Off)]),
    );
    let switched = result(&off)["engines"][0].clone();
    assert_eq!(
        (&switched["state"], &switched["notSearched"]),
        (&json!("off"), &json!(1))
    );
    let result = result(&tally);
    let states: Vec<_> = result["engines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["name"].as_str().unwrap(), it["state"].as_str().unwrap()))
        .collect();
    let want = [
        ("tineye", "searched"),
        ("google-vision", "spent"),
        ("serpapi", "partial"),
        ("facecheck", "withheld"),
    ];
    assert_eq!(states, want);
    assert_eq!(result["partial"], true);
    assert_eq!(result["errors"], json!([SPENT]));
    let names = &result["details"]["reverseImageSearchEngine"];
    assert_eq!(
        names,
        "person-discovery:tineye,google-vision,serpapi,facecheck"
    );
}

#[test]
fn what_the_limit_left_makes_it_partial_or_failed() {
    let mut tally = ImageScanTotals::new(vec![Vendor::Tineye, Vendor::Facecheck]);
    tally.leave(2);
    assert!(tally.all_failed() && tally.has_left() && !tally.has_failures());
    let message = tally.failure((false, false), true).unwrap();
    assert!(message.contains("It goes on"), "{message}");
    assert_eq!(
        tally.failure((true, false), true),
        None,
        "there is something to show"
    );
    assert!(
        tally.failure((true, true), false).is_some(),
        "nothing goes on"
    );
    let mut failed = ImageScanTotals::new(vec![Vendor::Tineye]);
    failed.fail(ImageId::next());
    assert!(
        failed.failure((true, false), true).is_some(),
        "known before"
    );
    assert_eq!(failed.failure((true, true), true), None);
    let cut = [
        (Vendor::Tineye, EngineOutcome::Searched),
        (Vendor::Facecheck, EngineOutcome::Failed),
    ];
    tally.add(ImageId::next(), searched(&cut));
    assert!(!tally.all_failed());
    let now = Timestamp::from_epoch_seconds(1_800_000_002).unwrap();
    let result = Some(tally.result(&row(), (0, true), now)).shown();
    assert_eq!(
        (&result["partial"], &result["continues"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(result["engines"][3]["state"], "failed");
}

#[test]
fn a_failed_engine_makes_it_partial_or_failed() {
    let mut tally = ImageScanTotals::new(vec![Vendor::Tineye]);
    let failed =
        |why| ImageOutcome::Searched(stats(&[(Vendor::Tineye, EngineOutcome::Failed)]), vec![why]);
    let silent = Unanswered::Failed(EngineError::Silent);
    tally.add(ImageId::next(), failed(silent));
    assert!(tally.all_failed());
    tally.add(
        ImageId::next(),
        searched(&[(Vendor::Tineye, EngineOutcome::Searched)]),
    );
    assert!(!tally.all_failed());
    let result = result(&tally);
    assert_eq!(
        (&result["partial"], &result["engines"][0]["state"]),
        (&json!(true), &json!("partial"))
    );
    assert!(result["errors"][0].as_str().unwrap().starts_with("Image "));
    let busy = EngineError::Busy {
        status: 429,
        after: Some(Duration::from_secs(60)),
    };
    tally.add(ImageId::next(), failed(Unanswered::Failed(busy)));
    assert_eq!(tally.wait(), Some(Duration::from_secs(60)));
    let until = clock::now().plus_seconds(90);
    tally.add(
        ImageId::next(),
        failed(Unanswered::Held(Hold::Resting, until)),
    );
    assert!(tally.wait() > Some(Duration::from_secs(80)));
}
