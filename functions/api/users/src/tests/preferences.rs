//! Her preferences, and the page that stops all messages.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use vara::domain::{Page, Severity};
use vara::services::notices::alerts::Alerts;
use vara::services::notices::mail_links::MailLinks;
use vara::store::MailLinkPurpose;

use super::Harness;

const PREFERENCES: &str = "/api/v1/users/me/preferences";

async fn call(
    harness: &Harness,
    method: &str,
    uri: &str,
    token: &str,
    body: Value,
) -> (u16, Value) {
    let request = Request::builder()
        .method(method)
        .uri(uri)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::from(body.to_string()))
        .unwrap();
    let reply = harness.reply(request).await;
    let status = reply.status().as_u16();
    let bytes = reply.into_body().collect().await.unwrap().to_bytes();
    let text = || Value::from(String::from_utf8(bytes.to_vec()).unwrap());
    (
        status,
        serde_json::from_slice(&bytes).unwrap_or_else(|_| text()),
    )
}

#[tokio::test]
async fn before_she_chooses_she_is_told_nowhere() {
    let harness = Harness::build().await;
    let (_, token) = harness.woman("ana@example.net", 1).await;
    let (status, body) = call(&harness, "GET", PREFERENCES, &token, json!({})).await;
    let types = json!({ "IMAGE_MISUSE": true, "FAKE_PROFILE": true, "DATA_BREACH": true, "SUSPICIOUS_FOLLOWER": true,
        "BEHAVIORAL_CHANGE": true, "DEEPFAKE_DETECTED": true, "PROFILE_IMPERSONATION": true });
    let wanted = json!({ "channels": { "email": false, "webhook": null }, "digest": { "every": "IMMEDIATE", "at": "09:00" },
        "quietHours": null, "utcOffsetMinutes": 0, "types": types, "pausedUntil": null, "faceRecognition": false,
        "engines": { "tineye": "ORDINARY", "google-vision": "ORDINARY", "serpapi": "ORDINARY", "facecheck": "NEVER" },
        "updatedAt": null, "faceRecognitionSince": null });
    assert_eq!((status, &body["data"]), (200, &wanted));
    let told = call(
        &harness,
        "GET",
        "/api/v1/users/me/notifications",
        &token,
        json!({}),
    )
    .await;
    assert_eq!(told, (200, json!({ "data": [] })));
}

#[tokio::test]
async fn a_change_leaves_the_rest_and_a_replacement_does_not() {
    let harness = Harness::build().await;
    let (_, token) = harness.woman("ana@example.net", 1).await;
    let quiet = json!({ "from": "22:00", "until": "07:30" });
    let patch =
        json!({ "channels": { "email": true }, "quietHours": quiet, "utcOffsetMinutes": 60 });
    let (status, body) = call(&harness, "PATCH", PREFERENCES, &token, patch).await;
    assert_eq!((status, &body["data"]["quietHours"]), (200, &quiet));
    assert!(body["data"]["updatedAt"].is_string());
    let patch = json!({ "types": { "DATA_BREACH": false }, "pausedUntil": "2027-01-01T00:00:00Z" });
    let (_, body) = call(&harness, "PATCH", PREFERENCES, &token, patch).await;
    let it = &body["data"];
    assert_eq!(
        (
            &it["channels"]["email"],
            &it["types"]["DATA_BREACH"],
            &it["types"]["FAKE_PROFILE"]
        ),
        (&json!(true), &json!(false), &json!(true))
    );
    assert_eq!(it["pausedUntil"], "2027-01-01T00:00:00.000Z");
    let (_, body) = call(
        &harness,
        "PATCH",
        PREFERENCES,
        &token,
        json!({ "quietHours": null }),
    )
    .await;
    assert_eq!(body["data"]["quietHours"], Value::Null);
    let (status, body) = call(
        &harness,
        "PUT",
        PREFERENCES,
        &token,
        json!({ "utcOffsetMinutes": -300 }),
    )
    .await;
    let it = &body["data"];
    assert_eq!(
        (
            status,
            &it["channels"]["email"],
            &it["types"]["DATA_BREACH"],
            &it["utcOffsetMinutes"]
        ),
        (200, &json!(false), &json!(true), &json!(-300))
    );
    assert_eq!(
        call(&harness, "GET", PREFERENCES, &token, json!({}))
            .await
            .1,
        body
    );
}

/// Asked apart from everything else, off until she says yes, and a replacement that does not name it
/// takes it back.
#[tokio::test]
async fn she_agrees_to_the_recognition_of_her_face_and_takes_it_back() {
    let harness = Harness::build().await;
    let (_, token) = harness.woman("ana@example.net", 1).await;
    let set = async |method: &str, body: Value| {
        let (status, body) = call(&harness, method, PREFERENCES, &token, body).await;
        assert_eq!(status, 200, "{body}");
        body["data"].clone()
    };
    let yes = set("PATCH", json!({ "faceRecognition": true })).await;
    assert_eq!(yes["faceRecognition"], true);
    let since = &yes["faceRecognitionSince"];
    assert!(since.is_string());
    let other = set("PATCH", json!({ "channels": { "email": true } })).await;
    assert_eq!(
        (&other["faceRecognition"], &other["faceRecognitionSince"]),
        (&json!(true), since)
    );
    let no = set("PUT", json!({ "channels": { "email": true } })).await;
    assert_eq!(
        (&no["faceRecognition"], &no["faceRecognitionSince"]),
        (&json!(false), &Value::Null)
    );
    // When is ours to note, not hers to say.
    let made_up = json!({ "faceRecognitionSince": "2020-01-01T00:00:00Z" });
    let (status, _) = call(&harness, "PATCH", PREFERENCES, &token, made_up).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn the_secret_of_a_webhook_is_shown_once() {
    let harness = Harness::build().await;
    let (_, token) = harness.woman("ana@example.net", 1).await;
    let to = |url: &str| json!({ "channels": { "webhook": url } });
    let set = async |url: &str| {
        call(&harness, "PATCH", PREFERENCES, &token, to(url))
            .await
            .1["data"]
            .clone()
    };
    let first = set("https://hooks.example.com/a").await;
    let secret = first["webhookSecret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_") && secret.len() > 40);
    assert_eq!(
        set("https://hooks.example.com/a").await["webhookSecret"],
        Value::Null
    );
    let seen = call(&harness, "GET", PREFERENCES, &token, json!({}))
        .await
        .1;
    assert_eq!(
        (
            &seen["data"]["webhookSecret"],
            &seen["data"]["channels"]["webhook"]
        ),
        (&Value::Null, &json!("https://hooks.example.com/a"))
    );
    assert_ne!(
        set("https://hooks.example.com/b").await["webhookSecret"],
        first["webhookSecret"]
    );
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_its_place() {
    let harness = Harness::build().await;
    let (_, token) = harness.woman("ana@example.net", 1).await;
    let hook = |url: &str| json!({ "channels": { "webhook": url } });
    for (bad, place) in [
        (hook("http://hooks.example.com/"), json!(["channels"])),
        (hook("https://127.0.0.1/"), json!(["channels"])),
        (hook("https://169.254.169.254/latest"), json!(["channels"])),
        (hook("https://hooks.example.com:8443/"), json!(["channels"])),
        (hook("https://a:b@hooks.example.com/"), json!(["channels"])),
        (hook("nonsense"), json!(["channels"])),
        (
            json!({ "digest": { "every": "HOURLY" } }),
            json!(["digest", "every"]),
        ),
        (
            json!({ "quietHours": { "from": "1:00", "until": "02:00" } }),
            json!(["quietHours", "from"]),
        ),
        (
            json!({ "utcOffsetMinutes": 9999 }),
            json!(["utcOffsetMinutes"]),
        ),
    ] {
        for method in ["PUT", "PATCH"] {
            let (status, body) = call(&harness, method, PREFERENCES, &token, bad.clone()).await;
            let error = &body["error"];
            assert_eq!(
                (status, &error["code"]),
                (400, &json!("VALIDATION_ERROR")),
                "{bad}"
            );
            assert_eq!(error["details"][0]["path"], place, "{method} {bad}");
        }
    }
    let (status, _) = call(&harness, "PATCH", PREFERENCES, &token, json!([1])).await;
    assert_eq!(status, 400);
    for (method, uri) in [
        ("GET", PREFERENCES),
        ("PUT", PREFERENCES),
        ("GET", "/api/v1/users/me/notifications"),
    ] {
        assert_eq!(call(&harness, method, uri, "null", json!({})).await.0, 401);
    }
}

#[tokio::test]
async fn the_link_of_a_mail_asks_first_and_then_stops() {
    let harness = Harness::build().await;
    let (user, token) = harness.woman("ana@example.net", 1).await;
    call(
        &harness,
        "PATCH",
        PREFERENCES,
        &token,
        json!({ "channels": { "email": true } }),
    )
    .await;
    let now = vara::clock::now();
    let link = MailLinks::new(harness.store.clone())
        .create(user, MailLinkPurpose::Stop, now)
        .await;
    let uri = format!("/api/v1/users/stop/{}", link.unwrap());
    let email = async || {
        call(&harness, "GET", PREFERENCES, &token, json!({}))
            .await
            .1["data"]["channels"]["email"]
            .clone()
    };
    let open = async |method: Method| {
        let request = Request::builder().method(method).uri(&uri);
        let request = request.body(Body::empty()).unwrap();
        harness.reply(request).await
    };
    // Programs look at links by themselves.
    for method in [Method::HEAD, Method::GET] {
        assert_eq!(open(method).await.status(), StatusCode::OK);
    }
    let reply = open(Method::GET).await;
    assert_eq!(reply.status(), StatusCode::OK);
    assert_eq!(reply.headers()["cache-control"], "no-store");
    assert_eq!(reply.headers()["referrer-policy"], "no-referrer");
    let policy = reply.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'self'"));
    assert!(
        reply.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    assert_eq!(email().await, true);
    assert_eq!(
        call(
            &harness,
            "POST",
            &uri,
            "",
            json!("List-Unsubscribe=One-Click")
        )
        .await
        .0,
        200
    );
    assert_eq!(email().await, false);
    // Used, and not one of ours.
    for uri in [uri.as_str(), "/api/v1/users/stop/x.y"] {
        for method in [Method::GET, Method::POST] {
            let wrong = call(&harness, method.as_str(), uri, "", json!({})).await;
            let text = wrong.1.as_str().unwrap();
            assert_eq!(wrong.0, 404);
            assert!(text.contains("does not work any more"), "{text}");
        }
    }
}

/// A time that no row could be read back with made every later answer 500.
#[tokio::test]
async fn a_time_outside_the_calendar_of_the_rows_is_refused_and_breaks_nothing() {
    let harness = Harness::build().await;
    let (_, token) = harness.woman("ana@example.net", 1).await;
    for time in [
        "0000-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "1969-12-31T23:59:59Z",
        "2201-01-01T00:00:00Z",
    ] {
        let patch = json!({ "pausedUntil": time });
        let (status, body) = call(&harness, "PATCH", PREFERENCES, &token, patch).await;
        assert_eq!(
            (status, &body["error"]["code"]),
            (400, &json!("VALIDATION_ERROR")),
            "{time}"
        );
        let (status, body) = call(&harness, "GET", PREFERENCES, &token, json!({})).await;
        assert_eq!(
            (status, &body["data"]["pausedUntil"]),
            (200, &Value::Null),
            "{time}"
        );
    }
}

/// Whoever sits at her device for a minute can set one; she is told in the app.
#[tokio::test]
async fn a_new_webhook_is_told_in_the_app() {
    let harness = Harness::build().await;
    let (user, token) = harness.woman("ana@example.net", 1).await;
    for hook in ["https://hooks.example.com/a", "https://hooks.example.com/a"] {
        let chosen = json!({ "channels": { "webhook": hook } });
        let (status, _) = call(&harness, "PATCH", PREFERENCES, &token, chosen).await;
        assert_eq!(status, 200);
    }
    let page = Page {
        number: 1,
        limit: 9,
    };
    let alerts = Alerts::new(harness.store.clone(), harness.log.clone())
        .list(user, None, page)
        .await;
    let alerts = alerts.unwrap().items;
    assert_eq!(alerts.len(), 1);
    assert_eq!(alerts[0].alert.severity, Severity::Info);
    assert!(alerts[0].alert.description.contains("hooks.example.com"));
    assert!(!alerts[0].alert.description.contains("/a"));
}

/// The links of the mail at sign-up: opened by her or by a program, answered by the button.
#[tokio::test]
async fn the_mail_that_asks_is_answered_by_a_button() {
    let harness = Harness::build().await;
    let (user, token) = harness.woman("ana@example.net", 1).await;
    let now = vara::clock::now();
    let link = MailLinks::new(harness.store.clone())
        .create(user, MailLinkPurpose::Question, now)
        .await;
    let base = format!("/api/v1/users/mail/{}", link.unwrap());
    let uri = format!("{base}/yes");
    let email = async || {
        call(&harness, "GET", PREFERENCES, &token, json!({}))
            .await
            .1["data"]["channels"]["email"]
            .clone()
    };
    for method in ["HEAD", "GET", "GET"] {
        assert_eq!(call(&harness, method, &uri, "", json!({})).await.0, 200);
    }
    assert_eq!(email().await, false);
    let wrong = call(&harness, "POST", &format!("{base}/perhaps"), "", json!({})).await;
    assert_eq!(wrong.0, 404);
    let (status, page) = call(&harness, "POST", &uri, "", json!({})).await;
    assert_eq!(status, 200);
    assert!(page.as_str().unwrap().contains("Done."));
    assert_eq!(email().await, true);
    for method in ["GET", "POST"] {
        let uri = format!("{base}/no");
        assert_eq!(call(&harness, method, &uri, "", json!({})).await.0, 404);
    }
    assert_eq!(email().await, true);
}
