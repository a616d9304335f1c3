//! The calls of contract/API.md section 1 that this system answers, and the shapes of section 2.

use serde_json::{Value, json};
use vara_tests::World;
use vara_tests::pictures::mine_and_found;

const ALERT: &str =
    "id userId type severity title description metadata status createdAt viewedAt actionedAt";
const IMAGE: &str = "id userId storageUrl hash uploadedAt lastScanned status archivedAt scanCount matchCount \
    faceDetected faceConfidence faceMetadata";
const SCAN: &str = "id userId protectedImageId type status priority progress retryCount workerId startedAt \
    completedAt result errorMessage createdAt";
const MATCH: &str = "id protectedImageId scanJobId sourceUrl platform similarity matchType detectedAt status \
    firstSeenAt lastSeenAt confidence clipSimilarity faceVerified reviewStatus reviewedAt reviewedBy \
    discoveryEngine candidateGroupId faceSimilarity discoveryScore verificationEngine parentCandidateId evidence";
const EVIDENCE: &str = "relation edits score decidedBy pdq borderless overlay colours faces vector";
const PROFILE: &str = "id userId displayName riskLevel onboardingCompleted createdAt";

/// Every named field is there, be it null.
#[track_caller]
fn has(it: &Value, fields: &str) {
    for field in fields.split_whitespace() {
        assert!(it.get(field).is_some(), "no {field} in {it:#}");
    }
}

/// An ISO-8601 date in UTC with milliseconds.
#[track_caller]
fn is_date(it: &Value) {
    let text = it.as_str().unwrap_or_default();
    assert!(
        text.len() == 24 && &text[10..11] == "T" && &text[19..20] == "." && text.ends_with('Z'),
        "{it}"
    );
}

pub(crate) async fn of_section_two(world: &World) {
    let _whole = world.whole().await;
    let (mine, found) = mine_and_found();
    world.plant(found).await;
    let her = world.woman().await;
    let sent = her.send(mine, "image/jpeg").await;
    has(sent.expect(201).data(), IMAGE);
    let image = her.ready(sent.data()["id"].as_str().unwrap()).await;
    her.alerts(1).await;
    let scan = her.scan().await;

    has(&image, IMAGE);
    is_date(&image["uploadedAt"]);
    let listed = her.get("/api/v1/images?page=1&limit=50").await;
    has(&listed.expect(200).data()[0], IMAGE);
    assert!(
        listed.data()[0]["signedUrl"]
            .as_str()
            .unwrap()
            .starts_with("http")
    );
    assert!(
        listed.data()[0].get("dihedral").is_none() && listed.data()[0].get("prints").is_none(),
        "fingerprints are not told"
    );

    let alerts = her.get("/api/v1/alerts?page=1&limit=50").await;
    let alert = &alerts.expect(200).data()[0];
    has(alert, ALERT);
    is_date(&alert["createdAt"]);
    assert_eq!(
        (&alert["viewedAt"], &alert["actionedAt"]),
        (&Value::Null, &Value::Null)
    );
    let kinds = [
        "IMAGE_MISUSE",
        "FAKE_PROFILE",
        "DATA_BREACH",
        "SUSPICIOUS_FOLLOWER",
        "BEHAVIORAL_CHANGE",
        "DEEPFAKE_DETECTED",
        "PROFILE_IMPERSONATION",
    ];
    assert!(
        kinds.contains(&alert["type"].as_str().unwrap()),
        "another type blanks the page (Q3)"
    );

    has(&scan, SCAN);
    is_date(&scan["completedAt"]);
    assert_eq!(
        (&scan["type"], &scan["priority"], &scan["progress"]),
        (&json!("IMAGE_SCAN"), &json!(0), &json!(100))
    );
    let result = "scannedAt imagesProcessed imagesScanned matchesFound alertsCreated duration details errors";
    has(&scan["result"], result);
    let status = her
        .get(&format!(
            "/api/v1/scans/{}/status",
            scan["id"].as_str().unwrap()
        ))
        .await;
    assert_eq!(status.expect(200).data(), &scan);

    let matches = her
        .get(&format!(
            "/api/v1/images/{}/matches",
            image["id"].as_str().unwrap()
        ))
        .await;
    has(&matches.expect(200).data()[0], MATCH);
    has(&matches.data()[0]["evidence"], EVIDENCE);
    let me = her.get("/api/v1/users/me").await;
    has(
        me.expect(200).data(),
        "id email emailVerified createdAt profile",
    );
    has(&me.data()["profile"], PROFILE);
    assert_eq!(me.data()["emailVerified"], true);
}

/// One address, two shapes: the query decides (Q1).
pub(crate) async fn of_the_scan_list(world: &World) {
    let her = world.woman().await;
    her.scan().await;
    for (query, is_list) in [
        ("status=RUNNING,PENDING&limit=1", false),
        ("status=COMPLETED,FAILED&limit=1", false),
        ("page=1&limit=1&status=COMPLETED", false),
        ("status=RUNNING&limit=10", false),
        ("status=COMPLETED&limit=100", true),
        ("status=COMPLETED", true),
        ("page=1&limit=20", true),
        ("", true),
        ("status=COMPLETED&limit=100&shape=object", false),
        ("status=RUNNING&limit=10&shape=array", true),
    ] {
        let reply = her.get(&format!("/api/v1/scans?{query}")).await;
        let data = reply.expect(200).data();
        assert_eq!(data.is_array(), is_list, "{query}");
        assert!(
            reply.json["meta"]["pagination"]["total"].is_u64(),
            "{query}"
        );
        if !is_list {
            has(data, "scans pagination");
        }
    }
    for bad in [
        "status=NOPE",
        "type=NOPE",
        "shape=round",
        "limit=0",
        "page=x",
    ] {
        her.get(&format!("/api/v1/scans?{bad}"))
            .await
            .refused(400, "VALIDATION_ERROR");
    }
    her.get("/api/v1/scans/0e7d5c2f-7a51-4b0b-9f1c-3a865a1f6d02")
        .await
        .refused(404, "SCAN_NOT_FOUND");
    for bad in [
        json!({ "type": "NOPE" }),
        json!({ "type": "IMAGE_SCAN", "targetId": "x" }),
        json!([]),
    ] {
        her.post("/api/v1/scans/trigger", bad)
            .await
            .refused(400, "VALIDATION_ERROR");
    }
}
