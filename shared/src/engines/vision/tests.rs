//! Google Vision's client against a service that answers as it does, and as it should not.

use serde_json::{Value, json};

use super::super::answer::Likelihood;
use super::super::script::{Line, SHORT, Script, StandIns, nonsense, ok};
use super::*;
use crate::testing::photo;

async fn search(
    lines: impl IntoIterator<Item = Line>,
) -> (Result<SearchResult, EngineError>, Script) {
    let script = Script::new(lines).await;
    let vision = Vision::patient("secret-key".into(), Some(&script.base), SHORT).unwrap();
    let answer = vision.search(&Bytes::from_static(b"the bytes")).await;
    (answer, script)
}

/// The example of the contract.
fn good() -> Value {
    json!({ "responses": [{
        "webDetection": {
            "webEntities": [{ "entityId": "/m/0abc", "score": 0.72, "description": "Portrait" }],
            "fullMatchingImages": [{ "url": "https://cdn.example.net/a.jpg" }, { "url": "https://cdn.example.net/bare.jpg", "score": 0.9 }],
            "partialMatchingImages": [{ "url": "https://cdn.example.net/a-crop.jpg" }, { "odd": 1 }],
            "pagesWithMatchingImages": [
                { "url": "https://forum.example.net/t/42", "pageTitle": "Thread <b>42</b>",
                  "fullMatchingImages": [{ "url": "https://cdn.example.net/a.jpg" }], "partialMatchingImages": [] },
                { "url": "https://blog.example.net/1", "pageTitle": "", "partialMatchingImages": [{ "url": "https://cdn.example.net/b.jpg" }] },
                { "url": "https://blog.example.net/2" },
                { "pageTitle": "no address" },
            ],
            "visuallySimilarImages": [{ "url": "https://img.example.org/s.jpg" }, { "url": "javascript:alert(1)" }],
            "bestGuessLabels": [{ "label": "woman portrait", "languageCode": "en" }],
        },
        "safeSearchAnnotation": { "adult": "VERY_UNLIKELY", "racy": "POSSIBLE", "violence": "QUITE_NEW" },
    }] })
}

#[tokio::test]
async fn a_question_has_the_bytes_and_the_key_in_a_header_only() {
    let (_, script) = search([ok(good())]).await;
    let request = script.requests().remove(0);
    assert_eq!(script.asked(), ["POST /v1/images:annotate"]);
    assert!(request.contains("x-goog-api-key: secret-key"));
    let body = request.split("\r\n\r\n").nth(1).unwrap();
    assert!(!body.contains("secret-key"));
    let body: Value = serde_json::from_str(body).unwrap();
    let asked = &body["requests"][0];
    assert_eq!(
        asked["image"],
        json!({ "content": STANDARD.encode("the bytes") })
    );
    let features = asked["features"].as_array().unwrap();
    let types: Vec<_> = features
        .iter()
        .map(|it| it["type"].as_str().unwrap())
        .collect();
    assert_eq!(types, ["WEB_DETECTION", "SAFE_SEARCH_DETECTION"]);
}

#[tokio::test]
async fn candidates_are_pages_with_their_pictures_and_pictures_without_pages() {
    let answer = search([ok(good())]).await.0.unwrap();
    let found: Vec<_> = answer
        .candidates
        .iter()
        .map(|it| {
            (
                it.kind,
                it.page.as_deref(),
                it.picture.as_deref(),
                it.title.as_deref(),
            )
        })
        .collect();
    let at = |it: &'static str| Some(it);
    assert_eq!(
        found,
        [
            (
                CandidateKind::Full,
                at("https://forum.example.net/t/42"),
                at("https://cdn.example.net/a.jpg"),
                at("Thread 42")
            ),
            (
                CandidateKind::Full,
                None,
                at("https://cdn.example.net/bare.jpg"),
                None
            ),
            (
                CandidateKind::Partial,
                at("https://blog.example.net/1"),
                at("https://cdn.example.net/b.jpg"),
                None
            ),
            (
                CandidateKind::Partial,
                None,
                at("https://cdn.example.net/a-crop.jpg"),
                None
            ),
            (
                CandidateKind::Page,
                at("https://blog.example.net/2"),
                None,
                None
            ),
            (
                CandidateKind::Similar,
                None,
                at("https://img.example.org/s.jpg"),
                None
            ),
        ]
    );
    let safe = answer.safe_search.unwrap();
    assert_eq!(safe.adult, Likelihood::VeryUnlikely);
}

#[tokio::test]
async fn what_is_empty_is_left_out_and_is_no_trouble() {
    for body in [
        json!({ "responses": [{}] }),
        json!({ "responses": [{ "webDetection": {} }] }),
        json!({ "responses": [{ "webDetection": null, "error": null }] }),
        json!({ "responses": [{ "webDetection": { "fullMatchingImages": null } }] }),
    ] {
        let (answer, script) = search([ok(&body)]).await;
        assert_eq!(answer, Ok(SearchResult::default()), "{body}");
        assert_eq!(script.asked().len(), 1);
    }
}

#[tokio::test]
async fn an_error_inside_a_success_is_one() {
    let busy = |status| EngineError::Busy {
        status,
        after: None,
    };
    for (code, want) in [
        (7, EngineError::Refused(403)),
        (16, EngineError::Refused(401)),
        (5, EngineError::Rejected(404)),
        (8, busy(429)),
        (13, busy(500)),
        (14, busy(503)),
        (0, busy(500)),
    ] {
        let body = json!({ "responses": [{ "error": { "code": code, "message": "m" } }] });
        let (answer, script) = search([ok(&body), ok(&body)]).await;
        assert_eq!(answer, Err(want.clone()), "{code}");
        assert_eq!(
            script.asked().len(),
            1 + usize::from(want.is_brief()),
            "{code}"
        );
    }
    let whole = json!({ "error": { "code": 403, "message": "m", "status": "PERMISSION_DENIED" } });
    assert_eq!(search([ok(whole)]).await.0, Err(EngineError::Refused(403)));
}

#[tokio::test]
async fn a_picture_it_cannot_read_is_no_failure() {
    let body = json!({ "responses": [{ "error": { "code": 3, "message": "Bad image data." } }] });
    let (answer, script) = search([ok(body)]).await;
    assert_eq!(answer, Ok(SearchResult::unsuitable()));
    assert_eq!(script.asked().len(), 1);
}

#[tokio::test]
async fn what_was_found_before_an_error_counts() {
    let mut body = good();
    body["responses"][0]["error"] = json!({ "code": 14, "message": "safe search is away" });
    let answer = search([ok(body)]).await.0.unwrap();
    assert_eq!(answer.candidates.len(), 6);
}

#[tokio::test]
async fn a_refused_call_says_what_kind_it_is() {
    let error = |status: &str, reason: &str, limit: &str| {
        json!({ "error": { "code": 1, "message": "m", "status": status, "details": [
            { "@type": "type.googleapis.com/google.rpc.Help" },
            { "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com",
              "metadata": { "quota_limit": limit } },
        ] } })
        .to_string()
    };
    let bad_key = error("INVALID_ARGUMENT", "API_KEY_INVALID", "");
    let day = error(
        "RESOURCE_EXHAUSTED",
        "RATE_LIMIT_EXCEEDED",
        "RequestsPerDayPerProject",
    );
    let minute = error(
        "RESOURCE_EXHAUSTED",
        "RATE_LIMIT_EXCEEDED",
        "RequestsPerMinutePerProject",
    );
    let wait = "retry-after: 120\r\n";
    let busy = EngineError::Busy {
        status: 429,
        after: Some(Duration::from_secs(120)),
    };
    for (line, want) in [
        ((400, "", bad_key), EngineError::Refused(400)),
        (
            (400, "", error("INVALID_ARGUMENT", "", "")),
            EngineError::Rejected(400),
        ),
        ((400, "", "<html>".into()), EngineError::Rejected(400)),
        ((413, "", String::new()), EngineError::Rejected(413)),
        (
            (401, "", error("UNAUTHENTICATED", "", "")),
            EngineError::Refused(401),
        ),
        (
            (403, "", error("PERMISSION_DENIED", "BILLING_DISABLED", "")),
            EngineError::Refused(403),
        ),
        ((429, wait, minute), busy),
        ((429, wait, day), EngineError::Spent),
    ] {
        let (answer, script) = search([line]).await;
        assert_eq!(answer, Err(want));
        assert_eq!(script.asked().len(), 1);
    }
}

#[tokio::test]
async fn brief_troubles_are_tried_once_more() {
    for line in [
        (503, "retry-after: 0\r\n", String::new()),
        (200, "", "{\"responses\": <html>".into()),
        (0, "", String::new()),
    ] {
        let (answer, script) = search([line, ok(good())]).await;
        assert_eq!(
            (answer.unwrap().candidates.len(), script.asked().len()),
            (6, 2)
        );
    }
}

#[tokio::test]
async fn nonsense_and_silence_are_errors() {
    for (odd, body) in nonsense(asking::MAX_ANSWER) {
        let (answer, _) = search([ok(&body), ok(&body)]).await;
        assert!(
            matches!(answer, Err(EngineError::Garbage(_))),
            "{odd}: {answer:?}"
        );
    }
    for body in [
        json!({}),
        json!({ "responses": [] }),
        json!({ "responses": [{ "webDetection": 7 }] }),
    ] {
        let (answer, _) = search([ok(&body), ok(&body)]).await;
        assert!(matches!(answer, Err(EngineError::Garbage(_))), "{body}");
    }
    let silent = [(0, "", String::new()), (0, "", String::new())];
    assert_eq!(search(silent).await.0, Err(EngineError::Silent));
}

#[tokio::test]
async fn a_picture_that_is_too_large_is_not_sent() {
    let script = Script::new([]).await;
    let vision = Vision::new("k".into(), Some(&script.base)).unwrap();
    let large = Bytes::from(vec![0; MAX_PICTURE + 1]);
    assert_eq!(vision.search(&large).await, Ok(SearchResult::unsuitable()));
}

#[test]
fn the_key_is_not_in_what_is_printed() {
    let vision = Vision::new("secret-key".into(), None).unwrap();
    assert!(!format!("{vision:?}").contains("secret-key"));
    assert_eq!(
        vision.annotate.as_str(),
        "https://vision.googleapis.com/v1/images:annotate"
    );
    let local = Vision::new("k".into(), Some("http://127.0.0.1:4010/vision/")).unwrap();
    assert_eq!(
        local.annotate.as_str(),
        "http://127.0.0.1:4010/vision/v1/images:annotate"
    );
}

#[tokio::test]
async fn the_stand_in_is_understood() {
    let world = StandIns::new().await;
    let picture = world
        .plant(photo("collins"), "https://a.example/1", "eileen")
        .await;
    world
        .plant(photo("obama-2009"), "https://b.example/2", "eileen")
        .await;
    let base = format!("{}/vision/", world.base);
    let vision = Vision::new("local-key".into(), Some(&base)).unwrap();
    let hers = Bytes::from(photo("collins"));
    let answer = vision.search(&hers).await.unwrap();
    let [copy, similar] = &answer.candidates[..] else {
        panic!("two are found: {answer:?}");
    };
    assert_eq!(
        (copy.kind, copy.page.as_deref()),
        (CandidateKind::Full, Some("https://a.example/1"))
    );
    assert_eq!(
        (copy.picture.as_ref(), copy.title.as_deref()),
        (Some(&picture), Some("A page"))
    );
    assert_eq!(similar.kind, CandidateKind::Similar);
    assert!(answer.safe_search.is_some());
    let unreadable = vision.search(&Bytes::from_static(b"no picture")).await;
    assert_eq!(unreadable, Ok(SearchResult::unsuitable()));
    let wrong = Vision::new("wrong".into(), Some(&base)).unwrap();
    assert_eq!(wrong.search(&hers).await, Err(EngineError::Refused(400)));
    world
        .post(
            "/_fault",
            json!({ "engine": "vision", "mode": "quota", "times": 2 }),
        )
        .await;
    assert!(vision.search(&hers).await.unwrap_err().is_throttled());
}
