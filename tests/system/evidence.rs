//! Her evidence: captured, stamped, looked at, protected, packed, erased.

use serde_json::{Value, json};
use vara_evidence::{Trusted, verify_pack};
use vara_tests::pictures::mine_and_found;
use vara_tests::world::eventually;
use vara_tests::{Woman, World};

const EVIDENCE: &str = "/api/v1/evidence";

/// A finding of hers at a page that is really served, behind a redirect.
pub(crate) async fn finding(world: &World, her: &Woman<'_>) -> Value {
    let (mine, found) = mine_and_found();
    let name = uuid::Uuid::new_v4().simple();
    world
        .plant_at(found, &format!("{}/moved/{name}", world.engines))
        .await;
    let image = her.upload(mine).await;
    found_of(her, &image).await
}

/// The finding of a picture, when there is one.
async fn found_of(her: &Woman<'_>, image: &Value) -> Value {
    let path = format!("/api/v1/images/{}/matches", image["id"].as_str().unwrap());
    eventually("a picture is found", || async {
        let found = her.get(&path).await.expect(200).data()[0].clone();
        found.is_object().then_some(found)
    })
    .await
}

/// A record of a finding, when it is in one of these states.
pub(crate) async fn captured(her: &Woman<'_>, found: &Value, keep: &str) -> Value {
    let asked = json!({ "findingId": found["id"], "keep": keep, "everybodyIsAdult": true });
    let made = her.post(EVIDENCE, asked).await;
    assert_eq!(made.expect(202).data()["state"], "CAPTURING");
    let path = made.header("location").to_owned();
    eventually("a record is stamped twice", || async {
        let record = her.get(&path).await.expect(200).data().clone();
        let stamps = record["stamps"].as_array().unwrap().len();
        assert_ne!(record["state"], "FAILED", "{record}");
        (stamps == 2).then_some(record)
    })
    .await
}

async fn kinds(her: &Woman<'_>, path: &str) -> Vec<String> {
    let chain = her.get(&format!("{path}/custody")).await;
    let chain = chain.expect(200).data().as_array().unwrap().clone();
    let kinds = chain
        .iter()
        .map(|it| it["type"].as_str().unwrap().to_owned());
    kinds.collect()
}

pub(crate) async fn from_capture_to_erasure(world: &World) {
    let _whole = world.whole().await;
    let her = world.woman().await;
    let found = finding(world, &her).await;
    let refused = json!({ "findingId": found["id"], "everybodyIsAdult": false });
    her.post(EVIDENCE, refused)
        .await
        .refused(409, "NOT_FOR_MINORS");

    let record = captured(&her, &found, "BLURRED").await;
    let path = format!("{EVIDENCE}/{}", record["id"].as_str().unwrap());
    assert_eq!(record["state"], "STAMPED");
    assert_eq!(record["httpStatus"], 200);
    assert!(
        record["finalUrl"].as_str().unwrap().contains("/site/"),
        "{record}"
    );
    let roles: Vec<(&str, bool)> = record["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["role"].as_str().unwrap(), it["kept"].as_bool().unwrap()))
        .collect();
    assert_eq!(
        roles,
        [
            ("PAGE", false),
            ("HEADERS", true),
            ("IMAGE", false),
            ("BLURRED", true)
        ]
    );
    let blurred = her.get(&format!("{path}/blurred")).await;
    assert!(
        blurred.expect(200).bytes.starts_with(&[0xff, 0xd8]),
        "a JPEG"
    );
    let whole = her.post(&format!("{path}/rehash"), json!({})).await;
    assert_eq!(whole.expect(200).data()["ok"], true);
    let keys = world
        .call(reqwest::Method::GET, &format!("{EVIDENCE}/keys"), None)
        .await;
    assert_eq!(keys.expect(200).data()["keys"][0]["crv"], "P-256");

    her.post(&format!("{path}/freeze"), json!({}))
        .await
        .expect(200);
    her.delete(&path).await.refused(409, "FROZEN");
    her.post(&format!("{path}/release"), json!({}))
        .await
        .expect(200);
    assert_eq!(her.get(EVIDENCE).await.total(), 1);
    her.delete(&path).await.expect(200);
    her.get(&path).await.refused(404, "EVIDENCE_NOT_FOUND");
    assert_eq!(her.get(EVIDENCE).await.total(), 0);
    assert_eq!(
        kinds(&her, &path).await,
        [
            "evidence.requested",
            "evidence.captured",
            "evidence.stamped",
            "evidence.stamped",
            "evidence.viewed",
            "evidence.rehashed",
            "evidence.frozen",
            "evidence.released",
            "evidence.erased",
        ]
    );
    let verified = her.get("/api/v1/events/verify").await;
    assert_eq!(verified.expect(200).data()["ok"], true);
}

/// The page is gone or cannot be reached: she is told, and nothing is lost of what she has.
pub(crate) async fn a_page_that_cannot_be_captured(world: &World) {
    let _whole = world.whole().await;
    let her = world.woman().await;
    let (mine, found) = mine_and_found();
    // An address of a network of our own is never asked.
    let page = format!("http://10.0.0.1/{}", uuid::Uuid::new_v4().simple());
    world.plant_at(found, &page).await;
    let image = her.upload(mine).await;
    let found = found_of(&her, &image).await;
    let asked = json!({ "findingId": found["id"], "everybodyIsAdult": true });
    let made = her.post(EVIDENCE, asked).await;
    let path = made.expect(202).header("location").to_owned();
    let record = eventually("a capture fails", || async {
        let record = her.get(&path).await.expect(200).data().clone();
        (record["state"] == "FAILED").then_some(record)
    })
    .await;
    assert_eq!(record["failure"], "NOT_ALLOWED");
    assert_eq!(
        kinds(&her, &path).await,
        ["evidence.requested", "evidence.failed"]
    );
}

/// A pack of hers is checked by somebody who has neither Vara nor a network.
pub(crate) async fn a_pack_is_checked_without_vara(world: &World) {
    let _whole = world.whole().await;
    let her = world.woman().await;
    let found = finding(world, &her).await;
    let record = captured(&her, &found, "FULL").await;
    let path = format!("{EVIDENCE}/{}", record["id"].as_str().unwrap());
    let revealed = her.post(&format!("{path}/reveal"), json!({})).await;
    let url = revealed.expect(201).data()["url"]
        .as_str()
        .unwrap()
        .to_owned();
    let picture = world.call(reqwest::Method::GET, &url, None).await;
    assert!(
        picture
            .expect(200)
            .header("content-type")
            .starts_with("image/")
    );
    let again = world.call(reqwest::Method::GET, &url, None).await;
    again.refused(404, "FILE_NOT_FOUND");
    assert_eq!(
        kinds(&her, &path).await.last().unwrap(),
        "evidence.revealed"
    );
    let asked = json!({ "ids": [record["id"]] });
    let made = her.post(&format!("{EVIDENCE}/exports"), asked).await;
    let id = made.expect(202).data()["id"].as_str().unwrap().to_owned();
    let export = format!("{EVIDENCE}/exports/{id}");
    let ready = eventually("a pack is ready", || async {
        let export = her.get(&export).await.expect(200).data().clone();
        assert_ne!(export["state"], "FAILED");
        (export["state"] == "READY").then_some(export)
    })
    .await;
    let mut pack = Vec::new();
    for part in 1..=ready["parts"].as_u64().unwrap() {
        let part = her.get(&format!("{export}/parts/{part}")).await;
        pack.extend_from_slice(&part.expect(200).bytes);
    }
    her.get(&format!("{export}/parts/99"))
        .await
        .refused(404, "PART_NOT_FOUND");
    assert_eq!(ready["bytes"], pack.len());
    let stranger = world.woman().await;
    stranger.get(&export).await.refused(404, "EXPORT_NOT_FOUND");

    let keys = world
        .call(reqwest::Method::GET, &format!("{EVIDENCE}/keys"), None)
        .await;
    let key = keys.expect(200).data()["keys"][0]["kid"]
        .as_str()
        .unwrap()
        .to_owned();
    let trusted = Trusted {
        keys: Some(vec![key]),
        roots: None,
    };
    let report = verify_pack(&pack, &trusted).expect("a pack");
    assert!(report.ok, "{:?}", report.checks);
    assert!(report.existed_by.is_some(), "both authorities stamped it");
    for at in (0..pack.len()).step_by(1000) {
        let mut changed = pack.clone();
        changed[at] ^= 0x20;
        let report = verify_pack(&changed, &trusted);
        assert!(report.is_none_or(|it| !it.ok), "changed at {at}");
    }
    let last = kinds(&her, &path).await.pop();
    assert_eq!(last.as_deref(), Some("evidence.exported"));
    if let Ok(file) = std::env::var("SAMPLE_PACK") {
        std::fs::write(file, pack).unwrap();
    }
}
