//! Rotation of refresh tokens.

use axum::http::StatusCode;
use vara::clock;
use vara::domain::{Role, Session, SessionId, Timestamp, UserId};

use super::{Harness, PASSWORD, Reply, token};

/// The only sign-in there is.
async fn stored(harness: &Harness, user: &str) -> Session {
    let user = UserId::parse(user).unwrap();
    let ids: Vec<SessionId> = harness.service.store.sessions(user).await.unwrap();
    assert_eq!(ids.len(), 1);
    harness
        .service
        .store
        .session(user, ids[0])
        .await
        .unwrap()
        .unwrap()
}

/// What the token of this answer says that she may, which is what the answer says beside it.
async fn role(harness: &Harness, reply: &Reply) -> Role {
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    let header = format!("Bearer {}", reply.text("access_token"));
    let caller = harness.gate.identify(Some(&header), clock::now()).await;
    let role = caller.unwrap().role;
    let told = reply.body["user"]["app_metadata"]["role"].as_str();
    assert_eq!(told.and_then(Role::named).unwrap_or_default(), role);
    role
}

#[tokio::test]
async fn a_role_is_in_her_tokens_from_the_next_one_on() {
    let (store, client) = vara::testing::table().await;
    let harness = Harness::over(store).await;
    let session = harness.ana().await;
    let id = UserId::parse(&user(&session)).unwrap();
    let mut newest = token(&session, "refresh_token");
    for (given, expected) in [
        ("admin", Role::Admin),
        ("user", Role::User),
        ("?", Role::User),
    ] {
        vara::testing::give_role(&client, id, given).await;
        let refreshed = harness.refresh(&newest).await;
        assert_eq!(role(&harness, &refreshed).await, expected, "{given}");
        newest = refreshed.text("refresh_token");
        let signed_in = harness.sign_in(PASSWORD).await;
        assert_eq!(role(&harness, &signed_in).await, expected, "{given}");
    }
}

fn user(session: &serde_json::Value) -> String {
    token(&session["user"], "id")
}

#[tokio::test]
async fn a_token_is_exchanged_for_another_and_its_parent_for_the_same_again() {
    let harness = Harness::build().await;
    let session = harness.ana().await;
    let first = token(&session, "refresh_token");
    let next = harness.refresh(&first).await;
    assert_eq!(next.status, StatusCode::OK);
    let second = next.text("refresh_token");
    assert_ne!(first, second);
    assert_eq!(next.body["user"]["id"], session["user"]["id"]);
    assert_eq!(
        harness.me(&next.text("access_token")).await.status,
        StatusCode::OK
    );

    let again = harness.refresh(&first).await;
    assert_eq!(
        (again.status, again.text("refresh_token")),
        (StatusCode::OK, second.clone())
    );
    assert_ne!(harness.refresh(&second).await.text("refresh_token"), second);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_all_succeed_with_the_same_token() {
    let harness = std::sync::Arc::new(Harness::build().await);
    let first = token(&harness.ana().await, "refresh_token");
    let calls: Vec<_> = (0..8)
        .map(|_| {
            let (harness, first) = (harness.clone(), first.clone());
            tokio::spawn(async move { harness.refresh(&first).await })
        })
        .collect();
    let mut seen = std::collections::HashSet::new();
    for call in calls {
        let reply = call.await.unwrap();
        assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
        seen.insert(reply.text("refresh_token"));
    }
    assert_eq!(seen.len(), 1);
}

#[tokio::test]
async fn within_ten_seconds_any_older_one_will_do() {
    let harness = Harness::build().await;
    let first = token(&harness.ana().await, "refresh_token");
    let second = harness.refresh(&first).await.text("refresh_token");
    let third = harness.refresh(&second).await.text("refresh_token");
    let again = harness.refresh(&first).await;
    assert_eq!(
        (again.status, again.text("refresh_token")),
        (StatusCode::OK, third)
    );
}

#[tokio::test]
async fn a_copy_of_an_old_one_ends_the_whole_sign_in() {
    let harness = Harness::build().await;
    let session = harness.ana().await;
    let first = token(&session, "refresh_token");
    let second = harness.refresh(&first).await.text("refresh_token");
    let third = harness.refresh(&second).await;
    let before = stored(&harness, &user(&session)).await;
    let long_ago = Session {
        superseded: vec![],
        ..before.clone()
    };
    assert!(
        harness
            .service
            .store
            .rotate(&before, &long_ago)
            .await
            .unwrap()
    );

    harness
        .refresh(&first)
        .await
        .is_refused(400, "refresh_token_already_used");
    harness
        .refresh(&third.text("refresh_token"))
        .await
        .is_refused(400, "session_not_found");
    harness
        .me(&third.text("access_token"))
        .await
        .is_refused(403, "session_not_found");
}

#[tokio::test]
async fn a_copy_of_the_parent_is_noticed_though_its_child_was_never_shown() {
    let harness = Harness::build().await;
    let session = harness.ana().await;
    let first = token(&session, "refresh_token");
    let second = harness.refresh(&first).await;
    let before = stored(&harness, &user(&session)).await;
    let an_hour_ago = Session {
        refreshed_at: vara::clock::now().minus_seconds(3600),
        superseded: vec![],
        ..before.clone()
    };
    assert!(
        harness
            .service
            .store
            .rotate(&before, &an_hour_ago)
            .await
            .unwrap()
    );
    harness
        .refresh(&first)
        .await
        .is_refused(400, "refresh_token_already_used");
    harness
        .refresh(&second.text("refresh_token"))
        .await
        .is_refused(400, "session_not_found");
}

#[tokio::test]
async fn a_sign_in_ends_after_ninety_days_however_often_it_was_used() {
    let mut harness = Harness::build().await;
    let session = harness.ana().await;
    // As if it had begun ninety days ago.
    harness.service.session_life = 0;
    let shown = token(&session, "refresh_token");
    let refused = harness.service.refresh(&shown).await;
    let why = refused.unwrap_err();
    assert!(
        matches!(
            why,
            vara::services::people::auth::AuthRefusal::SessionExpired
        ),
        "{why:?}"
    );
    assert!(
        harness
            .service
            .store
            .sessions(UserId::parse(&user(&session)).unwrap())
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_sign_in_that_was_not_used_ends() {
    let harness = Harness::build().await;
    let session = harness.ana().await;
    let before = stored(&harness, &user(&session)).await;
    let unused = Session {
        refreshed_at: Timestamp::from_epoch_seconds(1_700_000_000).unwrap(),
        ..before.clone()
    };
    assert!(
        harness
            .service
            .store
            .rotate(&before, &unused)
            .await
            .unwrap()
    );
    let first = token(&session, "refresh_token");
    harness
        .refresh(&first)
        .await
        .is_refused(400, "session_expired");
    harness
        .refresh(&first)
        .await
        .is_refused(400, "session_not_found");
}

#[tokio::test]
async fn whoever_left_is_not_known() {
    let harness = Harness::build().await;
    let session = harness.ana().await;
    let account = harness
        .service
        .store
        .account(UserId::parse(&user(&session)).unwrap())
        .await
        .unwrap()
        .unwrap();
    let now = vara::clock::now();
    assert!(
        harness
            .service
            .store
            .begin_erasure(&account, "x", &[], now)
            .await
            .unwrap()
    );
    harness
        .refresh(&token(&session, "refresh_token"))
        .await
        .is_refused(400, "refresh_token_not_found");
    harness
        .service
        .store
        .erase_all_rows(account.id(), usize::MAX)
        .await
        .unwrap();
    harness
        .refresh(&token(&session, "refresh_token"))
        .await
        .is_refused(400, "refresh_token_not_found");
    harness
        .me(&token(&session, "access_token"))
        .await
        .is_refused(403, "user_not_found");
}
