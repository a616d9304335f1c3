use serde_json::Value;

use super::*;
use crate::clock;
use crate::domain::{Scan, ScanId, ScanOrigin, ScanType, UserId};
use crate::store::Store;
use crate::testing::{Cloud, SWEEP, World, delivered};

fn dispatcher(world: &World) -> DueDispatcher {
    DueDispatcher {
        store: world.store.clone(),
        queues: world.cloud.queues(),
        queue: SWEEP.into(),
    }
}

/// A scan of somebody, which is due a minute later.
async fn begin(store: &Store, user: UserId, at: Timestamp) -> ScanId {
    let scan = Scan::pending(ScanId::next(), user, ScanType::ImageScan, None, at);
    assert!(store.create_scan(&scan, ScanOrigin::System).await.unwrap());
    scan.id
}

fn told(world: &World) -> Vec<String> {
    let sent = world.cloud.told("SendMessage").into_iter();
    let sweeps = sent.filter(|it| it["QueueUrl"] == SWEEP);
    let body = |it: Value| it["MessageBody"].as_str().unwrap().to_owned();
    sweeps.map(body).collect()
}

#[tokio::test]
async fn each_place_where_something_is_due_is_told_once() {
    let world = World::new().await;
    let now = clock::now();
    let users: Vec<UserId> = (0..40).map(|_| UserId::random()).collect();
    for user in &users {
        begin(&world.store, *user, now).await;
    }
    let dispatcher = dispatcher(&world);
    assert_eq!(dispatcher.run(now).await.unwrap(), 0, "nothing is due yet");
    let later = now.plus_seconds(300);
    let count = dispatcher.run(later).await.unwrap();
    let messages = told(&world);
    assert!((2..=16).contains(&count), "{count} places");
    assert_eq!(messages.len(), count);
    assert!(
        messages.iter().all(|it| it.contains("SCAN#")),
        "{messages:?}"
    );

    // What is told leads to all of it.
    let worker = world.due_worker();
    let mut done = 0;
    for message in &messages {
        let message: SweepMessage = serde_json::from_str(message).unwrap();
        let swept = worker.sweep(&message.partition, later, later).await;
        done += swept.unwrap().done;
    }
    assert_eq!(done, users.len());
    assert_eq!(dispatcher.run(later).await.unwrap(), 0, "all was put off");
}

#[tokio::test]
async fn a_place_that_is_not_told_is_an_error_after_all_were_tried() {
    let world = World::new().await;
    let now = clock::now();
    begin(&world.store, world.user, now).await;
    let broken = DueDispatcher {
        queues: Cloud::silent_queues(),
        ..dispatcher(&world)
    };
    let later = now.plus_seconds(300);
    assert!(broken.run(later).await.is_err());
    assert_eq!(
        dispatcher(&world).run(later).await.unwrap(),
        1,
        "it stays due"
    );
}

/// More than one page, and no time: the rest is a message of its own, and nothing is done twice.
#[tokio::test]
async fn a_worker_without_time_leaves_the_rest_to_the_next() {
    let world = World::new().await;
    let then = clock::now().minus_seconds(300);
    for _ in 0..110 {
        begin(&world.store, world.user, then).await;
    }
    let worker = world.due_worker();
    assert_eq!(dispatcher(&world).run(clock::now()).await.unwrap(), 1);
    let first = told(&world).remove(0);
    let mut delivery = delivered(first.clone(), 1);
    delivery.deadline = clock::now();
    worker.take(&delivery).await.unwrap();
    assert_eq!(told(&world), [first.clone(), first.clone()]);
    let sent = |world: &World| world.cloud.told("SendMessage").len() - told(world).len();
    let before = sent(&world);
    assert!((1..110).contains(&before), "{before}");
    worker.take(&delivered(first.clone(), 1)).await.unwrap();
    worker.take(&delivered(first, 2)).await.unwrap();
    assert_eq!((sent(&world), told(&world).len()), (110, 2));
}

#[tokio::test]
async fn a_message_of_no_kind_fails() {
    let world = World::new().await;
    for body in ["{}", r#"{"partition":"NOTHING#1"}"#, r#"{"partition":""}"#] {
        let taken = world.due_worker().take(&delivered(body, 1)).await;
        assert!(taken.is_err(), "{body}");
    }
}
