//! Large uploads with the real template's route, and closures for the authorizer and the bucket.

use std::sync::{Arc, Mutex};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use serde_json::{Value, json};

use crate::{
    gateway::Gateway,
    lambda::{InvocationOutcome, Invoke},
    servers::s3::{NewObject, StoreObject},
    template::tests::real,
};

const PATH: &str = "/api/v1/images/upload";
const FORM: &str = "multipart/form-data; boundary=x";
const LARGE: usize = 4_400_001;

/// What was stored.
type Stored = Arc<Mutex<Vec<NewObject>>>;

fn gateway(authorizer: Invoke, fails: bool) -> (Gateway, Stored) {
    let stored = Stored::default();
    let kept = Arc::clone(&stored);
    let store: StoreObject = Arc::new(move |object| {
        kept.lock().unwrap().push(object);
        let answer = if fails { Err("no".to_owned()) } else { Ok(()) };
        Box::pin(async move { answer })
    });
    let api = real().api;
    let authorizer_arn = api.large_uploads.as_ref().unwrap().authorizer_arn.clone();
    // Every other function says that it was asked.
    let asked: Invoke = Arc::new(|_| {
        let answer = Bytes::from_static(br#"{"statusCode":418,"body":"{}"}"#);
        Box::pin(async move { InvocationOutcome::Answer(answer) })
    });
    let routed = api.routes.iter().map(|it| it.function_arn.clone());
    let mut functions: std::collections::BTreeMap<_, _> =
        routed.map(|arn| (arn, Arc::clone(&asked))).collect();
    functions.insert(authorizer_arn, authorizer);
    (Gateway::new(api, functions, store, 4000), stored)
}

/// An authorizer that decides like this about what it is asked.
fn decides(effect: &'static str, context: Value) -> Invoke {
    Arc::new(move |event: Bytes| {
        let event: Value = serde_json::from_slice(&event).unwrap();
        assert_eq!(event["type"], "REQUEST");
        assert_eq!(event["headers"]["authorization"], "Bearer t");
        assert_eq!(event["requestContext"]["identity"]["sourceIp"], "127.0.0.1");
        let answer = json!({
            "principalId": "u",
            "policyDocument": { "Version": "2012-10-17", "Statement": [
                { "Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"] },
            ] },
            "context": context,
        });
        let answer = InvocationOutcome::Answer(answer.to_string().into());
        Box::pin(async move { answer })
    })
}

fn allows() -> Invoke {
    let answer = STANDARD.encode(r#"{"data":{"id":"i","quoted":"\""}}"#);
    decides(
        "Allow",
        json!({ "user": "u", "image": "i", "answer": answer }),
    )
}

async fn send(gateway: &Gateway, path: &str, length: usize) -> (u16, Value, Response<Bytes>) {
    let request = Request::post(path)
        .header("content-type", FORM)
        .header("content-length", length)
        .header("authorization", "Bearer t")
        .header("origin", "http://localhost:3000")
        .body(Full::new(Bytes::from(vec![b'a'; length])))
        .unwrap();
    let peer = "127.0.0.1:1".parse().unwrap();
    let response = gateway.answer(request, peer).await;
    let body = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
    (response.status().as_u16(), body, response)
}

#[tokio::test]
async fn a_large_upload_is_stored_as_it_was_sent() {
    let (gateway, stored) = gateway(allows(), false);
    let (status, body, response) = send(&gateway, PATH, 10 * 1024 * 1024).await;
    assert_eq!(
        (status, body),
        (201, json!({ "data": { "id": "i", "quoted": "\"" } }))
    );
    let headers = response.headers();
    assert_eq!(
        headers["access-control-allow-origin"],
        "http://localhost:3000"
    );
    assert_eq!(headers["content-type"], "application/json");
    let stored = stored.lock().unwrap();
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].key, "uploads/u/i");
    assert_eq!(stored[0].content_type, FORM);
    assert_eq!(stored[0].body.len(), 10 * 1024 * 1024);
    let bucket = &real().buckets[0].name;
    assert_eq!(&stored[0].bucket, bucket);
}

#[tokio::test]
async fn small_ones_and_other_routes_go_to_their_functions() {
    let (gateway, stored) = gateway(allows(), false);
    assert_eq!(send(&gateway, PATH, LARGE - 1).await.0, 418);
    assert_eq!(send(&gateway, "/api/v1/images/tickets", LARGE).await.0, 418);
    assert_eq!(send(&gateway, PATH, LARGE).await.0, 201);
    assert_eq!(stored.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_denied_is_not_stored_and_says_why() {
    let context = json!({ "code": "IMAGE_LIMIT_REACHED", "message": "You have 50 pictures." });
    let (gateway, stored) = gateway(decides("Deny", context.clone()), false);
    let (status, body, response) = send(&gateway, PATH, LARGE).await;
    assert_eq!((status, body), (403, json!({ "error": context })));
    assert!(
        response
            .headers()
            .contains_key("access-control-allow-origin")
    );
    assert!(stored.lock().unwrap().is_empty());
}

#[tokio::test]
async fn more_than_a_rest_api_takes_is_refused_in_words_for_her() {
    let (gateway, stored) = gateway(allows(), false);
    let (status, body, _) = send(&gateway, PATH, 10 * 1024 * 1024 + 1).await;
    assert_eq!(status, 413);
    assert_eq!(body["error"]["code"], "FST_REQ_FILE_TOO_LARGE");
    let message = body["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("10 MB") && !message.contains('/'),
        "{message}"
    );
    assert!(stored.lock().unwrap().is_empty());
}

#[tokio::test]
async fn trouble_has_the_envelope() {
    let invalid = json!({ "user": { "id": 1 } });
    for authorizer in [
        Arc::new(
            |_: Bytes| -> futures_util::future::BoxFuture<'static, InvocationOutcome> {
                Box::pin(async { InvocationOutcome::TimedOut })
            },
        ) as Invoke,
        decides("Allow", invalid),
        decides(
            "Allow",
            json!({ "user": "u", "image": "i", "answer": "not base64" }),
        ),
    ] {
        let (status, body, _) = send(&gateway(authorizer, false).0, PATH, LARGE).await;
        assert_eq!(
            (status, &body["error"]["code"]),
            (500, &json!("INTERNAL_ERROR"))
        );
    }
    let (status, body, _) = send(&gateway(allows(), true).0, PATH, LARGE).await;
    assert_eq!(
        (status, &body["error"]["code"]),
        (503, &json!("STORAGE_ERROR"))
    );
}
