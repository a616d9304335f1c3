//! The routes of `/api/v1/evidence`, over a table in memory, a bucket and a key service on this machine.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use vara::services::evidence::EvidenceRecords;
use vara::services::record::event_log::EventLog;
use vara::testing::{Cloud, TestApi};

use crate::{App, routes};

const EVIDENCE: &str = "/api/v1/evidence";

async fn api() -> TestApi {
    let keys = format!("{}/kms", vara_engines::start().await.unwrap());
    let cloud = Cloud::start().await;
    TestApi::build(routes(), |gate, store| App {
        gate,
        service: EvidenceRecords::new(
            (
                EventLog::new(store, Cloud::vault_at(&keys)),
                cloud.objects(),
            ),
            Cloud::signer_at(&keys),
            (cloud.queues(), "http://queues/1/vara-capture".into()),
        ),
    })
    .await
}

async fn call(
    api: &TestApi,
    method: Method,
    uri: &str,
    token: &str,
    body: Value,
) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(uri)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json");
    let body = match body.is_null() {
        true => String::new(),
        false => body.to_string(),
    };
    let reply = api.reply(request.body(Body::from(body)).unwrap()).await;
    let status = reply.status();
    let bytes = reply.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

#[tokio::test]
async fn what_is_not_there_is_told_and_bad_input_is_refused() {
    let api = api().await;
    let (_, her) = api.woman("ana@example.net").await;
    let id = "0e7d5c2f-7a51-4b0b-9f1c-3a865a1f6d02";
    for (uri, code) in [
        (format!("{EVIDENCE}/{id}"), "EVIDENCE_NOT_FOUND"),
        (format!("{EVIDENCE}/none"), "EVIDENCE_NOT_FOUND"),
        (format!("{EVIDENCE}/{id}/custody"), "EVIDENCE_NOT_FOUND"),
        (format!("{EVIDENCE}/{id}/blurred"), "EVIDENCE_NOT_FOUND"),
        (format!("{EVIDENCE}/exports/{id}"), "EXPORT_NOT_FOUND"),
    ] {
        let (status, body) = call(&api, Method::GET, &uri, &her, Value::Null).await;
        assert_eq!(
            (status, &body["error"]["code"]),
            (StatusCode::NOT_FOUND, &json!(code)),
            "{uri}"
        );
    }
    for body in [
        json!({}),
        json!({ "findingId": id }),
        json!({ "findingId": id, "keep": "ALL", "everybodyIsAdult": true }),
    ] {
        let (status, _) = call(&api, Method::POST, EVIDENCE, &her, body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
    }
    let minors = json!({ "findingId": id, "everybodyIsAdult": false });
    let (status, body) = call(&api, Method::POST, EVIDENCE, &her, minors).await;
    assert_eq!(
        (status, &body["error"]["code"]),
        (StatusCode::CONFLICT, &json!("NOT_FOR_MINORS"))
    );
    let unknown = json!({ "findingId": id, "everybodyIsAdult": true });
    let (status, body) = call(&api, Method::POST, EVIDENCE, &her, unknown).await;
    assert_eq!(
        (status, &body["error"]["code"]),
        (StatusCode::NOT_FOUND, &json!("MATCH_NOT_FOUND"))
    );
}

#[tokio::test]
async fn the_keys_that_sign_are_open_to_everybody() {
    let api = api().await;
    let uri = format!("{EVIDENCE}/keys");
    let (status, body) = call(&api, Method::GET, &uri, "", Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    let key = &body["data"]["keys"][0];
    assert_eq!((&key["kty"], &key["alg"]), (&json!("EC"), &json!("ES256")));
    assert_eq!(key["kid"].as_str().unwrap().len(), 64);
}
