//! Scans that begin by themselves when they are due.

use super::*;
use crate::services::upkeep::switches::Switches;

#[tokio::test]
async fn her_next_scan_begins_when_it_is_due_and_is_planned_again() {
    let world = World::new().await;
    with_account(&world).await;
    world.picture(1).await;
    let scan = begun(&world, ScanOrigin::User, clock::now().minus_seconds(5)).await;
    let body = serde_json::to_string(&start::message(&scan.scan)).unwrap();
    world.scanner().take(&delivered(body, 1)).await.unwrap();

    let rescan = world.due_worker();
    assert_eq!(
        rescan
            .run(clock::now().plus_seconds(6 * 24 * HOUR))
            .await
            .unwrap()
            .done["rescans"],
        0
    );
    let week = clock::now().plus_seconds(7 * 24 * HOUR + 60);
    Switches::new(world.store.clone())
        .off("scheduled-scans")
        .await;
    assert_eq!(
        rescan.run(week).await.unwrap().done["rescans"],
        0,
        "switched off"
    );
    let on = serde_json::from_str(r#"{"isOn":true,"reason":"a test"}"#).unwrap();
    let switches = Switches::new(world.store.clone());
    let set = switches.set("scheduled-scans", on, world.user).await;
    set.unwrap();
    assert_eq!(rescan.run(week).await.unwrap().done["rescans"], 1);
    assert_eq!(
        rescan.run(week).await.unwrap().done["rescans"],
        0,
        "told twice"
    );
    assert_eq!(sent(&world, BACKGROUND), 1);
    let filter = ScanFilter {
        statuses: Some(vec![ScanStatus::Pending]),
        kind: Some(ScanType::ImageScan),
    };
    let found = world
        .store
        .scans(
            world.user,
            &filter,
            Page {
                number: 1,
                limit: 9,
            },
        )
        .await
        .unwrap();
    assert_eq!(found.pagination.total, 1);
    let hidden = ScanFilter {
        kind: None,
        ..filter
    };
    assert_eq!(
        world
            .store
            .scans(
                world.user,
                &hidden,
                Page {
                    number: 1,
                    limit: 9
                }
            )
            .await
            .unwrap()
            .pagination
            .total,
        0
    );
}

#[tokio::test]
async fn nobody_without_pictures_or_account_is_scanned() {
    let world = World::new().await;
    let scan = begun(&world, ScanOrigin::System, clock::now()).await;
    world
        .store
        .plan_rescan(&scan.scan, clock::now())
        .await
        .unwrap();
    let rescan = world.due_worker();
    assert_eq!(
        rescan.run(clock::now().plus_seconds(1)).await.unwrap().done["rescans"],
        0
    );
    with_account(&world).await;
    assert_eq!(
        rescan
            .run(clock::now().plus_seconds(HOUR))
            .await
            .unwrap()
            .done["rescans"],
        0
    );
    assert!(
        world
            .store
            .due(DUE_RESCAN, clock::now().plus_seconds(6 * 24 * HOUR), 9)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn her_addresses_are_checked_soon_after_she_came_and_again_some_day() {
    let world = World::new().await;
    with_account(&world).await;
    let rescan = world.due_worker();
    let now = clock::now();
    assert_eq!(
        rescan.run(now.plus_seconds(60)).await.unwrap().done["rechecks"],
        0
    );
    let soon = now.plus_seconds(700);
    assert_eq!(rescan.run(soon).await.unwrap().done["rechecks"], 1);
    assert_eq!(
        rescan.run(soon).await.unwrap().done["rechecks"],
        0,
        "told twice"
    );
    assert_eq!(sent(&world, BREACHES), 1);
    assert_eq!(shown(&world, None, Some(ScanType::BreachCheck)).await, 1);
    // Where the Scan button looks nothing is shown.
    let pending = Some(vec![ScanStatus::Pending]);
    assert_eq!(shown(&world, pending, None).await, 0);
    let week = soon.plus_seconds(7 * 24 * HOUR + 1);
    assert_eq!(rescan.run(week).await.unwrap().done["rechecks"], 1);
}

#[tokio::test]
async fn a_woman_who_left_is_not_checked() {
    let world = World::new().await;
    with_account(&world).await;
    world
        .store
        .erase_all_rows(world.user, usize::MAX)
        .await
        .unwrap();
    let later = clock::now().plus_seconds(HOUR);
    assert_eq!(
        world.due_worker().run(later).await.unwrap().done["rechecks"],
        0
    );
}

#[tokio::test]
async fn profiles_are_searched_by_themselves_once_there_is_a_name_to_search_by() {
    let world = World::new().await;
    with_account(&world).await;
    let (rescan, now) = (world.due_worker(), clock::now());
    let day = |days: i64| now.plus_seconds(days * 24 * HOUR + HOUR + 1);
    assert_eq!(
        rescan.run(day(0)).await.unwrap().done["profile-scans"],
        0,
        "no name"
    );
    with_name(&world, now).await;
    let without = DueWorker {
        has_profile_directory: false,
        ..world.due_worker()
    };
    assert_eq!(
        without.run(day(1)).await.unwrap().done["profile-scans"],
        0,
        "engine off"
    );
    assert_eq!(sent(&world, PROFILES), 0);
    assert_eq!(rescan.run(day(8)).await.unwrap().done["profile-scans"], 1);
    assert_eq!(
        rescan.run(day(8)).await.unwrap().done["profile-scans"],
        0,
        "told twice"
    );
    assert_eq!(sent(&world, PROFILES), 1);
    assert_eq!(shown(&world, None, Some(ScanType::ProfileScan)).await, 1);
    assert_eq!(
        rescan.run(day(16)).await.unwrap().done["profile-scans"],
        1,
        "and again"
    );
}

/// An account of before profile scans were planned gets them with its next breach check.
#[tokio::test]
async fn an_older_account_gets_its_profile_scans_too() {
    let world = World::new().await;
    with_account(&world).await;
    let now = clock::now();
    with_name(&world, now).await;
    let planned = world
        .store
        .due(DUE_PROFILES, now.plus_seconds(2 * HOUR), 9)
        .await
        .unwrap();
    let gone = world.store.tx().delete(planned[0].key());
    assert!(gone.commit().await.unwrap().is_done());
    let rescan = world.due_worker();
    let soon = now.plus_seconds(700);
    let tally = rescan.run(soon).await.unwrap();
    assert_eq!(
        (tally.done["rechecks"], tally.done["profile-scans"]),
        (1, 1)
    );
    assert_eq!(sent(&world, PROFILES), 1);
}
