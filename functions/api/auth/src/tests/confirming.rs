//! Where addresses are confirmed first (`CONFIRM_FIRST`).

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Harness, PASSWORD, Reply, token};

const EMAIL: &str = "ana@example.net";

async fn sign_up(harness: &Harness) -> Reply {
    let body = json!({ "email": EMAIL, "password": PASSWORD, "data": {} });
    harness.post("/auth/v1/signup", body).await
}

/// An answer with what differs between any two of them made alike.
fn alike(mut user: Value) -> Value {
    fn blank(value: &mut Value) {
        match value {
            Value::Object(map) => map.iter_mut().for_each(|(name, it)| match name.as_str() {
                "id" | "sub" | "user_id" | "identity_id" | "userId" => *it = "<id>".into(),
                _ if name.ends_with("_at") && it.is_string() => *it = "<time>".into(),
                "createdAt" => *it = "<time>".into(),
                _ => blank(it),
            }),
            Value::Array(list) => list.iter_mut().for_each(blank),
            _ => {}
        }
    }
    blank(&mut user);
    user
}

#[tokio::test]
async fn known_and_unknown_addresses_are_answered_alike() {
    let harness = Harness::confirming().await;
    let new = sign_up(&harness).await;
    assert_eq!(new.status, StatusCode::OK, "{new:?}");
    assert_eq!(new.body["email_confirmed_at"], Value::Null);
    assert!(new.body["confirmation_sent_at"].is_string());
    assert!(new.body["access_token"].is_null());
    let stored = harness.account().await;
    assert_eq!(new.body["id"], json!(stored.id()));
    let again = sign_up(&harness).await;
    assert_eq!(again.status, new.status);
    assert_ne!(again.body["id"], new.body["id"]);
    assert_eq!(alike(again.body), alike(new.body));

    // Nor does signing in tell, with the password that was just chosen or another.
    let refused = harness.sign_in(PASSWORD).await;
    refused.is_refused(400, "invalid_credentials");
    assert_eq!(harness.sign_in("Wrong1horse").await.body, refused.body);

    let body =
        |email: &str| json!({ "email": email, "password": PASSWORD, "confirmPassword": PASSWORD });
    let path = "/api/v1/auth/signup";
    let known = harness.post(path, body(EMAIL)).await;
    let unknown = harness.post(path, body("eve@example.net")).await;
    assert_eq!(
        (known.status, unknown.status),
        (StatusCode::CREATED, StatusCode::CREATED)
    );
    let mut unknown = alike(unknown.body);
    unknown["data"]["email"] = EMAIL.into();
    assert_eq!(alike(known.body), unknown);
    let settings = harness.send("GET", "/auth/v1/settings", None, None).await;
    assert_eq!(settings.body["mailer_autoconfirm"], false);
}

#[tokio::test]
async fn who_follows_the_link_can_sign_in_and_is_told_if_somebody_signs_up_again() {
    let harness = Harness::confirming().await;
    let from = "192.0.2.7";
    let body = json!({ "email": EMAIL, "password": PASSWORD }).to_string();
    let request = axum::http::Request::post("/auth/v1/signup")
        .body(body.into())
        .unwrap();
    super::answer(&harness.routes, super::called_from(request, from)).await;
    let link = harness.mailed("type=signup").await;
    // Again before it was followed: at most one mail a minute.
    sign_up(&harness).await;
    assert_eq!(harness.mails().await.len(), 1);
    let landed = harness.submit(&link, from, &[]).await;
    assert!(
        landed
            .header("location")
            .starts_with("https://app.example/login?message=")
    );
    let session = harness.sign_in(PASSWORD).await;
    assert_eq!(session.status, StatusCode::OK, "{session:?}");
    assert!(session.body["user"]["email_confirmed_at"].is_string());
    assert_eq!(
        harness
            .me(&token(&session.body, "access_token"))
            .await
            .status,
        StatusCode::OK
    );

    let window = harness.service.access.keys().address_name(EMAIL);
    harness
        .service
        .store
        .close_mail_window(&window)
        .await
        .unwrap();
    sign_up(&harness).await;
    let mails = harness.mails().await;
    assert_eq!(mails.len(), 2);
    let text = mails[1]["text"].as_str().unwrap();
    assert!(
        text.contains("which has one") && text.contains("https://app.example/login"),
        "{text}"
    );
    assert_eq!(
        harness.sign_in(PASSWORD).await.status,
        StatusCode::OK,
        "and all is as it was"
    );
}

#[tokio::test]
async fn an_account_that_was_never_confirmed_is_told_so_where_that_is_no_secret() {
    let mut harness = Harness::confirming().await;
    sign_up(&harness).await;
    harness.service.confirm_first = false;
    let client = vara::services::people::auth::Client::default();
    let why = harness
        .service
        .sign_in(Some(EMAIL), Some(PASSWORD), &client)
        .await;
    assert!(
        matches!(
            why,
            Err(vara::services::people::auth::AuthRefusal::Unconfirmed)
        ),
        "{why:?}"
    );
}
