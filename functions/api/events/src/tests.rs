//! The routes of `/api/v1/events`, over a table in memory and a key service on this machine.

mod access;
mod anchor;
mod notes;
mod reading;

use axum::body::Body;
use axum::http::{Method, Request, header};
use axum::response::Response;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use uuid::Uuid;
use vara::services::record::event_log::EventLog;
use vara::testing::{Cloud, TestApi};

use crate::{App, EventServices, routes};

/// The function, and its key service.
async fn api() -> TestApi {
    let base = format!("{}/kms", vara_engines::start().await.unwrap());
    api_with_keys_at(&base).await
}

async fn api_with_keys_at(base: &str) -> TestApi {
    TestApi::build(routes(), |gate, store| App {
        gate,
        service: EventServices::new(EventLog::new(store, Cloud::vault_at(base))),
    })
    .await
}

/// The address of a new note.
fn note() -> String {
    format!("/api/v1/events/streams/note-{}", Uuid::new_v4())
}

fn written(text: &str) -> Value {
    json!({ "eventId": Uuid::new_v4(), "eventType": "note.written", "data": { "text": text } })
}

/// A call with these headers, and its answer.
async fn call(
    api: &TestApi,
    (method, uri, token): (Method, &str, &str),
    headers: &[(&str, &str)],
    body: &Value,
) -> Response {
    let mut request = Request::builder()
        .method(method)
        .uri(uri)
        .header(header::AUTHORIZATION, format!("Bearer {token}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    api.reply(request.body(Body::from(body)).unwrap()).await
}

async fn text(reply: Response) -> String {
    let bytes = reply.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Appends so many events to a note.
async fn fill(api: &TestApi, uri: &str, token: &str, count: usize) {
    let events: Vec<Value> = (0..count)
        .map(|at| written(&format!("entry {at}")))
        .collect();
    for some in events.chunks(20) {
        let reply = api
            .send(Method::POST, uri, token, &json!(some).to_string())
            .await;
        TestApi::data(reply, 201);
    }
}
