//! The link that undoes a change of the password.

use axum::http::StatusCode;
use serde_json::{Value, json};
use vara::domain::UserId;
use vara::testing::Cloud;

use super::{Harness, PASSWORD, Reply, token};

const UNDO: &str = "/api/v1/auth/undo/";

async fn change(harness: &Harness, access: &str, password: &str) {
    let body = json!({ "password": password }).to_string();
    let changed = harness.send("PUT", "/auth/v1/user", Some(access), Some(&body));
    assert_eq!(changed.await.status, StatusCode::OK);
}

async fn open(harness: &Harness, link: &str) -> Reply {
    harness.send("GET", link, None, None).await
}

async fn press(harness: &Harness, link: &str) -> Reply {
    harness.send("POST", link, None, None).await
}

async fn told(harness: &Harness, session: &Value) -> Vec<String> {
    let user = UserId::parse(&token(&session["user"], "id")).unwrap();
    let stream = vara::domain::event::StreamName::parse("account").unwrap();
    let of = (user, &stream);
    let forward = vara::services::record::event_log::Direction::Forward;
    let log = &harness.service.log;
    let page = log.read(of, None, forward, 20, vara::clock::now());
    let events = page.await.unwrap().events.into_iter();
    events.map(|it| it.kind.to_string()).collect()
}

#[tokio::test]
async fn whoever_changed_her_password_is_out_and_hers_works_again() {
    let harness = Harness::build().await;
    let session = harness.ana().await;
    let access = token(&session, "access_token");
    change(&harness, &access, "Intruder1horse").await;
    let first = harness.mailed(UNDO).await;
    change(&harness, &access, "Intruder2horse").await;
    let second = harness.mailed(UNDO).await;
    assert_ne!(first, second);

    // Opening it, as programs do, changes nothing.
    for _ in 0..2 {
        let page = open(&harness, &first).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.as_str().unwrap().contains("<form"), "{page:?}");
    }
    assert_eq!(
        harness.sign_in("Intruder2horse").await.status,
        StatusCode::OK
    );
    assert_eq!(press(&harness, &first).await.status, StatusCode::OK);
    harness
        .me(&access)
        .await
        .is_refused(403, "session_not_found");
    assert_eq!(harness.sign_in(PASSWORD).await.status, StatusCode::OK);
    for password in ["Intruder1horse", "Intruder2horse"] {
        let refused = harness.sign_in(password).await;
        refused.is_refused(400, "invalid_credentials");
    }
    // Neither it nor the other one works again.
    for link in [&first, &second] {
        assert_eq!(open(&harness, link).await.status, StatusCode::NOT_FOUND);
        assert_eq!(press(&harness, link).await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(harness.sign_in(PASSWORD).await.status, StatusCode::OK);
    assert_eq!(
        told(&harness, &session).await,
        [
            "account.password_changed",
            "account.password_changed",
            "account.password_restored"
        ]
    );
}

#[tokio::test]
async fn the_link_ends_after_three_days_and_no_stored_row_holds_what_it_gives_back() {
    let (store, client) = vara::testing::table().await;
    let harness = Harness::over(store).await;
    let session = harness.ana().await;
    let user = UserId::parse(&token(&session["user"], "id")).unwrap();
    let earlier = harness.service.store.password_hash(user).await.unwrap();
    change(&harness, &token(&session, "access_token"), "Intruder1horse").await;
    let link = harness.mailed(UNDO).await;
    let link_token = link.strip_prefix(UNDO).unwrap();
    let rows = client.scan().table_name("vara").send().await.unwrap();
    let rows = format!("{:?}", rows.items.unwrap());
    assert!(rows.contains("UNDO#"));
    assert!(!rows.contains(&earlier.unwrap()) && !rows.contains(link_token));

    let late = vara::clock::now().plus_seconds(72 * 3600);
    let service = &harness.service;
    assert!(!service.undo_password(link_token, late).await.unwrap());
    assert!(!service.can_undo_password(link_token, late).await.unwrap());
    let other = format!("{}{}", UserId::random(), &link_token[36..]);
    assert!(
        !service
            .undo_password(&other, vara::clock::now())
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn nothing_is_undone_without_its_event() {
    let harness = Harness::build().await;
    let session = harness.ana().await;
    change(&harness, &token(&session, "access_token"), "Intruder1horse").await;
    let link = harness.mailed(UNDO).await;
    let token = link.strip_prefix(UNDO).unwrap();
    let mut silent = harness.service.clone();
    let vault = Cloud::vault_at("http://127.0.0.1:9");
    silent.log = vara::services::record::event_log::EventLog::new(silent.store.clone(), vault);
    let now = vara::clock::now();
    assert!(silent.undo_password(token, now).await.is_err());
    assert_eq!(
        harness.sign_in("Intruder1horse").await.status,
        StatusCode::OK
    );
    assert_eq!(press(&harness, &link).await.status, StatusCode::OK);
}
