//! FaceCheck's client against a service that answers as it does, and as it should not. Whatever
//! happens, the picture is removed.

#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::super::script::{Line, Script, StandIns, nonsense, ok, photo};
use super::*;

const QUICK: Patience = Patience {
    answer: Duration::from_secs(20),
    pause: Duration::from_millis(1),
    total: Duration::from_secs(20),
};

async fn service(lines: impl IntoIterator<Item = Line>) -> (FaceCheck, Script) {
    let script = Script::new(lines).await;
    let engine = FaceCheck::patient("secret-key".into(), Some(&script.base), QUICK).unwrap();
    (engine, script)
}

async fn search(lines: impl IntoIterator<Item = Line>) -> (Result<Answer, EngineError>, Script) {
    let (engine, script) = service(lines).await;
    let answer = engine.search(&Bytes::from_static(b"the bytes")).await;
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

fn nothing() -> Line {
    ok(reply(
        json!({ "message": "Search Completed", "output": { "items": [] } }),
    ))
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
            ("https://a.example/1", None, 93.0, Kind::Face),
            (
                "https://e.example/5",
                Some("https://e.example/5.jpg"),
                88.5,
                Kind::Face
            ),
            ("https://b.example/2", None, 71.0, Kind::Face),
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
    engine.search(&Bytes::from_static(b"x")).await.unwrap();
    assert!(script.requests()[1].contains("\"demo\":true"));
}

#[tokio::test]
async fn done_without_a_find_is_doubted_and_then_believed() {
    let mut lines = vec![uploaded()];
    lines.extend((0..=DOUBTS).map(|_| nothing()));
    lines.push(deleted());
    let (answer, script) = search(lines).await;
    assert_eq!(answer, Ok(Answer::default()));
    assert_eq!(
        script.asked().iter().filter(|it| *it == SEARCH).count(),
        1 + DOUBTS as usize
    );
    assert_eq!(script.asked().last().unwrap(), DELETE);

    let completed = || {
        ok(reply(
            json!({ "message": "Search Complete", "output": null }),
        ))
    };
    let (answer, _) = search([uploaded(), completed(), nothing(), found(), deleted()]).await;
    assert_eq!(answer.unwrap().candidates.len(), 3);
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
        (Ok(Answer::unsuitable()), 1)
    );
    let (answer, script) = search([uploaded(), no_face(), deleted()]).await;
    assert_eq!(answer, Ok(Answer::unsuitable()));
    assert_eq!(script.asked(), [UPLOAD, SEARCH, DELETE]);
}

#[tokio::test]
async fn the_picture_is_removed_after_every_failure() {
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
    ] {
        let (answer, script) = search([uploaded(), line, deleted()]).await;
        assert_eq!(answer, Err(want.clone()), "{want}");
        assert_eq!(script.asked(), [UPLOAD, SEARCH, DELETE], "{want}");
    }
    let long = "retry-after: 0\r\n";
    for (line, want) in [
        (said("Search engine is offline"), busy(500)),
        (
            (503, long, String::new()),
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
        let mut lines = vec![uploaded()];
        lines.extend(std::iter::repeat_n(line, 1 + DOUBTS as usize));
        lines.push(deleted());
        let (answer, script) = search(lines).await;
        assert_eq!(answer, Err(want.clone()), "{want}");
        assert_eq!(script.asked().last().unwrap(), DELETE, "{want}");
    }
}

#[tokio::test]
async fn a_hiccup_does_not_end_what_is_paid_for() {
    let hiccup = || (503, "retry-after: 0\r\n", String::new());
    let lines = [
        uploaded(),
        pending(),
        hiccup(),
        hiccup(),
        hiccup(),
        found(),
        deleted(),
    ];
    assert_eq!(search(lines).await.0.unwrap().candidates.len(), 3);
}

#[tokio::test]
async fn a_search_that_takes_too_long_is_left_and_the_picture_removed() {
    let mut lines = vec![uploaded()];
    lines.extend((0..3).map(|_| pending()));
    lines.push(deleted());
    let script = Script::new(lines).await;
    // The time of three questions and no fourth.
    let hasty = Patience {
        pause: Duration::from_millis(400),
        total: Duration::from_millis(1000),
        ..QUICK
    };
    let engine = FaceCheck::patient("k".into(), Some(&script.base), hasty).unwrap();
    let answer = engine.search(&Bytes::from_static(b"x")).await;
    assert_eq!(answer, Err(EngineError::Silent));
    assert_eq!(script.asked().last().unwrap(), DELETE);
}

#[tokio::test]
async fn a_search_that_is_given_up_removes_the_picture_by_itself() {
    let (engine, script) = service([uploaded(), (0, "", String::new()), deleted()]).await;
    let searching = tokio::spawn(async move { engine.search(&Bytes::from_static(b"x")).await });
    while script.asked().len() < 2 {
        tokio::task::yield_now().await;
    }
    searching.abort();
    while script.asked().len() < 3 {
        tokio::task::yield_now().await;
    }
    assert_eq!(script.asked(), [UPLOAD, SEARCH, DELETE]);
}

#[tokio::test]
async fn a_removal_is_tried_again() {
    let broken = || (500, "", String::new());
    let (answer, script) = search([uploaded(), found(), broken(), broken(), deleted()]).await;
    assert_eq!(answer.unwrap().candidates.len(), 3);
    assert_eq!(script.asked()[2..], [DELETE; 3]);
    // What was found is told even if it fails for good; that is in the log.
    let (answer, script) = search([uploaded(), found(), broken(), broken(), broken()]).await;
    assert_eq!(
        (answer.unwrap().candidates.len(), script.asked().len()),
        (3, 5)
    );
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
    let upload: Upload = serde_json::from_str(&kept).unwrap();
    assert!(matches!(engine.poll(&upload).await, Ok(Poll::Done(it)) if it.candidates.len() == 3));
    engine.delete(&upload).await.unwrap();
    assert_eq!(script.asked(), [UPLOAD, SEARCH, SEARCH, DELETE]);
}

#[tokio::test]
async fn an_upload_is_never_sent_twice() {
    for line in [(503, "retry-after: 0\r\n", String::new()), ok("<html>")] {
        let (answer, script) = search([line]).await;
        assert!(answer.is_err());
        assert_eq!(script.asked(), [UPLOAD]);
    }
    let script = Script::new([(0, "", String::new())]).await;
    let hasty = Patience {
        answer: Duration::from_millis(500),
        ..QUICK
    };
    let engine = FaceCheck::patient("k".into(), Some(&script.base), hasty).unwrap();
    let silent = engine.search(&Bytes::from_static(b"x")).await;
    assert_eq!(silent, Err(EngineError::Silent));
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
    let engine = FaceCheck::patient("local-key".into(), Some(&base), QUICK).unwrap();
    let hers = Bytes::from(photo("collins"));
    let answer = engine.search(&hers).await.unwrap();
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
    assert_eq!(engine.search(&hers).await, Err(EngineError::Spent));
    assert_eq!(world.get("/_uploads").await, json!([]));
    let testing = engine.clone().in_testing_mode();
    assert_eq!(testing.search(&hers).await.unwrap().candidates.len(), 2);

    let upload = testing.upload(&hers).await.unwrap().unwrap();
    world
        .post(
            "/_fault",
            json!({ "engine": "facecheck", "mode": "error", "times": 2 }),
        )
        .await;
    testing.delete(&upload).await.unwrap();
    assert_eq!(world.get("/_uploads").await, json!([]));
    let wrong = FaceCheck::patient("wrong".into(), Some(&base), QUICK).unwrap();
    assert_eq!(wrong.search(&hers).await, Err(EngineError::Refused(401)));
}
