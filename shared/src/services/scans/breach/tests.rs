//! The checker over a real table API and the stand-in, told twice and interrupted.

use serde_json::json;

use super::*;
use crate::domain::{
    Account, Alert, AlertStatus, AlertType, Linked, Platform, Scan, ScanId, ScanOrigin, ScanStatus,
    ScanType, UserId,
};
use crate::services::scans::start::message;
use crate::services::search::governor::Governor;
use crate::store::LinkedRow;
use crate::testing::ShownResult;
use crate::testing::{BREACHES, World, delivered};

const HERS: &str = "ana@example.org";

async fn world() -> World {
    signed_up(Some(clock::now())).await
}

/// A woman who proved her address then, or has not yet.
async fn signed_up(proved_at: Option<Timestamp>) -> World {
    let world = World::new().await;
    let mut account = Account::new(world.user, HERS, clock::now());
    account.proved_at = proved_at;
    assert!(world.store.provision(&account).await.unwrap());
    world
}

fn checker(world: &World, key: Option<&str>) -> BreachChecker {
    let base = world.at("/hibp/api/v3/");
    BreachChecker {
        store: world.store.clone(),
        queues: world.queues.clone(),
        governor: Governor::new(world.store.clone(), None).unwrap(),
        hibp: key.map(|it| Hibp::new(it.into(), Some(&base)).unwrap()),
        queue: BREACHES.into(),
    }
}

async fn breach(world: &World, email: &str, name: &str) {
    let breach = json!({ "Name": name, "Title": name, "DataClasses": ["Passwords"] });
    let body = json!({ "email": email, "breach": breach });
    world.post("/_web/breaches", body).await;
}

/// A check she started a while ago.
async fn begun(world: &World) -> Scan {
    world
        .begun(ScanType::BreachCheck, ScanOrigin::User, None)
        .await
}

async fn take(checker: &BreachChecker, scan: &Scan, attempt: u32) -> Result<()> {
    let body = serde_json::to_string(&message(scan)).unwrap();
    checker.take(&delivered(body, attempt)).await
}

async fn shown(world: &World, scan: &Scan) -> Scan {
    world.row(scan.id).await.scan
}

async fn link(world: &World, address: &str, proved: bool) {
    let now = clock::now();
    let mut it = Linked::new(world.user, Platform::Other, LinkedKind::Email, address, now);
    it.verified_at = proved.then_some(now);
    world.store.link_up(&LinkedRow::from(it)).await.unwrap();
}

#[tokio::test]
async fn each_breach_is_told_once_however_often_it_is_looked_for() {
    let world = world().await;
    breach(&world, HERS, "Shop").await;
    breach(&world, HERS, "Forum").await;
    let unverified = json!({ "email": HERS, "breach": { "Name": "Rumour", "IsVerified": false } });
    world.post("/_web/breaches", unverified).await;
    let checker = checker(&world, Some("local-key"));
    let scan = begun(&world).await;
    take(&checker, &scan, 1).await.unwrap();
    take(&checker, &scan, 2).await.unwrap();

    let ended = shown(&world, &scan).await;
    assert_eq!((ended.status, ended.progress), (ScanStatus::Completed, 100));
    let result = ended.result.shown();
    assert_eq!(
        (&result["breachesFound"], &result["matchesFound"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(result["email"], "a***@example.org");
    assert_eq!(result["breaches"][0]["dataTypes"], json!(["Passwords"]));
    assert_eq!(result["engines"][0]["state"], "searched");
    let alerts = world.alerts().await;
    assert_eq!(alerts.len(), 2);
    assert_eq!(alerts[0].kind, AlertType::DataBreach);

    // She clears them; what is known stays known, and only what is new is told.
    world.store.delete_alerts(world.user).await.unwrap();
    breach(&world, HERS, "Bank").await;
    let again = begun(&world).await;
    take(&checker, &again, 1).await.unwrap();
    assert_eq!(counts(&world, &again).await, [3, 3, 1]);
    assert_eq!(world.alerts().await.len(), 1);

    // What she dismissed is not open any more.
    let before = world.alerts().await.remove(0);
    let dismissed = Alert {
        status: AlertStatus::Dismissed,
        ..before.clone()
    };
    let changed = world.store.change_alert(&before, &dismissed, None);
    assert!(changed.await.unwrap());
    let last = begun(&world).await;
    take(&checker, &last, 1).await.unwrap();
    assert_eq!(counts(&world, &last).await, [3, 2, 0]);
}

/// What is known, what is open, and what is new.
async fn counts(world: &World, scan: &Scan) -> [u64; 3] {
    let result = shown(world, scan).await.result.shown();
    ["breachesFound", "matchesFound", "newMatches"].map(|it| result[it].as_u64().unwrap())
}

#[tokio::test]
async fn her_proved_addresses_are_checked_and_nobody_elses() {
    let world = world().await;
    for (address, proved) in [("work@example.org", true), ("eve@example.org", false)] {
        link(&world, address, proved).await;
        breach(&world, address, "Shop").await;
    }
    let scan = begun(&world).await;
    take(&checker(&world, Some("k")), &scan, 1).await.unwrap();
    let result = shown(&world, &scan).await.result.shown();
    let looked_at: Vec<_> = result["addresses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["email"])
        .collect();
    assert_eq!(looked_at, ["a***@example.org", "w***@example.org"]);
    assert_eq!(world.alerts().await.len(), 1);
    let told = serde_json::to_string(&world.alerts().await).unwrap();
    assert!(!told.contains("work@"), "{told}");
}

#[tokio::test]
async fn an_address_that_nobody_proved_is_not_checked() {
    let world = signed_up(None).await;
    link(&world, "work@example.org", true).await;
    for address in [HERS, "work@example.org"] {
        breach(&world, address, "Shop").await;
    }
    let scan = begun(&world).await;
    take(&checker(&world, Some("k")), &scan, 1).await.unwrap();
    let result = shown(&world, &scan).await.result.shown();
    assert_eq!(result["breachesFound"], 1);
    let (checked, left_out) = (&result["addresses"][0], &result["addresses"][1]);
    assert_eq!(
        (&checked["email"], &checked["notChecked"]),
        (&json!("w***@example.org"), &json!(false))
    );
    assert_eq!(
        (&left_out["email"], &left_out["notChecked"]),
        (&json!("a***@example.org"), &json!(true))
    );
    assert!(left_out["reason"].as_str().unwrap().contains("link"));
    // What the plan includes, and the one address.
    assert_eq!(world.calls("hibp").await, 2);
    // Proved as a further address of hers, it is checked as one.
    link(&world, HERS, true).await;
    let again = begun(&world).await;
    take(&checker(&world, Some("k")), &again, 1).await.unwrap();
    let result = shown(&world, &again).await.result.shown();
    assert_eq!(result["addresses"].as_array().unwrap().len(), 2);
    assert_eq!(result["breachesFound"], 2);
}

#[tokio::test]
async fn without_a_key_nothing_is_claimed() {
    let world = world().await;
    breach(&world, HERS, "Shop").await;
    let scan = begun(&world).await;
    take(&checker(&world, None), &scan, 1).await.unwrap();
    nothing_is_claimed(&world, &scan).await;
}

#[tokio::test]
async fn switched_off_nothing_is_asked_and_nothing_claimed() {
    let world = world().await;
    breach(&world, HERS, "Shop").await;
    crate::services::upkeep::switches::Switches::new(world.store.clone())
        .off("hibp")
        .await;
    let scan = begun(&world).await;
    let checker = checker(&world, Some("local-key"));
    take(&checker, &scan, 1).await.unwrap();
    nothing_is_claimed(&world, &scan).await;
    assert_eq!(world.calls("hibp").await, 0);
}

async fn nothing_is_claimed(world: &World, scan: &Scan) {
    let ended = shown(world, scan).await;
    assert_eq!(ended.status, ScanStatus::Completed);
    let result = ended.result.shown();
    assert_eq!(
        (&result["engines"][0]["state"], &result["breachesFound"]),
        (&json!("off"), &json!(0))
    );
    assert!(world.alerts().await.is_empty());
}

#[tokio::test]
async fn trouble_is_waited_for_and_fails_the_check_only_at_the_last() {
    let world = world().await;
    let checker = checker(&world, Some("local-key"));
    world
        .fault(json!({ "engine": "hibp", "mode": "quota" }))
        .await;
    let scan = begun(&world).await;
    take(&checker, &scan, 1).await.unwrap_err();
    let delay = world.cloud.told("ChangeMessageVisibility").pop().unwrap();
    assert_eq!(delay["QueueUrl"], BREACHES);
    assert!(delay["VisibilityTimeout"].as_i64().unwrap() >= 6, "{delay}");
    assert_eq!(shown(&world, &scan).await.status, ScanStatus::Running);
    take(&checker, &scan, 3).await.unwrap_err();
    let failed = shown(&world, &scan).await;
    assert_eq!(failed.status, ScanStatus::Failed);
    assert!(
        failed
            .error_message
            .is_some_and(|it| it.contains("breach service"))
    );
    // Sent back from the dead letters, it comes to its end.
    world.repair().await;
    take(&checker, &scan, 1).await.unwrap();
    assert_eq!(shown(&world, &scan).await.status, ScanStatus::Completed);
}

#[tokio::test]
async fn what_was_asked_is_not_asked_again() {
    let world = world().await;
    link(&world, "work@example.org", true).await;
    breach(&world, HERS, "Shop").await;
    let checker = checker(&world, Some("local-key"));
    let scan = begun(&world).await;
    // The plan, her own address; then it breaks, and the second address is not answered.
    let Claimed(row) = claim(&world, &scan).await;
    let hibp = checker.hibp.clone().unwrap();
    checker.ask(&row, &hibp, HERS).await.unwrap().unwrap();
    world.store.leave_scan(&row, 0, clock::now()).await.unwrap();
    let before = world.calls("hibp").await;
    take(&checker, &scan, 2).await.unwrap();
    assert_eq!(
        world.calls("hibp").await - before,
        1,
        "only the other address"
    );
    assert_eq!(world.alerts().await.len(), 1);
}

struct Claimed(ScanRow);

async fn claim(world: &World, scan: &Scan) -> Claimed {
    let row = world
        .store
        .scan(world.user, scan.id)
        .await
        .unwrap()
        .unwrap();
    match world
        .store
        .claim_scan(&row, "w", 1, clock::now())
        .await
        .unwrap()
    {
        crate::store::ScanClaim::Got(row) => Claimed(*row),
        crate::store::ScanClaim::Busy(_) => panic!("the scan is free"),
    }
}

#[tokio::test]
async fn a_check_of_somebody_who_left_ends_quietly() {
    let world = World::new().await;
    let checker = checker(&world, Some("local-key"));
    let gone = Scan::pending(
        ScanId::next(),
        UserId::random(),
        ScanType::BreachCheck,
        None,
        clock::now(),
    );
    take(&checker, &gone, 1).await.unwrap();
    assert_eq!(world.calls("hibp").await, 0);
}
