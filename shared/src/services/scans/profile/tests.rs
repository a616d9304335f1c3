//! Both kinds of scan over a real table API and the tiny social network.

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use super::*;
use crate::clock;
use crate::comparison::ImageAnalyzer;
use crate::domain::{
    Account, AlertAction, AlertType, Linked, LinkedKind, Platform, ProfileSnapshot, Scan,
    ScanOrigin, ScanStatus, Severity,
};
use crate::engines::{Fetcher, Social};
use crate::services::scans::start::message;
use crate::store::LinkedRow;
use crate::testing::ShownResult;
use crate::testing::{PROFILES, World, delivered, photo, scene};

async fn world() -> World {
    let world = World::new().await;
    let account = Account::new(world.user, "ana@example.org", clock::now());
    assert!(world.store.provision(&account).await.unwrap());
    world
}

fn scanner(world: &World) -> ProfileScanner {
    let host = world.at("");
    ProfileScanner {
        store: world.store.clone(),
        objects: world.objects.clone(),
        queues: world.queues.clone(),
        fetcher: Fetcher::new(host.strip_prefix("http://")).unwrap(),
        social: Some(Social::new(&world.at("/social/")).unwrap()),
        queue: PROFILES.into(),
        analyzer: ImageAnalyzer::open(),
    }
}

async fn begun(world: &World, kind: ScanType) -> Scan {
    world.begun(kind, ScanOrigin::User, None).await
}

async fn take(scanner: &ProfileScanner, scan: &Scan, attempt: u32) -> Result<()> {
    let body = serde_json::to_string(&message(scan)).unwrap();
    scanner.take(&delivered(body, attempt)).await
}

async fn ended(world: &World, scanner: &ProfileScanner, kind: ScanType) -> Scan {
    let scan = begun(world, kind).await;
    take(scanner, &scan, 1).await.unwrap();
    shown(world, &scan).await
}

async fn shown(world: &World, scan: &Scan) -> Scan {
    world.row(scan.id).await.scan
}

/// Her own profile, proved.
async fn hers(world: &World, looks: &[(i64, u64)]) -> Linked {
    let now = clock::now();
    let kind = LinkedKind::Handle;
    let mut it = Linked::new(world.user, Platform::Instagram, kind, "ana.kovac", now);
    it.verified_at = Some(now);
    it.display_name = Some("Ana Kovač".into());
    let look = |&(ago, followers): &(i64, u64)| ProfileSnapshot {
        at: now.minus_seconds(ago),
        followers,
    };
    let mut row = LinkedRow::from(it.clone());
    row.looks = looks.iter().map(look).collect();
    world.store.link_up(&row).await.unwrap();
    it
}

async fn profile(world: &World, platform: &str, handle: &str, name: &str, picture: Option<String>) {
    let body = json!({ "platform": platform, "handle": handle, "name": name, "picture_url": picture, "followers": 5 });
    world.post("/_web/profiles", body).await;
}

/// Puts a picture on the tiny web; where it is.
async fn picture(world: &World, seed: u32) -> String {
    shown_at(world, scene(seed)).await
}

async fn shown_at(world: &World, jpeg: Vec<u8>) -> String {
    let form = Form::new()
        .part("image", Part::bytes(jpeg).file_name("a.jpg"))
        .text("page_url", "https://cdn.example/a");
    let sent = reqwest::Client::new()
        .post(world.at("/_web"))
        .multipart(form)
        .send()
        .await;
    let text = sent.unwrap().text().await.unwrap();
    let planted: Value = serde_json::from_str(&text).unwrap();
    planted["image_url"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn who_pretends_to_be_her_is_told_once_with_what_speaks_for_it() {
    let world = world().await;
    let image = world.picture(1).await;
    hers(&world, &[]).await;
    profile(&world, "INSTAGRAM", "ana.kovac", "Ana Kovač", None).await;
    profile(&world, "INSTAGRAM", "ana.k0vac", "Ana Kovac", None).await;
    profile(
        &world,
        "TIKTOK",
        "ana.kovac.official",
        "A",
        Some(picture(&world, 1).await),
    )
    .await;
    profile(
        &world,
        "TIKTOK",
        "anakin",
        "Anakin",
        Some(picture(&world, 7).await),
    )
    .await;
    profile(
        &world,
        "TWITTER",
        "kovacana.fan",
        "Zoe",
        Some(picture(&world, 1).await),
    )
    .await;
    let scanner = scanner(&world);
    let scan = begun(&world, ScanType::ProfileScan).await;
    take(&scanner, &scan, 1).await.unwrap();
    take(&scanner, &scan, 2).await.unwrap();

    let it = shown(&world, &scan).await;
    assert_eq!((it.status, it.progress), (ScanStatus::Completed, 100));
    let result = it.result.shown();
    assert_eq!(
        (&result["matchesFound"], &result["profilesFound"]),
        (&json!(3), &json!(3))
    );
    assert_eq!(result["profilesChecked"], 4, "hers is not looked at");
    let alerts = world.alerts().await;
    let find = |network: &str| {
        let of = |it: &&crate::domain::Alert| it.metadata.as_ref().unwrap()["platform"] == network;
        alerts.iter().find(of).unwrap()
    };
    let (written, shown, other) = (find("Instagram"), find("TikTok"), find("Twitter"));
    assert_eq!(
        (written.kind, written.severity),
        (AlertType::ProfileImpersonation, Severity::Medium)
    );
    assert_eq!(
        (shown.kind, shown.severity),
        (AlertType::ProfileImpersonation, Severity::High)
    );
    assert_eq!(other.kind, AlertType::FakeProfile);
    let evidence = &shown.metadata.as_ref().unwrap()["evidence"];
    assert_eq!(
        (&evidence["imageId"], &evidence["handle"]),
        (&json!(image), &json!("EXTENDED"))
    );

    // She says of one that it does not matter: the others are still there, and nothing is new.
    let safe = other
        .clone()
        .with_action(AlertAction::MarkSafe, None, clock::now());
    assert!(world.store.change_alert(other, &safe, None).await.unwrap());
    let again = ended(&world, &scanner, ScanType::ProfileScan).await;
    let result = again.result.shown();
    assert_eq!(
        (&result["matchesFound"], &result["newMatches"]),
        (&json!(2), &json!(0))
    );
    // She clears her alerts: nothing is told again.
    world.store.delete_alerts(world.user).await.unwrap();
    let again = ended(&world, &scanner, ScanType::ProfileScan).await;
    assert_eq!(again.result.shown()["newMatches"], 0);
    assert!(world.alerts().await.is_empty());
}

/// A part of her photo, and another photo of her: told by our own look, the second only if she agreed.
#[tokio::test]
async fn an_edited_photo_and_her_face_speak_for_it() {
    let world = world().await;
    hers(&world, &[]).await;
    let image = world.picture_of(photo("obama-2009")).await;
    let whole = vara_imaging::decode(&photo("obama-2009"), &vara_imaging::Limits::DEFAULT).unwrap();
    let part = shown_at(&world, avatar(&whole)).await;
    let other = shown_at(&world, photo("obama-2012")).await;
    profile(&world, "TIKTOK", "ana.kovac.official", "A", Some(part)).await;
    profile(&world, "TWITTER", "ana.kovac.fan", "B", Some(other)).await;
    let scanner = scanner(&world);
    let without = ended(&world, &scanner, ScanType::ProfileScan).await;
    assert_eq!(without.result.shown()["profilesFound"], 1);
    let told = world.alerts().await.remove(0);
    let facts = told.metadata.unwrap();
    assert_eq!(
        (&facts["platform"], &facts["evidence"]["picture"]),
        (&json!("TikTok"), &json!("EDITED"))
    );
    assert_eq!(facts["evidence"]["imageId"], json!(image));

    crate::testing::agree_to_faces(&world.store, world.user).await;
    let with = ended(&world, &scanner, ScanType::ProfileScan).await;
    assert_eq!(with.result.shown()["profilesFound"], 2);
    let alerts = world.alerts().await.into_iter();
    let mut facts = alerts.map(|it| it.metadata.unwrap());
    let face = facts.find(|it| it["platform"] == "Twitter").unwrap();
    assert_eq!(face["evidence"]["picture"], "SAME_PERSON");
    assert!(face["evidence"]["faceSimilarity"].as_f64().unwrap() > 0.45);
}

/// The upper middle of a picture, as somebody crops a round portrait.
fn avatar(whole: &vara_imaging::Picture) -> Vec<u8> {
    let (w, h) = (whole.width() as usize, whole.height() as usize);
    let (left, top, side) = (w / 8, h / 20, w * 3 / 4);
    let rows = whole.rgb().chunks_exact(w * 3).skip(top).take(side);
    let rgb = rows.flat_map(|row| &row[left * 3..(left + side) * 3]);
    let side = side as u32;
    let part = vara_imaging::Picture::from_rgb(side, side, rgb.copied().collect()).unwrap();
    vara_imaging::encode_jpeg(&part, 85).unwrap()
}

#[tokio::test]
async fn a_profile_she_told_us_of_is_no_strangers() {
    let world = world().await;
    hers(&world, &[]).await;
    profile(&world, "TIKTOK", "ana.kovac", "Ana Kovac", None).await;
    let kind = LinkedKind::Handle;
    let mine = Linked::new(
        world.user,
        Platform::TikTok,
        kind,
        "ana.kovac",
        clock::now(),
    );
    world.store.link_up(&mine.into()).await.unwrap();
    let it = ended(&world, &scanner(&world), ScanType::ProfileScan).await;
    assert_eq!(it.result.shown()["profilesChecked"], 0);
}

#[tokio::test]
async fn without_a_directory_or_anything_to_look_for_nothing_is_claimed() {
    let world = world().await;
    let off = ProfileScanner {
        social: None,
        ..scanner(&world)
    };
    for (scanner, kind, state) in [
        (&off, ScanType::ProfileScan, "off"),
        (&off, ScanType::BehavioralAnalysis, "off"),
        (
            &scanner(&world),
            ScanType::ProfileScan,
            "nothing-to-look-for",
        ),
        (
            &scanner(&world),
            ScanType::BehavioralAnalysis,
            "nothing-to-look-for",
        ),
    ] {
        let it = ended(&world, scanner, kind).await;
        assert_eq!(it.status, ScanStatus::Completed);
        assert_eq!(it.result.shown()["engines"][0]["state"], state);
    }
    crate::services::upkeep::switches::Switches::new(world.store.clone())
        .off("social")
        .await;
    let it = ended(&world, &scanner(&world), ScanType::ProfileScan).await;
    assert_eq!(it.result.shown()["engines"][0]["state"], "off");
    assert_eq!(world.calls("social").await, 0);
}

#[tokio::test]
async fn a_network_that_is_through_is_not_asked_again() {
    let world = world().await;
    hers(&world, &[]).await;
    profile(&world, "YOUTUBE", "ana_kovac", "Ana Kovac", None).await;
    let scanner = scanner(&world);
    let scan = begun(&world, ScanType::ProfileScan).await;
    // Two searches a network; the directory breaks in the third network and stays broken.
    let fault = json!({ "engine": "social", "mode": "error", "status": 503, "times": 2 });
    world.post("/_fault", fault).await;
    take(&scanner, &scan, 1).await.unwrap_err();
    assert_eq!(shown(&world, &scan).await.status, ScanStatus::Running);
    let asked = world.calls("social").await;
    take(&scanner, &scan, 2).await.unwrap();
    assert_eq!(
        world.calls("social").await - asked,
        2,
        "only the network that failed"
    );
    let it = shown(&world, &scan).await;
    assert_eq!(it.result.shown()["matchesFound"], 1);
    assert_eq!(world.alerts().await.len(), 1);
}

#[tokio::test]
async fn a_directory_that_stays_down_fails_the_scan_at_the_last_attempt() {
    let world = world().await;
    hers(&world, &[]).await;
    let scanner = scanner(&world);
    for kind in [ScanType::ProfileScan, ScanType::BehavioralAnalysis] {
        world
            .fault(json!({ "engine": "social", "mode": "error", "status": 403 }))
            .await;
        let scan = begun(&world, kind).await;
        take(&scanner, &scan, 1).await.unwrap_err();
        take(&scanner, &scan, 3).await.unwrap_err();
        let failed = shown(&world, &scan).await;
        assert_eq!(failed.status, ScanStatus::Failed);
        assert!(
            failed
                .error_message
                .is_some_and(|it| it.contains("not available"))
        );
        world.repair().await;
    }
}

#[tokio::test]
async fn a_surge_and_a_suspicious_follower_are_told_once() {
    let world = world().await;
    let account = hers(&world, &[(7200, 100), (3600, 110)]).await;
    let bot = json!({ "handle": "bot1", "created_at": clock::now(), "posts": 0, "followers": 0, "following": 900 });
    let person = json!({ "handle": "bea", "created_at": "2020-01-01T00:00:00.000Z", "posts": 9, "followers": 90, "following": 80, "has_picture": true });
    let body = json!({
        "platform": "INSTAGRAM", "handle": "ana.kovac", "name": "Ana K", "bio": "Hello", "followers": 200,
        "recent_followers": [bot, person],
    });
    world.post("/_web/profiles", body).await;
    let scanner = scanner(&world);
    let scan = begun(&world, ScanType::BehavioralAnalysis).await;
    take(&scanner, &scan, 1).await.unwrap();
    take(&scanner, &scan, 2).await.unwrap();
    let result = shown(&world, &scan).await.result.shown();
    assert_eq!(
        (&result["matchesFound"], &result["profilesChecked"]),
        (&json!(2), &json!(1))
    );
    let alerts = world.alerts().await;
    let kinds: Vec<_> = alerts.iter().map(|it| it.kind).collect();
    assert!(
        kinds.contains(&AlertType::BehavioralChange)
            && kinds.contains(&AlertType::SuspiciousFollower)
    );

    let stored = world
        .store
        .linked(world.user, account.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (stored.looks.len(), stored.account.followers),
        (3, Some(200))
    );
    assert_eq!(stored.account.display_name.as_deref(), Some("Ana K"));
    let again = ended(&world, &scanner, ScanType::BehavioralAnalysis).await;
    assert_eq!(
        again.result.shown()["matchesFound"],
        0,
        "nothing changed since"
    );
}

#[tokio::test]
async fn a_look_in_between_hides_no_surge() {
    let world = world().await;
    hers(&world, &[(7200, 100), (60, 200)]).await;
    profile(&world, "INSTAGRAM", "ana.kovac", "Ana", None).await;
    let body = json!({ "platform": "INSTAGRAM", "handle": "ana.kovac", "followers": 205 });
    world.post("/_web/profiles", body).await;
    let it = ended(&world, &scanner(&world), ScanType::BehavioralAnalysis).await;
    assert_eq!(it.result.shown()["matchesFound"], 1);
}
