//! What succeeds below `/auth/v1/`.

use axum::http::StatusCode;
use serde_json::json;
use vara::services::people::auth::Client;

use super::{Harness, PASSWORD, token};

#[tokio::test]
async fn signing_up_gives_the_session_the_app_needs() {
    let harness = Harness::build().await;
    let session = harness.ana().await;
    assert_eq!(session["token_type"], "bearer");
    assert_eq!(session["expires_in"], 3600);
    assert!(session["expires_at"].as_i64().unwrap() > 1_700_000_000);
    assert!(token(&session, "refresh_token").len() >= 12);
    let user = &session["user"];
    assert_eq!(user["email"], "ana@example.net");
    assert_eq!(
        (&user["aud"], &user["role"]),
        (&json!("authenticated"), &json!("authenticated"))
    );
    assert!(user["email_confirmed_at"].is_string());
    assert_eq!(user["identities"][0]["identity_data"]["sub"], user["id"]);
    assert_eq!(
        user["app_metadata"],
        json!({ "provider": "email", "providers": ["email"] })
    );

    let me = harness.me(&token(&session, "access_token")).await;
    assert_eq!((me.status, &me.body["id"]), (StatusCode::OK, &user["id"]));
    assert_eq!(me.header("x-supabase-api-version"), "2024-01-01");
    assert_eq!(me.header("cache-control"), "no-store");
}

#[tokio::test]
async fn signing_in_and_out() {
    let harness = Harness::build().await;
    let first = harness.ana().await;
    let second = harness.sign_in(PASSWORD).await;
    assert_eq!(second.status, StatusCode::OK);
    let third = harness.sign_in(PASSWORD).await.body;
    let (first, second, third) = (
        token(&first, "access_token"),
        second.text("access_token"),
        token(&third, "access_token"),
    );

    let out = harness
        .send("POST", "/auth/v1/logout?scope=local", Some(&first), None)
        .await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    harness
        .me(&first)
        .await
        .is_refused(403, "session_not_found");
    assert_eq!(harness.me(&second).await.status, StatusCode::OK);

    harness
        .send("POST", "/auth/v1/logout?scope=others", Some(&second), None)
        .await;
    harness
        .me(&third)
        .await
        .is_refused(403, "session_not_found");
    assert_eq!(harness.me(&second).await.status, StatusCode::OK);

    let fourth = harness.sign_in(PASSWORD).await.text("access_token");
    harness
        .send("POST", "/auth/v1/logout", Some(&fourth), None)
        .await;
    harness
        .me(&second)
        .await
        .is_refused(403, "session_not_found");
    harness
        .me(&fourth)
        .await
        .is_refused(403, "session_not_found");
}

#[tokio::test]
async fn another_password_ends_the_other_sign_ins_and_is_told_by_mail() {
    let harness = Harness::build().await;
    let old = token(&harness.ana().await, "access_token");
    let here = harness.sign_in(PASSWORD).await;
    let body = json!({ "password": "Another1horse", "code_challenge": null, "code_challenge_method": null }).to_string();
    let changed = harness
        .send(
            "PUT",
            "/auth/v1/user",
            Some(&here.text("access_token")),
            Some(&body),
        )
        .await;
    assert_eq!(
        (changed.status, &changed.body["email"]),
        (StatusCode::OK, &json!("ana@example.net"))
    );
    harness.me(&old).await.is_refused(403, "session_not_found");
    assert_eq!(
        harness.me(&here.text("access_token")).await.status,
        StatusCode::OK
    );
    assert_eq!(
        harness.refresh(&here.text("refresh_token")).await.status,
        StatusCode::OK
    );
    harness
        .sign_in(PASSWORD)
        .await
        .is_refused(400, "invalid_credentials");
    assert_eq!(
        harness.sign_in("Another1horse").await.status,
        StatusCode::OK
    );
    let mails = harness.mails().await;
    assert!(
        mails.iter().any(|it| it["text"]
            .as_str()
            .unwrap()
            .contains("password was changed")),
        "{mails:?}"
    );

    let same = harness
        .send(
            "PUT",
            "/auth/v1/user",
            Some(&here.text("access_token")),
            Some(&body),
        )
        .await;
    same.is_refused(422, "same_password");
}

#[tokio::test]
async fn a_down_mail_service_does_not_stop_signing_up() {
    let harness = Harness::build().await;
    harness.break_mail().await;
    let session = harness.ana().await;
    assert_eq!(
        harness.me(&token(&session, "access_token")).await.status,
        StatusCode::OK
    );
    assert!(harness.mails().await.is_empty());
    let mut service = harness.service.clone();
    service.queues = vara::testing::Cloud::silent_queues();
    let eve = Some("eve@example.net");
    let made = service
        .sign_up(eve, Some(PASSWORD), None, &Client::default(), true)
        .await;
    assert!(made.unwrap().granted.is_some());
}

#[tokio::test]
async fn settings_health_and_keys() {
    let harness = Harness::build().await;
    let settings = harness
        .send("GET", "/auth/v1/settings", None, None)
        .await
        .body;
    assert_eq!(
        (
            &settings["external"]["email"],
            &settings["mailer_autoconfirm"]
        ),
        (&json!(true), &json!(true))
    );
    assert_eq!(
        harness
            .send("GET", "/auth/v1/health", None, None)
            .await
            .status,
        StatusCode::OK
    );
    let keys = harness
        .send("GET", "/auth/v1/.well-known/jwks.json", None, None)
        .await
        .body;
    let key = &keys["keys"][0];
    assert_eq!(
        (&key["alg"], &key["crv"], &key["kty"]),
        (&json!("ES256"), &json!("P-256"), &json!("EC"))
    );
    assert!(key["d"].is_null());
}

#[tokio::test]
async fn a_preflight_is_allowed_what_the_library_sends() {
    use axum::body::Body;
    use axum::http::{Request, header};
    let harness = Harness::build().await;
    let wanted = "apikey,authorization,content-type,x-client-info,x-supabase-api-version";
    let request = Request::options("/auth/v1/token?grant_type=password")
        .header(header::ORIGIN, super::SITE)
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
        .header(header::ACCESS_CONTROL_REQUEST_HEADERS, wanted)
        .body(Body::empty());
    let reply = super::answer(&harness.routes, request.unwrap()).await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    assert_eq!(reply.header("access-control-allow-origin"), super::SITE);
    assert_eq!(reply.header("access-control-allow-headers"), wanted);
    for method in ["GET", "POST", "PUT"] {
        assert!(
            reply
                .header("access-control-allow-methods")
                .contains(method)
        );
    }
}
