//! The routes of `/api/v1/documents`, over a table in memory and a key service on this machine.

mod templates;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use axum::response::Response;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use vara::services::documents::{DocumentFiles, Documents};
use vara::services::record::event_log::EventLog;
use vara::testing::{Cloud, TestApi};

use crate::{App, DocumentServices, routes};

const DOCUMENTS: &str = "/api/v1/documents";

async fn api() -> TestApi {
    let base = format!("{}/kms", vara_engines::start().await.unwrap());
    TestApi::build(routes(), |gate, store| {
        let documents = Documents::new(EventLog::new(store, Cloud::vault_at(&base)));
        let (objects, queues) = (Cloud::silent_objects(), Cloud::silent_queues());
        let files = DocumentFiles::new(documents.clone(), objects, queues, "render".to_owned());
        let service = DocumentServices { documents, files };
        App { gate, service }
    })
    .await
}

/// A call with this `If-Match`, and its answer.
async fn call(
    api: &TestApi,
    (method, uri, token): (Method, &str, &str),
    expected: Option<&str>,
    body: &Value,
) -> (StatusCode, Value, Option<String>) {
    let mut request = Request::builder()
        .method(method)
        .uri(uri)
        .header(header::AUTHORIZATION, format!("Bearer {token}"));
    if let Some(expected) = expected {
        request = request.header(header::IF_MATCH, expected);
    }
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let reply = api.reply(request.body(Body::from(body)).unwrap()).await;
    let tag = reply.headers().get(header::ETAG);
    let tag = tag.map(|it| it.to_str().unwrap().to_owned());
    (reply.status(), json_of(reply).await, tag)
}

async fn json_of(reply: Response) -> Value {
    let bytes = reply.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

fn letter(body: &str) -> Value {
    json!({ "kind": "LETTER", "language": "en", "title": "To my landlord", "body": body })
}

/// A document of hers, and its address.
async fn made(api: &TestApi, token: &str, body: &str) -> (Value, String) {
    let (status, reply, tag) =
        call(api, (Method::POST, DOCUMENTS, token), None, &letter(body)).await;
    assert_eq!(
        (status.as_u16(), tag.as_deref()),
        (201, Some("\"1\"")),
        "{reply}"
    );
    let uri = format!("{DOCUMENTS}/{}", reply["data"]["id"].as_str().unwrap());
    (reply["data"].clone(), uri)
}

#[tokio::test]
async fn a_document_is_hers_and_each_saved_text_is_a_version() {
    let api = api().await;
    let (_, token) = api.woman("ana@example.net").await;
    let (_, other) = api.woman("eve@example.net").await;
    let (first, uri) = made(&api, &token, "One\r\ntwo\n").await;
    assert_eq!(
        (&first["body"], &first["number"]),
        (&json!("One\ntwo\n"), &json!(1))
    );
    let save = (Method::PUT, &*uri, &*token);
    let text = json!({ "body": "One\nthree\n" });
    let (status, saved, tag) = call(&api, save.clone(), Some("\"1\""), &text).await;
    assert_eq!(
        (status.as_u16(), tag.as_deref()),
        (200, Some("\"2\"")),
        "{saved}"
    );
    assert_eq!(saved["data"]["version"], 2);
    assert_ne!(saved["data"]["sha256"], first["sha256"]);
    let (status, refused, _) = call(&api, save.clone(), Some("\"1\""), &text).await;
    assert_eq!(
        (status.as_u16(), &refused["error"]["code"]),
        (412, &json!("VERSION_CONFLICT"))
    );
    assert_eq!(refused["error"]["details"]["current"]["revision"], 2);
    let (status, refused, _) = call(&api, save.clone(), None, &text).await;
    assert_eq!(
        (status.as_u16(), &refused["error"]["code"]),
        (428, &json!("PRECONDITION_REQUIRED"))
    );
    let (status, ..) = call(&api, save, Some("W/\"2\""), &text).await;
    assert_eq!(status, 400);

    let get = async |path: &str| TestApi::data(api.send(Method::GET, path, &token, "").await, 200);
    let versions = get(&format!("{uri}/versions")).await;
    assert_eq!(versions.as_array().unwrap().len(), 2);
    assert_eq!(
        get(&format!("{uri}/versions/1")).await["body"],
        "One\ntwo\n"
    );
    let diff = get(&format!("{uri}/diff?from=1&to=2&by=word")).await;
    assert_eq!(diff[1], json!({ "op": "DELETE", "text": "two" }));
    let restored = api
        .send(
            Method::POST,
            &format!("{uri}/versions/1/restore"),
            &token,
            "",
        )
        .await;
    let restored = TestApi::data(restored, 200);
    assert_eq!(
        (&restored["version"], &restored["sha256"]),
        (&json!(3), &first["sha256"])
    );
    for path in [
        uri.clone(),
        format!("{uri}/versions"),
        format!("{uri}/export"),
    ] {
        let reply = api.send(Method::GET, &path, &other, "").await;
        TestApi::refused(&reply, 404, "DOCUMENT_NOT_FOUND");
    }
    let missing = api
        .send(Method::GET, &format!("{uri}/versions/9"), &token, "")
        .await;
    TestApi::refused(&missing, 404, "VERSION_NOT_FOUND");
}

#[tokio::test]
async fn of_two_writers_at_once_one_is_told_that_the_other_was_faster() {
    let api = api().await;
    let (_, token) = api.woman("ana@example.net").await;
    let (_, uri) = made(&api, &token, "a").await;
    let text = json!({ "body": "b" });
    let save = || call(&api, (Method::PUT, &uri, &token), Some("\"1\""), &text);
    let ((one, ..), (two, ..)) = tokio::join!(save(), save());
    let mut both = [one.as_u16(), two.as_u16()];
    both.sort_unstable();
    assert_eq!(both, [200, 412]);
}

#[tokio::test]
async fn a_list_has_what_is_asked_for_and_no_texts() {
    let api = api().await;
    let (_, token) = api.woman("ana@example.net").await;
    let (_, uri) = made(&api, &token, "a").await;
    let note = json!({ "kind": "NOTE", "language": "de", "body": "b" });
    let (_, note, _) = call(&api, (Method::POST, DOCUMENTS, &token), None, &note).await;
    assert_eq!(note["data"]["title"], "Document 0002");
    let list = async |query: &str| {
        let reply = api
            .send(Method::GET, &format!("{DOCUMENTS}{query}"), &token, "")
            .await;
        assert_eq!(reply.0, 200, "{}", reply.1);
        let list = reply.1["data"].as_array().unwrap().clone();
        assert!(list.iter().all(|it| it["body"].is_null()));
        assert_eq!(reply.1["meta"]["pagination"]["total"], list.len());
        list.iter()
            .map(|it| it["kind"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(list("").await, ["NOTE", "LETTER"]);
    assert_eq!(list("?kind=LETTER&status=DRAFT").await, ["LETTER"]);
    let patch = json!({ "status": "READY", "title": "For her" });
    let (status, changed, tag) = call(&api, (Method::PATCH, &uri, &token), None, &patch).await;
    assert_eq!((status.as_u16(), tag.as_deref()), (200, Some("\"2\"")));
    assert_eq!(
        (&changed["data"]["version"], &changed["data"]["title"]),
        (&json!(1), &json!("For her"))
    );
    assert_eq!(list("?status=READY").await, ["LETTER"]);
    let (status, ..) = call(
        &api,
        (Method::PATCH, &uri, &token),
        None,
        &json!({ "status": "SIGNED" }),
    )
    .await;
    assert_eq!(status, 400);
    TestApi::data(api.send(Method::DELETE, &uri, &token, "").await, 200);
    assert_eq!(list("").await, ["NOTE"]);
    assert_eq!(list("?status=TRASHED").await, ["LETTER"]);
    let text = json!({ "body": "b" });
    let (_, refused, _) = call(&api, (Method::PUT, &uri, &token), Some("\"3\""), &text).await;
    assert_eq!(refused["error"]["code"], "DOCUMENT_IN_TRASH");
    let back = api
        .send(Method::POST, &format!("{uri}/take-back"), &token, "")
        .await;
    assert_eq!(TestApi::data(back, 200)["status"], "READY");
    let copy = api
        .send(Method::POST, &format!("{uri}/copy"), &token, "")
        .await;
    assert_eq!(TestApi::data(copy, 201)["number"], 3);
    let gone = api
        .send(Method::POST, &format!("{uri}/erase"), &token, "")
        .await;
    TestApi::data(gone, 200);
    assert_eq!(list("").await, ["LETTER", "NOTE"]);
    TestApi::refused(
        &api.send(Method::GET, &uri, &token, "").await,
        404,
        "DOCUMENT_NOT_FOUND",
    );
}

#[tokio::test]
async fn a_file_says_nothing_by_its_name_and_is_the_same_each_time() {
    let api = api().await;
    let (_, token) = api.woman("ana@example.net").await;
    let (_, uri) = made(&api, &token, "# Dear *you*\n\n1. a").await;
    for (format, kind, text) in [
        (
            "md",
            "text/markdown; charset=utf-8",
            "# Dear *you*\n\n1. a\n",
        ),
        ("txt", "text/plain; charset=utf-8", "Dear you\n\n1. a\n"),
    ] {
        for _ in 0..2 {
            let path = format!("{uri}/export?format={format}");
            let reply = api.answer(Method::GET, &path, &token, "").await;
            let header = |name: &str| reply.headers()[name].to_str().unwrap().to_owned();
            assert_eq!(header("content-type"), kind);
            let name = format!("attachment; filename=\"document-0001.{format}\"");
            assert_eq!(header("content-disposition"), name);
            assert_eq!(header("cache-control"), "no-store");
            assert_eq!(header("x-content-type-options"), "nosniff");
            let bytes = reply.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(bytes, text.as_bytes());
        }
    }
}

#[tokio::test]
async fn a_text_that_breaks_a_rule_is_refused_in_words() {
    let api = api().await;
    let (_, token) = api.woman("ana@example.net").await;
    let send = async |body: Value| call(&api, (Method::POST, DOCUMENTS, &token), None, &body).await;
    let (status, refused, _) = send(letter("a <b>c</b>")).await;
    assert_eq!(
        (status.as_u16(), &refused["error"]["code"]),
        (400, &json!("VALIDATION_ERROR"))
    );
    let (status, refused, _) = send(letter(&"a".repeat(64 * 1024 + 1))).await;
    assert_eq!(
        (status.as_u16(), &refused["error"]["code"]),
        (413, &json!("TOO_LARGE"))
    );
    for broken in [
        json!({ "kind": "LETTER", "language": "English" }),
        json!({ "kind": "POEM", "language": "en" }),
        json!({ "kind": "NOTE", "language": "en", "title": "a\nb" }),
        json!({ "kind": "NOTE", "language": "en",
            "links": [{ "type": "FINDING", "id": uuid_like(), "sha256": "abc" }] }),
    ] {
        assert_eq!(send(broken.clone()).await.0, 400, "{broken}");
    }
}

fn uuid_like() -> &'static str {
    "0e7d5c2f-7a51-4b0b-9f1c-3a865a1f6d02"
}
