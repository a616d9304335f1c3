//! The routes of `/api/v1/takedowns`, over a table in memory and a key service on this machine.

use axum::body::Body;
use axum::http::{Method, Request, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use url::form_urlencoded;
use vara::clock;
use vara::domain::{
    CanonicalUrl, Image, ImageId, ImageState, MatchId, Scan, ScanId, ScanOrigin, ScanType, UserId,
};
use vara::services::record::event_log::EventLog;
use vara::services::takedowns::{TakedownQueues, Takedowns};
use vara::testing::{Cloud, TestApi};

use crate::{App, routes};

const TAKEDOWNS: &str = "/api/v1/takedowns";

async fn api() -> TestApi {
    let base = format!("{}/kms", vara_engines::start().await.unwrap());
    let cloud = Cloud::start().await;
    TestApi::build(routes(), |gate, store| {
        let queues = TakedownQueues {
            queues: cloud.queues(),
            urgent: "http://queues/1/vara-takedown-urgent".into(),
            other: "http://queues/1/vara-takedown".into(),
        };
        App {
            gate,
            service: Takedowns::new(EventLog::new(store, Cloud::vault_at(&base)), queues)
                .with_objections_at("https://vara.example"),
        }
    })
    .await
}

async fn call(
    api: &TestApi,
    (method, uri, token): (Method, &str, &str),
    expected: Option<&str>,
    body: &Value,
) -> (u16, Value, Option<String>) {
    let mut request = Request::builder()
        .method(method)
        .uri(uri)
        .header(header::AUTHORIZATION, format!("Bearer {token}"));
    if let Some(expected) = expected {
        request = request.header(header::IF_MATCH, expected);
    }
    let reply = api
        .reply(request.body(Body::from(body.to_string())).unwrap())
        .await;
    let tag = reply.headers().get(header::ETAG);
    let tag = tag.map(|it| it.to_str().unwrap().to_owned());
    let status = reply.status().as_u16();
    let bytes = reply.into_body().collect().await.unwrap().to_bytes();
    (
        status,
        serde_json::from_slice(&bytes).unwrap_or_default(),
        tag,
    )
}

/// A finding of hers.
async fn finding(api: &TestApi, user: UserId) -> MatchId {
    let now = clock::now();
    let image = Image {
        state: ImageState::Ready,
        ..Image::expected(ImageId::next(), user, "s".into(), now)
    };
    assert!(api.store.announce_image(&image, None).await.unwrap());
    let scan = Scan::pending(ScanId::next(), user, ScanType::ImageScan, None, now);
    let created = api.store.create_scan(&scan, ScanOrigin::User).await;
    assert!(created.unwrap());
    let of = (image.id, scan.id);
    vara::testing::fill(&api.store, user, of, 1, now)
        .await
        .unwrap();
    let page = CanonicalUrl::parse("https://forum.example.net/t/0").unwrap();
    MatchId::of(image.id, &page)
}

#[tokio::test]
async fn a_request_has_its_revision_and_is_hers_alone() {
    let api = api().await;
    let (user, token) = api.woman("ana@example.net").await;
    let (_, other) = api.woman("eve@example.net").await;
    let id = finding(&api, user).await;
    let new = json!({ "findingId": id, "recipientId": "google-search", "law": "TERMS" });
    let (status, made, tag) = call(&api, (Method::POST, TAKEDOWNS, &token), None, &new).await;
    assert_eq!((status, tag.as_deref()), (201, Some("\"1\"")), "{made}");
    let uri = format!("{TAKEDOWNS}/{}", made["data"]["id"].as_str().unwrap());
    let facts = json!({ "facts": {
        "harm": "PRIVATE", "name": "Ana", "email": "ana@example.net", "reason": "It shows me.",
        "wasAdult": true, "evidenceSkipped": true,
    } });
    let patch = (Method::PATCH, &*uri, &*token);
    let (status, refused, _) = call(&api, patch.clone(), None, &facts).await;
    assert_eq!(
        (status, &refused["error"]["code"]),
        (428, &json!("PRECONDITION_REQUIRED"))
    );
    let (status, changed, tag) = call(&api, patch.clone(), Some("\"1\""), &facts).await;
    assert_eq!((status, tag.as_deref()), (200, Some("\"2\"")), "{changed}");
    assert_eq!(changed["data"]["state"], "READY");
    let (status, refused, _) = call(&api, patch, Some("\"1\""), &facts).await;
    assert_eq!(
        (status, &refused["error"]["code"]),
        (412, &json!("VERSION_CONFLICT"))
    );
    for path in [uri.clone(), format!("{uri}/text")] {
        let reply = api.send(Method::GET, &path, &other, "").await;
        TestApi::refused(&reply, 404, "TAKEDOWN_NOT_FOUND");
    }
    let (mails, recheck) = (format!("{uri}/mails"), format!("{uri}/recheck"));
    let listed = api.send(Method::GET, &mails, &token, "").await;
    assert_eq!(TestApi::data(listed, 200), json!([]));
    let none = api
        .send(Method::GET, &format!("{mails}/x"), &token, "")
        .await;
    TestApi::refused(&none, 404, "MAIL_NOT_FOUND");
    let early = api.send(Method::POST, &recheck, &token, "").await;
    TestApi::refused(&early, 409, "WRONG_STATE");
    for path in [mails.clone(), format!("{mails}/x")] {
        let reply = api.send(Method::GET, &path, &other, "").await;
        TestApi::refused(&reply, 404, "TAKEDOWN_NOT_FOUND");
    }
    let of_her = call(&api, (Method::POST, TAKEDOWNS, &other), None, &new).await;
    assert_eq!(
        (of_her.0, &of_her.1["error"]["code"]),
        (404, &json!("MATCH_NOT_FOUND"))
    );
    let listed = api
        .send(Method::GET, &format!("{TAKEDOWNS}?state=READY"), &token, "")
        .await;
    assert_eq!(listed.1["meta"]["pagination"]["total"], 1);
    let recipients = api
        .send(Method::GET, &format!("{TAKEDOWNS}/catalogue"), &token, "")
        .await;
    assert!(TestApi::data(recipients, 200).as_array().unwrap().len() >= 40);
}

#[tokio::test]
async fn what_is_no_request_is_refused_in_words() {
    let api = api().await;
    let (user, token) = api.woman("ana@example.net").await;
    let id = finding(&api, user).await;
    for (body, status, code) in [
        (json!({}), 400, "VALIDATION_ERROR"),
        (
            json!({ "findingId": id, "recipientId": "nobody", "law": "TERMS" }),
            400,
            "VALIDATION_ERROR",
        ),
        (
            json!({ "findingId": id, "recipientId": "fastly", "law": "MAGNA_CARTA" }),
            400,
            "VALIDATION_ERROR",
        ),
        (
            json!({ "findingId": id, "recipientId": "fastly", "law": "TERMS", "route": 99 }),
            400,
            "VALIDATION_ERROR",
        ),
        (
            json!({ "findingId": id, "recipientId": "fastly", "law": "TERMS", "facts": { "wasAdult": false } }),
            409,
            "UNDER_18",
        ),
        (
            json!({ "findingId": id, "recipientId": "fastly", "law": "TERMS", "facts": { "urls": ["javascript:0"] } }),
            400,
            "VALIDATION_ERROR",
        ),
    ] {
        let (got, refused, _) = call(&api, (Method::POST, TAKEDOWNS, &token), None, &body).await;
        assert_eq!(
            (got, &refused["error"]["code"]),
            (status, &json!(code)),
            "{body} {refused}"
        );
        assert!(
            !refused["error"]["message"]
                .as_str()
                .unwrap()
                .contains("/api/")
        );
    }
    let none = api
        .send(Method::GET, &format!("{TAKEDOWNS}/x"), &token, "")
        .await;
    TestApi::refused(&none, 404, "TAKEDOWN_NOT_FOUND");
}

#[tokio::test]
async fn an_objection_needs_no_sign_in_and_says_nothing_of_the_reference() {
    let api = api().await;
    let object = |reference: &str| {
        json!({
            "reference": reference, "reason": "This is somebody else.", "contact": "legal@a.example",
        })
    };
    let uri = "/api/v1/objections";
    let body = object("R-00000000").to_string();
    let request = Request::builder().method(Method::POST).uri(uri);
    let reply = api.reply(request.body(Body::from(body)).unwrap()).await;
    assert_eq!(reply.status().as_u16(), 202);
    for (body, status) in [(object("4711"), 400), (json!({}), 400)] {
        let (got, refused, _) = call(&api, (Method::POST, uri, "null"), None, &body).await;
        let code = &refused["error"]["code"];
        assert_eq!((got, code), (status, &json!("VALIDATION_ERROR")), "{body}");
    }
}

/// What a browser sends from the page's form, and what it shows then.
async fn send_form(api: &TestApi, fields: &[(&str, &str)]) -> (u16, String) {
    let mut form = form_urlencoded::Serializer::new(String::new());
    let request = Request::builder()
        .method(Method::POST)
        .uri("/api/v1/objections")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(form.extend_pairs(fields).finish()));
    page(api, request.unwrap()).await
}

async fn page(api: &TestApi, request: Request<Body>) -> (u16, String) {
    let reply = api.reply(request).await;
    let status = reply.status().as_u16();
    let kind = reply.headers()["content-type"].to_str().unwrap();
    assert_eq!(kind, "text/html; charset=utf-8");
    let body = reply.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_recipient_objects_by_a_page() {
    let api = api().await;
    let uri = "/api/v1/objections?reference=R-1A2B3C4D";
    let opened = Request::builder().uri(uri).body(Body::empty()).unwrap();
    let (status, shown) = page(&api, opened).await;
    assert_eq!(status, 200);
    assert!(shown.contains("value=\"R-1A2B3C4D\""), "{shown}");
    assert!(shown.contains("<form method=\"post\">"), "{shown}");

    let reason = ("reason", "This is\r\nsomebody else.");
    let (reference, contact) = (("reference", "R-1A2B3C4D"), ("contact", "legal@a.example"));
    let (status, shown) = send_form(&api, &[reference, reason, contact]).await;
    assert_eq!(status, 202, "{shown}");
    assert!(!shown.contains("<form"), "{shown}");

    let (status, shown) = send_form(&api, &[("reference", "4711"), reason, contact]).await;
    assert_eq!(status, 400);
    let again = [
        "It looks like R-1A2B3C4D.",
        "value=\"4711\"",
        "This is\nsomebody else.",
        "legal@a.example",
    ];
    for kept in again {
        assert!(shown.contains(kept), "{kept}: {shown}");
    }
}
