//! Examples, one for each type that somebody will want to see. They are held to their schemas by a test.

use serde_json::{Value, json};

const USER: &str = "3f0c2f0e-6a55-4a0c-9a51-0b7a4c1de001";
const IMAGE: &str = "019a0000-0000-7000-8000-000000000002";
const SCAN: &str = "019a0000-0000-7000-8000-000000000003";
const MATCH: &str = "5d1f6f6e-0d6c-5a5e-8f55-000000000004";
const ALERT: &str = "5d1f6f6e-0d6c-5a5e-8f55-000000000005";
const PLAN: &str = "5d1f6f6e-0d6c-5a5e-8f55-000000000006";
const ITEM: &str = "5d1f6f6e-0d6c-5a5e-8f55-000000000007";
const ACCOUNT: &str = "5d1f6f6e-0d6c-5a5e-8f55-000000000008";
const THEN: &str = "2026-01-31T12:34:56.789Z";
const ADDRESS: &str = "ana@example.org";
const PAGE: &str = "https://forum.example.net/t/42";

/// An example for each of these schemas.
pub(crate) fn all() -> Vec<(&'static str, Value)> {
    let mut all = answered();
    all.extend(sent());
    all
}

fn answered() -> Vec<(&'static str, Value)> {
    vec![
        ("Profile", profile()),
        (
            "User",
            json!({ "id": USER, "email": ADDRESS, "emailVerified": true, "createdAt": THEN, "profile": profile() }),
        ),
        ("Image", image()),
        ("Match", found()),
        ("Alert", alert()),
        ("Scan", scan()),
        ("PlanItem", item()),
        (
            "Plan",
            json!({ "id": PLAN, "userId": USER, "generatedAt": THEN, "lastUpdated": THEN, "items": [item()] }),
        ),
        ("LinkedAccount", account()),
        (
            "PreferencesView",
            json!({
                "channels": { "email": true, "webhook": null }, "digest": { "every": "DAILY", "at": "09:00" },
                "quietHours": { "from": "22:00", "until": "07:00" }, "utcOffsetMinutes": 60,
                "types": { "IMAGE_MISUSE": true, "DATA_BREACH": false }, "pausedUntil": null, "updatedAt": THEN,
                "engines": { "tineye": "ORDINARY", "facecheck": "NEVER" },
                "faceRecognition": true, "faceRecognitionSince": THEN,
            }),
        ),
        (
            "ProxyLink",
            json!({ "token": "AAEC.AwQF", "url": "https://api.example.org/api/v1/proxy/images/AAEC.AwQF", "expiresAt": THEN }),
        ),
        (
            "Issue",
            json!({ "code": "custom", "message": "This is not an id.", "path": ["id"] }),
        ),
        (
            "Pagination",
            json!({ "page": 1, "limit": 20, "total": 1, "totalPages": 1 }),
        ),
        (
            "AuthError",
            json!({
                "code": "invalid_credentials", "error_code": "invalid_credentials", "weak_password": { "reasons": ["length"] },
                "message": "The e-mail address or the password is not right.", "msg": "The e-mail address or the password is not right.",
            }),
        ),
    ]
}

fn sent() -> Vec<(&'static str, Value)> {
    let password = "Correct-Horse-7";
    vec![
        ("AccountChange", json!({ "displayName": "Ana" })),
        ("AlertStatusChange", json!({ "status": "VIEWED" })),
        (
            "AlertActing",
            json!({ "action": "REPORT", "notes": "Told the site." }),
        ),
        ("PlanItemStatusChange", json!({ "status": "COMPLETED" })),
        ("ScanTrigger", json!({ "type": "IMAGE_SCAN" })),
        (
            "Answers",
            json!({ "responses": [
            { "questionId": "photo-sharing", "response": "sometimes" },
            { "questionId": "threat-concerns", "response": ["image-misuse", "deepfakes"] },
        ] }),
        ),
        ("Connect", json!({ "handle": "ana.maria" })),
        ("ProofCode", json!({ "code": "K7QM2XWP" })),
        (
            "ProxyRequest",
            json!({ "imageId": IMAGE, "ttlSeconds": 180 }),
        ),
        (
            "PreferencesChange",
            json!({ "channels": { "email": true }, "digest": { "every": "DAILY", "at": "09:00" } }),
        ),
        (
            "PreferencesPatch",
            json!({ "quietHours": { "from": "22:00", "until": "07:00" }, "pausedUntil": null }),
        ),
        (
            "SignUp",
            json!({ "email": ADDRESS, "password": password, "confirmPassword": password }),
        ),
        ("SignIn", json!({ "email": ADDRESS, "password": password })),
        (
            "AuthSignUp",
            json!({ "email": ADDRESS, "password": password }),
        ),
        (
            "AuthGrant",
            json!({ "email": ADDRESS, "password": password }),
        ),
        ("AuthRecover", json!({ "email": ADDRESS })),
        ("Forgotten", json!({ "email": ADDRESS })),
    ]
}

fn profile() -> Value {
    json!({ "id": USER, "userId": USER, "displayName": "Ana", "riskLevel": "MEDIUM", "onboardingCompleted": true, "createdAt": THEN })
}

fn image() -> Value {
    json!({
        "id": IMAGE, "userId": USER, "storageUrl": "https://api.example.org/storage/v1/object/protected-images/a/b",
        "hash": "f0e1d2c3b4a5968778695a4b3c2d1e0ff0e1d2c3b4a5968778695a4b3c2d1e0f", "uploadedAt": THEN, "lastScanned": THEN,
        "status": "ACTIVE", "archivedAt": null, "scanCount": 1, "matchCount": 1, "faceDetected": false, "faceConfidence": null,
        "faceMetadata": null, "state": "READY", "rejectedReason": null, "locationFound": true,
    })
}

fn found() -> Value {
    json!({
        "id": MATCH, "protectedImageId": IMAGE, "scanJobId": SCAN, "sourceUrl": PAGE, "platform": null, "similarity": 0.98,
        "matchType": "MODIFIED", "detectedAt": THEN, "status": "NEW", "firstSeenAt": THEN, "lastSeenAt": THEN, "goneAt": null,
        "confidence": "HIGH", "clipSimilarity": null, "faceVerified": null, "reviewStatus": "ACTIVE", "reviewedAt": null,
        "reviewedBy": null, "discoveryEngine": "tineye", "candidateGroupId": null, "faceSimilarity": null,
        "discoveryScore": 0.9, "verificationEngine": "pdq", "parentCandidateId": null,
        "evidence": {
            "relation": "EDITED", "edits": ["CROPPED", "COVERED"],
            "changes": [{ "edit": "COVERED", "region": [0.31, 0.28, 0.69, 0.38] }], "score": 0.98, "decidedBy": "HASH",
            "pdq": { "distance": 20, "turn": "none", "quality": 100 },
            "borderless": null, "overlay": null, "colours": null, "faces": null, "vector": null,
        },
    })
}

fn alert() -> Value {
    json!({
        "id": ALERT, "userId": USER, "type": "IMAGE_MISUSE", "severity": "HIGH",
        "title": "An edited copy of your photo was found on the web",
        "description": "We compared the picture on the web with one of yours: it is yours, cropped (98 % likely). When you feel ready, have a look and decide what you would like to do.",
        "metadata": { "matchId": MATCH, "imageId": IMAGE, "sourceUrl": PAGE, "similarity": 0.98, "matchType": "MODIFIED", "confidence": "HIGH" },
        "status": "NEW", "createdAt": THEN, "viewedAt": null, "actionedAt": null,
    })
}

fn scan() -> Value {
    json!({
        "id": SCAN, "userId": USER, "protectedImageId": null, "type": "IMAGE_SCAN", "status": "COMPLETED", "priority": 0,
        "progress": 100, "retryCount": 0, "workerId": "scan-1", "startedAt": THEN, "completedAt": THEN,
        "result": { "imagesScanned": 1, "matchesFound": 1, "newMatches": 1, "alertsCreated": 1, "partial": false }, "errorMessage": null, "createdAt": THEN,
    })
}

fn item() -> Value {
    json!({
        "id": ITEM, "planId": PLAN, "category": "Image Protection", "categoryCode": "IMAGE_PROTECTION", "title": "Add your photos",
        "description": "Those you share most are a good beginning.", "priority": 1, "status": "PENDING", "dueDate": null, "createdAt": THEN,
    })
}

fn account() -> Value {
    json!({
        "id": ACCOUNT, "userId": USER, "platform": "INSTAGRAM", "platformUserId": "ana.maria", "lastSynced": null, "createdAt": THEN,
        "kind": "HANDLE", "verifiedAt": null, "displayName": null, "followers": null,
    })
}
