//! `/api/v1/auth/*`.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Harness, PASSWORD, Reply, links, token};

async fn post(harness: &Harness, name: &str, body: Value) -> Reply {
    harness.post(&format!("/api/v1/auth/{name}"), body).await
}

fn paths(reply: &Reply) -> Vec<&str> {
    let issues = reply.body["error"]["details"].as_array().unwrap();
    issues
        .iter()
        .map(|it| it["path"][0].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn signing_up_and_in() {
    let harness = Harness::build().await;
    let body =
        json!({ "email": "Ana@example.net", "password": PASSWORD, "confirmPassword": PASSWORD });
    let made = post(&harness, "signup", body.clone()).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let data = &made.body["data"];
    assert_eq!(
        (&data["email"], &data["profile"]["riskLevel"]),
        (&json!("ana@example.net"), &json!("LOW"))
    );
    assert_eq!(data["profile"]["displayName"], Value::Null);
    assert!(data["accessToken"].is_null());
    post(&harness, "signup", body)
        .await
        .is_error(400, "AUTH_SIGNUP_FAILED");

    let reply = post(
        &harness,
        "login",
        json!({ "email": "ana@example.net", "password": PASSWORD }),
    )
    .await;
    assert_eq!(reply.status, StatusCode::OK);
    let login = &reply.body["data"];
    assert_eq!(
        (&login["user"]["id"], &login["user"]["emailVerified"]),
        (&data["id"], &json!(true))
    );
    assert_eq!(login["user"]["profile"]["userId"], data["id"]);
    assert!(login["expiresAt"].as_i64().unwrap() > 1_700_000_000);
    // One store behind both surfaces.
    assert_eq!(
        harness.me(&token(login, "accessToken")).await.status,
        StatusCode::OK
    );

    let refreshed = post(
        &harness,
        "refresh",
        json!({ "refreshToken": login["refreshToken"] }),
    )
    .await;
    let refreshed = &refreshed.body["data"];
    assert_ne!(refreshed["refreshToken"], login["refreshToken"]);
    let access = token(refreshed, "accessToken");
    let out = harness
        .send("POST", "/api/v1/auth/logout", Some(&access), None)
        .await;
    assert_eq!(
        (out.status, &out.body),
        (StatusCode::NO_CONTENT, &Value::Null)
    );
    harness
        .me(&access)
        .await
        .is_refused(403, "session_not_found");
    for nobody in [None, Some("null"), Some(access.as_str())] {
        let out = harness
            .send("POST", "/api/v1/auth/logout", nobody, None)
            .await;
        assert_eq!(out.status, StatusCode::NO_CONTENT);
    }
}

#[tokio::test]
async fn what_is_refused() {
    let harness = Harness::build().await;
    let reply = post(
        &harness,
        "signup",
        json!({ "email": "x", "password": "weak", "confirmPassword": "weaker" }),
    )
    .await;
    reply.is_error(400, "VALIDATION_ERROR");
    assert_eq!(paths(&reply), ["email", "password", "confirmPassword"]);
    let reply = post(&harness, "login", json!({})).await;
    reply.is_error(400, "VALIDATION_ERROR");
    assert_eq!(paths(&reply), ["email", "password"]);
    post(
        &harness,
        "login",
        json!({ "email": "ana@example.net", "password": "x" }),
    )
    .await
    .is_error(401, "AUTH_LOGIN_FAILED");
    harness
        .send("POST", "/api/v1/auth/login", None, Some("{"))
        .await
        .is_error(400, "INVALID_JSON");

    harness
        .send("POST", "/api/v1/auth/refresh", None, None)
        .await
        .is_error(400, "AUTH_MISSING_REFRESH_TOKEN");
    let reply = post(
        &harness,
        "refresh",
        json!({ "refreshToken": "abcdefghijklmnop" }),
    )
    .await;
    reply.is_error(401, "AUTH_REFRESH_FAILED");
    assert_eq!(
        reply.body["error"]["details"],
        json!({ "requiresReauth": true, "reason": "refresh_failed" })
    );
    post(&harness, "forgot-password", json!({ "email": "x" }))
        .await
        .is_error(400, "VALIDATION_ERROR");
}

#[tokio::test]
async fn a_forgotten_password() {
    let harness = Harness::build().await;
    let session = harness.ana().await;
    let user = token(&session["user"], "id");
    for address in ["ana@example.net", "ana@example.net", "nobody@example.net"] {
        let reply = post(&harness, "forgot-password", json!({ "email": address })).await;
        assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
        assert!(reply.body["data"]["message"].is_string());
    }
    let link = url::Url::parse(&format!(
        "https://vara.example{}",
        harness.mailed("type=recovery").await
    ))
    .unwrap();
    assert!(
        link.query_pairs()
            .any(|it| it.1 == "https://app.example/reset-password"),
        "{link}"
    );
    let given = link
        .query_pairs()
        .find(|it| it.0 == "token")
        .unwrap()
        .1
        .into_owned();
    let reset = |token: &str, password: &str| json!({ "token": token, "password": password, "confirmPassword": password });
    post(&harness, "reset-password", reset(&given, "weak"))
        .await
        .is_error(400, "VALIDATION_ERROR");
    post(&harness, "reset-password", reset(&given, PASSWORD))
        .await
        .is_error(400, "VALIDATION_ERROR");
    let wrong = post(
        &harness,
        "reset-password",
        reset("nonsense", "Another1horse"),
    )
    .await;
    wrong.is_error(400, "AUTH_RESET_TOKEN_INVALID");
    assert_eq!(wrong.body["error"]["details"], json!({ "expired": false }));

    let done = post(&harness, "reset-password", reset(&given, "Another1horse")).await;
    assert_eq!(done.status, StatusCode::OK, "{done:?}");
    harness
        .me(&token(&session, "access_token"))
        .await
        .is_refused(403, "session_not_found");
    assert_eq!(
        harness.sign_in("Another1horse").await.status,
        StatusCode::OK
    );
    post(&harness, "reset-password", reset(&given, "Third1horse!"))
        .await
        .is_error(400, "AUTH_RESET_TOKEN_INVALID");

    let late = links::late_link(&harness, &user).await;
    let reply = post(&harness, "reset-password", reset(&late, "Third1horse!")).await;
    reply.is_error(400, "AUTH_RESET_TOKEN_EXPIRED");
    assert_eq!(reply.body["error"]["details"], json!({ "expired": true }));
}

#[tokio::test]
async fn another_password_while_signed_in() {
    let harness = Harness::build().await;
    let path = "/api/v1/auth/reset-password-with-session";
    let session = harness.ana().await;
    let access = token(&session, "access_token");
    let body = json!({ "password": "Another1horse" }).to_string();
    harness
        .send("POST", path, None, Some(&body))
        .await
        .is_error(401, "AUTH_MISSING_TOKEN");
    let invalid = harness.send("POST", path, Some("null"), Some(&body)).await;
    invalid.is_error(401, "AUTH_INVALID_TOKEN");
    assert_eq!(
        invalid.body["error"]["details"],
        json!({ "expired": false, "requiresReauth": true })
    );
    let late = harness.expired_token(&session).await;
    let expired = harness.send("POST", path, Some(&late), Some(&body)).await;
    expired.is_error(401, "AUTH_TOKEN_EXPIRED");
    let details = json!({ "expired": true, "expiredAt": "2023-11-14T23:13:20.000Z", "requiresRefresh": true });
    assert_eq!(expired.body["error"]["details"], details);

    harness
        .send("POST", path, Some(&access), None)
        .await
        .is_error(400, "AUTH_INVALID_REQUEST");
    harness
        .send("POST", path, Some(&access), Some(r#"{"password":"weak"}"#))
        .await
        .is_error(400, "AUTH_INVALID_REQUEST");
    assert_eq!(
        harness
            .send("POST", path, Some(&access), Some(&body))
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(
        harness.sign_in("Another1horse").await.status,
        StatusCode::OK
    );
}
