//! `/api/v1/alerts`.

use serde_json::json;
use vara_tests::pictures::mine_and_found;
use vara_tests::{Woman, World};

/// A user with this many alerts, all new.
async fn told(world: &World, count: usize) -> Woman<'_> {
    let (mine, found) = mine_and_found();
    for _ in 0..count {
        world.plant(found.clone()).await;
    }
    let her = world.woman().await;
    her.upload(mine).await;
    her.alerts(count).await;
    her
}

pub(crate) async fn pages_and_filters(world: &World) {
    let _whole = world.whole().await;
    let her = told(world, 5).await;
    let mut seen = Vec::new();
    for page in 1..=3 {
        let reply = her
            .get(&format!("/api/v1/alerts?limit=2&page={page}"))
            .await;
        let expected = json!({ "page": page, "limit": 2, "total": 5, "totalPages": 3 });
        assert_eq!(reply.json["meta"]["pagination"], expected);
        seen.extend(reply.data().as_array().unwrap().clone());
    }
    assert_eq!(seen.len(), 5);
    assert!(
        seen.windows(2)
            .all(|it| it[0]["createdAt"].as_str() >= it[1]["createdAt"].as_str()),
        "newest first"
    );
    assert_eq!(
        her.get("/api/v1/alerts?limit=2&page=4").await.data(),
        &json!([])
    );

    let newest = seen[0]["id"].as_str().unwrap();
    her.patch(
        &format!("/api/v1/alerts/{newest}/status"),
        json!({ "status": "DISMISSED" }),
    )
    .await
    .expect(200);
    let second = seen[1]["id"].as_str().unwrap();
    her.patch(
        &format!("/api/v1/alerts/{second}/status"),
        json!({ "status": "VIEWED" }),
    )
    .await
    .expect(200);
    let all = her.get("/api/v1/alerts?page=1&limit=50").await;
    let order: Vec<_> = all
        .data()
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["status"].as_str().unwrap())
        .collect();
    assert_eq!(order, ["NEW", "NEW", "NEW", "VIEWED", "DISMISSED"]);
    for (filter, total) in [
        ("NEW", 3),
        ("VIEWED", 1),
        ("ACTIONED", 0),
        ("DISMISSED", 1),
        ("NEW,DISMISSED", 4),
    ] {
        assert_eq!(
            her.get(&format!("/api/v1/alerts?status={filter}&limit=1"))
                .await
                .total(),
            total,
            "{filter}"
        );
    }
}

pub(crate) async fn actions(world: &World) {
    let _whole = world.whole().await;
    let her = told(world, 1).await;
    let id = her.alerts(1).await[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/alerts/{id}/action");
    let done = her
        .post(
            &path,
            json!({ "action": "REPORT", "notes": "told the site" }),
        )
        .await;
    let done = done.expect(200).data();
    assert_eq!(done["status"], "ACTIONED");
    assert_eq!(done["metadata"]["action"], "REPORT");
    assert_eq!(done["metadata"]["actionNotes"], "told the site");
    assert!(done["actionedAt"].is_string() && done["metadata"]["actionTakenAt"].is_string());
    // A late VIEWED undoes nothing (Q5).
    let late = her
        .patch(
            &format!("/api/v1/alerts/{id}/status"),
            json!({ "status": "VIEWED" }),
        )
        .await;
    assert_eq!(late.expect(200).data()["status"], "ACTIONED");
    let safe = her.post(&path, json!({ "action": "MARK_SAFE" })).await;
    assert_eq!(safe.expect(200).data()["status"], "DISMISSED");
}

pub(crate) async fn clearing(world: &World) {
    let _whole = world.whole().await;
    let her = told(world, 3).await;
    let cleared = her.delete("/api/v1/alerts/all").await;
    assert_eq!(cleared.expect(200).data()["deleted"], 3);
    let left = her.get("/api/v1/alerts").await;
    assert_eq!((left.total(), left.data()), (0, &json!([])));
    assert_eq!(
        her.delete("/api/v1/alerts/all").await.expect(200).data()["deleted"],
        0
    );
    let restored = her.post("/api/v1/alerts/all/restore", json!({})).await;
    assert_eq!(restored.expect(200).data()["restored"], 3);
    assert_eq!(her.get("/api/v1/alerts").await.total(), 3);
}
