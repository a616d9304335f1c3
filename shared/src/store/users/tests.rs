//! Accounts, passwords and links over a real table API.

use aws_sdk_dynamodb::types::AttributeValue;

use super::*;
use crate::domain::{LinkKind, SignInMethod};
use crate::store::DUE_RECHECK;

fn now() -> Timestamp {
    Timestamp::parse("2026-11-20T12:00:00Z").unwrap()
}

/// A change to the password with this hash, a second later.
fn changed_to(password_hash: &str) -> PasswordChange<'_> {
    PasswordChange {
        password_hash,
        link: None,
        undo: None,
        ended: &[],
        events: vec![],
        at: now().plus_seconds(1),
    }
}

fn link(user: UserId, kind: LinkKind, hash: &str) -> Link {
    Link {
        kind,
        user_id: user,
        hash: hash.into(),
        expires_at: now().plus_seconds(3600),
    }
}

async fn ana(store: &Store) -> Account {
    let account = Account::new(UserId::random(), "ana@example.net", now());
    let created = store.create_account(&account, "hash", None).await;
    assert!(created.unwrap());
    let confirmation = link(account.id(), LinkKind::SignUp, "c");
    let added = store.add_link(&account, &confirmation, None, now()).await;
    assert!(added.unwrap());
    seen(store, &account).await
}

async fn seen(store: &Store, account: &Account) -> Account {
    store.account(account.id()).await.unwrap().unwrap()
}

/// A new recovery link with this hash.
async fn recovery(store: &Store, account: &Account, hash: &str) -> Link {
    let account = seen(store, account).await;
    let link = link(account.id(), LinkKind::Recovery, hash);
    assert!(store.add_link(&account, &link, None, now()).await.unwrap());
    link
}

/// Whether a link lets in.
async fn works(store: &Store, account: &Account, link: &Link) -> bool {
    let session = Session::new(account.id(), SignInMethod::Link, now());
    let how = LinkUse {
        session: Some(NewSession::from(&session)),
        ended: &[],
        voids_password: false,
        event: None,
        at: now(),
    };
    let account = seen(store, account).await;
    let used = store.use_link(&account, link, how).await.unwrap();
    let begun = store.session(account.id(), session.id).await.unwrap();
    assert_eq!(used, begun.is_some());
    used
}

#[tokio::test]
async fn an_address_belongs_to_one() {
    let store = crate::testing::store().await;
    let account = ana(&store).await;
    assert_eq!(
        store.account_of("ana@example.net").await.unwrap().unwrap(),
        account
    );
    assert_eq!(
        store.password_hash(account.id()).await.unwrap().unwrap(),
        "hash"
    );
    let other = Account::new(UserId::random(), "ana@example.net", now());
    assert!(!store.create_account(&other, "h", None).await.unwrap());
    assert_eq!(store.account(other.id()).await.unwrap(), None);
}

#[tokio::test]
async fn a_sign_in_checked_against_the_old_password_is_not_stored() {
    let store = crate::testing::store().await;
    let account = ana(&store).await;
    let session = Session::new(account.id(), SignInMethod::Password, now());
    assert!(
        store
            .change_password(&account, changed_to("new"))
            .await
            .unwrap()
    );
    assert!(!store.sign_in(&account, &session).await.unwrap());
    assert_eq!(store.session(account.id(), session.id).await.unwrap(), None);
    let account = store.account(account.id()).await.unwrap().unwrap();
    assert!(store.sign_in(&account, &session).await.unwrap());
    assert_eq!(
        store
            .session(account.id(), session.id)
            .await
            .unwrap()
            .unwrap(),
        session
    );
}

#[tokio::test]
async fn the_last_three_links_work_and_all_end_with_the_first_that_is_used() {
    let store = crate::testing::store().await;
    let account = ana(&store).await;
    let first = recovery(&store, &account, "r1").await;
    // Two requests that began with the same account: one wins.
    let late = link(account.id(), LinkKind::Recovery, "r2");
    assert!(!store.add_link(&account, &late, None, now()).await.unwrap());
    assert!(store.link("r2").await.unwrap().is_none());
    let second = recovery(&store, &account, "r3").await;
    let third = recovery(&store, &account, "r4").await;
    let fourth = recovery(&store, &account, "r5").await;
    assert_eq!(
        seen(&store, &account).await.recovery_links,
        ["r3", "r4", "r5"]
    );
    assert!(store.link("r1").await.unwrap().is_none());
    assert!(!works(&store, &account, &first).await);
    assert!(works(&store, &account, &second).await);
    for used in [&second, &third, &fourth] {
        assert!(!works(&store, &account, used).await, "{used:?}");
        assert!(store.link(&used.hash).await.unwrap().is_none());
    }
    let after = seen(&store, &account).await;
    assert!(after.recovery_links.is_empty());
    assert_eq!(after.proved_at, Some(now()));
    assert_eq!(after.last_sign_in_at, Some(now()));
    // Links of the other kind are as they were.
    assert_eq!(after.confirmation_links, ["c"]);
    let again = recovery(&store, &account, "r6").await;
    assert!(works(&store, &account, &again).await);
}

#[tokio::test]
async fn another_password_ends_all_links_also_those_whose_row_is_left() {
    let store = crate::testing::store().await;
    let account = ana(&store).await;
    let known = recovery(&store, &account, "r1").await;
    let read = seen(&store, &account).await;
    // Added while the password is being changed by who has not seen it.
    let unseen = recovery(&store, &account, "r2").await;
    let changed = store.change_password(&read, changed_to("new"));
    assert!(changed.await.unwrap());
    let after = seen(&store, &account).await;
    assert!(after.recovery_links.is_empty() && after.confirmation_links.is_empty());
    assert_eq!(after.proved_at, None, "a password proves no address");
    assert!(store.link("r2").await.unwrap().is_some());
    for link in [&known, &unseen] {
        assert!(!works(&store, &account, link).await, "{link:?}");
    }
}

#[tokio::test]
async fn links_can_all_be_ended() {
    let store = crate::testing::store().await;
    let account = ana(&store).await;
    let link = recovery(&store, &account, "r1").await;
    store
        .void_links(&seen(&store, &account).await)
        .await
        .unwrap();
    assert!(!works(&store, &account, &link).await);
    assert!(store.link("c").await.unwrap().is_none());
    let gone = Account::new(UserId::random(), "eve@example.net", now());
    store.void_links(&gone).await.unwrap();
    assert_eq!(store.account(gone.id()).await.unwrap(), None);
}

#[tokio::test]
async fn a_voided_password_is_gone_and_so_are_the_sign_ins() {
    let store = crate::testing::store().await;
    let account = ana(&store).await;
    let theirs = Session::new(account.id(), SignInMethod::Password, now());
    assert!(store.sign_in(&account, &theirs).await.unwrap());
    let account = seen(&store, &account).await;
    let how = LinkUse {
        session: None,
        ended: &[theirs.id],
        voids_password: true,
        event: None,
        at: now().plus_seconds(1),
    };
    let link = link(account.id(), LinkKind::SignUp, "c");
    assert!(store.use_link(&account, &link, how).await.unwrap());
    assert_eq!(store.password_hash(account.id()).await.unwrap(), None);
    assert_eq!(store.sessions(account.id()).await.unwrap(), []);
    // Nor does a sign-in that was checked before begin after it.
    let late = Session::new(account.id(), SignInMethod::Password, now());
    assert!(!store.sign_in(&account, &late).await.unwrap());
}

#[tokio::test]
async fn an_account_from_before_there_were_lists_is_read() {
    let (store, client) = crate::testing::table().await;
    let account = ana(&store).await;
    let old = client
        .update_item()
        .table_name("vara")
        .set_key(Some(account_key(account.id()).item()))
        .update_expression(
            "SET confirmationToken = :t, recoveryToken = :n REMOVE confirmationLinks, recoveryLinks, provedAt, signedUpFrom",
        )
        .expression_attribute_values(":t", AttributeValue::S("t".into()))
        .expression_attribute_values(":n", AttributeValue::Null(true));
    old.send().await.unwrap();
    let read = seen(&store, &account).await;
    assert!(read.confirmation_links.is_empty() && !read.is_proved());
    let link = recovery(&store, &account, "r1").await;
    assert!(works(&store, &account, &link).await);
}

#[tokio::test]
async fn names() {
    let store = crate::testing::store().await;
    let account = ana(&store).await;
    let named = store
        .rename(account.id(), Some("Ana"), now())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(named.profile.display_name.as_deref(), Some("Ana"));
    let cleared = store
        .rename(account.id(), None, now())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(cleared.profile.display_name, None);
    assert!(
        store
            .rename(UserId::random(), Some("Eve"), now())
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn an_address_is_checked_soon_after_it_is_proved() {
    let store = crate::testing::store().await;
    let account = ana(&store).await;
    let due = async |after| {
        let due = store.due(DUE_RECHECK, now().plus_seconds(after), 10).await;
        due.unwrap().len()
    };
    assert_eq!(due(700).await, 1, "once after the sign-up");
    let day = 24 * 3600;
    let how = LinkUse {
        session: None,
        ended: &[],
        voids_password: false,
        event: None,
        at: now().plus_seconds(day),
    };
    let confirmation = link(account.id(), LinkKind::SignUp, "c");
    let used = store.use_link(&account, &confirmation, how).await;
    assert!(used.unwrap());
    assert_eq!((due(700).await, due(day + 700).await), (0, 1));
}
