//! Where scans that we start are listed, and where only hers are (QUIRKS Q40).

use super::*;

#[tokio::test]
async fn what_we_start_is_not_shown_where_the_button_looks() {
    let harness = Harness::build().await;
    let (user, token) = harness.woman("ana@example.net").await;
    let scan = Scan::pending(
        ScanId::next(),
        user,
        ScanType::ImageScan,
        None,
        clock::now(),
    );
    assert!(
        harness
            .store
            .create_scan(&scan, ScanOrigin::System)
            .await
            .unwrap()
    );
    assert_eq!(
        harness.get(ACTIVE, &token).await["data"]["scans"],
        json!([])
    );
    assert_eq!(harness.get(LAST, &token).await["data"]["scans"], json!([]));
    let by_type = harness
        .get(
            "/api/v1/scans?status=RUNNING,PENDING&limit=1&type=IMAGE_SCAN",
            &token,
        )
        .await;
    assert_eq!(by_type["data"]["scans"][0]["id"], json!(scan.id));
    assert_eq!(
        harness.get("/api/v1/scans", &token).await["data"][0]["id"],
        json!(scan.id)
    );
    assert_eq!(
        harness
            .trigger(&token, &json!({ "type": "IMAGE_SCAN" }))
            .await
            .0,
        StatusCode::ACCEPTED
    );
}

/// The dashboard tells of every scan that ended well; the toast, of hers (QUIRKS Q40).
#[tokio::test]
async fn what_we_start_is_shown_when_it_has_ended_and_after_hers() {
    let harness = Harness::build().await;
    let (user, token) = harness.woman("ana@example.net").await;
    let body = json!({ "type": "IMAGE_SCAN" });
    let hers = harness.trigger(&token, &body).await.1["data"]["id"].clone();
    harness.end(user, hers.as_str().unwrap()).await;
    let (id, now) = (ScanId::next(), clock::now());
    let scan = Scan::pending(id, user, ScanType::ImageScan, None, now);
    let created = harness.store.create_scan(&scan, ScanOrigin::System);
    assert!(created.await.unwrap());
    harness.end(user, &id.to_string()).await;

    assert_eq!(
        harness.get(ACTIVE, &token).await["data"]["scans"],
        json!([])
    );
    let ids = |list: &Value| -> Vec<Value> {
        let all = list.as_array().unwrap().iter();
        all.map(|it| it["id"].clone()).collect()
    };
    let week = harness.get(WEEK, &token).await;
    assert_eq!(ids(&week["data"]), [json!(id), hers.clone()]);
    assert_eq!(week["meta"]["pagination"]["total"], 2);
    let hero = harness.get(HERO, &token).await;
    assert_eq!(ids(&hero["data"]["scans"]), [json!(id)]);
    let last = harness.get(LAST, &token).await;
    assert_eq!(ids(&last["data"]["scans"]), std::slice::from_ref(&hers));
    assert_eq!(last["meta"]["pagination"]["total"], 2);
    let second = harness.get(&format!("{LAST}&page=2"), &token).await;
    assert_eq!(ids(&second["data"]["scans"]), [json!(id)]);
}
