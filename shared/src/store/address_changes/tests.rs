//! Changes of addresses over a real table API.

use super::*;
use crate::store::users::credentials_row;
use crate::testing::spoil;

const OLD: &str = "ana@example.net";
const NEW: &str = "ana.new@example.net";

fn at(seconds: i64) -> Timestamp {
    let begun = Timestamp::parse("2026-11-20T12:00:00Z").unwrap();
    begun.plus_seconds(seconds)
}

/// When a change at second 10 cannot be undone any more.
fn lapsed() -> Timestamp {
    at(10 + 24 * 3600)
}

async fn woman(store: &Store, email: &str) -> Account {
    let account = Account::new(UserId::random(), email, at(0));
    let created = store.create_account(&account, "hash", None).await;
    assert!(created.unwrap());
    account
}

/// A change that waits for its code, asked for at this second.
async fn asked(store: &Store, user: UserId, second: i64) -> AddressChange {
    let change = AddressChange {
        asked_at: at(second),
        expires_at: at(second + 900),
        sealed_email: "sealed".into(),
        code: "hash".into(),
        sealed_code: "sealed".into(),
        tries: 0,
    };
    let row = Row::new(key(user), &change);
    assert!(store.tx().put(&row).commit().await.unwrap().is_done());
    change
}

/// The change to this address at second 10.
async fn swap(store: &Store, account: &Account, change: &AddressChange, to: &str) -> SwapOutcome {
    let how = AddressSwap {
        change,
        email: to,
        earlier: EarlierAddress {
            email: account.email.clone(),
            hash: "h".into(),
            sealed_token: "sealed".into(),
            until: lapsed(),
        },
        ended: &[],
        events: vec![],
        at: at(10),
    };
    store.swap_address(account, how).await.unwrap()
}

/// Somebody who has changed her address.
async fn moved(store: &Store) -> Account {
    let ana = woman(store, OLD).await;
    let change = asked(store, ana.id(), 1).await;
    assert_eq!(swap(store, &ana, &change, NEW).await, SwapOutcome::Done);
    seen(store, &ana).await
}

async fn seen(store: &Store, account: &Account) -> Account {
    store.account(account.id()).await.unwrap().unwrap()
}

async fn restored(store: &Store, account: &Account, now: Timestamp) -> bool {
    let how = AddressRestore {
        earlier: account.earlier_address.as_ref().unwrap(),
        ended: &[],
        events: vec![],
        at: now,
    };
    store.restore_address(account, how).await.unwrap()
}

#[tokio::test]
async fn of_two_who_confirm_one_address_one_has_it() {
    let store = crate::testing::store().await;
    let (ana, eve) = (
        woman(&store, OLD).await,
        woman(&store, "eve@example.net").await,
    );
    let (hers, other) = (
        asked(&store, ana.id(), 1).await,
        asked(&store, eve.id(), 1).await,
    );
    let both = tokio::join!(
        swap(&store, &ana, &hers, NEW),
        swap(&store, &eve, &other, NEW)
    );
    let (winner, loser) = match both {
        (SwapOutcome::Done, SwapOutcome::Taken) => (&ana, &eve),
        (SwapOutcome::Taken, SwapOutcome::Done) => (&eve, &ana),
        other => panic!("{other:?}"),
    };
    assert_eq!(store.owner_of(NEW).await.unwrap(), Some(winner.id()));
    assert_eq!(seen(&store, loser).await, *loser);
    let owner = store.owner_of(&loser.email).await.unwrap();
    assert_eq!(owner, Some(loser.id()));
}

#[tokio::test]
async fn a_change_works_once_and_one_that_was_replaced_never() {
    let store = crate::testing::store().await;
    let ana = woman(&store, OLD).await;
    let first = asked(&store, ana.id(), 1).await;
    let second = asked(&store, ana.id(), 2).await;
    assert_eq!(swap(&store, &ana, &first, NEW).await, SwapOutcome::Changed);
    assert_eq!(store.owner_of(NEW).await.unwrap(), None);
    assert_eq!(swap(&store, &ana, &second, NEW).await, SwapOutcome::Done);
    let account = seen(&store, &ana).await;
    let again = swap(&store, &account, &second, "c@example.net").await;
    assert_eq!(again, SwapOutcome::Changed);
    assert_eq!(store.owner_of("c@example.net").await.unwrap(), None);
}

#[tokio::test]
async fn tries_are_counted_for_one_change_and_end_at_five() {
    let store = crate::testing::store().await;
    let user = UserId::random();
    asked(&store, user, 1).await;
    assert!(!store.count_code_try(user, at(2)).await.unwrap());
    for _ in 0..ADDRESS_CODE_TRIES {
        assert!(store.count_code_try(user, at(1)).await.unwrap());
    }
    assert!(!store.count_code_try(user, at(1)).await.unwrap());
    let change = store.address_change(user).await.unwrap().unwrap();
    assert!(!change.is_open(at(1)));
}

#[tokio::test]
async fn the_earlier_address_is_nobodys_for_a_day_and_then_whoever_comes_first() {
    let store = crate::testing::store().await;
    let ana = moved(&store).await;
    assert_eq!(ana.email, NEW);
    assert_eq!(store.account_of(NEW).await.unwrap().as_ref(), Some(&ana));
    assert_eq!(store.account_of(OLD).await.unwrap(), None);
    let sign_up = async |now| {
        let account = Account::new(UserId::random(), OLD, now);
        let created = store.create_account(&account, "h", None).await.unwrap();
        created.then_some(account)
    };
    let early = lapsed().minus_seconds(1);
    assert_eq!(sign_up(early).await, None);
    // Nor does anybody else come to it by a change.
    let eve = woman(&store, "eve@example.net").await;
    let change = asked(&store, eve.id(), 1).await;
    assert_eq!(swap(&store, &eve, &change, OLD).await, SwapOutcome::Taken);
    let newer = sign_up(lapsed()).await.unwrap();
    assert_eq!(store.owner_of(OLD).await.unwrap(), Some(newer.id()));
    // A clock that is behind does not take it away from her.
    assert!(!restored(&store, &ana, early).await);
    assert_eq!(store.owner_of(OLD).await.unwrap(), Some(newer.id()));
    assert_eq!(seen(&store, &ana).await, ana);
}

#[tokio::test]
async fn an_address_is_put_back_once_and_everything_that_let_in_ends() {
    let store = crate::testing::store().await;
    let ana = moved(&store).await;
    let user = ana.id();
    let undo = PasswordUndo {
        hash: "u".into(),
        sealed: "sealed".into(),
        expires_at: lapsed(),
    };
    let tx = store.tx().put(&credentials_row(user, "his"));
    let tx = tx.write_password_undo(user, &undo);
    assert!(tx.commit().await.unwrap().is_done());
    asked(&store, user, 20).await;
    assert!(restored(&store, &ana, at(30)).await);
    let after = seen(&store, &ana).await;
    assert_eq!((after.email.as_str(), &after.earlier_address), (OLD, &None));
    assert_eq!(after.password_at, at(30));
    assert_eq!(store.account_of(OLD).await.unwrap(), Some(after));
    assert_eq!(store.owner_of(NEW).await.unwrap(), None);
    assert_eq!(store.password_hash(user).await.unwrap(), None);
    assert_eq!(store.password_undo(user, "u").await.unwrap(), None);
    assert_eq!(store.address_change(user).await.unwrap(), None);
    assert!(!restored(&store, &ana, at(31)).await);
    // Both are to be had as any other.
    woman(&store, NEW).await;
}

#[tokio::test]
async fn who_leaves_leaves_no_address_and_takes_none_of_others() {
    let store = crate::testing::store().await;
    let ana = moved(&store).await;
    let gone = store.begin_erasure(&ana, "a", &[], at(20)).await;
    assert!(gone.unwrap());
    for email in [OLD, NEW] {
        woman(&store, email).await;
    }

    let (store, client) = crate::testing::table().await;
    let ana = moved(&store).await;
    let gone = store.begin_erasure(&ana, "a", &[], lapsed()).await;
    assert!(gone.unwrap());
    let rows = client.scan().table_name("vara").send().await.unwrap();
    assert!(!format!("{:?}", rows.items.unwrap()).contains("EMAIL#"));

    let store = crate::testing::store().await;
    let ana = moved(&store).await;
    let newer = Account::new(UserId::random(), OLD, lapsed());
    assert!(store.create_account(&newer, "h", None).await.unwrap());
    let gone = store.begin_erasure(&ana, "a", &[], lapsed()).await;
    assert!(gone.unwrap());
    assert_eq!(store.owner_of(OLD).await.unwrap(), Some(newer.id()));
    assert_eq!(store.owner_of(NEW).await.unwrap(), None);
}

#[tokio::test]
async fn an_unreadable_change_allows_nothing_and_is_replaced() {
    let (store, client) = crate::testing::table().await;
    let ana = woman(&store, OLD).await;
    asked(&store, ana.id(), 1).await;
    spoil(&client, ana.id(), "ADDRESS_CHANGE", "expiresAt").await;
    assert_eq!(store.address_change(ana.id()).await.unwrap(), None);
    let change = asked(&store, ana.id(), 2).await;
    assert_eq!(swap(&store, &ana, &change, NEW).await, SwapOutcome::Done);
}
