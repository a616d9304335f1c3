//! Every way of breaking an engine, on every engine.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::pictures::file;
use crate::support::{Answer, Engines, picture_path};

async fn break_it(engines: &Engines, wish: Value) {
    let answer = engines.post("/_fault", &wish).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
}

async fn mailed(engines: &Engines) -> Answer {
    engines
        .post("/ses/v2/email/outbound-emails", &crate::mail::request())
        .await
}

#[tokio::test]
async fn an_error_is_in_tineyes_envelope_and_wears_out() {
    let engines = Engines::new();
    break_it(
        &engines,
        json!({"engine":"tineye","mode":"error","times":2}),
    )
    .await;
    for _ in 0..2 {
        let answer = engines.search(&file(1)).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.json()["code"], 503);
        assert_eq!(answer.json()["results"], json!([]));
        assert_eq!(answer.json()["messages"].as_array().unwrap().len(), 2);
    }
    assert_eq!(engines.search(&file(1)).await.status, StatusCode::OK);
    let calls = engines.get("/_calls").await.json();
    assert_eq!(calls["tineye"], json!({"answered": 1, "refused": 2}));
}

#[tokio::test]
async fn an_error_has_the_status_that_was_asked_for() {
    let engines = Engines::new();
    for status in [400, 401, 402, 429, 500, 503] {
        break_it(
            &engines,
            json!({"engine":"tineye","mode":"error","status":status}),
        )
        .await;
        let answer = engines.search(&file(1)).await;
        assert_eq!(answer.status.as_u16(), status);
        assert_eq!(answer.json()["code"], status);
    }
}

#[tokio::test]
async fn quota_is_tineyes_402_and_costs_nothing() {
    let engines = Engines::new();
    break_it(&engines, json!({"engine":"tineye","mode":"quota"})).await;
    let answer = engines.search(&file(1)).await;
    assert_eq!(answer.status, StatusCode::PAYMENT_REQUIRED);
    assert_eq!(answer.json()["code"], 402);
    assert_eq!(engines.get("/_bundle").await.json()["remaining"], 5000);

    break_it(&engines, json!({"engine":"tineye","mode":"off"})).await;
    assert_eq!(engines.search(&file(1)).await.status, StatusCode::OK);
    assert_eq!(engines.get("/_bundle").await.json()["remaining"], 4999);
}

#[tokio::test]
async fn garbage_is_a_success_that_is_not_the_format() {
    let engines = Engines::new();
    for engine in ["tineye", "web", "ses"] {
        break_it(
            &engines,
            json!({"engine":engine,"mode":"garbage","times":1}),
        )
        .await;
    }
    let search = engines.search(&file(1)).await;
    assert_eq!(search.status, StatusCode::OK);
    assert!(serde_json::from_slice::<Value>(&search.bytes).is_err());

    let picture = engines.get("/web/any.jpg").await;
    assert_eq!(
        (picture.status, picture.header("content-type")),
        (StatusCode::OK, "image/jpeg")
    );
    assert!(vara_imaging::sniff(&picture.bytes).is_none());

    let mail = mailed(&engines).await;
    assert_eq!(mail.status, StatusCode::OK);
    assert!(serde_json::from_slice::<Value>(&mail.bytes).is_err());
    assert_eq!(engines.get("/_mail").await.json(), json!([]));
}

#[tokio::test]
async fn the_picture_host_breaks_like_a_web_server() {
    let engines = Engines::new();
    let planted = engines.plant(&file(1), "https://a.example/").await;
    let path = picture_path(&planted);
    break_it(
        &engines,
        json!({"engine":"web","mode":"error","status":404,"times":1}),
    )
    .await;
    assert_eq!(engines.get(path).await.status, StatusCode::NOT_FOUND);
    break_it(&engines, json!({"engine":"web","mode":"quota","times":1})).await;
    let answer = engines.get(path).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("retry-after")),
        (429, "1")
    );
    assert_eq!(engines.get(path).await.bytes, file(1));
}

#[tokio::test]
async fn the_mail_service_breaks_in_its_own_words() {
    let engines = Engines::new();
    break_it(&engines, json!({"engine":"ses","mode":"quota","times":1})).await;
    let answer = mailed(&engines).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        answer.header("x-amzn-errortype"),
        "TooManyRequestsException"
    );
    assert!(answer.json()["message"].is_string());

    break_it(&engines, json!({"engine":"ses","mode":"error","times":1})).await;
    let answer = mailed(&engines).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        answer.header("x-amzn-errortype"),
        "InternalServiceErrorException"
    );

    assert_eq!(mailed(&engines).await.status, StatusCode::OK);
    assert_eq!(
        engines.get("/_mail").await.json().as_array().unwrap().len(),
        1
    );
}

/// One call of each engine that searches beside TinEye.
async fn searched(engines: &Engines, engine: &str) -> Answer {
    match engine {
        "vision" => crate::vision::ask(engines, &crate::vision::question(&file(1))).await,
        "serpapi" => crate::serpapi::ask(engines, "google_lens", "http://e.example/").await,
        _ => crate::facecheck::upload(engines, &file(1)).await,
    }
}

#[tokio::test]
async fn the_other_searches_break_in_their_own_words() {
    let engines = Engines::new();
    for (engine, quota, words) in [
        ("vision", 429, "RESOURCE_EXHAUSTED"),
        ("serpapi", 429, "run out of searches"),
        ("facecheck", 402, "credits"),
    ] {
        for (wish, status) in [
            (json!({"engine":engine,"mode":"quota","times":1}), quota),
            (json!({"engine":engine,"mode":"error","times":1}), 503),
            (
                json!({"engine":engine,"mode":"error","status":429,"times":1}),
                429,
            ),
            (json!({"engine":engine,"mode":"garbage","times":1}), 200),
        ] {
            break_it(&engines, wish.clone()).await;
            let answer = searched(&engines, engine).await;
            assert_eq!(answer.status.as_u16(), status, "{wish}");
            match wish["mode"].as_str().unwrap() {
                "garbage" => assert!(serde_json::from_slice::<Value>(&answer.bytes).is_err()),
                mode => {
                    assert!(!answer.json()["error"].is_null(), "{wish}");
                    let said = answer.text().contains(words);
                    // Asking too fast is not having used up; only Google has one word for both.
                    let same = mode == "quota" || (engine == "vision" && status == 429);
                    assert_eq!(said, same, "{wish} {}", answer.text());
                }
            }
        }
        assert_eq!(searched(&engines, engine).await.status, StatusCode::OK);
        let calls = engines.get("/_calls").await.json();
        assert_eq!(calls[engine], json!({"answered": 1, "refused": 4}));
    }
    assert_eq!(
        engines.get("/_bundle?engine=serpapi").await.json()["remaining"],
        4999
    );
}

#[tokio::test(start_paused = true)]
async fn every_search_can_be_held_open() {
    let engines = Engines::new();
    for engine in ["vision", "serpapi", "facecheck"] {
        break_it(
            &engines,
            json!({"engine":engine,"mode":"timeout","times":1}),
        )
        .await;
        let begun = tokio::time::Instant::now();
        let answer = searched(&engines, engine).await;
        assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT, "{engine}");
        assert!(begun.elapsed() >= Duration::from_secs(60));
    }
}

#[tokio::test(start_paused = true)]
async fn a_delay_comes_before_a_healthy_answer_too() {
    let engines = Engines::new();
    break_it(
        &engines,
        json!({"engine":"web","mode":"off","delay_ms":1500,"times":1}),
    )
    .await;
    let begun = tokio::time::Instant::now();
    engines.get("/web/none.jpg").await;
    // The clock is the test's own: it moves by what was slept, not by what passed.
    assert!(begun.elapsed() >= Duration::from_millis(1500));
    assert_eq!(engines.get("/_fault").await.json(), json!([]));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_ends_at_its_cap() {
    let engines = Engines::new();
    break_it(&engines, json!({"engine":"web","mode":"timeout","times":1})).await;
    let begun = tokio::time::Instant::now();
    assert_eq!(
        engines.get("/web/none.jpg").await.status,
        StatusCode::GATEWAY_TIMEOUT
    );
    assert!(begun.elapsed() >= Duration::from_secs(60));
}

#[tokio::test]
async fn a_timeout_holds_the_request_until_the_server_ends() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(vara_engines::serve(listener, stopped));

    let wish = r#"{"engine":"web","mode":"timeout"}"#;
    let mut control = TcpStream::connect(address).await.unwrap();
    let length = wish.len();
    let request = format!(
        "POST /_fault HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{wish}"
    );
    control.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    control.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    let mut held = TcpStream::connect(address).await.unwrap();
    held.write_all(b"GET /web/a.jpg HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    // Counted before it is held: once it is counted, it is being held.
    let mut calls = String::new();
    while !calls.contains(r#""web":{"answered":0,"refused":1}"#) {
        let mut control = TcpStream::connect(address).await.unwrap();
        let request = b"GET /_calls HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
        control.write_all(request).await.unwrap();
        calls.clear();
        control.read_to_string(&mut calls).await.unwrap();
    }
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
    let mut rest = String::new();
    held.read_to_string(&mut rest).await.unwrap();
    assert!(
        rest.is_empty() || rest.starts_with("HTTP/1.1 504"),
        "{rest}"
    );
}
