//! Limits and failures, with closures for functions.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use serde_json::{Value, json};

use super::{Gateway, home::Home};
use crate::{
    lambda::{InvocationOutcome, Invoke, runtime_api::PAYLOAD_LIMIT},
    template::{Api, Route},
};

fn gateway(invoke: Invoke, timeout: Duration) -> Gateway {
    let api = Api {
        routes: vec![Route {
            key: "ANY /a/{proxy+}".to_owned(),
            function_arn: "f".to_owned(),
            timeout,
        }],
        ..Api::default()
    };
    let store = Arc::new(
        |_| -> futures_util::future::BoxFuture<'static, Result<(), String>> {
            Box::pin(async { Ok(()) })
        },
    );
    Gateway::new(api, [("f".to_owned(), invoke)].into(), store, 4000)
}

fn always(outcome: InvocationOutcome) -> Invoke {
    Arc::new(move |_| {
        let outcome = outcome.clone();
        Box::pin(async move { outcome })
    })
}

async fn ask(gateway: &Gateway, path: &str, body: Vec<u8>) -> (u16, Value) {
    let request = Request::post(path)
        .body(Full::new(Bytes::from(body)))
        .unwrap();
    let peer = "127.0.0.1:1".parse().unwrap();
    let response: Response<Bytes> = gateway.answer(request, peer).await;
    assert!(response.headers().contains_key("apigw-requestid"));
    let body = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
    (response.status().as_u16(), body)
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn an_answer_passes_through_untouched() {
    let answer = json!({"statusCode": 418, "headers": {"content-type": "application/json"}, "body": "{\"a\":1}"});
    let gateway = gateway(
        always(InvocationOutcome::Answer(answer.to_string().into())),
        SECOND,
    );
    assert_eq!(ask(&gateway, "/a/b", vec![]).await, (418, json!({"a": 1})));
}

#[tokio::test]
async fn failures_have_the_envelope() {
    for outcome in [
        InvocationOutcome::Died("gone".to_owned()),
        InvocationOutcome::FunctionError(Bytes::new()),
        InvocationOutcome::TimedOut,
        InvocationOutcome::Answer(Bytes::from_static(b"nonsense")),
    ] {
        let (status, body) = ask(&gateway(always(outcome), SECOND), "/a/b", vec![]).await;
        assert_eq!(status, 500);
        assert_eq!(body["error"]["code"], "INTERNAL_ERROR");
    }
}

#[tokio::test]
async fn no_route_is_not_found() {
    let gateway = gateway(always(InvocationOutcome::TimedOut), SECOND);
    let (status, body) = ask(&gateway, "/b", vec![]).await;
    assert_eq!(status, 404);
    assert_eq!(body["error"]["code"], "NOT_FOUND");
}

#[tokio::test]
async fn the_stacks_own_pages_come_before_the_routes() {
    let home = || Home {
        gateway: "http://localhost:4000".to_owned(),
        engines: "http://127.0.0.1:4010".to_owned(),
        services: vec![],
        readme: "no-such-file".into(),
        logs: [].into(),
    };
    let get = async |gateway: &Gateway, path: &str| {
        let request = Request::get(path).body(Full::new(Bytes::new())).unwrap();
        let response = gateway
            .answer(request, "127.0.0.1:1".parse().unwrap())
            .await;
        let kind = response.headers()["content-type"].to_str().unwrap();
        (response.status().as_u16(), kind.to_owned())
    };
    let plain = gateway(always(InvocationOutcome::TimedOut), SECOND);
    let json = "application/json".to_owned();
    assert_eq!(get(&plain, "/").await, (404, json.clone()));
    let with_home = plain.with_home(home());
    let html = "text/html; charset=utf-8".to_owned();
    assert_eq!(get(&with_home, "/").await, (200, html));
    assert_eq!(get(&with_home, "/unknown").await, (404, json.clone()));
    assert_eq!(get(&with_home, "/_local/tour").await, (404, json.clone()));
    assert_eq!(get(&with_home, "/a/b").await, (500, json), "a route");
}

#[tokio::test]
async fn a_body_over_ten_megabytes_never_reaches_the_function() {
    let gateway = gateway(always(InvocationOutcome::TimedOut), SECOND);
    let (status, body) = ask(&gateway, "/a/b", vec![0; 10 * 1024 * 1024 + 1]).await;
    assert_eq!(status, 413);
    assert_eq!(body["error"]["code"], "FST_REQ_FILE_TOO_LARGE");
}

#[tokio::test]
async fn an_event_over_six_megabytes_is_too_large() {
    // The pool's rule, by the size of what it is given.
    let invoke: Invoke = Arc::new(|payload: Bytes| {
        Box::pin(async move {
            if payload.len() > PAYLOAD_LIMIT {
                InvocationOutcome::TooLarge
            } else {
                InvocationOutcome::Answer(Bytes::from_static(b"{}"))
            }
        })
    });
    let gateway = gateway(invoke, SECOND);
    // Bytes that are not text grow by a third on the way.
    assert_eq!(ask(&gateway, "/a/b", vec![0xff; 4_500_000]).await.0, 200);
    assert_eq!(ask(&gateway, "/a/b", vec![0xff; 4_800_000]).await.0, 413);
}

#[tokio::test(start_paused = true)]
async fn the_gateway_does_not_wait_for_ever() {
    let invoke: Invoke = Arc::new(|_| Box::pin(std::future::pending()));
    let (status, body) = ask(&gateway(invoke, 30 * SECOND), "/a/b", vec![]).await;
    assert_eq!(status, 503);
    assert_eq!(body["error"]["code"], "SERVICE_UNAVAILABLE");
}
