//! TinEye's client against servers that answer as it does, and as it should not.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::super::script::{Script, StandIns};
use super::*;
use crate::testing::photo;

/// A service that gives these answers in turn, and what it was sent.
async fn service(answers: &[(u16, &str, String)]) -> (TinEye, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/rest/", listener.local_addr().unwrap());
    let mut answers: VecDeque<_> = answers
        .iter()
        .map(|(status, head, body)| reply(*status, head, body))
        .collect();
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&requests);
    tokio::spawn(async move {
        while let Some(answer) = answers.pop_front() {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !String::from_utf8_lossy(&request).contains("the bytes") {
                let mut piece = vec![0; 4096];
                let read = socket.read(&mut piece).await.unwrap();
                request.extend_from_slice(&piece[..read]);
            }
            seen.lock()
                .unwrap()
                .push(String::from_utf8_lossy(&request).into_owned());
            socket.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (
        TinEye::new("secret-key".into(), Some(&base)).unwrap(),
        requests,
    )
}

fn reply(status: u16, head: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} X\r\n{head}content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn good() -> String {
    json!({
        "stats": { "timestamp": "1772357400.10", "new_field": {} }, "code": 200, "messages": [], "extra": [1],
        "results": { "matches": [
            { "image_url": "https://img.example/r/1", "score": 20, "width": 1,
              "backlinks": [{ "url": "https://cdn.example/a.jpg", "backlink": "https://forum.example/t/1", "crawl_date": null }] },
            { "image_url": "https://img.example/r/2", "score": 61.3, "tags": [], "backlinks": [
                { "url": "https://cdn.example/b.jpg", "backlink": "https://forum.example/t/2", "crawl_date": "" },
                { "url": "https://cdn.example/c.jpg", "backlink": "" }] },
            { "image_url": "https://img.example/r/3" },
            { "domain": "nothing.example" },
        ] },
    })
    .to_string()
}

fn error(code: u16) -> String {
    json!({ "stats": {}, "code": code, "messages": ["ERROR", "text"], "results": [] }).to_string()
}

async fn search(answers: &[(u16, &str, String)]) -> (Result<SearchResult, EngineError>, usize) {
    let (tineye, requests) = service(answers).await;
    let answer = tineye.search(&Bytes::from_static(b"the bytes")).await;
    let asked = requests.lock().unwrap().len();
    (answer, asked)
}

#[tokio::test]
async fn a_search_sends_the_bytes_and_the_key_in_the_header_only() {
    let (tineye, requests) = service(&[(200, "", good())]).await;
    tineye
        .search(&Bytes::from_static(b"the bytes"))
        .await
        .unwrap();
    let request = requests.lock().unwrap().pop().unwrap();
    let line = request.lines().next().unwrap();
    assert!(line.starts_with("POST /rest/search/?limit=50&"), "{line}");
    assert!(!line.contains("secret-key"));
    assert!(request.to_lowercase().contains("x-api-key: secret-key"));
    assert!(request.contains("name=\"image_upload\"") && request.contains("image/jpeg"));
}

#[tokio::test]
async fn candidates_are_one_a_page_best_first_and_odd_ones_are_taken_calmly() {
    let (answer, _) = search(&[(200, "", good())]).await;
    let found: Vec<_> = answer
        .unwrap()
        .candidates
        .into_iter()
        .map(|it| (it.picture, it.page, it.score))
        .collect();
    let page = |it: &str| Some(format!("https://forum.example/t/{it}"));
    let picture = |it: &str| Some(format!("https://cdn.example/{it}"));
    assert_eq!(
        found,
        [
            (picture("b.jpg"), page("2"), Some(61.3)),
            (picture("c.jpg"), None, Some(61.3)),
            (picture("a.jpg"), page("1"), Some(20.0)),
            (Some("https://img.example/r/3".to_owned()), None, None),
        ]
    );
}

#[tokio::test]
async fn the_score_says_what_kind_of_match_it_is() {
    for (score, want) in [
        (json!(50), CandidateKind::Full),
        (json!(49.9), CandidateKind::Partial),
        (json!(30), CandidateKind::Partial),
        (json!(29.9), CandidateKind::Similar),
        (json!(null), CandidateKind::Similar),
        (json!("high"), CandidateKind::Similar),
    ] {
        let backlink = json!({ "url": "https://cdn.example/a.jpg", "backlink": "https://a.example/", "crawl_date": "2025-11-03" });
        let matches = json!([{ "score": score, "backlinks": [backlink, "odd"] }, 7]);
        let body = json!({ "code": 200, "results": { "matches": matches } }).to_string();
        let answer = search(&[(200, "", body)]).await.0.unwrap();
        let [found] = &answer.candidates[..] else {
            panic!("one is found");
        };
        assert_eq!(
            (found.kind, found.seen_on.as_deref()),
            (want, Some("2025-11-03")),
            "{score}"
        );
    }
}

#[tokio::test]
async fn a_picture_that_others_found_is_searched_by_its_address() {
    let script = Script::new([(200, "", good()), (400, "", error(400))]).await;
    let tineye = TinEye::new("secret-key".into(), Some(&format!("{}/rest/", script.base))).unwrap();
    let found = tineye
        .search_address("https://cdn.example/a b.jpg?x=1")
        .await;
    assert_eq!(found.unwrap().candidates.len(), 4);
    let want = "GET /rest/search/?image_url=https%3A%2F%2Fcdn.example%2Fa+b.jpg%3Fx%3D1&limit=20&backlink_limit=10&sort=score&order=desc";
    assert_eq!(script.asked(), [want]);
    assert!(script.requests()[0].contains("x-api-key: secret-key"));
    let unreachable = tineye.search_address("https://cdn.example/gone.jpg").await;
    assert!(unreachable.unwrap().unsuitable);
}

#[tokio::test]
async fn what_is_left_is_told() {
    let left = json!({ "code": 200, "messages": [], "results": { "bundles": [], "total_remaining_searches": 719 } });
    let none = json!({ "code": 200, "messages": [], "results": {} }).to_string();
    let lines = [
        (200, "", left.to_string()),
        (200, "", none.clone()),
        (200, "", none),
        (401, "", error(401)),
    ];
    let script = Script::new(lines).await;
    let tineye = TinEye::new("k".into(), Some(&format!("{}/rest/", script.base))).unwrap();
    assert_eq!(tineye.remaining().await, Ok(719));
    assert_eq!(
        tineye.remaining().await,
        Err(EngineError::Garbage("no count"))
    );
    assert_eq!(tineye.remaining().await, Err(EngineError::Refused(401)));
    assert_eq!(script.asked()[0], "GET /rest/remaining_searches/");
}

#[tokio::test]
async fn an_answer_stays_small_enough_for_a_row() {
    let long = format!("https://e.example/{}", "x".repeat(MAX_ADDRESS));
    let link = format!("https://e.example/{}", "x".repeat(1400));
    let links: Vec<_> = (0..120)
        .map(|at| json!({ "url": format!("{link}{at}"), "backlink": long }))
        .collect();
    let body =
        json!({ "code": 200, "results": { "matches": [{ "score": 1, "backlinks": links }] } });
    let answer = search(&[(200, "", body.to_string())]).await.0.unwrap();
    assert_eq!(
        answer.candidates.len(),
        super::super::answer::MAX_CANDIDATES
    );
    assert!(answer.candidates.iter().all(|it| it.page.is_none()));
    assert!(serde_json::to_vec(&answer).unwrap().len() < 350_000);
}

#[tokio::test]
async fn brief_troubles_are_tried_once_more() {
    for (status, body) in [
        (503, error(503)),
        (429, error(429)),
        (200, error(503)),
        (200, "{\"stats\": <html>".to_owned()),
    ] {
        let (answer, asked) =
            search(&[(status, "retry-after: 0\r\n", body), (200, "", good())]).await;
        assert_eq!(
            (answer.unwrap().candidates.len(), asked),
            (4, 2),
            "{status}"
        );
    }
}

#[tokio::test]
async fn long_troubles_are_left_to_the_queue() {
    let (answer, asked) = search(&[(429, "retry-after: 120\r\n", error(429))]).await;
    let err = answer.unwrap_err();
    assert_eq!((err.wait(), asked), (Some(Duration::from_secs(120)), 1));
    assert!(!err.is_for_all());
    let twice = [
        (500, "retry-after: 0\r\n", error(500)),
        (503, "", error(503)),
    ];
    assert_eq!(
        search(&twice).await,
        (
            Err(EngineError::Busy {
                status: 503,
                after: None
            }),
            2
        )
    );
}

#[tokio::test]
async fn a_refused_key_is_not_tried_again() {
    for code in [401, 402, 403] {
        let want = match code {
            402 => EngineError::Spent,
            _ => EngineError::Refused(code),
        };
        for status in [code, 200] {
            let (answer, asked) = search(&[(status, "", error(code))]).await;
            let err = answer.unwrap_err();
            assert_eq!((&err, asked), (&want, 1));
            assert!(err.is_for_all() && !format!("{err:?}").contains("secret-key"));
        }
    }
}

#[tokio::test]
async fn a_picture_the_engine_cannot_take_is_no_failure() {
    let old =
        json!({ "code": 500, "messages": ["NO_SIGNATURE_ERROR", "too simple"], "results": [] })
            .to_string();
    for (status, body) in [(400, error(400)), (200, error(400)), (500, old)] {
        let (answer, asked) = search(&[(status, "", body)]).await;
        assert_eq!(
            (answer.unwrap(), asked),
            (
                SearchResult {
                    unsuitable: true,
                    ..SearchResult::default()
                },
                1
            )
        );
    }
}

#[tokio::test]
async fn answers_that_make_no_sense_are_errors() {
    for body in [
        "",
        "[]",
        "{}",
        r#"{"code":200}"#,
        r#"{"code":200,"results":[]}"#,
        r#"{"code":200,"results":{"matches":7}}"#,
    ] {
        let (answer, _) = search(&[(200, "", body.to_owned()), (200, "", body.to_owned())]).await;
        assert!(matches!(answer, Err(EngineError::Garbage(_))), "{body}");
    }
    let endless = "x".repeat(asking::MAX_ANSWER + 1);
    let (answer, _) = search(&[(200, "", endless.clone()), (200, "", endless)]).await;
    assert_eq!(answer, Err(EngineError::Garbage("too long")));
}

#[tokio::test]
async fn nobody_there_is_silence() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/rest/", listener.local_addr().unwrap());
    drop(listener);
    let tineye = TinEye::new("k".into(), Some(&base)).unwrap();
    assert_eq!(
        tineye.search(&Bytes::from_static(b"x")).await,
        Err(EngineError::Silent)
    );
}

#[test]
fn the_key_is_not_in_what_is_printed() {
    assert!(
        !format!("{:?}", TinEye::new("secret-key".into(), None).unwrap()).contains("secret-key")
    );
}

#[tokio::test]
async fn the_stand_in_is_understood_by_address_too() {
    let world = StandIns::new().await;
    let picture = world
        .plant(photo("collins"), "https://a.example/1", "eileen")
        .await;
    let base = format!("{}/tineye/rest/", world.base);
    let tineye = TinEye::new("local-key".into(), Some(&base)).unwrap();
    let by_address = tineye.search_address(&picture).await.unwrap();
    let by_bytes = tineye.search(&Bytes::from(photo("collins"))).await.unwrap();
    assert_eq!((by_address.candidates.len(), &by_address), (1, &by_bytes));
    assert_eq!(by_bytes.candidates[0].kind, CandidateKind::Full);
    assert_eq!(tineye.remaining().await, Ok(4998));
    world.post("/_bundle", json!({ "remaining": 0 })).await;
    assert_eq!(
        tineye.search_address(&picture).await,
        Err(EngineError::Spent)
    );
}
