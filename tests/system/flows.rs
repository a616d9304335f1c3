//! Ways through the product, as the screens walk them.

use reqwest::Method;
use serde_json::{Value, json};
use vara_tests::pictures::{mine, mine_and_found};
use vara_tests::world::eventually;
use vara_tests::{Woman, World};

/// The calls of contract/API.md section 1 that the badge and the lists make.
const BADGE: &str = "/api/v1/alerts?status=NEW&limit=1";
const ACTIVE: &str = "/api/v1/scans?status=RUNNING,PENDING&limit=1";
const ENDED: &str = "/api/v1/scans?status=COMPLETED,FAILED&limit=1";
const LAST: &str = "/api/v1/scans?page=1&limit=1&status=COMPLETED";
const WEEK: &str = "/api/v1/scans?status=COMPLETED&limit=100";

/// Sign up, upload, a planted copy is found, she is told, she looks.
pub(crate) async fn upload_to_alert(world: &World) {
    let _whole = world.whole().await;
    let (mine, found) = mine_and_found();
    let page = world.plant(found).await;
    let her = world.woman().await;
    let image = her.upload(mine).await;

    let alerts = her.alerts(1).await;
    let alert = &alerts[0];
    assert_eq!(alert["type"], "IMAGE_MISUSE");
    assert_eq!(alert["severity"], "HIGH");
    assert_eq!(alert["status"], "NEW");
    assert_eq!(alert["metadata"]["sourceUrl"], page);
    assert_eq!(alert["metadata"]["imageId"], image["id"]);
    let similarity = alert["metadata"]["similarity"].as_f64().unwrap();
    assert!((0.5..=1.0).contains(&similarity), "{similarity}");
    assert!(
        alert["metadata"].get("platform").is_none(),
        "a forum is no platform: {alert}"
    );
    assert_eq!(her.get(BADGE).await.total(), 1);

    // The panel opens: the answer is the alert as it was, then it sends VIEWED itself (Q5).
    let path = format!("/api/v1/alerts/{}", alert["id"].as_str().unwrap());
    assert_eq!(her.get(&path).await.expect(200).data()["status"], "NEW");
    let viewed = her
        .patch(&format!("{path}/status"), json!({ "status": "VIEWED" }))
        .await;
    assert_eq!(viewed.expect(200).data()["status"], "VIEWED");
    assert!(viewed.data()["viewedAt"].is_string());
    assert_eq!(her.get(BADGE).await.total(), 0);

    let matches = her
        .get(&format!(
            "/api/v1/images/{}/matches",
            image["id"].as_str().unwrap()
        ))
        .await;
    assert_eq!(matches.total(), 1);
    let found = &matches.data()[0];
    assert_eq!(found["sourceUrl"], page);
    assert_eq!(found["protectedImageId"], image["id"]);
    assert_eq!(found["confidence"], "HIGH");
    assert_eq!(found["discoveryEngine"], "tineye");
    let image = her
        .get(&format!("/api/v1/images/{}", image["id"].as_str().unwrap()))
        .await;
    eventually("the picture's totals are told", async || {
        let image = image.data();
        (image["matchCount"] == 1).then_some(())
    })
    .await;
}

/// Trigger, poll while it runs, and the toast: the exact calls of the Images page and the dashboard.
pub(crate) async fn scan_as_the_screens_see_it(world: &World) {
    let _alone = world.broken().await;
    let (mine, found) = mine_and_found();
    let her = world.woman().await;
    let image = her.upload(mine).await;
    first_scan_is_over(&her, &image).await;
    assert_eq!(
        her.get(ACTIVE).await.expect(200).data()["scans"],
        json!([]),
        "her first scan is not hers to wait for"
    );
    assert_eq!(her.get(ENDED).await.data()["scans"], json!([]));
    assert_eq!(her.get(WEEK).await.data(), &json!([]));

    world.plant(found).await;
    // Healthy but slow, so that the scan is still running when it is looked at.
    world
        .fault(json!({ "engine": "tineye", "mode": "off", "delay_ms": 2000 }))
        .await;
    let body = json!({ "type": "IMAGE_SCAN", "targetId": image["id"] });
    let triggered = her.post("/api/v1/scans/trigger", body.clone()).await;
    let scan = triggered.expect(202).data();
    assert_eq!(scan["status"], "PENDING");
    assert_eq!(scan["result"]["targetId"], image["id"]);
    let active = her.get(ACTIVE).await;
    assert_eq!(
        active.data()["scans"][0]["id"],
        scan["id"],
        "the screen starts polling only if it sees the scan at once"
    );
    her.post("/api/v1/scans/trigger", body)
        .await
        .refused(409, "SCAN_ALREADY_RUNNING");
    world.repair().await;

    eventually("the list of active scans is empty", async || {
        let active = her.get(ACTIVE).await;
        (active.data()["scans"] == json!([])).then_some(())
    })
    .await;
    let ended = her.get(ENDED).await;
    let shown = &ended.data()["scans"][0];
    assert_eq!(shown["id"], scan["id"]);
    assert_eq!(shown["status"], "COMPLETED");
    assert_eq!(shown["progress"], 100);
    assert_eq!(shown["result"]["matchesFound"], 1);
    assert_eq!(shown["result"]["imagesScanned"], 1);
    assert_eq!(shown["result"]["imagesProcessed"], 1);
    assert_eq!(ended.total(), 1);
    // What the toast speaks of is there when it speaks.
    assert_eq!(her.get(BADGE).await.total(), 1);
    assert!(her.get(LAST).await.data()["scans"][0]["completedAt"].is_string());
    let week = her.get(WEEK).await;
    assert_eq!(week.data().as_array().unwrap().len(), 1);
    assert_eq!(her.get("/api/v1/images?filter=scanned").await.total(), 1);

    // The same page found again is not news.
    let again = her.scan().await;
    assert_eq!(again["result"]["matchesFound"], 0);
    assert_eq!(her.alerts(1).await.len(), 1);
    assert_eq!(
        her.get(ENDED).await.data()["scans"][0]["id"],
        again["id"],
        "the one that just ended comes first"
    );
}

/// The dashboard's first calls answer lists, not errors.
pub(crate) async fn dashboard_of_a_new_user(world: &World) {
    let her = world.woman().await;
    assert_eq!(her.get(BADGE).await.expect(200).total(), 0);
    assert_eq!(
        her.get("/api/v1/alerts?limit=5&page=1")
            .await
            .expect(200)
            .data(),
        &json!([])
    );
    let images = her.get("/api/v1/images?limit=1").await;
    assert_eq!(
        images.expect(200).json["meta"]["pagination"],
        json!({ "page": 1, "limit": 1, "total": 0, "totalPages": 0 })
    );
    assert_eq!(her.get(LAST).await.expect(200).data()["scans"], json!([]));
    assert_eq!(her.get(WEEK).await.expect(200).data(), &json!([]));
    let health = her.get("/api/v1/scans/health").await;
    assert_eq!(health.expect(200).data()["status"], "ok");
    let scan = her.scan().await;
    assert_eq!(
        (&scan["status"], &scan["result"]["imagesScanned"]),
        (&json!("COMPLETED"), &json!(0))
    );
}

/// Leaving: the answer the screen needs, no way back in, and nothing left.
pub(crate) async fn leaving(world: &World) {
    let her = world.woman().await;
    let image = her.upload(mine()).await;
    let address = image["signedUrl"].as_str().unwrap().to_owned();
    let other_device = her.sign_in().await;

    let reply = her.delete("/api/v1/users/me").await;
    assert_eq!(reply.expect(200).data(), &json!({ "deleted": true }));
    her.get("/api/v1/alerts")
        .await
        .refused(401, "AUTH_INVALID_TOKEN");
    other_device
        .get("/api/v1/users/me")
        .await
        .refused(401, "AUTH_INVALID_TOKEN");
    let refresh = json!({ "refresh_token": her.refresh });
    let refresh = world
        .call(
            Method::POST,
            "/auth/v1/token?grant_type=refresh_token",
            Some(refresh),
        )
        .await;
    assert_eq!(
        refresh.expect(400).json["error_code"],
        "refresh_token_not_found"
    );
    eventually("her picture is gone", async || {
        let reply = world.http.get(&address).send().await.unwrap();
        (reply.status() == 404).then_some(())
    })
    .await;
    // The address is free again.
    let body = json!({ "email": her.email, "password": vara_tests::world::PASSWORD });
    let back = world
        .call(Method::POST, "/auth/v1/signup", Some(body))
        .await;
    assert_ne!(back.expect(200).json["user"]["id"], Value::from(her.id));
}

pub(crate) async fn first_scan_is_over(her: &Woman<'_>, image: &Value) {
    let path = format!("/api/v1/images/{}", image["id"].as_str().unwrap());
    eventually("the first scan is over", async || {
        let reply = her.get(&path).await;
        reply.data()["lastScanned"].is_string().then_some(())
    })
    .await;
    eventually("no scan of hers is open", async || {
        let scans = her
            .get("/api/v1/scans?type=IMAGE_SCAN&status=RUNNING,PENDING&limit=1")
            .await;
        (scans.total() == 0).then_some(())
    })
    .await;
}
