//! Her picture at the search by face: it does not stay there.

#![allow(clippy::unwrap_used)]

use std::pin::pin;

use serde_json::json;

use super::*;
use bytes::Bytes;

use crate::domain::{ImageId, Scan, ScanOrigin, ScanType};
use crate::services::support::World;
use crate::store::DUE_AWAY;

/// Longer than the engine takes, and not as long as anybody waits.
const SOON: Duration = Duration::from_millis(1500);

/// A scan of a picture that is nowhere.
struct Search {
    world: World,
    scan: Scan,
    image: ImageId,
    copy: Bytes,
}

impl Search {
    async fn new() -> Self {
        let world = World::new().await;
        let image = world.picture(5).await;
        let scan = world
            .begun(ScanType::ImageScan, ScanOrigin::User, None)
            .await;
        let copy = world.display(image).await;
        Self {
            world,
            scan,
            image,
            copy,
        }
    }

    async fn run(&self) -> Result<Found, Unfound> {
        let now = clock::now();
        let query = Query {
            scan: &self.scan,
            image: self.image,
            copy: self.copy.clone(),
            digest: "d".into(),
            has_face: true,
            since: now,
            until: now.plus_seconds(60),
        };
        let engines = self.world.scanner().engines;
        engines
            .by_face(&self.world.store, &query, &self.world.facecheck())
            .await
    }

    /// How many pictures the schedule would remove.
    async fn due(&self) -> usize {
        let later = clock::now().plus_seconds(3600);
        self.world
            .store
            .due(DUE_AWAY, later, 9)
            .await
            .unwrap()
            .len()
    }
}

#[tokio::test]
async fn it_is_removed_when_the_search_is_done() {
    let search = Search::new().await;
    let found = search.run().await.unwrap();
    assert_eq!(found.origin, Origin::Asked);
    assert_eq!((search.world.uploads().await, search.due().await), (0, 0));
}

#[tokio::test]
async fn after_a_kill_the_same_picture_is_gone_on_with() {
    let search = Search::new().await;
    assert!(
        tokio::time::timeout(SOON, pin!(search.run()))
            .await
            .is_err()
    );
    assert_eq!((search.world.uploads().await, search.due().await), (1, 1));
    let (before, _) = search.world.answers("facecheck").await;
    search.run().await.unwrap();
    assert_eq!((search.world.uploads().await, search.due().await), (0, 0));
    let (after, _) = search.world.answers("facecheck").await;
    assert_eq!(after, before, "no second search was paid for");
}

#[tokio::test]
async fn after_a_failure_it_is_gone_on_with_and_not_paid_again() {
    let search = Search::new().await;
    assert!(
        tokio::time::timeout(SOON, pin!(search.run()))
            .await
            .is_err()
    );
    let (before, _) = search.world.answers("facecheck").await;
    for mode in ["error", "garbage"] {
        let fault = json!({ "engine": "facecheck", "mode": mode, "status": 503 });
        search.world.fault(fault).await;
        assert!(search.run().await.is_err());
        assert_eq!((search.world.uploads().await, search.due().await), (1, 1));
    }
    search.world.repair().await;
    search.run().await.unwrap();
    assert_eq!((search.world.uploads().await, search.due().await), (0, 0));
    assert_eq!(search.world.answers("facecheck").await.0, before);
}

#[tokio::test]
async fn one_that_is_no_longer_there_is_not_waited_for() {
    let search = Search::new().await;
    assert!(
        tokio::time::timeout(SOON, pin!(search.run()))
            .await
            .is_err()
    );
    let cleared = reqwest::Client::new()
        .delete(search.world.at("/_uploads"))
        .send()
        .await;
    assert!(cleared.unwrap().status().is_success());
    assert!(search.run().await.is_err());
    assert_eq!(search.due().await, 0);
    search.run().await.unwrap();
    assert_eq!((search.world.uploads().await, search.due().await), (0, 0));
}
