//! Mailed links.

use axum::http::StatusCode;
use serde_json::json;
use vara::auth::OneTime;
use vara::domain::{Link, LinkKind, Timestamp, UserId};

use super::{House, PASSWORD, token};

const RECOVER: &str = "/auth/v1/recover?redirect_to=https%3A%2F%2Fapp.example%2Freset-password";

/// The values behind the `#` of an address.
fn fragment(location: &str) -> std::collections::HashMap<String, String> {
    let url = url::Url::parse(location).unwrap();
    url::form_urlencoded::parse(url.fragment().unwrap().as_bytes())
        .into_owned()
        .collect()
}

#[tokio::test]
async fn a_forgotten_password() {
    let house = House::build().await;
    let old = token(&house.ana().await, "access_token");
    let asked = house
        .post(RECOVER, json!({ "email": " ANA@example.net " }))
        .await;
    assert_eq!((asked.status, &asked.body), (StatusCode::OK, &json!({})));
    let mails = house.mails().await;
    let mail = mails
        .iter()
        .find(|it| it["text"].as_str().unwrap().contains("type=recovery"))
        .unwrap();
    assert_eq!(
        (&mail["to"], &mail["subject"]),
        (&json!("ana@example.net"), &json!("Your sign-in link"))
    );

    let link = house.mailed("type=recovery").await;
    let head = house.send("HEAD", &link, None, None).await;
    assert_eq!(head.status, StatusCode::OK, "looking does not use it up");
    let reply = house.send("GET", &link, None, None).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER);
    let location = reply.header("location");
    assert!(
        location.starts_with("https://app.example/reset-password#access_token="),
        "{location}"
    );
    let given = fragment(location);
    assert_eq!(
        (
            given["expires_in"].as_str(),
            given["token_type"].as_str(),
            given["type"].as_str()
        ),
        ("3600", "bearer", "recovery")
    );
    assert_eq!(given["sb"], "");
    assert!(given["expires_at"].parse::<i64>().is_ok() && given["refresh_token"].len() >= 12);
    assert_eq!(
        house.me(&given["access_token"]).await.status,
        StatusCode::OK
    );

    let body = json!({ "password": "Another1horse" }).to_string();
    let changed = house
        .send(
            "PUT",
            "/auth/v1/user",
            Some(&given["access_token"]),
            Some(&body),
        )
        .await;
    assert_eq!(changed.status, StatusCode::OK);
    house.me(&old).await.is_refused(403, "session_not_found");
    house
        .sign_in(PASSWORD)
        .await
        .is_refused(400, "invalid_credentials");
    assert_eq!(house.sign_in("Another1horse").await.status, StatusCode::OK);

    let again = house.send("GET", &link, None, None).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    let location = again.header("location");
    assert!(
        location.starts_with(
            "https://app.example/reset-password?error=access_denied&error_code=otp_expired&"
        ),
        "{location}"
    );
    let told = fragment(location);
    assert_eq!(
        (told["error"].as_str(), told["error_code"].as_str()),
        ("access_denied", "otp_expired")
    );
    assert!(
        told["error_description"].contains("ask for a new one")
            && location.matches("error_description=").count() == 2
    );
}

#[tokio::test]
async fn nobody_learns_who_has_an_account() {
    let house = House::build().await;
    house.ana().await;
    let mut seen = vec![];
    for address in ["ana@example.net", "nobody@example.net"] {
        let first = house.post(RECOVER, json!({ "email": address })).await;
        assert_eq!((first.status, &first.body), (StatusCode::OK, &json!({})));
        let second = house.post(RECOVER, json!({ "email": address })).await;
        second.is_refused(429, "over_email_send_rate_limit");
        seen.push(second.body);
    }
    assert_eq!(seen[0], seen[1]);
    let recovery = house
        .mails()
        .await
        .iter()
        .filter(|it| it["text"].as_str().unwrap().contains("recovery"))
        .count();
    assert_eq!(recovery, 1);
}

#[tokio::test]
async fn a_link_that_could_not_be_mailed_is_told_and_can_be_asked_for_at_once() {
    let house = House::build().await;
    house.ana().await;
    house.break_mail().await;
    let body = json!({ "email": "ana@example.net" });
    for _ in 0..2 {
        house
            .post(RECOVER, body.clone())
            .await
            .is_refused(503, "unexpected_failure");
    }
}

#[tokio::test]
async fn the_first_mail_confirms_the_address() {
    let house = House::build().await;
    let session = house.ana().await;
    let link = house.mailed("type=signup").await;
    assert!(
        link.contains("redirect_to=https%3A%2F%2Fapp.example%2F"),
        "{link}"
    );
    let raw = url::Url::parse(&format!("https://vara.example{link}")).unwrap();
    let given = raw
        .query_pairs()
        .find(|it| it.0 == "token")
        .unwrap()
        .1
        .into_owned();

    house
        .post(
            "/auth/v1/verify",
            json!({ "token_hash": given, "type": "recovery" }),
        )
        .await
        .is_refused(403, "otp_expired");
    let reply = house
        .post(
            "/auth/v1/verify",
            json!({ "token_hash": given, "type": "signup" }),
        )
        .await;
    assert_eq!(
        (reply.status, &reply.body["user"]["id"]),
        (StatusCode::OK, &session["user"]["id"])
    );
    house
        .post(
            "/auth/v1/verify",
            json!({ "token_hash": given, "type": "signup" }),
        )
        .await
        .is_refused(403, "otp_expired");
    house
        .post(
            "/auth/v1/verify",
            json!({ "token_hash": given, "type": "sms" }),
        )
        .await
        .is_refused(400, "validation_failed");
    house
        .post("/auth/v1/verify", json!({ "type": "signup" }))
        .await
        .is_refused(400, "validation_failed");
}

#[tokio::test]
async fn links_lead_to_our_pages_only() {
    let house = House::build().await;
    house.ana().await;
    let elsewhere = "/auth/v1/recover?redirect_to=https%3A%2F%2Fevil.test%2Fsteal";
    house
        .post(elsewhere, json!({ "email": "ana@example.net" }))
        .await;
    let link = house.mailed("type=recovery").await;
    assert!(!link.contains("evil"), "{link}");
    let (start, _) = link.split_once("&redirect_to").unwrap();
    let bent = house
        .send(
            "GET",
            &format!("{start}&redirect_to=https%3A%2F%2Fevil.test%2F"),
            None,
            None,
        )
        .await;
    assert!(
        bent.header("location")
            .starts_with("https://app.example/#access_token="),
        "{bent:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_follow_a_link_at_once_one_is_let_in() {
    let house = std::sync::Arc::new(House::build().await);
    house.ana().await;
    let link = house.mailed("type=signup").await;
    let calls: Vec<_> = (0..4)
        .map(|_| {
            let (house, link) = (house.clone(), link.clone());
            tokio::spawn(async move { house.send("GET", &link, None, None).await })
        })
        .collect();
    let mut let_in = 0;
    for call in calls {
        let reply = call.await.unwrap();
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{reply:?}");
        let_in += usize::from(reply.header("location").contains("#access_token="));
    }
    assert_eq!(let_in, 1);
}

/// A recovery link that ended an hour ago.
pub(super) async fn late_link(house: &House, user: &str) -> String {
    let account = house
        .desk
        .store
        .account(UserId::parse(user).unwrap())
        .await
        .unwrap()
        .unwrap();
    let OneTime { token, hash } = OneTime::draw().unwrap();
    let now: Timestamp = vara::clock::now();
    let link = Link {
        kind: LinkKind::Recovery,
        user_id: account.id(),
        hash,
        expires_at: now.minus_seconds(3600),
    };
    assert!(
        house
            .desk
            .store
            .replace_link(&account, &link, now)
            .await
            .unwrap()
    );
    token
}

#[tokio::test]
async fn a_late_link_does_not_work_though_the_table_still_has_it() {
    let house = House::build().await;
    let session = house.ana().await;
    let late = late_link(&house, &token(&session["user"], "id")).await;
    house
        .post(
            "/auth/v1/verify",
            json!({ "token_hash": late, "type": "recovery" }),
        )
        .await
        .is_refused(403, "otp_expired");
}
