//! The mailer over a real table API and the mail stand-in, told twice and interrupted.

use serde_json::{Value, json};

use super::*;
use crate::domain::event::Actor;
use crate::domain::{AddressChange, EarlierAddress, ErrorKind, UserId};
use crate::services::people::auth::sealed_mail::SealedForMail;
use crate::services::record::event_log::EventLog;
use crate::testing::Cloud;
use crate::testing::World;

const HERS: &str = "ana@example.org";

struct Post {
    world: World,
    mailer: SignInMailer,
}

impl Post {
    /// Somebody signed up, and mail works.
    async fn open(confirmed: bool) -> Self {
        let world = World::new().await;
        let mut account = Account::new(UserId::random(), HERS, clock::now());
        account.email_confirmed_at = confirmed.then(clock::now);
        let made = world.store.create_account(&account, "hash", None).await;
        assert!(made.unwrap());
        let origins = ["https://app.example".to_owned()];
        let mailer = SignInMailer {
            store: world.store.clone(),
            mailer: Cloud::mailer_at(&world.at("/ses")),
            redirects: Redirects::new(&origins, true).unwrap(),
            public_url: "https://vara.example".into(),
        };
        Self { world, mailer }
    }

    async fn take(&self, id: &str, kind: SignInMailKind, now: Timestamp) -> Result<()> {
        let message = SignInMail {
            kind,
            email: HERS.into(),
            user_id: None,
            redirect_to: Some("https://app.example/reset-password".into()),
            key: None,
            asked_at: clock::now(),
        };
        let delivery = delivery(id, &json!(message));
        self.mailer.take_at(&delivery, now).await
    }

    async fn recovery(&self, id: &str) -> Result<()> {
        self.take(id, SignInMailKind::Recovery, clock::now()).await
    }

    async fn mails(&self) -> Vec<Value> {
        let reply = reqwest::get(self.world.at("/_mail")).await.unwrap();
        serde_json::from_str(&reply.text().await.unwrap()).unwrap()
    }

    async fn account(&self) -> Account {
        self.world.store.account_of(HERS).await.unwrap().unwrap()
    }
}

fn delivery(id: &str, body: &Value) -> QueueDelivery {
    QueueDelivery {
        id: id.into(),
        body: body.to_string(),
        queue: "sign-in-mail".into(),
        receipt: "r".into(),
        attempt: 1,
        last: false,
        trace: None,
        deadline: clock::now(),
    }
}

#[tokio::test]
async fn a_message_that_comes_twice_sends_one_mail_whose_link_works() {
    let post = Post::open(true).await;
    for _ in 0..2 {
        post.recovery("m1").await.unwrap();
    }
    let mails = post.mails().await;
    assert_eq!(mails.len(), 1);
    let link = mails[0]["links"][0].as_str().unwrap();
    assert!(link.starts_with("https://vara.example/auth/v1/verify?token="));
    let link = url::Url::parse(link).unwrap();
    let said = |name: &str| link.query_pairs().find(|it| it.0 == name).unwrap().1;
    assert_eq!(said("type"), "recovery");
    assert_eq!(said("redirect_to"), "https://app.example/reset-password");
    let account = post.account().await;
    assert_eq!(account.recovery_links, [OneTime::hash(&said("token"))]);
    assert!(account.recovery_sent_at.is_some());
    post.recovery("m2").await.unwrap();
    assert_eq!(post.mails().await.len(), 2);
    assert_eq!(post.account().await.recovery_links.len(), 2);
}

#[tokio::test]
async fn a_mail_that_failed_comes_again_and_costs_her_no_link() {
    let post = Post::open(true).await;
    post.recovery("m1").await.unwrap();
    let working = post.account().await.recovery_links;
    let fault = json!({ "engine": "ses", "mode": "error", "status": 500, "times": 50 });
    post.world.fault(fault).await;
    let begun = clock::now();
    for attempt in 0..4 {
        let now = begun.plus_seconds(attempt * MAIL_LEASE_SECONDS);
        let failed = post.take("m2", SignInMailKind::Recovery, now).await;
        assert_eq!(failed.unwrap_err().kind, ErrorKind::Unavailable);
        // While an attempt may still be at it, the mail is left alone.
        let beside = post.take("m2", SignInMailKind::Recovery, now).await;
        assert!(beside.unwrap_err().chain().contains("another delivery"));
    }
    assert_eq!(post.mails().await.len(), 1);
    let after = post.account().await.recovery_links;
    assert_eq!((after.len(), &after[0]), (2, &working[0]));
    post.world.repair().await;
    let now = begun.plus_seconds(4 * MAIL_LEASE_SECONDS);
    post.take("m2", SignInMailKind::Recovery, now)
        .await
        .unwrap();
    assert_eq!(post.mails().await.len(), 2);
    assert_eq!(post.account().await.recovery_links.len(), 2);
}

#[tokio::test]
async fn nobody_is_mailed_who_has_no_account_nor_long_after_it_was_asked_for() {
    let post = Post::open(true).await;
    let stranger =
        json!({ "kind": "RECOVERY", "email": "eve@example.org", "askedAt": clock::now() });
    post.mailer.take(&delivery("m1", &stranger)).await.unwrap();
    let late = clock::now().plus_seconds(STALE_AFTER + 1);
    post.take("m2", SignInMailKind::Recovery, late)
        .await
        .unwrap();
    assert!(post.mails().await.is_empty());
    assert!(post.account().await.recovery_links.is_empty());
    let err = post.mailer.take(&delivery("m3", &json!("nonsense"))).await;
    assert_eq!(err.unwrap_err().kind, ErrorKind::Bug);
}

#[tokio::test]
async fn who_signs_up_again_is_told_of_her_account_or_gets_her_link_again() {
    for (confirmed, part) in [(true, "https://app.example/login"), (false, "type=signup")] {
        let post = Post::open(confirmed).await;
        let again = post.take("m1", SignInMailKind::SignUpAgain, clock::now());
        again.await.unwrap();
        let mails = post.mails().await;
        let link = mails[0]["links"][0].as_str().unwrap();
        assert!(link.contains(part), "{link}");
        let links = post.account().await.confirmation_links.len();
        assert_eq!(links, usize::from(!confirmed));
    }
}

/// A message about the address of this woman.
fn about(kind: SignInMailKind, user: UserId, email: &str, key: &str) -> Value {
    json!(SignInMail {
        kind,
        email: email.into(),
        user_id: Some(user),
        redirect_to: None,
        key: Some(key.into()),
        asked_at: clock::now(),
    })
}

#[tokio::test]
async fn the_earlier_address_is_told_for_a_day_however_late_and_only_of_its_own_change() {
    let post = Post::open(true).await;
    let mut account = Account::new(UserId::random(), "new@example.org", clock::now());
    let user = account.id();
    let mail = SealedForMail::seal(user, "the-token").unwrap();
    let until = clock::now().plus_seconds(24 * 3600);
    account.earlier_address = Some(EarlierAddress {
        email: "old@example.org".into(),
        hash: "h".into(),
        sealed_token: mail.sealed,
        until,
    });
    let made = post.world.store.create_account(&account, "hash", None);
    assert!(made.await.unwrap());
    let take = async |id: &str, key: &str, now| {
        let body = about(SignInMailKind::AddressChanged, user, "old@example.org", key);
        post.mailer.take_at(&delivery(id, &body), now).await
    };
    take("m1", &mail.key, until).await.unwrap();
    take("m2", "the key of another change", clock::now())
        .await
        .unwrap();
    assert!(post.mails().await.is_empty());
    let late = until.minus_seconds(1);
    for _ in 0..2 {
        take("m3", &mail.key, late).await.unwrap();
    }
    take("m4", &mail.key, late).await.unwrap();
    let mails = post.mails().await;
    assert_eq!(mails.len(), 2);
    for mail in &mails {
        assert!(mail["to"].to_string().contains("old@example.org"));
        let link = "https://vara.example/api/v1/auth/address/undo/the-token";
        assert_eq!(mail["links"][0], link);
    }
    let nobody =
        json!({ "kind": "ADDRESS_CHANGED", "email": "a@example.org", "askedAt": clock::now() });
    let err = post.mailer.take(&delivery("m5", &nobody)).await;
    assert_eq!(err.unwrap_err().kind, ErrorKind::Bug);
}

#[tokio::test]
async fn a_code_is_mailed_while_its_request_is_the_newest_and_again_after_a_failure() {
    let post = Post::open(true).await;
    let (store, user) = (&post.world.store, post.account().await.id());
    let vault = Cloud::vault_at(&post.world.at("/kms"));
    let log = EventLog::new(store.clone(), vault);
    let now = clock::now();
    let ask = async |code: &str, asked_at: Timestamp| {
        let mail = SealedForMail::seal(user, code).unwrap();
        let change = AddressChange {
            asked_at,
            expires_at: asked_at.plus_seconds(900),
            sealed_email: "sealed".into(),
            code: "hash".into(),
            sealed_code: mail.sealed,
            tries: 0,
        };
        let whose = (user, Actor::user(user, None));
        let name = "account.address_change_requested";
        let event = log.tell(whose, name, &json!({}), now).await.unwrap();
        let asked = store.ask_address_change(user, &change, event).await;
        assert!(asked.unwrap());
        mail.key
    };
    let replaced = ask("111111", now).await;
    let newest = ask("222222", now.plus_seconds(1)).await;
    let take = async |id: &str, key: &str, now| {
        let body = about(SignInMailKind::AddressCode, user, "new@example.org", key);
        post.mailer.take_at(&delivery(id, &body), now).await
    };
    take("m1", &replaced, now).await.unwrap();
    take("m2", &newest, now.plus_seconds(901)).await.unwrap();
    assert!(post.mails().await.is_empty());
    let fault = json!({ "engine": "ses", "mode": "error", "status": 500, "times": 50 });
    post.world.fault(fault).await;
    assert!(take("m3", &newest, now).await.is_err());
    post.world.repair().await;
    let again = now.plus_seconds(MAIL_LEASE_SECONDS);
    take("m3", &newest, again).await.unwrap();
    let mails = post.mails().await;
    assert_eq!(mails.len(), 1);
    assert!(mails[0]["text"].as_str().unwrap().contains("222222"));
}
