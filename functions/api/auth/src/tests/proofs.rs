//! What the first use of a mailed link proves, and what ends with it.

use axum::http::StatusCode;
use serde_json::{Value, json};
use vara::domain::LinkKind;
use vara::services::people::preferences::UserPreferences;

use super::links::{RECOVER, fragment, new_link, page, token_of};
use super::{Harness, PASSWORD, token};

#[tokio::test]
async fn a_confirmation_signs_nobody_in_and_ends_what_was_before() {
    let harness = Harness::build().await;
    let session = harness.ana_from("192.0.2.7").await;
    let link = harness.mailed("type=signup").await;
    let reply = harness.submit(&link, "192.0.2.7", &[]).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER);
    let location = reply.header("location");
    assert!(
        location.starts_with("https://app.example/login?message=Your+address+is+confirmed."),
        "{location}"
    );
    assert!(!location.contains("token"), "{location}");
    assert!(fragment(location)["message"].contains("sign in"));
    harness
        .me(&token(&session, "access_token"))
        .await
        .is_refused(403, "session_not_found");
    // It comes from where the account was made: the password is hers.
    assert_eq!(harness.sign_in(PASSWORD).await.status, StatusCode::OK);
    let account = harness.account().await;
    assert!(account.is_proved() && account.signed_up_from.is_none());
    let again = harness.press(&link).await;
    assert!(again.header("location").contains("error_code=otp_expired"));
}

#[tokio::test]
async fn who_signed_up_with_an_address_of_somebody_else_has_nothing_once_it_is_confirmed() {
    for from in ["198.51.100.4", ""] {
        let harness = Harness::build().await;
        let session = harness.ana_from("192.0.2.7").await;
        let link = harness.mailed("type=signup").await;
        assert!(page(&harness.send("GET", &link, None, None).await).contains("Forgot password"));
        let reply = harness.submit(&link, from, &[]).await;
        assert!(fragment(reply.header("location"))["message"].contains("Forgot password"));
        let theirs = token(&session, "access_token");
        harness
            .me(&theirs)
            .await
            .is_refused(403, "session_not_found");
        harness
            .refresh(&token(&session, "refresh_token"))
            .await
            .is_refused(400, "session_not_found");
        harness
            .sign_in(PASSWORD)
            .await
            .is_refused(400, "invalid_credentials");
    }
}

#[tokio::test]
async fn a_recovery_of_an_address_that_was_never_proved_ends_what_was_before() {
    let harness = Harness::build().await;
    let session = harness.ana().await;
    harness
        .post(RECOVER, json!({ "email": "ana@example.net" }))
        .await;
    let first = harness.press(&harness.mailed("type=recovery").await).await;
    let hers = fragment(first.header("location"))["access_token"].clone();
    assert_eq!(harness.me(&hers).await.status, StatusCode::OK);
    harness
        .me(&token(&session, "access_token"))
        .await
        .is_refused(403, "session_not_found");
    harness
        .sign_in(PASSWORD)
        .await
        .is_refused(400, "invalid_credentials");

    // Another one later, of an address that is proved by then, changes nothing of that kind.
    let body = json!({ "password": "Another1horse" }).to_string();
    harness
        .send("PUT", "/auth/v1/user", Some(&hers), Some(&body))
        .await;
    let account = harness.account().await;
    let later = new_link(&harness, &account, LinkKind::Recovery, 3600).await;
    let link = format!("/auth/v1/verify?token={later}&type=recovery");
    assert!(
        harness
            .press(&link)
            .await
            .header("location")
            .contains("#access_token=")
    );
    assert_eq!(harness.me(&hers).await.status, StatusCode::OK);
    assert_eq!(
        harness.sign_in("Another1horse").await.status,
        StatusCode::OK
    );
}

fn preferences(harness: &Harness) -> UserPreferences {
    let service = &harness.service;
    UserPreferences::new(service.store.clone(), service.log.clone())
}

/// The webhook that she is told by.
async fn webhook(harness: &Harness) -> Value {
    let user = harness.account().await.id();
    let seen = preferences(harness).get(user).await.unwrap();
    json!(seen.preferences)["channels"]["webhook"].clone()
}

#[tokio::test]
async fn a_reset_as_the_app_does_it_removes_the_webhook() {
    let harness = Harness::build().await;
    let bearer = token(&harness.ana().await, "access_token");
    let user = harness.account().await.id();
    let before = preferences(&harness).get(user).await.unwrap();
    let hook = json!("https://hooks.example.net/x");
    let chosen = serde_json::from_value(json!({ "channels": { "webhook": hook } })).unwrap();
    let now = vara::clock::now();
    preferences(&harness)
        .set(&vara::testing::caller(user), &before, chosen, now)
        .await
        .unwrap();
    let change = async |bearer: &str, password: &str| {
        let body = json!({ "password": password }).to_string();
        let path = "/auth/v1/user";
        harness.send("PUT", path, Some(bearer), Some(&body)).await
    };
    assert_eq!(
        change(&bearer, "Another1horse").await.status,
        StatusCode::OK
    );
    assert_eq!(
        webhook(&harness).await,
        hook,
        "she only changed her password"
    );
    let account = harness.account().await;
    let given = new_link(&harness, &account, LinkKind::Recovery, 3600).await;
    let link = format!("/auth/v1/verify?token={given}&type=recovery");
    let landed = harness.press(&link).await;
    let bearer = &fragment(landed.header("location"))["access_token"];
    assert_eq!(change(bearer, "Third1horse!").await.status, StatusCode::OK);
    assert_eq!(webhook(&harness).await, Value::Null);
}

#[tokio::test]
async fn links_end_with_another_password_and_with_signing_out_everywhere() {
    let harness = Harness::build().await;
    let session = harness.ana().await;
    let mut bearer = token(&session, "access_token");
    for step in ["password", "logout"] {
        let account = harness.account().await;
        let recovery = new_link(&harness, &account, LinkKind::Recovery, 3600).await;
        let account = harness.account().await;
        let confirmation = new_link(&harness, &account, LinkKind::SignUp, 3600).await;
        if step == "password" {
            let body = json!({ "password": "Another1horse" }).to_string();
            harness
                .send("PUT", "/auth/v1/user", Some(&bearer), Some(&body))
                .await;
            bearer = harness.sign_in("Another1horse").await.text("access_token");
        } else {
            harness
                .send("POST", "/auth/v1/logout?scope=local", Some(&bearer), None)
                .await;
            bearer = harness.sign_in("Another1horse").await.text("access_token");
            let open = harness.account().await;
            assert_eq!(
                (open.recovery_links.len(), open.confirmation_links.len()),
                (1, 1)
            );
            harness
                .send("POST", "/auth/v1/logout?scope=global", Some(&bearer), None)
                .await;
        }
        for (link, kind) in [(recovery, "recovery"), (confirmation, "signup")] {
            let body = json!({ "token_hash": link, "type": kind });
            harness
                .post("/auth/v1/verify", body)
                .await
                .is_refused(403, "otp_expired");
        }
    }
}

#[tokio::test]
async fn the_library_confirms_an_address_and_stays_signed_in() {
    let harness = Harness::build().await;
    let session = harness.ana().await;
    let other = harness.sign_in(PASSWORD).await.text("access_token");
    let link = harness.mailed("type=signup").await;
    assert!(
        link.contains("redirect_to=https%3A%2F%2Fapp.example%2F"),
        "{link}"
    );
    let given = token_of(&link);
    let with = |kind: &str| json!({ "token_hash": given, "type": kind }).to_string();
    let path = "/auth/v1/verify";
    harness
        .send("POST", path, None, Some(&with("recovery")))
        .await
        .is_refused(403, "otp_expired");
    let hers = token(&session, "access_token");
    let reply = harness
        .send("POST", path, Some(&hers), Some(&with("signup")))
        .await;
    assert_eq!(
        (reply.status, &reply.body["user"]["id"]),
        (StatusCode::OK, &session["user"]["id"])
    );
    assert_eq!(
        harness.me(&reply.text("access_token")).await.status,
        StatusCode::OK
    );
    assert_eq!(harness.me(&hers).await.status, StatusCode::OK);
    harness
        .me(&other)
        .await
        .is_refused(403, "session_not_found");
    assert_eq!(harness.sign_in(PASSWORD).await.status, StatusCode::OK);
    harness
        .send("POST", path, Some(&hers), Some(&with("signup")))
        .await
        .is_refused(403, "otp_expired");
    harness
        .post(path, json!({ "token_hash": given, "type": "sms" }))
        .await
        .is_refused(400, "validation_failed");
    harness
        .post(path, json!({ "type": "signup" }))
        .await
        .is_refused(400, "validation_failed");
}

#[tokio::test]
async fn a_confirmation_by_who_did_not_ask_for_it_gives_no_tokens() {
    let harness = Harness::build().await;
    let session = harness.ana().await;
    let eve = json!({ "email": "eve@example.net", "password": PASSWORD });
    let eve = harness
        .post("/auth/v1/signup", eve)
        .await
        .text("access_token");
    let account = harness.account().await;
    let given = new_link(&harness, &account, LinkKind::SignUp, 3600).await;
    let body = json!({ "token_hash": given, "type": "signup" }).to_string();
    let reply = harness
        .send("POST", "/auth/v1/verify", Some(&eve), Some(&body))
        .await;
    assert_eq!(
        (reply.status, &reply.body["id"]),
        (StatusCode::OK, &session["user"]["id"])
    );
    assert!(reply.body["access_token"].is_null() && reply.body["refresh_token"].is_null());
    assert_eq!(
        harness.me(&eve).await.status,
        StatusCode::OK,
        "her own goes on"
    );
}
