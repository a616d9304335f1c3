//! FaceCheck's client against a service that answers as it does, and as it should not. Whatever
//! happens, the picture is removed.

use serde_json::{Value, json};

use super::super::script::{Line, Script, StandIns, nonsense, ok};
use super::*;
use crate::testing::photo;

async fn service(lines: impl IntoIterator<Item = Line>) -> (FaceCheck, Script) {
    let script = Script::new(lines).await;
    (at(&script.base, "secret-key"), script)
}

fn at(base: &str, key: &str) -> FaceCheck {
    FaceCheck::new(key.into(), Some(base)).unwrap().hasty()
}

/// All that a search takes.
async fn searched(engine: &FaceCheck, picture: &Bytes) -> Result<SearchResult, EngineError> {
    let Some(upload) = engine.upload(picture).await? else {
        return Ok(SearchResult::unsuitable());
    };
    let answer = loop {
        match engine.try_poll(&upload).await {
            Ok(Poll::Done(answer)) => break Ok(answer),
            Ok(_) => {}
            Err(err) => break Err(err),
        }
    };
    engine.delete(&upload).await?;
    answer
}

async fn search(
    lines: impl IntoIterator<Item = Line>,
) -> (Result<SearchResult, EngineError>, Script) {
    let (engine, script) = service(lines).await;
    let answer = searched(&engine, &Bytes::from_static(b"the bytes")).await;
    (answer, script)
}

fn reply(more: Value) -> Value {
    let mut reply = json!({
        "id_search": "s-1", "message": null, "progress": null, "error": null, "code": null,
        "input": null, "output": null,
    });
    for (name, value) in more.as_object().unwrap() {
        reply[name] = value.clone();
    }
    reply
}

fn uploaded() -> Line {
    ok(reply(
        json!({ "message": "Uploaded", "input": [{ "id_pic": "p-1", "base64": "AAAA", "url_source": null }] }),
    ))
}

fn pending() -> Line {
    ok(reply(json!({ "message": "Searching", "progress": 20 })))
}

fn found() -> Line {
    let items = json!([
        { "guid": "g", "score": 71, "group": 2, "url": "https://b.example/2", "base64": "data:image/webp;base64,AAAA" },
        { "guid": "h", "score": 93, "group": 1, "url": "https://a.example/1", "base64": "x".repeat(100_000) },
        { "score": 69, "url": "https://c.example/3" },
        { "score": 90, "url": "javascript:alert(1)" },
        { "score": 90, "url": "https://user:pw@e.example/x" },
        { "url": "https://d.example/no-score" },
        { "score": 88.5, "url": "https://e.example/5", "image_url": "https://e.example/5.jpg" },
        7,
    ]);
    ok(reply(
        json!({ "output": { "items": items, "max_score": 93, "searchedFaces": 1 } }),
    ))
}

fn deleted() -> Line {
    ok(reply(json!({ "message": "Deleted" })))
}

const UPLOAD: &str = "POST /api/upload_pic";
const SEARCH: &str = "POST /api/search";
const DELETE: &str = "POST /api/delete_pic?id_search=s-1&id_pic=p-1";

#[tokio::test]
async fn a_search_uploads_waits_and_removes() {
    let (answer, script) = search([uploaded(), pending(), pending(), found(), deleted()]).await;
    let answer = answer.unwrap();
    let pages: Vec<_> = answer
        .candidates
        .iter()
        .map(|it| {
            (
                it.page.as_deref().unwrap(),
                it.picture.as_deref(),
                it.score.unwrap(),
                it.kind,
            )
        })
        .collect();
    assert_eq!(
        pages,
        [
            ("https://a.example/1", None, 93.0, CandidateKind::Face),
            (
                "https://e.example/5",
                Some("https://e.example/5.jpg"),
                88.5,
                CandidateKind::Face
            ),
            ("https://b.example/2", None, 71.0, CandidateKind::Face),
        ]
    );
    assert!(
        serde_json::to_string(&answer).unwrap().len() < 1000,
        "no small copies are kept"
    );
    assert_eq!(script.asked(), [UPLOAD, SEARCH, SEARCH, SEARCH, DELETE]);
    let requests = script.requests();
    assert!(requests.iter().all(|it| {
        it.to_lowercase()
            .contains("\r\nauthorization: secret-key\r\n")
    }));
    assert!(
        requests[0].contains("name=\"images\"; filename=") && requests[0].contains("the bytes")
    );
    assert!(requests[0].contains("name=\"id_search\"\r\n\r\n\r\n"));
    let body: Value = serde_json::from_str(requests[1].split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let want =
        json!({ "id_search": "s-1", "with_progress": true, "status_only": false, "demo": false });
    assert_eq!(body, want);
}

#[tokio::test]
async fn testing_mode_is_said_with_every_question() {
    let (engine, script) = service([uploaded(), found(), deleted()]).await;
    let engine = engine.in_testing_mode();
    searched(&engine, &Bytes::from_static(b"x")).await.unwrap();
    assert!(script.requests()[1].contains("\"demo\":true"));
}

#[tokio::test]
async fn done_without_a_find_is_doubted() {
    let said = |more| ok(reply(more));
    let lines = [
        uploaded(),
        said(json!({ "message": "Search Completed", "output": { "items": [] } })),
        said(json!({ "message": "Search Complete", "output": null })),
    ];
    let (engine, _script) = service(lines).await;
    let upload = engine.upload(&Bytes::from_static(b"x")).await;
    let upload = upload.unwrap().unwrap();
    for _ in 0..2 {
        assert_eq!(engine.poll(&upload).await, Ok(Poll::Doubtful));
    }
}

#[tokio::test]
async fn a_picture_without_a_face_is_no_failure() {
    let no_face = || {
        ok(reply(
            json!({ "id_search": null, "error": "No faces found in the picture", "code": "NO_FACE" }),
        ))
    };
    let (answer, script) = search([no_face()]).await;
    assert_eq!(
        (answer, script.asked().len()),
        (Ok(SearchResult::unsuitable()), 1)
    );
    let (answer, script) = search([uploaded(), no_face(), deleted()]).await;
    assert_eq!(answer, Ok(SearchResult::unsuitable()));
    assert_eq!(script.asked(), [UPLOAD, SEARCH, DELETE]);
}

#[tokio::test]
async fn every_failure_is_told_as_what_it_is() {
    let said = |error: &str| ok(reply(json!({ "error": error, "code": "CODE" })));
    let busy = |status| EngineError::Busy {
        status,
        after: None,
    };
    for (line, want) in [
        (said("Not enough credits"), EngineError::Spent),
        ((402, "", String::new()), EngineError::Spent),
        (said("Invalid API token"), EngineError::Refused(401)),
        ((401, "", String::new()), EngineError::Refused(401)),
        ((404, "", String::new()), EngineError::Rejected(404)),
        (said("Search engine is offline"), busy(500)),
        (
            (503, "retry-after: 0\r\n", String::new()),
            EngineError::Busy {
                status: 503,
                after: Some(Duration::ZERO),
            },
        ),
        (
            (200, "", "<html>".to_owned()),
            EngineError::Garbage("not the format"),
        ),
    ] {
        let (answer, script) = search([uploaded(), line, deleted()]).await;
        assert_eq!(answer, Err(want.clone()), "{want}");
        assert_eq!(script.asked(), [UPLOAD, SEARCH, DELETE], "{want}");
    }
}

#[tokio::test]
async fn a_hiccup_does_not_end_what_is_paid_for() {
    let hiccup = (503, "retry-after: 0\r\n", String::new());
    let (engine, script) = service([uploaded(), hiccup, found()]).await;
    let upload = engine.upload(&Bytes::from_static(b"x")).await;
    let upload = upload.unwrap().unwrap();
    assert!(matches!(engine.poll(&upload).await, Ok(Poll::Done(_))));
    assert_eq!(script.asked(), [UPLOAD, SEARCH, SEARCH]);
}

#[tokio::test]
async fn a_removal_is_tried_again() {
    let broken = || (500, "", String::new());
    let (answer, script) = search([uploaded(), found(), broken(), broken(), deleted()]).await;
    assert_eq!(answer.unwrap().candidates.len(), 3);
    assert_eq!(script.asked()[2..], [DELETE; 3]);
    let (answer, script) = search([uploaded(), found(), broken(), broken(), broken()]).await;
    assert!(matches!(answer, Err(EngineError::Busy { .. })));
    assert_eq!(script.asked().len(), 5);
}

#[tokio::test]
async fn without_a_name_for_the_picture_the_search_is_removed() {
    let nameless = ok(reply(json!({ "message": "Uploaded" })));
    let (_, script) = search([nameless, found(), deleted()]).await;
    assert_eq!(script.asked()[2], "POST /api/delete_pic?id_search=s-1");
}

#[tokio::test]
async fn who_was_killed_goes_on_with_what_was_kept() {
    let (engine, script) = service([uploaded(), pending(), found(), deleted()]).await;
    let upload = engine
        .upload(&Bytes::from_static(b"x"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(engine.poll(&upload).await, Ok(Poll::Pending));
    let kept = serde_json::to_string(&upload).unwrap();
    let upload: FaceCheckUpload = serde_json::from_str(&kept).unwrap();
    assert!(matches!(engine.poll(&upload).await, Ok(Poll::Done(it)) if it.candidates.len() == 3));
    engine.delete(&upload).await.unwrap();
    assert_eq!(script.asked(), [UPLOAD, SEARCH, SEARCH, DELETE]);
}

#[tokio::test]
async fn an_upload_is_never_sent_twice() {
    let silence = (0, "", String::new());
    for line in [
        (503, "retry-after: 0\r\n", String::new()),
        ok("<html>"),
        silence,
    ] {
        let (answer, script) = search([line]).await;
        assert!(answer.is_err());
        assert_eq!(script.asked(), [UPLOAD]);
    }
    for (odd, body) in nonsense(MAX_ANSWER) {
        let (answer, _) = search([ok(body)]).await;
        assert!(
            matches!(answer, Err(EngineError::Garbage(_))),
            "{odd}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn what_is_left_is_told() {
    let info = json!({ "faces": 212_417_831, "is_online": true, "has_credits_to_search": true, "remaining_credits": 12_987 });
    let (engine, script) = service([ok(info), (402, "", String::new())]).await;
    assert_eq!(engine.remaining().await, Ok(12_987));
    assert_eq!(engine.remaining().await, Err(EngineError::Spent));
    assert_eq!(script.asked(), ["POST /api/info"; 2]);
    assert!(!format!("{engine:?}").contains("secret-key"));
}

#[tokio::test]
async fn the_stand_in_is_understood_and_nothing_stays_there() {
    let world = StandIns::new().await;
    world
        .plant(photo("collins"), "https://a.example/1", "eileen")
        .await;
    world
        .plant(photo("obama-2009"), "https://b.example/2", "eileen")
        .await;
    let base = format!("{}/facecheck/", world.base);
    let engine = at(&base, "local-key");
    let hers = Bytes::from(photo("collins"));
    let answer = searched(&engine, &hers).await.unwrap();
    let pages: Vec<_> = answer
        .candidates
        .iter()
        .filter_map(|it| it.page.as_deref())
        .collect();
    assert_eq!(pages, ["https://a.example/1", "https://b.example/2"]);
    assert_eq!(engine.remaining().await, Ok(4997));
    assert_eq!(world.get("/_uploads").await, json!([]));

    world
        .post("/_bundle", json!({ "engine": "facecheck", "remaining": 0 }))
        .await;
    assert_eq!(searched(&engine, &hers).await, Err(EngineError::Spent));
    assert_eq!(world.get("/_uploads").await, json!([]));
    let testing = engine.clone().in_testing_mode();
    assert_eq!(searched(&testing, &hers).await.unwrap().candidates.len(), 2);

    let upload = testing.upload(&hers).await.unwrap().unwrap();
    world
        .post(
            "/_fault",
            json!({ "engine": "facecheck", "mode": "error", "times": 2 }),
        )
        .await;
    testing.delete(&upload).await.unwrap();
    assert_eq!(world.get("/_uploads").await, json!([]));
    let wrong = at(&base, "wrong");
    assert_eq!(
        searched(&wrong, &hers).await,
        Err(EngineError::Refused(401))
    );
}
