//! Mailed links.

use axum::http::StatusCode;
use serde_json::{Value, json};
use vara::auth::OneTime;
use vara::domain::{Account, Link, LinkKind, Timestamp, UserId};
use vara::testing::Cloud;

use super::{Harness, PASSWORD, Reply, token};

pub(super) const RECOVER: &str =
    "/auth/v1/recover?redirect_to=https%3A%2F%2Fapp.example%2Freset-password";

/// The values behind the `#` of an address.
pub(super) fn fragment(location: &str) -> std::collections::HashMap<String, String> {
    let url = url::Url::parse(location).unwrap();
    url::form_urlencoded::parse(url.fragment().unwrap().as_bytes())
        .into_owned()
        .collect()
}

#[tokio::test]
async fn a_forgotten_password() {
    let harness = Harness::build().await;
    let old = token(&harness.ana().await, "access_token");
    let asked = harness
        .post(RECOVER, json!({ "email": " ANA@example.net " }))
        .await;
    assert_eq!((asked.status, &asked.body), (StatusCode::OK, &json!({})));
    let mails = harness.mails().await;
    let mail = mails
        .iter()
        .find(|it| it["text"].as_str().unwrap().contains("type=recovery"))
        .unwrap();
    assert_eq!(
        (&mail["to"], &mail["subject"]),
        (&json!("ana@example.net"), &json!("Your sign-in link"))
    );

    let link = harness.mailed("type=recovery").await;
    let reply = harness.press(&link).await;
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
        harness.me(&given["access_token"]).await.status,
        StatusCode::OK
    );

    let body = json!({ "password": "Another1horse" }).to_string();
    let changed = harness
        .send(
            "PUT",
            "/auth/v1/user",
            Some(&given["access_token"]),
            Some(&body),
        )
        .await;
    assert_eq!(changed.status, StatusCode::OK);
    harness.me(&old).await.is_refused(403, "session_not_found");
    harness
        .sign_in(PASSWORD)
        .await
        .is_refused(400, "invalid_credentials");
    assert_eq!(
        harness.sign_in("Another1horse").await.status,
        StatusCode::OK
    );

    let again = harness.press(&link).await;
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
    let harness = Harness::build().await;
    harness.ana().await;
    let mut seen = vec![];
    for address in ["ana@example.net", "nobody@example.net"] {
        let first = harness.post(RECOVER, json!({ "email": address })).await;
        assert_eq!((first.status, &first.body), (StatusCode::OK, &json!({})));
        let second = harness.post(RECOVER, json!({ "email": address })).await;
        second.is_refused(429, "over_email_send_rate_limit");
        seen.push(second.body);
    }
    assert_eq!(seen[0], seen[1]);
    let recovery = harness
        .mails()
        .await
        .iter()
        .filter(|it| it["text"].as_str().unwrap().contains("recovery"))
        .count();
    assert_eq!(recovery, 1);
}

#[tokio::test]
async fn recovery_answers_alike_whether_or_not_mail_works() {
    let harness = Harness::build().await;
    harness.ana().await;
    harness.deliver().await;
    harness.break_mail().await;
    for address in ["ana@example.net", "nobody@example.net"] {
        let asked = harness.post(RECOVER, json!({ "email": address })).await;
        assert_eq!((asked.status, &asked.body), (StatusCode::OK, &json!({})));
        harness
            .post(RECOVER, json!({ "email": address }))
            .await
            .is_refused(429, "over_email_send_rate_limit");
    }
    // Nothing was looked for or drawn by then: that is left to the queue, whose messages hold no token.
    assert!(harness.account().await.recovery_links.is_empty());
    let messages = harness.cloud.told("SendMessage");
    let bodies: Vec<Value> = messages
        .iter()
        .skip(1)
        .map(|it| serde_json::from_str(it["MessageBody"].as_str().unwrap()).unwrap())
        .collect();
    assert_eq!(bodies.len(), 2);
    for body in &bodies {
        let names: Vec<_> = body.as_object().unwrap().keys().collect();
        assert_eq!(names, ["askedAt", "email", "kind", "redirectTo"]);
        assert_eq!(body["redirectTo"], "https://app.example/reset-password");
    }
    assert_eq!(
        harness.deliver().await,
        1,
        "and comes again for who has an account"
    );
}

#[tokio::test]
async fn what_could_not_be_asked_for_is_told_and_can_be_asked_for_at_once() {
    let mut harness = Harness::build().await;
    harness.service.queues = Cloud::silent_queues();
    for address in ["ana@example.net", "ana@example.net"] {
        let client = vara::services::people::auth::Client::default();
        let asked = harness.service.recover(Some(address), None, &client).await;
        assert!(asked.unwrap_err().is_trouble());
    }
}

/// The token of a link.
pub(super) fn token_of(link: &str) -> String {
    let link = url::Url::parse(&format!("https://vara.example{link}")).unwrap();
    let mut all = link.query_pairs();
    all.find(|it| it.0 == "token").unwrap().1.into_owned()
}

pub(super) fn page(reply: &Reply) -> &str {
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    assert!(reply.header("content-type").starts_with("text/html"));
    reply.body.as_str().unwrap()
}

#[tokio::test]
async fn opening_a_link_uses_nothing_up_and_shows_a_page_that_asks() {
    let harness = Harness::build().await;
    let session = harness.ana().await;
    harness
        .post(RECOVER, json!({ "email": "ana@example.net" }))
        .await;
    for kind in ["recovery", "signup"] {
        let link = harness.mailed(&format!("type={kind}")).await;
        for _ in 0..2 {
            let head = harness.send("HEAD", &link, None, None).await;
            assert_eq!((head.status, &head.body), (StatusCode::OK, &Value::Null));
            let opened = harness.send("GET", &link, None, None).await;
            let html = page(&opened);
            assert!(
                html.contains("a***@example.net") && !html.contains("ana@"),
                "{html}"
            );
            assert!(
                html.contains("<form method=\"post\" action=\"verify\">"),
                "{html}"
            );
            assert!(html.contains(&format!("name=\"token\" value=\"{}\"", token_of(&link))));
            assert!(!html.contains("<script"));
            for (name, value) in [
                ("cache-control", "no-store"),
                ("referrer-policy", "no-referrer"),
                ("x-robots-tag", "noindex"),
            ] {
                assert_eq!(opened.header(name), value);
            }
            let policy = opened.header("content-security-policy");
            assert!(policy.contains("default-src 'none'; form-action 'self' https://app.example;"));
        }
    }
    // Nobody is told by the page whether a link works.
    for link in [
        "token=nonsense&type=recovery",
        "token=x&type=sms",
        "type=signup",
    ] {
        let opened = harness
            .send("GET", &format!("/auth/v1/verify?{link}"), None, None)
            .await;
        let html = page(&opened);
        assert!(html.contains("<button>") && !html.contains("***"), "{html}");
    }
    let account = harness.account().await;
    assert_eq!((account.recovery_links.len(), account.proved_at), (1, None));
    assert_eq!(
        harness.me(&token(&session, "access_token")).await.status,
        StatusCode::OK
    );
    harness.press(&harness.mailed("type=recovery").await).await;
}

#[tokio::test]
async fn a_page_of_somebody_elses_cannot_press_the_button() {
    let harness = Harness::build().await;
    harness.ana().await;
    harness
        .post(RECOVER, json!({ "email": "ana@example.net" }))
        .await;
    let link = harness.mailed("type=recovery").await;
    for headers in [
        &[("sec-fetch-site", "cross-site"), ("origin", "null")][..],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.test")],
    ] {
        let asked = harness.submit(&link, "", headers).await;
        assert!(page(&asked).contains("a***@example.net"));
    }
    for headers in [
        &[("sec-fetch-site", "same-origin"), ("origin", "null")][..],
        &[("origin", "null")],
        &[("origin", "https://vara.example")],
    ] {
        let reply = harness.submit(&link, "", headers).await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{headers:?}");
    }
}

#[tokio::test]
async fn links_lead_to_our_pages_only() {
    let harness = Harness::build().await;
    harness.ana().await;
    let elsewhere = "/auth/v1/recover?redirect_to=https%3A%2F%2Fevil.test%2Fsteal";
    harness
        .post(elsewhere, json!({ "email": "ana@example.net" }))
        .await;
    let link = harness.mailed("type=recovery").await;
    assert!(!link.contains("evil"), "{link}");
    let (start, _) = link.split_once("&redirect_to").unwrap();
    let bent = format!("{start}&redirect_to=https%3A%2F%2Fevil.test%2F");
    let opened = harness.send("GET", &bent, None, None).await;
    assert!(!page(&opened).contains("evil"));
    assert!(!opened.header("content-security-policy").contains("evil"));
    let reply = harness.press(&bent).await;
    assert!(
        reply
            .header("location")
            .starts_with("https://app.example/#access_token="),
        "{reply:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_use_a_link_at_once_one_is_let_in() {
    let harness = std::sync::Arc::new(Harness::build().await);
    harness.ana().await;
    harness
        .post(RECOVER, json!({ "email": "ana@example.net" }))
        .await;
    let link = harness.mailed("type=recovery").await;
    let calls: Vec<_> = (0..4)
        .map(|_| {
            let (harness, link) = (harness.clone(), link.clone());
            tokio::spawn(async move { harness.press(&link).await })
        })
        .collect();
    let mut let_in = 0;
    for call in calls {
        let reply = call.await.unwrap();
        let_in += usize::from(reply.header("location").contains("#access_token="));
    }
    assert_eq!(let_in, 1);
}

/// A link of this kind that ends in so many seconds.
pub(super) async fn new_link(
    harness: &Harness,
    account: &Account,
    kind: LinkKind,
    seconds: i64,
) -> String {
    let OneTime { token, hash } = OneTime::draw().unwrap();
    let now: Timestamp = vara::clock::now();
    let link = Link {
        kind,
        user_id: account.id(),
        hash,
        expires_at: now.plus_seconds(seconds),
    };
    let added = harness
        .service
        .store
        .add_link(account, &link, None, now)
        .await;
    assert!(added.unwrap());
    token
}

/// A recovery link that ended an hour ago.
pub(super) async fn late_link(harness: &Harness, user: &str) -> String {
    let user = UserId::parse(user).unwrap();
    let account = harness.service.store.account(user).await.unwrap().unwrap();
    new_link(harness, &account, LinkKind::Recovery, -3600).await
}

#[tokio::test]
async fn a_late_link_does_not_work_though_the_table_still_has_it() {
    let harness = Harness::build().await;
    let session = harness.ana().await;
    let late = late_link(&harness, &token(&session["user"], "id")).await;
    harness
        .post(
            "/auth/v1/verify",
            json!({ "token_hash": late, "type": "recovery" }),
        )
        .await
        .is_refused(403, "otp_expired");
}
