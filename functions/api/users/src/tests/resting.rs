//! A deleted account rests before it is erased: dark at once, back by one link, gone in the end.

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt;
use vara::auth::Redirects;
use vara::domain::event::StreamName;
use vara::domain::{Account, EarlierAddress, Session, SignInMethod, Timestamp, UserId};
use vara::queues::QueueDelivery;
use vara::services::people::auth::SignInMailer;
use vara::services::people::users::{AccountEraser, AccountRest, RestMails};
use vara::services::record::event_log::{Direction, EventLog};
use vara::store::DUE_ERASE;
use vara::testing::{self, Cloud, TestApi};

use super::Harness;

const HOURS: i64 = 3600;
const QUEUE: &str = "http://q/1/sign-in-mail";
const HERS: &str = "ana@example.net";

/// The function where accounts rest for three days, with its queue and what is outside.
struct Resting {
    harness: Harness,
    cloud: Cloud,
    engines: String,
    outside: Router,
    log: EventLog,
    mails: RestMails,
}

impl Resting {
    async fn build() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let engines = format!("http://{}", listener.local_addr().unwrap());
        let outside = vara_engines::router(engines.clone());
        let served = outside.clone();
        tokio::spawn(async move { axum::serve(listener, served).await });
        let cloud = Cloud::start().await;
        let mails = RestMails {
            queues: cloud.queues(),
            queue: QUEUE.to_owned(),
        };
        let mut kept = None;
        let harness = Harness::with_rest(|store| {
            let vault = Cloud::vault_at(&format!("{engines}/kms"));
            let log = EventLog::new(store.clone(), vault);
            kept = Some(log.clone());
            Some(AccountRest {
                log,
                seconds: 72 * HOURS,
                mails: mails.clone(),
            })
        })
        .await;
        Self {
            harness,
            cloud,
            engines,
            outside,
            log: kept.unwrap(),
            mails,
        }
    }

    fn eraser(&self) -> AccountEraser {
        let harness = &self.harness;
        let eraser = AccountEraser::new(harness.store.clone(), harness.objects.clone());
        eraser.with_mails(self.mails.clone())
    }

    /// Takes the messages of the queue; the token in the last link that was mailed.
    async fn mailed(&self) -> String {
        let mailer = SignInMailer {
            store: self.harness.store.clone(),
            mailer: Cloud::mailer_at(&format!("{}/ses", self.engines)),
            redirects: Redirects::read(&testing::settings(&[
                ("WEB_ORIGINS", "https://app.example"),
                ("STAGE", "prod"),
            ]))
            .unwrap(),
            public_url: "https://vara.example".to_owned(),
        };
        for (at, message) in self.cloud.told("SendMessage").iter().enumerate() {
            let body = message["MessageBody"].as_str().unwrap().to_owned();
            // No message holds what brings the account back.
            assert!(!body.contains("restore"), "{body}");
            let delivery = QueueDelivery {
                id: format!("m{at}"),
                body,
                queue: "sign-in-mail".into(),
                receipt: "r".into(),
                attempt: 1,
                last: false,
                trace: None,
                deadline: vara::clock::now(),
            };
            mailer.take(&delivery).await.unwrap();
        }
        let request = Request::get("/_mail").body(Body::empty()).unwrap();
        let reply = self.outside.clone().oneshot(request).await.unwrap();
        let mails = reply.into_body().collect().await.unwrap().to_bytes();
        let mails: Value = serde_json::from_slice(&mails).unwrap();
        let mails = mails.as_array().unwrap();
        let last = mails.last().unwrap();
        assert_eq!(last["subject"], "Your account was closed");
        let link = last["links"][0].as_str().unwrap();
        link.rsplit_once('/').unwrap().1.to_owned()
    }

    async fn leave(&self, token: &str) {
        let (status, body) = self.harness.send(Method::DELETE, token, "").await;
        let gone = json!({ "data": { "deleted": true } });
        assert_eq!((status, body), (StatusCode::OK, gone));
    }

    async fn open(&self, method: Method, link: &str) -> StatusCode {
        let path = format!("/api/v1/users/restore/{link}");
        self.harness
            .api
            .answer(method, &path, "", "")
            .await
            .status()
    }

    async fn due(&self, at: Timestamp) -> usize {
        self.harness
            .store
            .due(DUE_ERASE, at, 10)
            .await
            .unwrap()
            .len()
    }

    async fn account(&self, user: UserId) -> Option<Account> {
        self.harness.store.account(user).await.unwrap()
    }
}

fn later(hours: i64) -> Timestamp {
    vara::clock::now().plus_seconds(hours * HOURS)
}

#[tokio::test]
async fn what_she_deleted_is_dark_at_once_and_comes_back_by_one_link() {
    let resting = Resting::build().await;
    let harness = &resting.harness;
    let (ana, token) = harness.woman(HERS, 2).await;
    harness.fill(ana).await;
    let before = resting.account(ana).await.unwrap();
    resting.leave(&token).await;
    // Nothing leads to her, and nothing of hers is lost.
    let (status, _) = harness.send(Method::GET, &token, "").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(resting.account(ana).await, None);
    assert_eq!(harness.store.account_of(HERS).await.unwrap(), None);
    assert_eq!(harness.store.password_hash(ana).await.unwrap(), None);
    assert!(harness.store.sessions(ana).await.unwrap().is_empty());
    assert_eq!(harness.bucket.names().len(), 2);
    let stream = StreamName::parse("account").unwrap();
    let fresh = EventLog::new(
        harness.store.clone(),
        Cloud::vault_at(&format!("{}/kms", resting.engines)),
    );
    let now = vara::clock::now();
    let sealed = fresh.read((ana, &stream), None, Direction::Forward, 10, now);
    assert!(sealed.await.is_err(), "her record is sealed");

    let link = resting.mailed().await;
    assert_eq!(resting.open(Method::GET, &link).await, StatusCode::OK);
    assert_eq!(
        resting.open(Method::GET, &link).await,
        StatusCode::OK,
        "used by a look"
    );
    assert_eq!(resting.open(Method::POST, &link).await, StatusCode::OK);
    for method in [Method::GET, Method::POST] {
        assert_eq!(resting.open(method, &link).await, StatusCode::NOT_FOUND);
    }
    let after = resting.account(ana).await.unwrap();
    assert_eq!(
        (&after.email, &after.profile),
        (&before.email, &before.profile)
    );
    assert!(after.is_proved());
    assert_eq!(harness.store.owner_of(HERS).await.unwrap(), Some(ana));
    assert_eq!(harness.store.password_hash(ana).await.unwrap(), None);
    let page = fresh.read((ana, &stream), None, Direction::Forward, 10, now);
    let kinds: Vec<String> = page
        .await
        .unwrap()
        .events
        .iter()
        .map(|it| it.kind.to_string())
        .collect();
    assert_eq!(kinds, ["account.rested", "account.restored"]);
    assert!(resting.log.verify(ana).await.unwrap().ok);
    // Nothing comes after it.
    assert_eq!(resting.due(later(1000)).await, 0);
    resting.eraser().finish(ana, later(1000)).await.unwrap();
    assert!(resting.account(ana).await.is_some());
    assert_eq!(harness.bucket.names().len(), 2);
}

#[tokio::test]
async fn when_the_rest_is_over_she_is_erased_and_no_link_works() {
    let resting = Resting::build().await;
    let harness = &resting.harness;
    let (ana, token) = harness.woman(HERS, 1).await;
    harness.fill(ana).await;
    resting.leave(&token).await;
    let link = resting.mailed().await;
    // Mailed, it is looked at again when the rest ends.
    assert_eq!(
        (resting.due(later(71)).await, resting.due(later(73)).await),
        (0, 1)
    );
    resting.eraser().finish(ana, later(71)).await.unwrap();
    assert_eq!(harness.bucket.names().len(), 2);
    resting.eraser().finish(ana, later(73)).await.unwrap();
    assert!(harness.bucket.names().is_empty());
    assert!(harness.traces(ana, HERS).await.is_empty());
    assert_eq!(
        resting.open(Method::POST, &link).await,
        StatusCode::NOT_FOUND
    );
    resting.eraser().finish(ana, later(80)).await.unwrap();
    assert_eq!(resting.due(later(1000)).await, 0);
}

#[tokio::test]
async fn what_was_left_undone_when_the_rest_began_is_done_by_the_schedule() {
    let resting = Resting::build().await;
    let harness = &resting.harness;
    let (ana, token) = harness.woman(HERS, 1).await;
    resting.leave(&token).await;
    // As if the function had been killed right after the first step.
    let account = Account::new(ana, HERS, vara::clock::now());
    let late = Session::new(ana, SignInMethod::Password, vara::clock::now());
    assert!(!harness.store.sign_in(&account, &late).await.unwrap());
    let asked = resting.cloud.told("SendMessage").len();
    assert_eq!(resting.due(later(1)).await, 1);
    resting.eraser().finish(ana, later(1)).await.unwrap();
    assert_eq!(resting.cloud.told("SendMessage").len(), asked + 1);
    // Both messages are delivered; both links work, and one of them once.
    let link = resting.mailed().await;
    assert_eq!(resting.open(Method::POST, &link).await, StatusCode::OK);
    assert!(resting.account(ana).await.is_some());
}

#[tokio::test]
async fn a_newer_account_with_her_address_is_not_pushed_aside() {
    let resting = Resting::build().await;
    let harness = &resting.harness;
    let (ana, token) = harness.woman(HERS, 1).await;
    resting.leave(&token).await;
    let link = resting.mailed().await;
    let (newer, new_token) = harness.woman(HERS, 1).await;
    assert_ne!(newer, ana);
    assert_eq!(
        resting.open(Method::POST, &link).await,
        StatusCode::CONFLICT
    );
    assert_eq!(harness.store.owner_of(HERS).await.unwrap(), Some(newer));
    // The refused link was not used up: without the newer account it works.
    resting.leave(&new_token).await;
    assert_eq!(resting.open(Method::POST, &link).await, StatusCode::OK);
    assert_eq!(harness.store.owner_of(HERS).await.unwrap(), Some(ana));
}

/// Who changed the address may not be she: as long as that can be undone, the link goes to the earlier one.
#[tokio::test]
async fn an_account_whose_address_was_changed_lately_rests_under_the_earlier_one() {
    const EARLIER: &str = "ana.before@example.net";
    for (hours, whose) in [(1, EARLIER), (0, HERS)] {
        let resting = Resting::build().await;
        let harness = &resting.harness;
        let mut account = Account::new(UserId::random(), HERS, vara::clock::now());
        account.earlier_address = Some(EarlierAddress {
            email: EARLIER.to_owned(),
            hash: "h".to_owned(),
            sealed_token: "s".to_owned(),
            until: later(hours),
        });
        let token = harness.woman_of(&account).await;
        resting.leave(&token).await;
        let link = resting.mailed().await;
        let request = Request::get("/_mail").body(Body::empty()).unwrap();
        let reply = resting.outside.clone().oneshot(request).await.unwrap();
        let mails = reply.into_body().collect().await.unwrap().to_bytes();
        let mails: Value = serde_json::from_slice(&mails).unwrap();
        assert!(mails[0]["to"].to_string().contains(whose), "{mails}");
        assert_eq!(resting.open(Method::POST, &link).await, StatusCode::OK);
        let after = resting.account(account.id()).await.unwrap();
        assert_eq!((after.email.as_str(), after.earlier_address), (whose, None));
        let owner = harness.store.owner_of(whose).await.unwrap();
        assert_eq!(owner, Some(account.id()));
    }
}

#[tokio::test]
async fn with_her_password_just_entered_she_is_gone_at_once() {
    let resting = Resting::build().await;
    let harness = &resting.harness;
    let (ana, token) = harness.woman(HERS, 1).await;
    harness.fill(ana).await;
    let erase = async |token: &str| {
        let path = "/api/v1/users/me/erase";
        harness.api.send(Method::POST, path, token, "").await
    };
    let account = resting.account(ana).await.unwrap();
    let mailed = Session::new(ana, SignInMethod::Link, vara::clock::now());
    assert!(harness.store.sign_in(&account, &mailed).await.unwrap());
    let now = vara::clock::now();
    let issued = harness
        .gate
        .access()
        .issue(&account, vara::domain::Role::User, &mailed, now);
    TestApi::refused(&erase(&issued.unwrap().0).await, 403, "STEP_UP_REQUIRED");
    assert_eq!(
        TestApi::data(erase(&token).await, 200),
        json!({ "deleted": true })
    );
    assert!(harness.traces(ana, HERS).await.is_empty());
    assert!(harness.bucket.names().is_empty());
    assert!(resting.cloud.told("SendMessage").is_empty());
}
