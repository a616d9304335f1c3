//! The pictures page: sending one, scanning, putting one away.

use reqwest::Method;
use serde_json::{Value, json};
use vara::domain::{ScanId, Timestamp};
use vara_tests::World;
use vara_tests::pictures::{mine, mine_and_found};
use vara_tests::world::eventually;

use super::browser::Browser;
use super::screens::{ACTIVE, BADGE, COUNT, ENDED, LAST, RECENT, WEEK, first_scan_is_over};

const LIST: &str = "/api/v1/images?page=1&limit=50";
const TRIGGER: &str = "/api/v1/scans/trigger";

/// The upload, the list after it with the picture in an `<img>`, and a file that is none.
pub(crate) async fn upload(world: &World) {
    let _whole = world.whole().await;
    let (mut browser, _) = Browser::signed_up(world).await;
    assert_eq!(
        browser.fetch(Method::GET, LIST).await.expect(200).data(),
        &json!([])
    );
    let sent = browser.upload(mine()).await;
    let id = sent.expect(201).data()["id"].clone();
    let listed = browser.fetch(Method::GET, LIST).await;
    assert_eq!(
        listed.expect(200).data()[0]["id"],
        id,
        "it is there as soon as it was sent"
    );
    // The page reads the address from this list, once, while the picture may still be taken in (Q38).
    let tile = listed.data()[0]["signedUrl"].as_str().unwrap().to_owned();
    let shown = browser.show(&tile).await;
    assert_eq!(shown.expect(200).header("content-type"), "image/jpeg");
    assert_eq!(
        longest_side(&shown.bytes),
        512,
        "a thumbnail fills the tile"
    );
    let full = browser.open_in_a_tab(&tile).await;
    assert_eq!(longest_side(&full.expect(200).bytes), 800, "view full size");
    assert_eq!(browser.get(COUNT).await.total(), 1);

    let bad = browser.upload(b"%PDF-1.7 no picture".to_vec()).await;
    assert!(
        bad.expect(400).json["error"]["message"]
            .as_str()
            .is_some_and(|it| it.len() > 10)
    );

    // What was found of it so far divides the tabs.
    first_scan_is_over(&browser.woman(), &json!({ "id": id })).await;
    for (filter, total) in [("scanned", 1), ("not_scanned", 0), ("archived", 0)] {
        let tab = browser
            .fetch(Method::GET, &format!("{LIST}&filter={filter}"))
            .await;
        assert_eq!(tab.expect(200).total(), total, "{filter}");
    }
}

/// A phone's picture of 9.9 MB in one request, the list right after it, and the alert about a copy.
pub(crate) async fn large_upload_to_alert(world: &World) {
    let _whole = world.whole().await;
    let (mut mine, found) = mine_and_found();
    let page = world.plant(found).await;
    // As a phone appends the film of a moving picture.
    mine.resize(9_900_000, 0);
    let (mut browser, _) = Browser::signed_up(world).await;
    let sent = browser.upload(mine).await;
    let id = sent.expect(201).data()["id"].clone();
    assert_eq!(
        sent.header("access-control-allow-origin"),
        "http://localhost:3000"
    );
    let listed = browser.fetch(Method::GET, LIST).await;
    assert_eq!(listed.expect(200).data()[0]["id"], id);

    let alerts = browser.woman().alerts(1).await;
    assert_eq!(alerts[0]["metadata"]["sourceUrl"], page);
    assert_eq!(alerts[0]["metadata"]["imageId"], id);
    assert_eq!(browser.get(BADGE).await.total(), 1);
    // What was in the form beside the picture is gone with the form.
    let shown = browser.fetch(Method::GET, LIST).await;
    let shown = shown.data()[0]["signedUrl"].as_str().unwrap().to_owned();
    let shown = browser.show(&shown).await;
    assert_eq!(shown.expect(200).header("content-type"), "image/jpeg");
    assert!(shown.bytes.len() < 1_000_000, "{} bytes", shown.bytes.len());
}

/// The dashboard tells of the first scan, which we began; then trigger, poll while it runs, and the
/// toast; once more, with nothing new; and once more when she has said that it does not matter.
pub(crate) async fn scan_with_progress(world: &World) {
    let _alone = world.broken().await;
    let (mine, found) = mine_and_found();
    let (mut browser, _) = Browser::signed_up(world).await;
    let image = browser.woman().upload(mine).await;
    first_scan_is_over(&browser.woman(), &image).await;
    let scans =
        async |browser: &mut Browser<'_>, path| browser.get(path).await.data()["scans"].clone();
    assert_eq!(
        scans(&mut browser, ACTIVE).await,
        json!([]),
        "her first scan is not hers to wait for"
    );
    let first = browser.get(WEEK).await.data()[0].clone();
    assert_eq!(first["protectedImageId"], image["id"]);
    assert_eq!(scans(&mut browser, LAST).await[0]["id"], first["id"]);

    world.plant(found).await;
    // Healthy but slow, so that the scan is still running when it is looked at.
    world
        .fault(json!({ "engine": "tineye", "mode": "off", "delay_ms": 2000 }))
        .await;
    let body = json!({ "type": "IMAGE_SCAN", "targetId": image["id"] });
    let triggered = browser.api(Method::POST, TRIGGER, Some(body.clone())).await;
    let scan = triggered.expect(202).data().clone();
    assert_eq!(
        (&scan["status"], &scan["result"]["targetId"]),
        (&json!("PENDING"), &image["id"])
    );
    let active = scans(&mut browser, ACTIVE).await;
    assert_eq!(
        active[0]["id"], scan["id"],
        "the screen starts polling only if it sees the scan at once"
    );
    assert_eq!(active[0]["type"], "IMAGE_SCAN");
    let twice = browser.api(Method::POST, TRIGGER, Some(body)).await;
    twice.refused(409, "SCAN_ALREADY_RUNNING");
    world.repair().await;
    polled_until_over(&browser).await;

    let ended = browser.get(ENDED).await;
    let shown = &ended.data()["scans"][0];
    assert_eq!(
        (&shown["id"], &shown["status"]),
        (&scan["id"], &json!("COMPLETED"))
    );
    assert_eq!((&shown["progress"], ended.total()), (&json!(100), 2));
    for (name, count) in [
        ("matchesFound", 1),
        ("newMatches", 1),
        ("imagesScanned", 1),
        ("imagesProcessed", 1),
    ] {
        assert_eq!(shown["result"][name], count, "{name}");
    }
    // What the toast speaks of is there when it speaks.
    assert_eq!(browser.get(BADGE).await.total(), 1);
    assert!(scans(&mut browser, LAST).await[0]["completedAt"].is_string());
    assert_eq!(browser.get(WEEK).await.data().as_array().unwrap().len(), 2);

    // The same page found again is not news, and no reason to say that all is well.
    let toast = async |browser: &mut Browser<'_>| {
        let body = json!({ "type": "IMAGE_SCAN" });
        let again = browser.api(Method::POST, TRIGGER, Some(body)).await;
        polled_until_over(browser).await;
        let last = browser.get(ENDED).await.data()["scans"][0].clone();
        assert_eq!(
            last["id"],
            again.expect(202).data()["id"],
            "the one that just ended comes first"
        );
        assert_eq!(last["result"]["newMatches"], 0);
        last["result"]["matchesFound"].clone()
    };
    assert_eq!(toast(&mut browser).await, 1);
    assert_eq!(browser.get(BADGE).await.total(), 1);
    let alert = browser.get(RECENT).await.data()[0]["id"].clone();
    let path = format!("/api/v1/alerts/{}/status", alert.as_str().unwrap());
    browser.patch(&path, json!({ "status": "DISMISSED" })).await;
    assert_eq!(toast(&mut browser).await, 0);
}

/// "Scan complete, no issues found" beside a copy that the hidden first scan found.
pub(crate) async fn known_copy_is_counted(world: &World) {
    let _whole = world.whole().await;
    let (mine, found) = mine_and_found();
    world.plant(found).await;
    let (mut browser, _) = Browser::signed_up(world).await;
    let image = browser.woman().upload(mine).await;
    first_scan_is_over(&browser.woman(), &image).await;
    assert_eq!(browser.get(BADGE).await.total(), 1);
    let body = json!({ "type": "IMAGE_SCAN" });
    let scan = browser.api(Method::POST, TRIGGER, Some(body)).await;
    polled_until_over(&browser).await;
    let ended = browser.get(ENDED).await.data()["scans"][0].clone();
    assert_eq!(ended["id"], scan.expect(202).data()["id"]);
    let result = &ended["result"];
    assert_eq!(
        (&result["matchesFound"], &result["newMatches"]),
        (&json!(1), &json!(0)),
        "{result}"
    );
    assert_eq!(result["details"]["matchBreakdown"]["highConfidence"], 1);
}

fn longest_side(jpeg: &[u8]) -> u32 {
    let picture = image::load_from_memory(jpeg).unwrap();
    picture.width().max(picture.height())
}

async fn polled_until_over(browser: &Browser<'_>) {
    let her = browser.woman();
    eventually("the list of active scans is empty", async || {
        let active = her.get(ACTIVE).await;
        (active.expect(200).data()["scans"] == json!([])).then_some(())
    })
    .await;
}

/// An engine hangs: she has what the others found within a minute, and the hanging one is waited for
/// behind it.
pub(crate) async fn answer_within_a_minute(world: &World) {
    let _broken = world.broken().await;
    let (mine, found) = mine_and_found();
    let (mut browser, _) = Browser::signed_up(world).await;
    let image = browser.woman().upload(mine).await;
    first_scan_is_over(&browser.woman(), &image).await;
    world.plant(found).await;
    let hang = json!({ "engine": "serpapi", "mode": "timeout" });
    world.fault(hang).await;
    let body = json!({ "type": "IMAGE_SCAN" });
    let scan = browser.api(Method::POST, TRIGGER, Some(body.clone())).await;
    let scan = scan.expect(202).data().clone();
    polled_until_over(&browser).await;

    let ended = browser.get(ENDED).await.data()["scans"][0].clone();
    assert_eq!(
        (&ended["id"], &ended["status"]),
        (&scan["id"], &json!("COMPLETED")),
        "{ended}"
    );
    let at = |name: &str| Timestamp::parse(ended[name].as_str().unwrap()).unwrap();
    let took = at("completedAt").millis_since(at("createdAt"));
    assert!(took < 60_000, "{took} ms");
    let result = &ended["result"];
    for (name, value) in [
        ("matchesFound", json!(1)),
        ("imagesScanned", json!(1)),
        ("partial", json!(true)),
        ("continues", json!(true)),
    ] {
        assert_eq!(result[name], value, "{name}: {result}");
    }
    assert_eq!(browser.get(BADGE).await.total(), 1);
    // The button is free, and what goes on behind does not show.
    let active = browser.get(ACTIVE).await;
    assert_eq!(active.data()["scans"], json!([]));
    let her = browser.woman();
    let retry = format!("/api/v1/scans/{}/retry", ended["id"].as_str().unwrap());
    let refused = her.post(&retry, json!({})).await;
    refused.refused(409, "SCAN_NOT_RETRYABLE");

    world.repair().await;
    let id = ScanId::parse(ended["id"].as_str().unwrap()).unwrap();
    let last = her.ended(&ScanId::continuation_of(id).to_string()).await;
    assert_eq!(
        (&last["status"], &last["result"]["partial"]),
        (&json!("COMPLETED"), &json!(false)),
        "{last}"
    );
    assert_eq!(browser.get(BADGE).await.total(), 1);
    let shown = browser.get(ENDED).await;
    assert_eq!(
        shown.data()["scans"][0]["id"],
        ended["id"],
        "hers stays first"
    );
}

/// Put away, still shown on its tab, and gone after the second time.
pub(crate) async fn delete_image(world: &World) {
    let (mut browser, _) = Browser::signed_up(world).await;
    let image = browser.woman().upload(mine()).await;
    let path = format!("/api/v1/images/{}", image["id"].as_str().unwrap());
    let archived = format!("{LIST}&filter=archived");
    let ids = async |browser: &Browser<'_>, path: &str| -> Vec<Value> {
        let list = browser.fetch(Method::GET, path).await;
        let list = list.expect(200).data().as_array().unwrap().clone();
        list.iter().map(|it| it["id"].clone()).collect()
    };
    assert!(matches!(
        browser.fetch(Method::DELETE, &path).await.status,
        200..=299
    ));
    assert_eq!(ids(&browser, LIST).await, Vec::<Value>::new());
    assert_eq!(ids(&browser, &archived).await, [image["id"].clone()]);
    assert_eq!(browser.get(COUNT).await.total(), 0);
    assert!(matches!(
        browser.fetch(Method::DELETE, &path).await.status,
        200..=299
    ));
    assert_eq!(ids(&browser, &archived).await, Vec::<Value>::new());
    let shown = image["signedUrl"].as_str().unwrap();
    assert_eq!(browser.show(shown).await.status, 404);
    // From another tab, where the card is still there.
    let late = browser.fetch(Method::DELETE, &path).await;
    late.refused(404, "IMAGE_NOT_FOUND");
}
