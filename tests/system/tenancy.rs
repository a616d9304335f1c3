//! Who may call: nobody, a stranger, the owner.

use reqwest::Method;
use serde_json::{Value, json};
use vara_tests::pictures::mine_and_found;
use vara_tests::{Woman, World};

/// The addresses that need no token: this list is the golden one.
const OPEN: [(&str, &str); 7] = [
    ("GET", "/health"),
    ("GET", "/api/v1/health"),
    ("GET", "/ready"),
    ("GET", "/api/v1/scans/health"),
    ("GET", "/auth/v1/health"),
    ("GET", "/auth/v1/settings"),
    ("GET", "/auth/v1/.well-known/jwks.json"),
];

/// Every other address, with `ID` for somebody's thing.
const CLOSED: [(&str, &str); 29] = [
    ("GET", "/api/v1/users/me"),
    ("PATCH", "/api/v1/users/me"),
    ("DELETE", "/api/v1/users/me"),
    ("GET", "/api/v1/images"),
    ("POST", "/api/v1/images/upload"),
    ("POST", "/api/v1/images/tickets"),
    ("GET", "/api/v1/images/ID"),
    ("DELETE", "/api/v1/images/ID"),
    ("GET", "/api/v1/images/ID/matches"),
    ("GET", "/api/v1/alerts"),
    ("GET", "/api/v1/alerts/ID"),
    ("PATCH", "/api/v1/alerts/ID/status"),
    ("POST", "/api/v1/alerts/ID/action"),
    ("DELETE", "/api/v1/alerts/all"),
    ("GET", "/api/v1/scans"),
    ("POST", "/api/v1/scans/trigger"),
    ("GET", "/api/v1/scans/ID"),
    ("GET", "/api/v1/scans/ID/status"),
    ("GET", "/api/v1/onboarding/questions"),
    ("POST", "/api/v1/onboarding/responses"),
    ("GET", "/api/v1/onboarding/results"),
    ("GET", "/api/v1/protection-plan"),
    ("PATCH", "/api/v1/protection-plan/items/ID"),
    ("POST", "/api/v1/protection-plan/regenerate"),
    ("GET", "/api/v1/matches/flagged"),
    ("POST", "/api/v1/matches/ID/confirm"),
    ("POST", "/api/v1/matches/ID/dismiss"),
    ("GET", "/auth/v1/user"),
    ("PUT", "/auth/v1/user"),
];

pub(crate) async fn nobody(world: &World) {
    for (method, path) in OPEN {
        world
            .call(method.parse().unwrap(), path, None)
            .await
            .expect(200);
    }
    let ended = world.woman().await;
    ended
        .post("/auth/v1/logout?scope=global", json!({}))
        .await
        .expect(204);
    for (method, path) in CLOSED {
        let path = path.replace("ID", "0e7d5c2f-7a51-4b0b-9f1c-3a865a1f6d02");
        let method: Method = method.parse().unwrap();
        let none = world.call(method.clone(), &path, None).await;
        let bad = world
            .call_as(Some("null"), method.clone(), &path, None)
            .await;
        let revoked = ended.call(method, &path, None).await;
        if path.starts_with("/auth/") {
            assert_eq!(
                none.expect(401).json["error_code"],
                "no_authorization",
                "{path}"
            );
            assert_eq!(bad.expect(403).json["error_code"], "bad_jwt", "{path}");
            assert_eq!(
                revoked.expect(403).json["error_code"],
                "session_not_found",
                "{path}"
            );
        } else {
            none.refused(401, "AUTH_MISSING_TOKEN");
            bad.refused(401, "AUTH_INVALID_TOKEN");
            assert_eq!(
                bad.json["error"]["details"],
                json!({ "expired": false, "requiresReauth": true })
            );
            revoked.refused(401, "AUTH_INVALID_TOKEN");
        }
    }
}

pub(crate) async fn strangers(world: &World) {
    let _whole = world.whole().await;
    let (mine, found) = mine_and_found();
    world.plant(found).await;
    let (her, stranger) = (world.woman().await, world.woman().await);
    let image = her.upload(mine).await;
    let alert = her.alerts(1).await.remove(0);
    let scan = her.scan().await;

    let text = |it: &Value| it["id"].as_str().unwrap().to_owned();
    let (image, alert, scan) = (text(&image), text(&alert), text(&scan));
    not_her_plan_and_findings(&her, &stranger, &image).await;
    stranger
        .get(&format!("/api/v1/images/{image}"))
        .await
        .refused(404, "IMAGE_NOT_FOUND");
    stranger
        .get(&format!("/api/v1/images/{image}/matches"))
        .await
        .refused(404, "IMAGE_NOT_FOUND");
    stranger
        .delete(&format!("/api/v1/images/{image}"))
        .await
        .refused(404, "IMAGE_NOT_FOUND");
    let target = json!({ "type": "IMAGE_SCAN", "targetId": image });
    stranger
        .post("/api/v1/scans/trigger", target)
        .await
        .refused(404, "IMAGE_NOT_FOUND");
    stranger
        .get(&format!("/api/v1/alerts/{alert}"))
        .await
        .refused(404, "ALERT_NOT_FOUND");
    let status = json!({ "status": "DISMISSED" });
    stranger
        .patch(&format!("/api/v1/alerts/{alert}/status"), status)
        .await
        .refused(404, "ALERT_NOT_FOUND");
    let action = json!({ "action": "DISMISS" });
    stranger
        .post(&format!("/api/v1/alerts/{alert}/action"), action)
        .await
        .refused(404, "ALERT_NOT_FOUND");
    stranger
        .get(&format!("/api/v1/scans/{scan}"))
        .await
        .refused(404, "SCAN_NOT_FOUND");
    stranger
        .get(&format!("/api/v1/scans/{scan}/status"))
        .await
        .refused(404, "SCAN_NOT_FOUND");
    assert_eq!(
        stranger
            .delete("/api/v1/alerts/all")
            .await
            .expect(200)
            .data()["deleted"],
        0
    );
    for list in [
        "/api/v1/images",
        "/api/v1/alerts",
        "/api/v1/scans",
        "/api/v1/matches/flagged",
    ] {
        assert_eq!(stranger.get(list).await.total(), 0, "{list}");
    }
    // Nothing of hers was touched.
    assert_eq!(
        her.get(&format!("/api/v1/alerts/{alert}"))
            .await
            .expect(200)
            .data()["status"],
        "NEW"
    );
    assert_eq!(
        her.get(&format!("/api/v1/images/{image}"))
            .await
            .expect(200)
            .data()["status"],
        "ACTIVE"
    );
}

async fn not_her_plan_and_findings(her: &Woman<'_>, stranger: &Woman<'_>, image: &str) {
    let matches = her.get(&format!("/api/v1/images/{image}/matches")).await;
    let found = matches.expect(200).data()[0]["id"].as_str().unwrap();
    for word in ["confirm", "dismiss"] {
        stranger
            .post(&format!("/api/v1/matches/{found}/{word}"), json!({}))
            .await
            .refused(404, "MATCH_NOT_FOUND");
    }
    let plan = her.get("/api/v1/protection-plan").await;
    let item = plan.expect(200).data()["items"][0]["id"].as_str().unwrap();
    let path = format!("/api/v1/protection-plan/items/{item}");
    stranger.get("/api/v1/protection-plan").await.expect(200);
    stranger
        .patch(&path, json!({ "status": "COMPLETED" }))
        .await
        .refused(404, "ITEM_NOT_FOUND");
    assert_eq!(
        her.get("/api/v1/protection-plan").await.data(),
        plan.data(),
        "nothing of hers was touched"
    );
    let answer = json!({ "responses": [{ "questionId": "photo-sharing", "response": "never" }] });
    her.post("/api/v1/onboarding/responses", answer)
        .await
        .expect(201);
    let theirs = stranger.get("/api/v1/onboarding/results").await;
    assert_eq!(
        theirs.expect(200).data(),
        &json!({ "completed": false, "responses": [] })
    );
}
