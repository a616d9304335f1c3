//! Her word on findings: once, remembered, and nobody else's.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use vara::clock;
use vara::domain::event::{Event, StreamName};
use vara::domain::{
    Alert, AlertAction, AlertId, AlertStatus, CanonicalUrl, Image, ImageId, ImageState, Match,
    MatchId, MatchStatus, MatchType, Page, ReviewStatus, Scan, ScanId, ScanOrigin, ScanType,
    Severity, Tier, Timestamp, UserId, finding,
};
use vara::http::App;
use vara::services::notices::alerts::Alerts;
use vara::services::notices::matches::Matches;
use vara::services::record::event_log::{Direction, EventLog};
use vara::store::WriteOutcome;
use vara::testing::{self, Cloud, TestApi};

use crate::routes::routes;

const FLAGGED: &str = "/api/v1/matches/flagged";

/// The function, with a woman who has a picture and a scan.
struct Case {
    api: TestApi,
    user: UserId,
    token: String,
    image: Image,
    scan: Scan,
    log: EventLog,
}

impl Case {
    async fn new() -> Self {
        let keys = format!("{}/kms", vara_engines::start().await.unwrap());
        let mut kept = None;
        let api = TestApi::build(routes(), |gate, store| {
            let log = EventLog::new(store.clone(), Cloud::vault_at(&keys));
            kept = Some(log.clone());
            App {
                gate,
                service: Matches::new(store, log),
            }
        })
        .await;
        let (user, token) = api.woman("ana@example.net").await;
        let image = Image {
            state: ImageState::Pending,
            ..Image::expected(ImageId::next(), user, "s".into(), clock::now())
        };
        assert!(api.store.announce_image(&image, None).await.unwrap());
        let scan = Scan::pending(
            ScanId::next(),
            user,
            ScanType::ImageScan,
            None,
            clock::now(),
        );
        assert!(
            api.store
                .create_scan(&scan, ScanOrigin::User)
                .await
                .unwrap()
        );
        Self {
            api,
            user,
            token,
            image,
            scan,
            log: kept.unwrap(),
        }
    }

    /// A finding of this tier at this address, as a scan makes it.
    fn found(&self, path: &str, tier: Tier, second: i64) -> Match {
        let url = CanonicalUrl::parse(&format!("https://forum.example/{path}")).unwrap();
        let at = Timestamp::from_epoch_seconds(1_800_000_000 + second).unwrap();
        let (status, review_status) = if tier == Tier::Low {
            (
                MatchStatus::FlaggedForReview,
                ReviewStatus::FlaggedForReview,
            )
        } else {
            (MatchStatus::New, ReviewStatus::Active)
        };
        Match {
            id: MatchId::of(self.image.id, &url),
            protected_image_id: self.image.id,
            scan_job_id: Some(self.scan.id),
            source_url: url.to_string(),
            platform: None,
            similarity: 0.2,
            match_type: MatchType::Modified,
            detected_at: at,
            status,
            first_seen_at: at,
            last_seen_at: at,
            gone_at: None,
            confidence: Some(tier),
            clip_similarity: None,
            face_verified: None,
            review_status,
            reviewed_at: None,
            reviewed_by: None,
            discovery_engine: Some("tineye".into()),
            candidate_group_id: None,
            face_similarity: None,
            discovery_score: Some(20.0),
            verification_engine: None,
            parent_candidate_id: None,
            evidence: None,
        }
    }

    async fn store(&self, found: &Match) -> WriteOutcome {
        let alert = finding::alert_of(self.user, found, None, found.detected_at);
        self.api
            .store
            .store_finding(self.user, found, Some(&alert))
            .await
            .unwrap()
    }

    async fn flag(&self, path: &str, second: i64) -> Match {
        let found = self.found(path, Tier::Low, second);
        assert_eq!(self.store(&found).await, WriteOutcome::New);
        found
    }

    async fn say(&self, id: impl std::fmt::Display, word: &str) -> (StatusCode, Value) {
        let uri = format!("/api/v1/matches/{id}/{word}");
        self.api.send(Method::POST, &uri, &self.token, "").await
    }

    async fn flagged(&self, query: &str) -> Value {
        let uri = format!("{FLAGGED}{query}");
        let (status, body) = self.api.send(Method::GET, &uri, &self.token, "").await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body
    }

    async fn kept(&self, found: &Match) -> Match {
        let kept = self.api.store.finding_by_id(self.user, found.id).await;
        kept.unwrap().unwrap()
    }

    async fn alert(&self, found: &Match) -> Option<Alert> {
        let id = AlertId::of_match(found.id);
        self.api.store.alert(self.user, id).await.unwrap()
    }

    async fn alerts(&self, status: AlertStatus) -> u64 {
        let page = Page {
            number: 1,
            limit: 1,
        };
        let found = self.api.store.alerts(self.user, &[status], page).await;
        found.unwrap().pagination.total
    }
}

#[tokio::test]
async fn what_waits_is_listed_newest_first_with_its_picture() {
    let case = Case::new().await;
    assert_eq!(case.flagged("").await["data"], json!([]));
    for second in 0..5 {
        case.flag(&format!("t/{second}"), second).await;
    }
    case.store(&case.found("sure", Tier::High, 9)).await;
    let all = case.flagged("").await;
    assert_eq!(
        all["meta"]["pagination"],
        json!({ "page": 1, "limit": 20, "total": 5, "totalPages": 1 })
    );
    let urls: Vec<_> = all["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            it["sourceUrl"]
                .as_str()
                .unwrap()
                .rsplit('/')
                .next()
                .unwrap()
        })
        .collect();
    assert_eq!(urls, ["4", "3", "2", "1", "0"]);
    let first = &all["data"][0];
    assert_eq!(
        (
            &first["status"],
            &first["reviewStatus"],
            &first["reviewedAt"]
        ),
        (
            &json!("FLAGGED_FOR_REVIEW"),
            &json!("FLAGGED_FOR_REVIEW"),
            &Value::Null
        )
    );
    assert_eq!(
        first["protectedImage"],
        json!({
            "id": case.image.id, "storageUrl": "s", "uploadedAt": case.image.uploaded_at,
            "status": "ACTIVE", "faceDetected": false,
        })
    );
    let page = case.flagged("?limit=2&page=2").await;
    assert_eq!(page["data"], json!([all["data"][2], all["data"][3]]));
    assert_eq!(case.flagged("?limit=2&page=4").await["data"], json!([]));
}

#[tokio::test]
async fn her_word_is_in_her_record_once() {
    let case = Case::new().await;
    let (one, other) = (case.flag("1", 1).await, case.flag("2", 2).await);
    TestApi::data(case.say(one.id, "confirm").await, 200);
    assert_eq!(case.say(one.id, "dismiss").await.0, StatusCode::CONFLICT);
    TestApi::data(case.say(other.id, "dismiss").await, 200);
    let stream = StreamName::parse("finding").unwrap();
    let of = (case.user, &stream);
    let page = case
        .log
        .read(of, None, Direction::Forward, 9, clock::now())
        .await;
    let told: Vec<_> = page.unwrap().events;
    let said = |it: &Event| (it.kind.to_string(), it.data["matchId"].clone());
    assert_eq!(
        told.iter().map(said).collect::<Vec<_>>(),
        [
            ("finding.confirmed".to_owned(), json!(one.id)),
            ("finding.dismissed".to_owned(), json!(other.id))
        ]
    );
    assert!(told.iter().all(|it| it.actor.via.is_some()), "by a sign-in");
}

#[tokio::test]
async fn it_is_her() {
    let case = Case::new().await;
    let (one, other) = (case.flag("1", 1).await, case.flag("2", 2).await);
    let data = TestApi::data(case.say(one.id, "confirm").await, 200);
    let found = &data["match"];
    assert_eq!(
        (
            &found["status"],
            &found["reviewStatus"],
            &found["reviewedBy"]
        ),
        (&json!("REVIEWED"), &json!("CONFIRMED"), &json!(case.user))
    );
    assert!(found["reviewedAt"].is_string());
    assert_eq!(
        found["protectedImage"],
        json!({ "id": case.image.id, "storageUrl": "s", "uploadedAt": case.image.uploaded_at, "status": "ACTIVE" })
    );
    assert_eq!(
        (
            &data["alert"]["id"],
            &data["alert"]["severity"],
            &data["alert"]["status"]
        ),
        (
            &json!(AlertId::of_match(one.id)),
            &json!("LOW"),
            &json!("NEW")
        )
    );
    let kept = case.kept(&one).await;
    assert_eq!(
        (kept.status, kept.review_status),
        (MatchStatus::Reviewed, ReviewStatus::Confirmed)
    );
    assert_eq!(
        case.alerts(AlertStatus::New).await,
        2,
        "there was one already"
    );
    let left = case.flagged("").await;
    assert_eq!(left["data"][0]["id"], json!(other.id));
    assert_eq!(left["meta"]["pagination"]["total"], 1);
    for word in ["confirm", "dismiss"] {
        TestApi::refused(&case.say(one.id, word).await, 409, "MATCH_ALREADY_REVIEWED");
    }
}

#[tokio::test]
async fn her_word_raises_an_alert_that_is_gone_and_the_severity_of_one_that_is_there() {
    let case = Case::new().await;
    let cleared = case.flag("1", 1).await;
    assert_eq!(case.api.clear_alerts(case.user).await, 1);
    let data = TestApi::data(case.say(cleared.id, "confirm").await, 200);
    assert_eq!(data["alert"]["status"], "NEW");
    assert_eq!(case.alert(&cleared).await.unwrap().severity, Severity::Low);
    assert_eq!(case.alerts(AlertStatus::New).await, 1);

    // Something graver that was not sure enough to go without her word.
    let mut grave = case.found("2", Tier::High, 2);
    grave.status = MatchStatus::FlaggedForReview;
    grave.review_status = ReviewStatus::FlaggedForReview;
    case.store(&grave).await;
    let id = AlertId::of_match(grave.id);
    let (notes, now) = (Some("told the site".to_owned()), clock::now());
    Alerts::new(case.api.store.clone(), case.log.clone())
        .act(
            &testing::caller(case.user),
            id,
            AlertAction::Report,
            notes,
            now,
        )
        .await
        .unwrap();
    let data = TestApi::data(case.say(grave.id, "confirm").await, 200);
    assert_eq!(data["alert"]["severity"], "CRITICAL");
    let alert = case.alert(&grave).await.unwrap();
    assert_eq!(
        (alert.severity, alert.status),
        (Severity::Critical, AlertStatus::Actioned),
        "what she did about it stays"
    );
    assert_eq!(alert.metadata.unwrap()["actionNotes"], "told the site");
    assert_eq!(case.alerts(AlertStatus::Actioned).await, 1);
}

#[tokio::test]
async fn it_is_not_her_and_she_hears_no_more_of_it() {
    let case = Case::new().await;
    let found = case.flag("1", 1).await;
    let data = TestApi::data(case.say(found.id, "dismiss").await, 200);
    assert_eq!(
        (&data["status"], &data["reviewStatus"], &data["reviewedBy"]),
        (&json!("DISMISSED"), &json!("DISMISSED"), &json!(case.user))
    );
    assert_eq!(data["protectedImage"]["id"], json!(case.image.id));
    assert_eq!(
        case.alert(&found).await.unwrap().status,
        AlertStatus::Dismissed
    );
    assert_eq!(case.api.clear_alerts(case.user).await, 1);

    // The next scan finds it again, surer than before.
    let mut again = case.found("1", Tier::High, 60);
    again.similarity = 0.9;
    assert_eq!(case.store(&again).await, WriteOutcome::Known);
    let kept = case.kept(&found).await;
    assert_eq!(
        (
            kept.status,
            kept.review_status,
            kept.last_seen_at,
            kept.reviewed_by
        ),
        (
            MatchStatus::Dismissed,
            ReviewStatus::Dismissed,
            again.last_seen_at,
            Some(case.user.to_string())
        )
    );
    assert_eq!(case.alert(&found).await, None);
    let left = case.flagged("").await;
    assert_eq!(
        (&left["data"], &left["meta"]["pagination"]["total"]),
        (&json!([]), &json!(0))
    );
    TestApi::refused(
        &case.say(found.id, "dismiss").await,
        409,
        "MATCH_ALREADY_REVIEWED",
    );
}

#[tokio::test]
async fn two_tabs_at_once_one_decides() {
    let case = Case::new().await;
    let found = case.flag("1", 1).await;
    let (yes, no, also) = futures_util::join!(
        case.say(found.id, "confirm"),
        case.say(found.id, "dismiss"),
        case.say(found.id, "confirm"),
    );
    let mut statuses = [yes.0, no.0, also.0].map(|it| it.as_u16());
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409]);
    let left = case.flagged("").await;
    assert_eq!(
        (&left["data"], &left["meta"]["pagination"]["total"]),
        (&json!([]), &json!(0))
    );
}

#[tokio::test]
async fn a_purged_picture_is_null_and_its_finding_waits_all_the_same() {
    let case = Case::new().await;
    let found = case.flag("1", 1).await;
    case.api
        .store
        .forget_image(&case.image, None)
        .await
        .unwrap();
    let waits = &case.flagged("").await["data"][0];
    assert_eq!(
        (&waits["id"], &waits["protectedImage"]),
        (&json!(found.id), &Value::Null)
    );
    let data = TestApi::data(case.say(found.id, "dismiss").await, 200);
    assert_eq!(data["protectedImage"], Value::Null);
}

#[tokio::test]
async fn refusals() {
    let case = Case::new().await;
    let sure = case.found("sure", Tier::High, 1);
    case.store(&sure).await;
    let flagged = case.flag("1", 2).await;
    let (_, eve) = case.api.woman("eve@example.net").await;
    for word in ["confirm", "dismiss"] {
        TestApi::refused(&case.say("no-id", word).await, 400, "VALIDATION_ERROR");
        TestApi::refused(
            &case.say(ImageId::next(), word).await,
            404,
            "MATCH_NOT_FOUND",
        );
        TestApi::refused(&case.say(sure.id, word).await, 400, "MATCH_INVALID_STATUS");
        let uri = format!("/api/v1/matches/{}/{word}", flagged.id);
        let reply = case.api.send(Method::POST, &uri, &eve, "").await;
        TestApi::refused(&reply, 404, "MATCH_NOT_FOUND");
        let reply = case.api.send(Method::POST, &uri, "null", "").await;
        TestApi::refused(&reply, 401, "AUTH_INVALID_TOKEN");
    }
    let (_, body) = case.api.send(Method::GET, FLAGGED, &eve, "").await;
    assert_eq!(body["data"], json!([]));
    for bad in ["?page=0", "?limit=101", "?limit=x"] {
        let uri = format!("{FLAGGED}{bad}");
        let reply = case.api.send(Method::GET, &uri, &case.token, "").await;
        TestApi::refused(&reply, 400, "VALIDATION_ERROR");
    }
    let reply = case.api.send(Method::GET, FLAGGED, "null", "").await;
    TestApi::refused(&reply, 401, "AUTH_INVALID_TOKEN");
    assert_eq!(case.flagged("").await["meta"]["pagination"]["total"], 1);
}
