//! Signing up, the quiz, the dashboard, and back in after a forgotten password.

use std::collections::HashMap;

use reqwest::Method;
use serde_json::{Value, json};
use url::Url;
use vara_tests::world::PASSWORD;
use vara_tests::{Reply, World};

use super::browser::{Browser, ORIGIN};
use super::screens::{BADGE, COUNT, LAST, PLAN, RECENT, WEEK};

/// The form, the session, and the link in the first mail.
pub(crate) async fn sign_up(world: &World) {
    let email = format!("W{}@Example.org", uuid::Uuid::new_v4().simple());
    let mut browser = Browser::open(world);
    browser.sign_up(&email).await;
    let session = browser.session.clone().unwrap();
    assert_eq!(session["user"]["email"], email.to_lowercase());

    // A second attempt says why, in words the form can show.
    let body =
        json!({ "email": email, "password": PASSWORD, "data": {}, "gotrue_meta_security": {} });
    let again = Browser::open(world)
        .library(Method::POST, "/signup", None, Some(body))
        .await;
    assert_eq!(again.expect(422).json["code"], "user_already_exists");
    assert!(super::browser::said(&again).contains("sign in"));

    // The first call makes her known; nothing was asked of her yet.
    let me = browser.get("/api/v1/users/me").await;
    assert_eq!(me.data()["profile"]["onboardingCompleted"], false);

    // The link shows a page that asks; its button confirms, and leads to the sign-in page: nobody is signed in
    // by it, and the session of who signed up ends, as she may have been somebody else.
    let link = world.mailed(&email.to_lowercase(), "type=signup").await;
    let landed = follow(world, &link).await;
    assert!(
        landed
            .as_str()
            .starts_with(&format!("{ORIGIN}/login?message=")),
        "{landed}"
    );
    assert!(!landed.as_str().contains("token"), "{landed}");
    let ended = browser.api(Method::GET, BADGE, None).await;
    ended.refused(401, "AUTH_INVALID_TOKEN");
    assert!(browser.session.is_none(), "and the app leads to /login");
    // It was pressed where she signed up, so her password is hers.
    browser.sign_in(&email, PASSWORD).await.unwrap();
    browser.get(BADGE).await;
    let again = follow(world, &link).await;
    assert!(again.as_str().contains("error_code=otp_expired"), "{again}");
}

/// Eight answers, and what follows from them.
pub(crate) async fn onboarding_quiz(world: &World) {
    let (mut browser, _) = Browser::signed_up(world).await;
    let answer =
        |question: &str, response: Value| json!({ "questionId": question, "response": response });
    let body = json!({ "responses": [
        answer("online-presence", json!("active")),
        answer("harassment-experience", json!("yes-current")),
        answer("threat-concerns", json!(["image-misuse", "impersonation"])),
        answer("photo-sharing", json!("sometimes")),
        answer("relationship-concerns", json!("no")),
        answer("platform-count", json!("3-5")),
        answer("unauthorized-use", json!("unsure")),
        answer("safety-priority", json!("image-protection")),
    ] });
    let outcome = browser
        .api(
            Method::POST,
            "/api/v1/onboarding/responses",
            Some(body.clone()),
        )
        .await;
    let outcome = outcome.expect(201).data().clone();
    let risk = outcome["riskLevel"].as_str().unwrap();
    assert!(["LOW", "MEDIUM", "HIGH", "CRITICAL"].contains(&risk));
    let items = outcome["protectionPlan"]["items"].as_array().unwrap();
    assert!(!items.is_empty());
    assert!(
        items
            .windows(2)
            .all(|it| it[0]["priority"].as_u64() <= it[1]["priority"].as_u64())
    );

    // On to the dashboard, which reads the same plan; and the quiz once more, which is fine (Q13).
    let plan = browser.get(PLAN).await;
    assert_eq!(plan.data()["items"], outcome["protectionPlan"]["items"]);
    let again = browser
        .api(Method::POST, "/api/v1/onboarding/responses", Some(body))
        .await;
    assert_eq!(again.expect(201).data()["riskLevel"], risk);
}

/// All calls of the dashboard at once, for somebody who is new and for somebody who is not. Any of
/// them failing replaces the whole page by an error.
pub(crate) async fn dashboard(world: &World) {
    let _whole = world.whole().await;
    let (mut browser, _) = Browser::signed_up(world).await;
    let [badge, recent, count, last, week, plan] = load(&browser).await;
    assert_eq!((badge.total(), count.total()), (0, 0));
    assert_eq!((recent.data(), week.data()), (&json!([]), &json!([])));
    assert_eq!(last.data()["scans"], json!([]));
    assert_eq!(plan.data()["items"][0]["status"], "PENDING");

    let her = browser.woman();
    let (mine, found) = vara_tests::pictures::mine_and_found();
    world.plant(found).await;
    her.upload(mine).await;
    her.alerts(1).await;
    her.scan().await;
    browser.reload();
    let [badge, recent, count, last, week, plan] = load(&browser).await;
    assert_eq!((badge.total(), count.total()), (1, 1));
    assert_eq!(recent.data()[0]["status"], "NEW");
    assert!(last.data()["scans"][0]["completedAt"].is_string());
    let week = week.data().as_array().unwrap();
    // The scan that began by itself counts as well as hers (Q40).
    assert!(!week.is_empty() && week.iter().all(|it| it["completedAt"].is_string()));
    for field in [
        "id",
        "category",
        "title",
        "description",
        "priority",
        "status",
    ] {
        assert!(!plan.data()["items"][0][field].is_null(), "{field}");
    }
}

async fn load(browser: &Browser<'_>) -> [Reply; 6] {
    let call = async |path: &str| {
        let reply = browser.woman().get(path).await;
        reply.expect(200);
        reply
    };
    let (badge, recent, count, last, week, plan) = tokio::join!(
        call(BADGE),
        call(RECENT),
        call(COUNT),
        call(LAST),
        call(WEEK),
        call(PLAN)
    );
    [badge, recent, count, last, week, plan]
}

/// The mail, the link, the session behind it, the new password, and in with it.
pub(crate) async fn password_recovery(world: &World) {
    let (_, email) = Browser::signed_up(world).await;
    let mut browser = Browser::open(world);
    let path = "/recover?redirect_to=http%3A%2F%2Flocalhost%3A3000%2Freset-password";
    let body = json!({
        "email": email, "code_challenge": null, "code_challenge_method": null, "gotrue_meta_security": {},
    });
    let asked = browser.library(Method::POST, path, None, Some(body)).await;
    assert_eq!(asked.expect(200).json, json!({}));
    let link = world.mailed(&email, "type=recovery").await;
    let landed = follow(world, &link).await;
    assert!(
        landed
            .as_str()
            .starts_with(&format!("{ORIGIN}/reset-password#access_token=")),
        "{landed}"
    );

    // The library takes the session out of the address, and asks whose it is.
    let said = fragment(&landed);
    for name in ["access_token", "expires_in", "refresh_token", "token_type"] {
        assert!(!said[name].is_empty(), "{name}");
    }
    assert_eq!(
        (said["type"].as_str(), said["token_type"].as_str()),
        ("recovery", "bearer")
    );
    let token = said["access_token"].as_str();
    let user = browser
        .library(Method::GET, "/user", Some(token), None)
        .await;
    assert_eq!(user.expect(200).json["email"], email);

    let body = json!({ "password": "Another-Horse-8", "code_challenge": null, "code_challenge_method": null });
    let changed = browser
        .library(Method::PUT, "/user", Some(token), Some(body))
        .await;
    assert_eq!(changed.expect(200).json["id"], user.json["id"]);
    let out = browser
        .library(Method::POST, "/logout?scope=global", Some(token), None)
        .await;
    out.expect(204);
    assert!(browser.sign_in(&email, PASSWORD).await.is_err());
    browser.sign_in(&email, "Another-Horse-8").await.unwrap();
    browser.get(BADGE).await;

    // The link works once. What the page shows after that is in the query, what the library reads behind the `#`.
    let again = follow(world, &link).await;
    let query: HashMap<_, _> = again.query_pairs().into_owned().collect();
    assert_eq!(query["error_code"], "otp_expired");
    assert_eq!(
        query["error_description"],
        fragment(&again)["error_description"]
    );
}

/// Wrong passwords of somebody behind her own address, and his requests for links, keep her from nothing. A
/// reset by mail ends the delay after wrong passwords of her own.
pub(crate) async fn wrong_passwords(world: &World) {
    let (mut browser, email) = Browser::signed_up(world).await;
    let his = reqwest::Client::builder().user_agent("His browser");
    let his = his.build().unwrap();
    let ask = async |path: &str, body: Value| {
        let request = his
            .post(format!("{}/auth/v1{path}", world.gateway))
            .header("origin", ORIGIN)
            .header("content-type", "application/json;charset=UTF-8")
            .body(body.to_string());
        Reply::to(request).await
    };
    let waits = |reply: &Reply, code: &str| {
        assert_eq!(reply.expect(429).json["code"], code);
        let seconds: u32 = reply.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&seconds), "{seconds}");
    };
    let wrong = json!({ "email": email, "password": "Wrong-Horse-7", "gotrue_meta_security": {} });
    let mut taken = 0;
    for _ in 0..20 {
        let reply = ask("/token?grant_type=password", wrong.clone()).await;
        match reply.status {
            400 => taken += 1,
            _ => waits(&reply, "over_request_rate_limit"),
        }
    }
    assert!((5..20).contains(&taken), "{taken} of his were taken");
    let body = json!({ "email": email, "gotrue_meta_security": {} });
    ask("/recover", body.clone()).await.expect(200);
    waits(
        &ask("/recover", body.clone()).await,
        "over_email_send_rate_limit",
    );
    browser.sign_in(&email, PASSWORD).await.unwrap();
    let asked = browser
        .library(Method::POST, "/recover", None, Some(body))
        .await;
    asked.expect(200);

    // Her own wrong ones make her wait, and are told so in words.
    let mut told = String::new();
    for _ in 0..20 {
        told = browser.sign_in(&email, "Wrong-Horse-7").await.unwrap_err();
        if told.contains("Please wait") {
            break;
        }
    }
    assert!(told.contains("Please wait"), "{told}");
    let link = world.mailed(&email, "type=recovery").await;
    let landed = fragment(&follow(world, &link).await);
    let body = json!({ "password": "Another-Horse-8" });
    let token = landed["access_token"].as_str();
    let changed = browser.library(Method::PUT, "/user", Some(token), Some(body));
    changed.await.expect(200);
    browser.sign_in(&email, "Another-Horse-8").await.unwrap();
}

/// Where a mailed link leads her browser: it opens the page, as a scanner did before it, and she presses the
/// button.
async fn follow(world: &World, link: &str) -> Url {
    for method in [Method::HEAD, Method::GET, Method::GET] {
        let opened = Reply::to(world.http.request(method, link)).await;
        opened.expect(200);
        assert!(opened.header("location").is_empty());
    }
    let (page, fields) = link.split_once('?').unwrap();
    let pressed = world
        .http
        .post(page)
        .header("origin", "null")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(fields.to_owned());
    let reply = Reply::to(pressed).await;
    Url::parse(reply.expect(303).header("location")).unwrap()
}

fn fragment(address: &Url) -> HashMap<String, String> {
    let text = address.fragment().unwrap_or_default();
    url::form_urlencoded::parse(text.as_bytes())
        .into_owned()
        .collect()
}
