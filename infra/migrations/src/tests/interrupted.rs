//! Runs that are stopped at each of their writes, and gone on with.

use std::sync::atomic::Ordering;

use super::stop::{When, stopped};
use super::*;
use crate::migration::MigrationDirection;
use crate::run::Standing;

/// Another table, of before or of after.
async fn start(
    beside: &MigratedTable,
    number: usize,
    direction: MigrationDirection,
) -> MigratedTable {
    let table = another(beside, number).await;
    fill(&table).await;
    if direction == MigrationDirection::Down {
        run(&table).up(None).await.unwrap();
    }
    table
}

async fn go(table: &MigratedTable, direction: MigrationDirection) -> bool {
    let run = run(table);
    let done = match direction {
        MigrationDirection::Up => run.up(None).await,
        MigrationDirection::Down => run.down(None).await,
    };
    done.is_ok()
}

/// Stops a run at each write, has `then` go on, and compares the rows with those it must come to.
async fn at_each_write(direction: MigrationDirection, when: When, then: MigrationDirection) {
    let base = table().await;
    let (before, after) = both_shapes(&base).await;
    for at in 0.. {
        let table = start(&base, at, direction).await;
        let (cut, writes) = stopped(&table, at, when);
        if go(&cut, direction).await {
            assert!(at > 8, "a run has at least a write for each change: {at}");
            assert_eq!(writes.load(Ordering::Relaxed), at);
            return;
        }
        assert!(go(&table, then).await, "stopped {when:?} write {at}");
        let wanted = match then {
            MigrationDirection::Up => &after,
            MigrationDirection::Down => &before,
        };
        assert_eq!(&rows(&table).await, wanted, "stopped {when:?} write {at}");
        let standing = run(&table).status().await.unwrap().remove(0).2;
        let is_applied = standing == Standing::Applied;
        assert_eq!(
            is_applied,
            then == MigrationDirection::Up,
            "{standing:?} at {at}"
        );
    }
}

#[tokio::test]
async fn up_goes_on_where_it_was_stopped_before_a_write() {
    at_each_write(MigrationDirection::Up, When::Before, MigrationDirection::Up).await;
}

#[tokio::test]
async fn up_goes_on_where_it_was_stopped_after_a_write() {
    at_each_write(MigrationDirection::Up, When::After, MigrationDirection::Up).await;
}

#[tokio::test]
async fn down_goes_on_where_it_was_stopped_before_a_write() {
    at_each_write(
        MigrationDirection::Down,
        When::Before,
        MigrationDirection::Down,
    )
    .await;
}

#[tokio::test]
async fn down_goes_on_where_it_was_stopped_after_a_write() {
    at_each_write(
        MigrationDirection::Down,
        When::After,
        MigrationDirection::Down,
    )
    .await;
}

#[tokio::test]
async fn a_stopped_up_can_be_undone() {
    let base = table().await;
    let (before, _) = both_shapes(&base).await;
    for at in 1..12 {
        let table = start(&base, at, MigrationDirection::Up).await;
        let (cut, _) = stopped(&table, at, When::After);
        go(&cut, MigrationDirection::Up).await;
        assert!(go(&table, MigrationDirection::Down).await);
        assert_eq!(rows(&table).await, before, "stopped after write {at}");
    }
}

#[tokio::test]
async fn a_stopped_down_can_be_applied_again() {
    at_each_write(
        MigrationDirection::Down,
        When::After,
        MigrationDirection::Up,
    )
    .await;
}

#[tokio::test]
async fn what_was_written_behind_a_stopped_run_is_found() {
    let base = table().await;
    let (_, after) = both_shapes(&base).await;
    for at in [3, 6, 9, 12] {
        let table = start(&base, at, MigrationDirection::Up).await;
        let (cut, _) = stopped(&table, at, When::After);
        assert!(!go(&cut, MigrationDirection::Up).await);
        for id in 0..20 {
            put(&table, session(&format!("USER#{id}late"), "1")).await;
        }
        assert!(go(&table, MigrationDirection::Up).await);
        let found = rows(&table).await;
        let left = found
            .keys()
            .filter(|it| it.0.starts_with("USER#") && it.1.starts_with("SESSION#"));
        assert_eq!(left.count(), 0, "stopped after write {at}");
        assert_eq!(found.len(), after.len() + 20);
    }
}

#[tokio::test]
async fn a_run_that_is_stopped_does_not_begin_at_the_first_row_again() {
    let base = table().await;
    fill(&base).await;
    let whole = run(&base).up(None).await.unwrap();
    let table = start(&base, 1, MigrationDirection::Up).await;
    let (cut, _) = stopped(&table, 7, When::After);
    assert!(!go(&cut, MigrationDirection::Up).await);
    let standing = run(&table).status().await.unwrap().remove(0).2;
    let Standing::Running(running) = standing else {
        panic!("{standing:?}");
    };
    assert!(running.after.is_some() && running.read > 2, "{running:?}");
    let rest = run(&table).up(None).await.unwrap();
    // What one page had done before the stop is read once more, and no more than that.
    assert!(rest[0].read <= whole[0].read, "{rest:?} {whole:?}");
}
