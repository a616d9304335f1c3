//! What the first use of a mailed link proves, and what ends with it.

use axum::http::StatusCode;
use serde_json::{Value, json};
use vara::domain::LinkKind;
use vara::services::people::preferences::UserPreferences;

use super::links::{RECOVER, fragment, new_link, page, token_of};
use super::{House, PASSWORD, token};

#[tokio::test]
async fn a_confirmation_signs_nobody_in_and_ends_what_was_before() {
    let house = House::build().await;
    let session = house.ana_from("192.0.2.7").await;
    let link = house.mailed("type=signup").await;
    let reply = house.submit(&link, "192.0.2.7", &[]).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER);
    let location = reply.header("location");
    assert!(
        location.starts_with("https://app.example/login?message=Your+address+is+confirmed."),
        "{location}"
    );
    assert!(!location.contains("token"), "{location}");
    assert!(fragment(location)["message"].contains("sign in"));
    house
        .me(&token(&session, "access_token"))
        .await
        .is_refused(403, "session_not_found");
    // It comes from where the account was made: the password is hers.
    assert_eq!(house.sign_in(PASSWORD).await.status, StatusCode::OK);
    let account = house.account().await;
    assert!(account.is_proved() && account.signed_up_from.is_none());
    let again = house.press(&link).await;
    assert!(again.header("location").contains("error_code=otp_expired"));
}

#[tokio::test]
async fn who_signed_up_with_an_address_of_somebody_else_has_nothing_once_it_is_confirmed() {
    for from in ["198.51.100.4", ""] {
        let house = House::build().await;
        let session = house.ana_from("192.0.2.7").await;
        let link = house.mailed("type=signup").await;
        assert!(page(&house.send("GET", &link, None, None).await).contains("Forgot password"));
        let reply = house.submit(&link, from, &[]).await;
        assert!(fragment(reply.header("location"))["message"].contains("Forgot password"));
        let theirs = token(&session, "access_token");
        house.me(&theirs).await.is_refused(403, "session_not_found");
        house
            .refresh(&token(&session, "refresh_token"))
            .await
            .is_refused(400, "session_not_found");
        house
            .sign_in(PASSWORD)
            .await
            .is_refused(400, "invalid_credentials");
    }
}

#[tokio::test]
async fn a_recovery_of_an_address_that_was_never_proved_ends_what_was_before() {
    let house = House::build().await;
    let session = house.ana().await;
    house
        .post(RECOVER, json!({ "email": "ana@example.net" }))
        .await;
    let first = house.press(&house.mailed("type=recovery").await).await;
    let hers = fragment(first.header("location"))["access_token"].clone();
    assert_eq!(house.me(&hers).await.status, StatusCode::OK);
    house
        .me(&token(&session, "access_token"))
        .await
        .is_refused(403, "session_not_found");
    house
        .sign_in(PASSWORD)
        .await
        .is_refused(400, "invalid_credentials");

    // Another one later, of an address that is proved by then, changes nothing of that kind.
    let body = json!({ "password": "Another1horse" }).to_string();
    house
        .send("PUT", "/auth/v1/user", Some(&hers), Some(&body))
        .await;
    let account = house.account().await;
    let later = new_link(&house, &account, LinkKind::Recovery, 3600).await;
    let link = format!("/auth/v1/verify?token={later}&type=recovery");
    assert!(
        house
            .press(&link)
            .await
            .header("location")
            .contains("#access_token=")
    );
    assert_eq!(house.me(&hers).await.status, StatusCode::OK);
    assert_eq!(house.sign_in("Another1horse").await.status, StatusCode::OK);
}

/// The webhook that she is told by.
async fn webhook(house: &House) -> Value {
    let user = house.account().await.id();
    let seen = UserPreferences::new(house.service.store.clone())
        .get(user)
        .await
        .unwrap();
    json!(seen.preferences)["channels"]["webhook"].clone()
}

#[tokio::test]
async fn a_reset_as_the_app_does_it_removes_the_webhook() {
    let house = House::build().await;
    let bearer = token(&house.ana().await, "access_token");
    let (store, user) = (&house.service.store, house.account().await.id());
    let before = UserPreferences::new(store.clone()).get(user).await.unwrap();
    let hook = json!("https://hooks.example.net/x");
    let chosen = serde_json::from_value(json!({ "channels": { "webhook": hook } })).unwrap();
    let now = vara::clock::now();
    UserPreferences::new(store.clone())
        .set(user, &before, chosen, now)
        .await
        .unwrap();
    let change = async |bearer: &str, password: &str| {
        let body = json!({ "password": password }).to_string();
        let path = "/auth/v1/user";
        house.send("PUT", path, Some(bearer), Some(&body)).await
    };
    assert_eq!(
        change(&bearer, "Another1horse").await.status,
        StatusCode::OK
    );
    assert_eq!(webhook(&house).await, hook, "she only changed her password");
    let account = house.account().await;
    let given = new_link(&house, &account, LinkKind::Recovery, 3600).await;
    let link = format!("/auth/v1/verify?token={given}&type=recovery");
    let landed = house.press(&link).await;
    let bearer = &fragment(landed.header("location"))["access_token"];
    assert_eq!(change(bearer, "Third1horse!").await.status, StatusCode::OK);
    assert_eq!(webhook(&house).await, Value::Null);
}

#[tokio::test]
async fn links_end_with_another_password_and_with_signing_out_everywhere() {
    let house = House::build().await;
    let session = house.ana().await;
    let mut bearer = token(&session, "access_token");
    for step in ["password", "logout"] {
        let account = house.account().await;
        let recovery = new_link(&house, &account, LinkKind::Recovery, 3600).await;
        let account = house.account().await;
        let confirmation = new_link(&house, &account, LinkKind::SignUp, 3600).await;
        if step == "password" {
            let body = json!({ "password": "Another1horse" }).to_string();
            house
                .send("PUT", "/auth/v1/user", Some(&bearer), Some(&body))
                .await;
            bearer = house.sign_in("Another1horse").await.text("access_token");
        } else {
            house
                .send("POST", "/auth/v1/logout?scope=local", Some(&bearer), None)
                .await;
            bearer = house.sign_in("Another1horse").await.text("access_token");
            let open = house.account().await;
            assert_eq!(
                (open.recovery_links.len(), open.confirmation_links.len()),
                (1, 1)
            );
            house
                .send("POST", "/auth/v1/logout?scope=global", Some(&bearer), None)
                .await;
        }
        for (link, kind) in [(recovery, "recovery"), (confirmation, "signup")] {
            let body = json!({ "token_hash": link, "type": kind });
            house
                .post("/auth/v1/verify", body)
                .await
                .is_refused(403, "otp_expired");
        }
    }
}

#[tokio::test]
async fn the_library_confirms_an_address_and_stays_signed_in() {
    let house = House::build().await;
    let session = house.ana().await;
    let other = house.sign_in(PASSWORD).await.text("access_token");
    let link = house.mailed("type=signup").await;
    assert!(
        link.contains("redirect_to=https%3A%2F%2Fapp.example%2F"),
        "{link}"
    );
    let given = token_of(&link);
    let with = |kind: &str| json!({ "token_hash": given, "type": kind }).to_string();
    let path = "/auth/v1/verify";
    house
        .send("POST", path, None, Some(&with("recovery")))
        .await
        .is_refused(403, "otp_expired");
    let hers = token(&session, "access_token");
    let reply = house
        .send("POST", path, Some(&hers), Some(&with("signup")))
        .await;
    assert_eq!(
        (reply.status, &reply.body["user"]["id"]),
        (StatusCode::OK, &session["user"]["id"])
    );
    assert_eq!(
        house.me(&reply.text("access_token")).await.status,
        StatusCode::OK
    );
    assert_eq!(house.me(&hers).await.status, StatusCode::OK);
    house.me(&other).await.is_refused(403, "session_not_found");
    assert_eq!(house.sign_in(PASSWORD).await.status, StatusCode::OK);
    house
        .send("POST", path, Some(&hers), Some(&with("signup")))
        .await
        .is_refused(403, "otp_expired");
    house
        .post(path, json!({ "token_hash": given, "type": "sms" }))
        .await
        .is_refused(400, "validation_failed");
    house
        .post(path, json!({ "type": "signup" }))
        .await
        .is_refused(400, "validation_failed");
}

#[tokio::test]
async fn a_confirmation_by_who_did_not_ask_for_it_gives_no_tokens() {
    let house = House::build().await;
    let session = house.ana().await;
    let eve = json!({ "email": "eve@example.net", "password": PASSWORD });
    let eve = house
        .post("/auth/v1/signup", eve)
        .await
        .text("access_token");
    let account = house.account().await;
    let given = new_link(&house, &account, LinkKind::SignUp, 3600).await;
    let body = json!({ "token_hash": given, "type": "signup" }).to_string();
    let reply = house
        .send("POST", "/auth/v1/verify", Some(&eve), Some(&body))
        .await;
    assert_eq!(
        (reply.status, &reply.body["id"]),
        (StatusCode::OK, &session["user"]["id"])
    );
    assert!(reply.body["access_token"].is_null() && reply.body["refresh_token"].is_null());
    assert_eq!(
        house.me(&eve).await.status,
        StatusCode::OK,
        "her own goes on"
    );
}
