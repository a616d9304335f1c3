//! Her accounts over a real table API, the tiny social network, its authorisation servers and a mailbox.

use std::collections::HashMap;

use reqwest::redirect::Policy;
use serde_json::{Value, json};
use url::Url;

use super::*;
use crate::clock;
use crate::domain::{CODE_LIFE, MAX_LINKED};
use crate::testing::Cloud;
use crate::testing::World;

const TIKTOK: Platform = Platform::TikTok;

fn accounts(world: &World) -> Accounts {
    Accounts {
        store: world.store.clone(),
        mailer: world.mailer(),
        keys: Keys::derive("a-secret-of-more-than-thirty-two-characters", None).unwrap(),
        vault: Cloud::vault_at(&world.at("/kms")),
        social: Some(Social::new(&world.at("/social/")).unwrap()),
        oauth: OAuth::new(Some(&vara_engines::oauth_providers(&world.at("")))).unwrap(),
        public_url: "https://vara.example".into(),
        site: "https://app.example".into(),
    }
}

fn an_email(text: &str) -> ConnectionRequest {
    ConnectionRequest {
        email: Some(text.into()),
        ..ConnectionRequest::default()
    }
}

fn a_handle(text: &str) -> ConnectionRequest {
    ConnectionRequest {
        handle: Some(text.into()),
        ..ConnectionRequest::default()
    }
}

fn account(connected: Connected) -> (Linked, Option<Verification>) {
    match connected {
        Connected::Account {
            account,
            verification,
        } => (*account, verification),
        Connected::Authorisation { .. } => panic!("no account"),
    }
}

/// The code in the newest mail to an address.
async fn mailed(world: &World, to: &str) -> String {
    let text = reqwest::get(world.at("/_mail"))
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let all: Vec<Value> = serde_json::from_str(&text).unwrap();
    let mail = all.iter().rev().find(|it| it["to"] == to).unwrap();
    let words = mail["text"].as_str().unwrap().split_whitespace();
    words
        .map(str::to_owned)
        .find(|it| it.len() == 8 && crate::auth::typed_code(it).is_some())
        .unwrap()
}

async fn profile(world: &World, platform: &str, handle: &str, bio: &str, followers: u64) {
    let body = json!({ "platform": platform, "handle": handle, "name": "Ana", "bio": bio, "followers": followers });
    world.post("/_web/profiles", body).await;
}

#[tokio::test]
async fn an_address_is_hers_when_she_enters_the_mailed_code() {
    let (world, now) = (World::new().await, clock::now());
    let accounts = accounts(&world);
    let connected = accounts.connect(
        world.user,
        Platform::Other,
        an_email(" Ana@Example.org "),
        now,
    );
    let (it, verification) = account(connected.await.unwrap());
    assert_eq!(
        (it.platform_user_id.as_str(), it.verified_at),
        ("ana@example.org", None)
    );
    let expires_at = now.plus_seconds(CODE_LIFE);
    assert_eq!(verification, Some(Verification::EmailCode { expires_at }));
    let code = mailed(&world, "ana@example.org").await;
    let stored = world
        .store
        .linked(world.user, it.id)
        .await
        .unwrap()
        .unwrap();
    assert!(!serde_json::to_string(&stored).unwrap().contains(&code));
    let wrong = accounts
        .prove(world.user, it.id, Some("AAAAAAAA"), now)
        .await
        .unwrap_err();
    assert_eq!(wrong.code, "ACCOUNT_CODE_INVALID");
    let proved = accounts
        .prove(world.user, it.id, Some(&code.to_lowercase()), now)
        .await
        .unwrap();
    assert_eq!(proved.verified_at, Some(now));
    // Told again, nothing is asked of her.
    let again = accounts.connect(
        world.user,
        Platform::Other,
        an_email("ana@example.org"),
        now,
    );
    assert_eq!(account(again.await.unwrap()), (proved, None));
    assert_eq!(
        accounts
            .list(
                world.user,
                Page {
                    number: 1,
                    limit: 5
                }
            )
            .await
            .unwrap()
            .items
            .len(),
        1
    );
}

#[tokio::test]
async fn a_code_is_tried_five_times_lives_a_quarter_of_an_hour_and_is_anothers_nowhere() {
    let (world, now) = (World::new().await, clock::now());
    let accounts = accounts(&world);
    let connect = async |at: Timestamp| {
        let connected =
            accounts.connect(world.user, Platform::Other, an_email("a@example.org"), at);
        connected.await.map(|it| account(it).0.id)
    };
    let id = connect(now).await.unwrap();
    let code = mailed(&world, "a@example.org").await;
    let late = now.plus_seconds(CODE_LIFE);
    let expired = accounts
        .prove(world.user, id, Some(&code), late)
        .await
        .unwrap_err();
    assert_eq!(expired.code, "ACCOUNT_CODE_EXPIRED");
    for _ in 0..5 {
        let wrong = accounts
            .prove(world.user, id, Some("no"), now)
            .await
            .unwrap_err();
        assert_eq!(wrong.code, "ACCOUNT_CODE_INVALID");
    }
    let tried = accounts
        .prove(world.user, id, Some(&code), now)
        .await
        .unwrap_err();
    assert_eq!(tried.code, "ACCOUNT_CODE_EXPIRED");
    assert_eq!(
        connect(now.plus_seconds(59)).await.unwrap_err().kind,
        ErrorKind::TooMany
    );
    connect(now.plus_seconds(61)).await.unwrap();
    let missing = accounts.prove(world.user, id, None, now).await.unwrap_err();
    assert_eq!(missing.code, "VALIDATION_ERROR");
    let eve = accounts
        .prove(UserId::random(), id, Some(&code), now)
        .await
        .unwrap_err();
    assert_eq!(eve.code, "ACCOUNT_NOT_FOUND");
    let old = accounts
        .prove(world.user, id, Some(&code), now)
        .await
        .unwrap_err();
    assert_eq!(old.code, "ACCOUNT_CODE_INVALID", "the code before the last");
}

#[tokio::test]
async fn nobody_is_flooded_with_codes() {
    let (world, now) = (World::new().await, clock::now());
    let accounts = accounts(&world);
    let mut refused = 0;
    for number in 0..12 {
        let told = an_email(&format!("a{number}@example.org"));
        let connected = accounts
            .connect(world.user, Platform::Other, told, now)
            .await;
        refused += u32::from(connected.is_err_and(|it| it.kind == ErrorKind::TooMany));
    }
    assert_eq!(refused, 2);
}

#[tokio::test]
async fn a_handle_is_hers_when_she_shows_the_code() {
    let (world, now) = (World::new().await, clock::now());
    let accounts = accounts(&world);
    let connected = accounts.connect(world.user, Platform::Instagram, a_handle("@Ana.K"), now);
    let (it, verification) = account(connected.await.unwrap());
    let Some(Verification::ProfileCode { code, .. }) = verification else {
        panic!("no code")
    };
    let prove = async || accounts.prove(world.user, it.id, None, now).await;
    assert_eq!(prove().await.unwrap_err().code, "ACCOUNT_PROFILE_NOT_FOUND");
    profile(&world, "INSTAGRAM", "ana.k", "Coffee", 7).await;
    assert_eq!(prove().await.unwrap_err().code, "ACCOUNT_CODE_INVALID");
    let synced = accounts.sync(world.user, it.id, now).await.unwrap_err();
    assert_eq!(synced.code, "ACCOUNT_NOT_VERIFIED");
    profile(&world, "INSTAGRAM", "ana.k", &format!("Coffee ({code})"), 7).await;
    let proved = prove().await.unwrap();
    assert_eq!(
        (proved.followers, proved.display_name.as_deref()),
        (Some(7), Some("Ana"))
    );
    profile(&world, "INSTAGRAM", "ana.k", "Coffee", 9).await;
    let later = now.plus_seconds(60);
    let synced = accounts.sync(world.user, it.id, later).await.unwrap();
    assert_eq!(
        (synced.followers, synced.last_synced),
        (Some(9), Some(later))
    );
    let row = world
        .store
        .linked(world.user, it.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.looks.len(), 2);
    assert_eq!(prove().await.unwrap(), synced, "proved once");
}

/// She begins, agrees, and her browser is sent back.
async fn agreed(
    world: &World,
    accounts: &Accounts,
    who: UserId,
    more: &str,
) -> HashMap<String, String> {
    let begun = accounts
        .connect(who, TIKTOK, ConnectionRequest::default(), clock::now())
        .await
        .unwrap();
    let Connected::Authorisation {
        authorization_url, ..
    } = begun
    else {
        panic!("no authorisation")
    };
    assert!(authorization_url.starts_with(&world.at("/oauth/tiktok/authorize?")));
    let browser = reqwest::Client::builder()
        .redirect(Policy::none())
        .build()
        .unwrap();
    let reply = browser
        .get(format!("{authorization_url}{more}"))
        .send()
        .await
        .unwrap();
    let back = Url::parse(reply.headers()["location"].to_str().unwrap()).unwrap();
    assert!(
        back.as_str()
            .starts_with("https://vara.example/api/v1/accounts/callback/tiktok?")
    );
    let said: HashMap<String, String> = back.query_pairs().into_owned().collect();
    let returned = Returned {
        code: said.get("code").cloned(),
        state: said.get("state").cloned(),
        error: said.get("error").cloned(),
    };
    let landing = accounts.land(TIKTOK, &returned).0;
    assert!(landing.starts_with("https://app.example/settings?platform=TIKTOK"));
    Url::parse(&landing)
        .unwrap()
        .query_pairs()
        .into_owned()
        .collect()
}

fn back(said: &HashMap<String, String>) -> ConnectionRequest {
    ConnectionRequest {
        code: said.get("code").cloned(),
        state: said.get("state").cloned(),
        ..ConnectionRequest::default()
    }
}

#[tokio::test]
async fn an_account_is_connected_read_and_forgotten() {
    let (world, now) = (World::new().await, clock::now());
    let accounts = accounts(&world);
    profile(&world, "TIKTOK", "ana", "Hello", 5).await;
    let said = agreed(&world, &accounts, world.user, "").await;
    let connected = accounts
        .connect(world.user, TIKTOK, back(&said), now)
        .await
        .unwrap();
    let told = serde_json::to_string(&connected).unwrap();
    assert!(
        !told.contains("access-") && !told.contains("tokens"),
        "{told}"
    );
    let (it, _) = account(connected);
    assert_eq!(
        (it.kind, it.platform_user_id.as_str()),
        (LinkedKind::OAuth, "ana")
    );
    assert!(it.is_hers());
    let row = world
        .store
        .linked(world.user, it.id)
        .await
        .unwrap()
        .unwrap();
    let sealed = row.tokens.unwrap();
    assert!(
        !sealed.contains("access-") && !sealed.contains("refresh-"),
        "{sealed}"
    );

    // The state was used; and connecting again is the same account.
    let again = accounts
        .connect(world.user, TIKTOK, back(&said), now)
        .await
        .unwrap_err();
    assert_eq!(again.code, "ACCOUNT_STATE_INVALID");
    let said = agreed(&world, &accounts, world.user, "").await;
    let connected = accounts
        .connect(world.user, TIKTOK, back(&said), now)
        .await
        .unwrap();
    assert_eq!(account(connected).0.id, it.id);

    profile(&world, "TIKTOK", "ana", "Hello", 50).await;
    let synced = accounts
        .sync(world.user, it.id, now.plus_seconds(5))
        .await
        .unwrap();
    assert_eq!(synced.followers, Some(50));
    // An hour later the token has ended and is renewed; twice, because the new one is kept.
    for hours in [2, 4] {
        let later = now.plus_seconds(hours * 3600);
        let synced = accounts.sync(world.user, it.id, later).await.unwrap();
        assert_eq!(synced.last_synced, Some(later));
    }
    accounts.disconnect(world.user, it.id).await.unwrap();
    let gone = accounts.disconnect(world.user, it.id).await.unwrap_err();
    assert_eq!(gone.code, "ACCOUNT_NOT_FOUND");
    assert_eq!(
        accounts
            .sync(world.user, it.id, now)
            .await
            .unwrap_err()
            .code,
        "ACCOUNT_NOT_FOUND"
    );
}

#[tokio::test]
async fn what_somebody_else_began_gives_him_nothing() {
    let (world, now) = (World::new().await, clock::now());
    let accounts = accounts(&world);
    profile(&world, "TIKTOK", "ana", "", 5).await;
    let his = UserId::random();
    let said = agreed(&world, &accounts, his, "").await;
    let as_her = accounts
        .connect(world.user, TIKTOK, back(&said), now)
        .await
        .unwrap_err();
    assert_eq!(as_her.code, "ACCOUNT_STATE_INVALID");
    let elsewhere = accounts
        .connect(his, Platform::Facebook, back(&said), now)
        .await
        .unwrap_err();
    assert_eq!(elsewhere.code, "ACCOUNT_STATE_INVALID");
    let late = now.plus_seconds(3600);
    let too_late = accounts
        .connect(his, TIKTOK, back(&said), late)
        .await
        .unwrap_err();
    assert_eq!(too_late.code, "ACCOUNT_STATE_INVALID");
    let mut forged = back(&said);
    forged.code = Some("made-up".into());
    let forged = accounts
        .connect(his, TIKTOK, forged, now)
        .await
        .unwrap_err();
    assert_eq!(forged.code, "ACCOUNT_AUTHORIZATION_FAILED");
    let no = agreed(&world, &accounts, world.user, "&deny=1").await;
    assert_eq!(no["error"], "access_denied");
    assert!(!no.contains_key("code"));
}

#[tokio::test]
async fn leave_that_was_taken_back_and_networks_that_are_down_are_told_apart() {
    let (world, now) = (World::new().await, clock::now());
    let accounts = accounts(&world);
    profile(&world, "TIKTOK", "ana", "", 5).await;
    let said = agreed(&world, &accounts, world.user, "").await;
    let connected = accounts
        .connect(world.user, TIKTOK, back(&said), now)
        .await
        .unwrap();
    let id = account(connected).0.id;
    world
        .fault(json!({ "engine": "oauth", "mode": "error", "status": 503 }))
        .await;
    assert_eq!(
        accounts.sync(world.user, id, now).await.unwrap_err().kind,
        ErrorKind::Unavailable
    );
    world
        .fault(json!({ "engine": "oauth", "mode": "error", "status": 401 }))
        .await;
    let out = accounts.sync(world.user, id, now).await.unwrap_err();
    assert_eq!(out.code, "ACCOUNT_RECONNECT_REQUIRED");
    world.repair().await;
    accounts.sync(world.user, id, now).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_told() {
    let (world, now) = (World::new().await, clock::now());
    let accounts = accounts(&world);
    let tell = async |platform, told: ConnectionRequest| {
        accounts
            .connect(world.user, platform, told, now)
            .await
            .unwrap_err()
            .code
    };
    let invalid = "VALIDATION_ERROR";
    assert_eq!(tell(Platform::Other, an_email("nobody")).await, invalid);
    assert_eq!(tell(TIKTOK, an_email("a@example.org")).await, invalid);
    assert_eq!(tell(Platform::Other, a_handle("ana")).await, invalid);
    assert_eq!(tell(TIKTOK, a_handle("a b")).await, invalid);
    assert_eq!(
        tell(Platform::Other, ConnectionRequest::default()).await,
        invalid
    );
    let both = ConnectionRequest {
        handle: Some("ana".into()),
        ..an_email("a@example.org")
    };
    assert_eq!(tell(TIKTOK, both).await, invalid);
    assert_eq!(
        tell(Platform::LinkedIn, ConnectionRequest::default()).await,
        "PLATFORM_NOT_SUPPORTED"
    );
    let number = ConnectionRequest {
        phone: Some("+49 170 1234567".into()),
        ..ConnectionRequest::default()
    };
    let (it, proof) = account(
        accounts
            .connect(world.user, Platform::Other, number, now)
            .await
            .unwrap(),
    );
    assert_eq!(
        (it.platform_user_id.as_str(), proof),
        ("+491701234567", None)
    );
    let proved = accounts
        .prove(world.user, it.id, Some("AAAAAAAA"), now)
        .await
        .unwrap_err();
    assert_eq!(proved.code, "ACCOUNT_NOT_VERIFIABLE");
    let synced = accounts.sync(world.user, it.id, now).await.unwrap_err();
    assert_eq!(synced.code, "ACCOUNT_SYNC_NOT_SUPPORTED");
    for number in 1..MAX_LINKED {
        let told = a_handle(&format!("ana{number}"));
        accounts
            .connect(world.user, TIKTOK, told, now)
            .await
            .unwrap();
    }
    assert_eq!(
        tell(TIKTOK, a_handle("one.more")).await,
        "ACCOUNT_LIMIT_REACHED"
    );
}
