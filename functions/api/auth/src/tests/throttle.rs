//! What wrong passwords and requests for links make others wait for, and what they do not.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use lambda_http::RequestExt;
use lambda_http::request::RequestContext;
use serde_json::{Value, json};
use vara::services::people::auth::{AuthRefusal, Client};

use super::{Harness, PASSWORD, Reply, answer, token};

const HOME: &str = "203.0.113.5";
const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) Safari/604.1";
const LAPTOP: &str = "Mozilla/5.0 (X11; Linux x86_64) Firefox/120.0";
const ANA: &str = "ana@example.net";

/// A browser behind a network address.
#[derive(Clone, Copy)]
struct At<'a>(&'a str, &'a str);

impl Harness {
    /// Posts as this browser.
    async fn post_at(&self, At(from, agent): At<'_>, path: &str, body: Value) -> Reply {
        let context = json!({
            "http": { "method": "POST", "path": "/", "protocol": "HTTP/1.1", "sourceIp": from, "userAgent": "" },
            "timeEpoch": 0,
        });
        let context: RequestContext =
            RequestContext::ApiGatewayV2(serde_json::from_value(context).unwrap());
        let request = Request::post(path)
            .header(header::ORIGIN, super::SITE)
            .header(header::USER_AGENT, agent)
            .header(header::CONTENT_TYPE, "application/json;charset=UTF-8")
            .body(Body::from(body.to_string()))
            .unwrap();
        answer(&self.routes, request.with_request_context(context)).await
    }

    async fn ana_at(&self, at: At<'_>) -> Value {
        let body = json!({ "email": ANA, "password": PASSWORD, "data": {} });
        let reply = self.post_at(at, "/auth/v1/signup", body).await;
        assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
        reply.body
    }

    async fn try_at(&self, at: At<'_>, password: &str) -> Reply {
        let body = json!({ "email": ANA, "password": password });
        self.post_at(at, "/auth/v1/token?grant_type=password", body)
            .await
    }

    async fn recover_at(&self, at: At<'_>, address: &str) -> Reply {
        let body = json!({ "email": address });
        self.post_at(at, "/auth/v1/recover", body).await
    }

    /// So many wrong passwords, one after the other; how many were taken.
    async fn guess_at(&self, at: At<'_>, count: u32) -> u32 {
        let mut taken = 0;
        for _ in 0..count {
            let reply = self.try_at(at, "Wrong1horse").await;
            if reply.status == StatusCode::BAD_REQUEST {
                reply.is_refused(400, "invalid_credentials");
                taken += 1;
            } else {
                waits(&reply, "over_request_rate_limit", 60);
                assert!(
                    reply.text("msg").contains("second") || reply.text("msg").contains("minute")
                );
            }
        }
        taken
    }
}

/// Refused for now, for so many seconds at most, and says for how long.
#[track_caller]
fn waits(reply: &Reply, code: &str, most: i64) {
    reply.is_refused(429, code);
    let wait: i64 = reply.header("retry-after").parse().unwrap();
    assert!((1..=most).contains(&wait), "{reply:?}");
}

#[tokio::test]
async fn wrong_passwords_of_her_household_do_not_keep_her_out() {
    let harness = Harness::build().await;
    let hers = At(HOME, PHONE);
    harness.ana_at(hers).await;
    let taken = harness.guess_at(At(HOME, LAPTOP), 20).await;
    assert!((5..20).contains(&taken), "{taken}");
    assert_eq!(harness.try_at(hers, PASSWORD).await.status, StatusCode::OK);
    // Another device that she never signed in on has not to wait for his either.
    let new = At(HOME, "Mozilla/5.0 (iPad) Safari/604.1");
    assert_eq!(harness.try_at(new, PASSWORD).await.status, StatusCode::OK);
}

#[tokio::test]
async fn guesses_from_many_networks_slow_down_devices_that_are_not_known_and_no_other() {
    let harness = Harness::build().await;
    let hers = At(HOME, PHONE);
    harness.ana_at(hers).await;
    let mut taken = 0;
    for at in 0..30 {
        let from = format!("198.51.100.{at}");
        taken += harness.guess_at(At(&from, LAPTOP), 1).await;
    }
    assert!((20..30).contains(&taken), "{taken}");
    assert_eq!(harness.try_at(hers, PASSWORD).await.status, StatusCode::OK);
    // An update of her browser makes it no other device.
    let newer = PHONE.replace("17_1", "18_0").replace("604.1", "605.2");
    let reply = harness.try_at(At(HOME, &newer), PASSWORD).await;
    assert_eq!(reply.status, StatusCode::OK);
}

#[tokio::test]
async fn an_address_without_an_account_is_answered_alike() {
    let (with, without) = (Harness::build().await, Harness::build().await);
    with.ana_at(At(HOME, PHONE)).await;
    let mut seen = Vec::new();
    for harness in [&with, &without] {
        let mut answers = Vec::new();
        for _ in 0..5 {
            answers.push(harness.try_at(At(HOME, LAPTOP), "Wrong1horse").await);
        }
        for at in 0..8 {
            let from = format!("198.51.100.{}", at % 2);
            answers.push(harness.recover_at(At(&from, LAPTOP), ANA).await);
        }
        let told = answers.iter().map(|it| (it.status, it.text("code")));
        seen.push(told.collect::<Vec<_>>());
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn a_reset_by_mail_ends_every_delay() {
    let harness = Harness::build().await;
    let (phone, laptop) = (At(HOME, PHONE), At("198.51.100.1", LAPTOP));
    harness.ana_at(phone).await;
    for at in [phone, laptop] {
        // So often that the next is refused for a minute.
        let mut tries = 0;
        while harness.try_at(at, "Wrong1horse").await.status != StatusCode::TOO_MANY_REQUESTS {
            tries += 1;
            assert!(tries < 20);
        }
    }
    assert_eq!(harness.recover_at(phone, ANA).await.status, StatusCode::OK);
    let link = harness.mailed("type=recovery").await;
    let link = url::Url::parse(&format!("https://vara.example{link}")).unwrap();
    let mut parts = link.query_pairs();
    let given = parts.find(|it| it.0 == "token").unwrap().1.into_owned();
    let body = json!({ "token_hash": given, "type": "recovery" });
    let followed = harness.post_at(phone, "/auth/v1/verify", body).await;
    assert_eq!(followed.status, StatusCode::OK, "{followed:?}");
    // Where she followed it nothing is left of the tries, also before the password is another.
    harness
        .try_at(phone, "Wrong1horse")
        .await
        .is_refused(400, "invalid_credentials");
    let access = token(&followed.body, "access_token");
    let body = json!({ "password": "Another1horse" }).to_string();
    let changed = harness
        .send("PUT", "/auth/v1/user", Some(&access), Some(&body))
        .await;
    assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
    for at in [phone, laptop] {
        let reply = harness.try_at(at, "Another1horse").await;
        assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    }
}

#[tokio::test]
async fn what_others_ask_for_does_not_refuse_her_links() {
    let harness = Harness::build().await;
    let hers = At(HOME, PHONE);
    harness.ana_at(hers).await;
    // Somebody asks behind her own address; he waits, she does not.
    let his = At(HOME, LAPTOP);
    assert_eq!(harness.recover_at(his, ANA).await.status, StatusCode::OK);
    waits(
        &harness.recover_at(his, ANA).await,
        "over_email_send_rate_limit",
        60,
    );
    assert_eq!(harness.recover_at(hers, ANA).await.status, StatusCode::OK);
    waits(
        &harness.recover_at(hers, ANA).await,
        "over_email_send_rate_limit",
        60,
    );
}

#[tokio::test]
async fn mails_to_one_address_are_capped_and_others_cannot_use_up_hers() {
    let harness = Harness::build().await;
    let hers = At(HOME, PHONE);
    harness.ana_at(hers).await;
    // One network has three, whatever its browsers call themselves; all of them have six.
    let mut mailed = 0;
    for network in [
        "198.51.100.1",
        "2001:db8:1:2::1",
        "2001:db8:1:2::2",
        "192.0.2.9",
    ] {
        for agent in ["A", "B", "C", "D"] {
            let reply = harness.recover_at(At(network, agent), ANA).await;
            match reply.status {
                StatusCode::OK => mailed += 1,
                _ => waits(&reply, "over_email_send_rate_limit", 3600),
            }
        }
        let most = if network == "198.51.100.1" { 3 } else { 6 };
        assert_eq!(mailed, most, "{network}");
    }
    assert_eq!(harness.recover_at(hers, ANA).await.status, StatusCode::OK);
    let mails = harness.mails().await;
    let links = mails
        .iter()
        .filter(|it| it["text"].as_str().unwrap().contains("type=recovery"));
    assert_eq!(links.count(), 7);
}

#[tokio::test]
async fn a_refresh_makes_her_device_known_where_it_is_now() {
    let harness = Harness::build().await;
    let session = harness.ana_at(At(HOME, PHONE)).await;
    let away = At("198.51.100.77", PHONE);
    let body = json!({ "refresh_token": token(&session, "refresh_token") });
    let path = "/auth/v1/token?grant_type=refresh_token";
    assert_eq!(
        harness.post_at(away, path, body).await.status,
        StatusCode::OK
    );
    let client = |at: At<'_>| Client::new(at.0, at.1).crowded(30);
    let service = &harness.service;
    let let_in = service
        .sign_in(Some(ANA), Some(PASSWORD), &client(away))
        .await;
    assert!(let_in.is_ok(), "{let_in:?}");
    // Any other has to wait until the address has calls again.
    let refused = service
        .sign_in(Some(ANA), Some(PASSWORD), &client(At(HOME, LAPTOP)))
        .await;
    assert!(matches!(
        refused,
        Err(AuthRefusal::TooManyTries { wait: 30 })
    ));
}
