//! A change of the address: the code, the notice to the earlier one, and the link that undoes it.

use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use serde_json::{Value, json};
use vara::auth::Caller;
use vara::domain::{Account, AccountOrigin, Role, Session, SignInMethod, UserId};
use vara::services::people::auth::{AuthRefusal, Client};
use vara::testing::Cloud;

use super::{Harness, PASSWORD, Reply, token};

const ASK: &str = "/api/v1/auth/address";
const CONFIRM: &str = "/api/v1/auth/address/confirm";
const UNDO: &str = "/api/v1/auth/address/undo/";
const OLD: &str = "ana@example.net";
const NEW: &str = "ana.new@example.net";

impl Harness {
    async fn ask_address(&self, access: &str, email: &str) -> Reply {
        let body = json!({ "email": email }).to_string();
        self.send("POST", ASK, Some(access), Some(&body)).await
    }

    async fn confirm_address(&self, access: &str, code: &str) -> Reply {
        let body = json!({ "code": code }).to_string();
        self.send("POST", CONFIRM, Some(access), Some(&body)).await
    }

    /// The mails to this address, the newest last.
    async fn mails_to(&self, email: &str) -> Vec<Value> {
        let mut mails = self.mails().await;
        mails.retain(|it| it["to"].to_string().contains(&format!("\"{email}\"")));
        mails
    }

    /// The code that was last mailed to this address.
    async fn code(&self, email: &str) -> String {
        let mails = self.mails_to(email).await;
        let mail = mails.iter().rfind(|it| it["subject"] == "Your code");
        let text = mail.unwrap()["text"].as_str().unwrap().to_owned();
        let is_code = |it: &&str| it.len() == 6 && it.bytes().all(|it| it.is_ascii_digit());
        text.lines().find(is_code).unwrap().to_owned()
    }

    /// Changes Ana's address to the new one.
    async fn change_address(&self, access: &str) -> Reply {
        let asked = self.ask_address(access, NEW).await;
        assert_eq!(asked.status, StatusCode::ACCEPTED, "{asked:?}");
        let changed = self.confirm_address(access, &self.code(NEW).await).await;
        assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
        changed
    }

    async fn sign_in_at(&self, email: &str, password: &str) -> Reply {
        let body = json!({ "email": email, "password": password });
        self.post("/auth/v1/token?grant_type=password", body).await
    }

    async fn account_events(&self, session: &Value) -> Vec<String> {
        let user = UserId::parse(&token(&session["user"], "id")).unwrap();
        let stream = vara::domain::event::StreamName::parse("account").unwrap();
        let forward = vara::services::record::event_log::Direction::Forward;
        let log = &self.service.log;
        let page = log.read((user, &stream), None, forward, 20, vara::clock::now());
        let events = page.await.unwrap().events.into_iter();
        events.map(|it| it.kind.to_string()).collect()
    }
}

/// A code that is not this one.
fn wrong(code: &str) -> &'static str {
    if code == "111111" { "222222" } else { "111111" }
}

#[tokio::test]
async fn an_address_is_changed_by_its_code_and_put_back_by_the_link_to_the_earlier_one() {
    let harness = Harness::build().await;
    let session = harness.ana().await;
    let access = token(&session, "access_token");
    let elsewhere = harness.sign_in(PASSWORD).await.body;
    let changed = harness.change_address(&access).await;
    assert_eq!(changed.body["data"]["email"], NEW);
    assert!(changed.body["data"]["undoUntil"].is_string());
    // Her session stays, the other ended; only the new address leads in.
    assert_eq!(harness.me(&access).await.body["email"], NEW);
    let ended = harness.me(&token(&elsewhere, "access_token")).await;
    ended.is_refused(403, "session_not_found");
    let refused = harness.sign_in_at(OLD, PASSWORD).await;
    refused.is_refused(400, "invalid_credentials");
    let intruder = harness.sign_in_at(NEW, PASSWORD).await;
    assert_eq!(intruder.status, StatusCode::OK);
    // The earlier one is nobody's.
    let body = json!({ "email": OLD, "password": PASSWORD, "data": {} });
    let again = harness.post("/auth/v1/signup", body).await;
    again.is_refused(422, "user_already_exists");

    let link = harness.mailed(UNDO).await;
    let told = harness.mails_to(OLD).await;
    assert_eq!(told.last().unwrap()["subject"], "Your address was changed");
    for _ in 0..2 {
        let page = harness.send("GET", &link, None, None).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.as_str().unwrap().contains("<form"), "{page:?}");
    }
    let undone = harness.send("POST", &link, None, None).await;
    assert_eq!(undone.status, StatusCode::OK, "{undone:?}");
    for session in [&session, &intruder.body] {
        let out = harness.me(&token(session, "access_token")).await;
        out.is_refused(403, "session_not_found");
    }
    // Whoever changed it knew the password.
    for email in [OLD, NEW] {
        let refused = harness.sign_in_at(email, PASSWORD).await;
        refused.is_refused(400, "invalid_credentials");
    }
    let recover = json!({ "email": OLD });
    let asked = harness.post("/auth/v1/recover", recover).await;
    assert_eq!(asked.status, StatusCode::OK);
    harness.press(&harness.mailed("type=recovery").await).await;
    for method in ["GET", "POST"] {
        let used = harness.send(method, &link, None, None).await;
        assert_eq!(used.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(
        harness.account_events(&session).await,
        [
            "account.address_change_requested",
            "account.address_changed",
            "account.address_restored"
        ]
    );
}

#[tokio::test]
async fn somebody_elses_address_is_answered_alike_and_gets_no_code() {
    let harness = Harness::build().await;
    let access = token(&harness.ana().await, "access_token");
    let eve = Account::new(UserId::random(), "eve@example.net", vara::clock::now());
    let made = harness.service.store.create_account(&eve, "hash", None);
    assert!(made.await.unwrap());
    let taken = harness.ask_address(&access, "Eve@Example.net").await;
    assert_eq!(taken.status, StatusCode::ACCEPTED, "{taken:?}");
    let mails = harness.mails_to("eve@example.net").await;
    let subjects: Vec<&Value> = mails.iter().map(|it| &it["subject"]).collect();
    assert_eq!(subjects, ["About your sign-up"]);
    let refused = harness.confirm_address(&access, "123456").await;
    refused.is_error(400, "ADDRESS_CODE_INVALID");
    let free = harness.ask_address(&access, NEW).await;
    let names = |it: &Reply| {
        let data = it.body["data"].as_object().unwrap();
        data.keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!((free.status, names(&free)), (taken.status, names(&taken)));
    // It is hers by now: who has the code is told so.
    let code = harness.code(NEW).await;
    let other = Account::new(UserId::random(), NEW, vara::clock::now());
    let made = harness.service.store.create_account(&other, "hash", None);
    assert!(made.await.unwrap());
    let refused = harness.confirm_address(&access, &code).await;
    refused.is_error(409, "ADDRESS_TAKEN");
    assert_eq!(harness.account().await.email, OLD);
}

#[tokio::test]
async fn a_code_is_tried_five_times_and_only_that_of_the_last_request_works() {
    let harness = Harness::build().await;
    let access = token(&harness.ana().await, "access_token");
    let none = harness.confirm_address(&access, "123456").await;
    none.is_error(409, "ADDRESS_CODE_EXPIRED");
    harness.ask_address(&access, NEW).await;
    let first = harness.code(NEW).await;
    // One a minute to one address.
    let again = harness.ask_address(&access, NEW).await;
    again.is_error(429, "REQUEST_ERROR");
    harness.ask_address(&access, "third@example.net").await;
    let second = harness.code("third@example.net").await;
    if first != second {
        let replaced = harness.confirm_address(&access, &first).await;
        replaced.is_error(400, "ADDRESS_CODE_INVALID");
    }
    for _ in 0..5 {
        harness.confirm_address(&access, wrong(&second)).await;
    }
    let late = harness.confirm_address(&access, &second).await;
    late.is_error(409, "ADDRESS_CODE_EXPIRED");
    assert_eq!(harness.account().await.email, OLD);
}

#[tokio::test]
async fn what_cannot_be_changed_is_said_in_words() {
    let harness = Harness::build().await;
    let session = harness.ana().await;
    let access = token(&session, "access_token");
    for bad in ["", "nobody", OLD] {
        let refused = harness.ask_address(&access, bad).await;
        refused.is_error(400, "VALIDATION_ERROR");
    }
    let empty = harness.send("POST", CONFIRM, Some(&access), Some("{}"));
    empty.await.is_error(400, "VALIDATION_ERROR");
    let put = json!({ "email": NEW }).to_string();
    let put = harness.send("PUT", "/auth/v1/user", Some(&access), Some(&put));
    put.await.is_refused(400, "validation_failed");
    // A session that began with a mailed link has entered no password.
    let account = harness.account().await;
    let mailed = Session::new(account.id(), SignInMethod::Link, vara::clock::now());
    let store = &harness.service.store;
    assert!(store.sign_in(&account, &mailed).await.unwrap());
    let (role, now) = (Role::User, vara::clock::now());
    let issued = harness.service.access.issue(&account, role, &mailed, now);
    let refused = harness.ask_address(&issued.unwrap().0, NEW).await;
    refused.is_error(403, "STEP_UP_REQUIRED");
    // One change at a time: a second would make the link of the first void.
    harness.change_address(&access).await;
    let second = harness.ask_address(&access, "third@example.net").await;
    second.is_error(409, "ADDRESS_CHANGED_LATELY");
}

#[tokio::test]
async fn a_message_that_comes_again_mails_the_same_and_holds_nothing_that_works_alone() {
    let (store, client) = vara::testing::table().await;
    let harness = Harness::over(store).await;
    let session = harness.ana().await;
    let access = token(&session, "access_token");
    harness.ask_address(&access, NEW).await;
    let code = harness.code(NEW).await;
    let rows = async || {
        let rows = client.scan().table_name("vara").send().await.unwrap();
        format!("{:?}", rows.items.unwrap())
    };
    // Neither the table nor the queue has the code, and the table not the address it was asked for.
    let stored = rows().await;
    assert!(stored.contains("ADDRESS_CHANGE") && !stored.contains(NEW));
    let messages = || format!("{:?}", harness.cloud.told("SendMessage"));
    assert!(!stored.contains(&code) && !messages().contains(&format!("\"{code}\"")));
    // All messages again, under their ids: nothing is mailed twice.
    let before = harness.mails().await.len();
    harness.delivered.store(0, Ordering::SeqCst);
    assert_eq!(harness.mails().await.len(), before);

    let changed = harness.confirm_address(&access, &code).await;
    assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
    let link = harness.mailed(UNDO).await;
    let link = link.strip_prefix(UNDO).unwrap();
    assert!(!rows().await.contains(link) && !messages().contains(link));
    let service = &harness.service;
    let late = vara::clock::now().plus_seconds(24 * 3600);
    assert!(!service.can_undo_address(link, late).await.unwrap());
    assert!(!service.undo_address(link, late).await.unwrap());
    let other = format!("{}{}", UserId::random(), &link[36..]);
    let now = vara::clock::now();
    assert!(!service.undo_address(&other, now).await.unwrap());
    assert!(service.can_undo_address(link, now).await.unwrap());
}

#[tokio::test]
async fn nothing_is_changed_or_undone_without_its_event() {
    let harness = Harness::build().await;
    let session = harness.ana().await;
    let access = token(&session, "access_token");
    let mut silent = harness.service.clone();
    let vault = Cloud::vault_at("http://127.0.0.1:9");
    silent.log = vara::services::record::event_log::EventLog::new(silent.store.clone(), vault);
    harness.change_address(&access).await;
    let link = harness.mailed(UNDO).await;
    let link_token = link.strip_prefix(UNDO).unwrap();
    let now = vara::clock::now();
    assert!(silent.undo_address(link_token, now).await.is_err());
    assert_eq!(harness.me(&access).await.body["email"], NEW);
    let undone = harness.send("POST", &link, None, None).await;
    assert_eq!(undone.status, StatusCode::OK);
}

#[tokio::test]
async fn links_that_were_mailed_to_the_earlier_address_end_with_the_change() {
    let harness = Harness::build().await;
    let access = token(&harness.ana().await, "access_token");
    let recover = harness.post("/auth/v1/recover", json!({ "email": OLD }));
    assert_eq!(recover.await.status, StatusCode::OK);
    let link = harness.mailed("type=recovery").await;
    harness.change_address(&access).await;
    let led = harness.press(&link).await;
    let location = led.header("location");
    assert!(location.contains("error=access_denied"), "{location}");
    assert_eq!(harness.me(&access).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_code_that_could_not_be_asked_for_makes_nobody_wait() {
    let harness = Harness::build().await;
    let session = harness.ana().await;
    let access = token(&session, "access_token");
    let caller = Caller {
        user: UserId::parse(&token(&session["user"], "id")).unwrap(),
        email: OLD.to_owned(),
        session: None,
        role: Role::User,
        confirmed_at: None,
    };
    let mut broken = harness.service.clone();
    broken.queues = Cloud::silent_queues();
    let client = Client::default();
    let asked = broken.ask_address_change(&caller, Some(NEW), &client).await;
    assert!(asked.is_err());
    harness.change_address(&access).await;
}

#[tokio::test]
async fn an_address_that_is_kept_elsewhere_is_changed_there() {
    let harness = Harness::build().await;
    let mut theirs = Account::new(UserId::random(), "eve@example.net", vara::clock::now());
    theirs.origin = AccountOrigin::External;
    assert!(harness.service.store.provision(&theirs).await.unwrap());
    let caller = Caller {
        user: theirs.id(),
        email: theirs.email.clone(),
        session: None,
        role: Role::User,
        confirmed_at: None,
    };
    let client = Client::default();
    let asked = harness
        .service
        .ask_address_change(&caller, Some(NEW), &client);
    let why = asked.await.unwrap_err();
    let code = "ADDRESS_KEPT_ELSEWHERE";
    assert!(
        matches!(&why, AuthRefusal::Trouble(err) if err.code == code),
        "{why:?}"
    );
    assert!(harness.mails().await.is_empty());
}
