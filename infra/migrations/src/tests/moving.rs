//! What the migrations do to rows.

use super::*;
use crate::error::Error;
use crate::migration::MigrationDirection;
use crate::migrations::SeparatePartitions;

#[tokio::test]
async fn what_lets_her_in_moves_and_nothing_else_does() {
    let table = table().await;
    fill(&table).await;
    let before = rows(&table).await;
    let outcomes = run(&table).up(None).await.unwrap();
    let after = rows(&table).await;
    assert_eq!((outcomes.len(), outcomes[0].changed), (1, 8));
    let place = |pk: &str, sk: &str| (pk.to_owned(), sk.to_owned());
    for id in ["a", "b"] {
        for (old, new) in [
            (
                place(&format!("USER#{id}"), "CREDENTIALS"),
                place(&format!("CREDENTIALS#{id}"), "-"),
            ),
            (
                place(&format!("USER#{id}"), "SESSION#2"),
                place(&format!("SIGN-IN#{id}"), "SESSION#2"),
            ),
        ] {
            let content = |rows: &Rows, at| {
                let mut content: BTreeMap<_, _> = BTreeMap::clone(&rows[at]);
                content.retain(|name, _| name != "pk" && name != "sk");
                content
            };
            assert_eq!(content(&before, &old), content(&after, &new));
            assert!(!after.contains_key(&old));
        }
        let profile = place(&format!("USER#{id}"), "PROFILE");
        assert!(!after[&profile].contains_key("role") && after[&profile].contains_key("email"));
        let image = place(&format!("USER#{id}"), "IMAGE#1");
        assert_eq!(before[&image], after[&image]);
    }
    let roles: Vec<_> = after
        .keys()
        .filter(|it| it.0.starts_with("ROLE#"))
        .collect();
    assert_eq!(roles, [&place("ROLE#b", "-")]);
    assert_eq!(after.len(), before.len() + 1);
}

#[tokio::test]
async fn down_gives_back_what_was() {
    let table = table().await;
    fill(&table).await;
    let before = rows(&table).await;
    run(&table).up(None).await.unwrap();
    run(&table).down(None).await.unwrap();
    assert_eq!(rows(&table).await, before);
}

#[tokio::test]
async fn what_was_written_in_the_new_place_stays() {
    let table = table().await;
    put(
        &table,
        row("USER#a", "CREDENTIALS", &[("passwordHash", "old")]),
    )
    .await;
    put(
        &table,
        row("CREDENTIALS#a", "-", &[("passwordHash", "new")]),
    )
    .await;
    put(&table, row("USER#a", "PROFILE", &[("role", "admin")])).await;
    put(&table, row("ROLE#a", "-", &[("role", "user")])).await;
    run(&table).up(None).await.unwrap();
    let after = rows(&table).await;
    let texts: String = after.values().flat_map(BTreeMap::values).cloned().collect();
    assert!(texts.contains("new") && !texts.contains("old"), "{texts}");
    assert!(!texts.contains("admin"), "{texts}");
    assert_eq!(after.len(), 3);
}

#[tokio::test]
async fn a_role_of_nobody_goes_and_a_row_of_hand_has_the_last_word() {
    let table = table().await;
    put(&table, row("USER#a", "PROFILE", &[])).await;
    for (id, role) in [("a", "reviewer"), ("gone", "admin")] {
        let mut item = row(&format!("ROLE#{id}"), "-", &[("role", role)]);
        item.remove("v");
        put(&table, item).await;
    }
    run(&table).up(None).await.unwrap();
    run(&table).down(None).await.unwrap();
    let after = rows(&table).await;
    let keys: Vec<_> = after.keys().collect();
    assert_eq!(keys, [&("USER#a".to_owned(), "PROFILE".to_owned())]);
    assert!(format!("{after:?}").contains("reviewer"));
}

#[tokio::test]
async fn a_row_that_changed_meanwhile_is_read_again() {
    let table = table().await;
    let seen = session("USER#a", "1");
    let mut now = seen.clone();
    now.insert("generation".to_owned(), AttributeValue::N("4".to_owned()));
    put(&table, now.clone()).await;
    let run = run(&table);
    let changed = run.change_row(&SeparatePartitions, MigrationDirection::Up, seen);
    assert!(changed.await.unwrap());
    let key = Key::new("SIGN-IN#a", "SESSION#1");
    let moved = table.get(&key).await.unwrap().unwrap();
    assert_eq!(moved["generation"], now["generation"]);
    assert_eq!(rows(&table).await.len(), 1);
}

#[tokio::test]
async fn a_row_that_is_gone_meanwhile_stays_gone() {
    let table = table().await;
    let seen = session("USER#a", "1");
    let run = run(&table);
    let changed = run.change_row(&SeparatePartitions, MigrationDirection::Up, seen);
    assert!(!changed.await.unwrap());
    assert_eq!(rows(&table).await.len(), 0);
}

#[tokio::test]
async fn a_newer_row_stops_the_run() {
    let table = table().await;
    let mut item = row("USER#a", "CREDENTIALS", &[]);
    item.insert("v".to_owned(), AttributeValue::N("2".to_owned()));
    put(&table, item).await;
    let before = rows(&table).await;
    let error = run(&table).up(None).await.unwrap_err();
    assert!(matches!(error, Error::TooNew { version: 2, .. }), "{error}");
    assert!(!error.to_string().contains("USER#a"), "{error}");
    assert_eq!(rows(&table).await, before);
}
