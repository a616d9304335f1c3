//! Progress, targets, and runs that change nothing.

use super::*;
use crate::error::Error;
use crate::progress::Progress;
use crate::run::Standing;

async fn standing(table: &MigratedTable) -> Standing {
    run(table).status().await.unwrap().remove(0).2
}

#[tokio::test]
async fn what_is_applied_is_not_applied_again() {
    let table = table().await;
    fill(&table).await;
    assert_eq!(standing(&table).await, Standing::Pending);
    run(&table).up(None).await.unwrap();
    assert_eq!(standing(&table).await, Standing::Applied);
    let after = rows(&table).await;
    assert_eq!(run(&table).up(None).await.unwrap(), []);
    assert_eq!(rows(&table).await, after);
    run(&table).down(Some(0)).await.unwrap();
    assert_eq!(standing(&table).await, Standing::Pending);
    assert_eq!(run(&table).down(None).await.unwrap(), []);
}

#[tokio::test]
async fn a_table_that_forgot_its_progress_is_gone_over_without_a_change() {
    let table = table().await;
    fill(&table).await;
    run(&table).up(None).await.unwrap();
    let after = rows(&table).await;
    let delete = table.client.delete_item().table_name(&table.name);
    let delete = delete.set_key(Some(progress::key().item()));
    delete.send().await.unwrap();
    let outcomes = run(&table).up(None).await.unwrap();
    assert_eq!(outcomes[0].changed, 0);
    assert_eq!(rows(&table).await, after);
}

#[tokio::test]
async fn a_dry_run_counts_and_writes_nothing() {
    let table = table().await;
    fill(&table).await;
    let before = rows(&table).await;
    let dry = MigrationRun {
        is_dry: true,
        ..run(&table)
    };
    let outcomes = dry.up(None).await.unwrap();
    assert_eq!((outcomes[0].changed, outcomes[0].read), (8, 12));
    assert_eq!(rows(&table).await, before);
    assert_eq!(standing(&table).await, Standing::Pending);
    assert!(table.get(&progress::key()).await.unwrap().is_none());
}

#[tokio::test]
async fn two_runs_do_not_write_one_progress() {
    let table = table().await;
    let mut one = Progress::load(&table).await.unwrap();
    let mut other = one.clone();
    one.save(&table).await.unwrap();
    let mut stale = Progress::load(&table).await.unwrap();
    one.save(&table).await.unwrap();
    for late in [&mut other, &mut stale] {
        let refused = late.save(&table).await;
        assert!(matches!(refused, Err(Error::AnotherRun)));
    }
    assert_eq!(Progress::load(&table).await.unwrap(), one);
}

#[tokio::test]
async fn what_this_command_does_not_know_is_left_alone() {
    let table = table().await;
    let mut progress = Progress {
        applied: vec![1, 99],
        ..Progress::default()
    };
    progress.save(&table).await.unwrap();
    for refused in [run(&table).up(None).await, run(&table).down(None).await] {
        assert!(matches!(refused, Err(Error::Unknown(99))), "{refused:?}");
    }
}

#[tokio::test]
async fn a_target_is_a_migration_or_nothing_at_all() {
    let table = table().await;
    let refused = run(&table).up(Some(7)).await;
    assert!(matches!(refused, Err(Error::NoTarget { number: 7, .. })));
    assert_eq!(run(&table).up(Some(0)).await.unwrap(), []);
}
