//! Settings, leaving, and sign-ins that end by themselves or by her word.

use reqwest::Method;
use serde_json::{Value, json};
use vara_tests::World;
use vara_tests::pictures::mine;
use vara_tests::world::{PASSWORD, eventually};

use super::browser::{Browser, said};
use super::screens::{ACTIVE, BADGE};

const ME: &str = "/api/v1/users/me";

/// Her name, and another password: she stays in, her other devices do not.
pub(crate) async fn settings(world: &World) {
    let (mut browser, email) = Browser::signed_up(world).await;
    let mut phone = Browser::open(world);
    phone.sign_in(&email, PASSWORD).await.unwrap();
    let named = browser.patch(ME, json!({ "displayName": "Ana" })).await;
    assert_eq!(named.data()["displayName"], "Ana");
    let cleared = browser.patch(ME, json!({ "displayName": null })).await;
    assert_eq!(cleared.data()["displayName"], Value::Null);
    let bad = browser
        .api(Method::PATCH, ME, Some(json!({ "displayName": "4" })))
        .await;
    bad.refused(400, "VALIDATION_ERROR");

    // The form asks for the present password and does not send it (Q33).
    let body =
        |it: &str| json!({ "password": it, "code_challenge": null, "code_challenge_method": null });
    let same = browser
        .library_as_her(Method::PUT, "/user", Some(body(PASSWORD)))
        .await;
    assert_eq!(same.expect(422).json["code"], "same_password");
    assert!(said(&same).len() > 10);
    let changed = browser
        .library_as_her(Method::PUT, "/user", Some(body("Another-Horse-8")))
        .await;
    changed.expect(200);
    browser.get(BADGE).await;
    assert!(browser.refresh().await, "this sign-in goes on");
    let ended = phone.api(Method::GET, BADGE, None).await;
    ended.refused(401, "AUTH_INVALID_TOKEN");
    assert!(phone.session.is_none(), "the other one is dropped");
    // She is told, whoever did it.
    eventually("the notice has come", async || {
        let mails = world.mail(&email).await;
        let text = |it: &Value| {
            it["text"]
                .as_str()
                .is_some_and(|it| it.contains("password was changed"))
        };
        mails.iter().any(text).then_some(())
    })
    .await;
}

/// The answer the screen needs, no way back in, and nothing left.
pub(crate) async fn delete_account(world: &World) {
    let (mut browser, email) = Browser::signed_up(world).await;
    let id = browser.session.as_ref().unwrap()["user"]["id"].clone();
    let image = browser.woman().upload(mine()).await;
    let address = image["signedUrl"].as_str().unwrap().to_owned();
    let mut phone = Browser::open(world);
    phone.sign_in(&email, PASSWORD).await.unwrap();

    let left = browser.api(Method::DELETE, ME, None).await;
    assert_eq!(left.expect(200).data(), &json!({ "deleted": true }));
    // The app clears its own store only; loaded again, the library's session signs her in once more (Q7).
    browser.log_out();
    browser.reload();
    let refused = browser.api(Method::GET, BADGE, None).await;
    refused.refused(401, "AUTH_INVALID_TOKEN");
    assert!(
        browser.session.is_none(),
        "and is dropped by the answer to its refresh"
    );
    phone
        .api(Method::GET, ME, None)
        .await
        .refused(401, "AUTH_INVALID_TOKEN");
    assert!(phone.session.is_none());
    assert!(browser.sign_in(&email, PASSWORD).await.is_err());
    eventually("her picture is gone", async || {
        (browser.show(&address).await.status == 404).then_some(())
    })
    .await;
    // The address is free again, for somebody else.
    browser.sign_up(&email).await;
    assert_ne!(browser.session.unwrap()["user"]["id"], id);
}

/// An hour passed: refused, refreshed, tried again, and nothing to be seen of it.
pub(crate) async fn expired_token(world: &World) {
    let (mut browser, _) = Browser::signed_up(world).await;
    let id = browser.woman().id;
    let (late, end) = world.behind().late_token(&id).await;
    browser.token = Some(late.clone());
    let direct = browser.fetch(Method::GET, BADGE).await;
    direct.refused(401, "AUTH_TOKEN_EXPIRED");
    let details = json!({ "expired": true, "expiredAt": end, "requiresRefresh": true });
    assert_eq!(direct.json["error"]["details"], details);
    // The picture screens do not refresh; they show the refusal, and another query refreshes (Q8).
    let raw = browser
        .fetch(Method::GET, "/api/v1/images?page=1&limit=50")
        .await;
    raw.refused(401, "AUTH_TOKEN_EXPIRED");
    browser.get(ACTIVE).await;
    assert!(browser.token.as_ref().is_some_and(|it| *it != late));
    let raw = browser
        .fetch(Method::GET, "/api/v1/images?page=1&limit=50")
        .await;
    raw.expect(200);
}

/// Signed out everywhere, on another device.
pub(crate) async fn revoked_token(world: &World) {
    let (mut browser, email) = Browser::signed_up(world).await;
    let mut phone = Browser::open(world);
    phone.sign_in(&email, PASSWORD).await.unwrap();
    let out = phone
        .library_as_her(Method::POST, "/logout?scope=global", None)
        .await;
    out.expect(204);
    let user = browser.library_as_her(Method::GET, "/user", None).await;
    assert_eq!(user.expect(403).json["code"], "session_not_found");
    let refused = browser.api(Method::GET, BADGE, None).await;
    refused.refused(401, "AUTH_INVALID_TOKEN");
    assert!(
        browser.session.is_none() && browser.token.is_none(),
        "/login?expired=true"
    );
    browser.sign_in(&email, PASSWORD).await.unwrap();
    browser.get(BADGE).await;
}

/// The button in the header tells nobody: the token is good until it ends, and a reload is signed in (Q35).
pub(crate) async fn logged_out_here_only(world: &World) {
    let (mut browser, _) = Browser::signed_up(world).await;
    browser.log_out();
    // `Bearer null` is no sign-in; the screens that call so are answered, not failed.
    let raw = browser
        .fetch(Method::GET, "/api/v1/images?page=1&limit=50")
        .await;
    raw.refused(401, "AUTH_INVALID_TOKEN");
    browser.reload();
    browser.get(BADGE).await;
}

/// Two tabs, and the app's own timer beside the library's: all refresh with the same token at once.
pub(crate) async fn two_tabs(world: &World) {
    let (mut one, email) = Browser::signed_up(world).await;
    let mut two = Browser::open(world);
    (two.session, two.token) = (one.session.clone(), one.token.clone());
    let (first, second) = tokio::join!(one.refresh(), two.refresh());
    assert!(first && second);
    let next = |browser: &Browser<'_>| browser.session.as_ref().unwrap()["refresh_token"].clone();
    assert_eq!(next(&one), next(&two), "both have the same child");
    for browser in [&mut one, &mut two] {
        browser.get(BADGE).await;
        assert!(browser.refresh().await);
    }
    assert_eq!(one.woman().email, email);
}
