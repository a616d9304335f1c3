use super::*;
use crate::domain::{
    AlertStatus, ImageState, MatchStatus, MatchType, ReviewStatus, Scan, ScanId, ScanOrigin,
    ScanType, Tier, Timestamp, finding,
};

pub(in crate::store) fn now() -> Timestamp {
    Timestamp::parse("2026-11-20T12:00:00Z").unwrap()
}

/// A woman with a picture and a scan.
pub(in crate::store) struct World {
    pub(in crate::store) store: Store,
    pub(in crate::store) image: Image,
    pub(in crate::store) scan: Scan,
}

impl World {
    pub(in crate::store) async fn new() -> Self {
        let (store, user) = (crate::testing::store().await, UserId::random());
        let image = Image {
            state: ImageState::Ready,
            ..Image::expected(ImageId::next(), user, "s".into(), now())
        };
        assert!(store.announce_image(&image, None).await.unwrap());
        let scan = Scan::pending(ScanId::next(), user, ScanType::ImageScan, None, now());
        assert!(store.create_scan(&scan, ScanOrigin::User).await.unwrap());
        Self { store, image, scan }
    }

    /// A finding that one engine only calls alike.
    pub(in crate::store) fn alike(&self) -> Match {
        let page = "https://forum.example/t/1";
        crate::testing::finding(self.image.id, self.scan.id, page, now())
    }

    pub(in crate::store) fn certain(&self) -> Match {
        Match {
            confidence: Some(Tier::High),
            match_type: MatchType::Exact,
            status: MatchStatus::New,
            review_status: ReviewStatus::Active,
            ..self.alike()
        }
    }

    pub(in crate::store) async fn store(&self, found: &Match, told: bool) -> WriteOutcome {
        let user = self.image.user_id;
        let alert = told.then(|| finding::alert_of(user, found, None, now()));
        let stored = self.store.store_finding(user, found, alert.as_ref());
        stored.await.unwrap()
    }

    pub(in crate::store) async fn counts(&self) -> (u32, u32, u64) {
        let user = self.image.user_id;
        let row = self.store.scan(user, self.scan.id).await.unwrap().unwrap();
        let page = Page {
            number: 1,
            limit: 5,
        };
        let alerts = self.store.alerts(user, &AlertStatus::ALL, page);
        let alerts = alerts.await.unwrap().pagination.total;
        (row.findings, row.alerts(), alerts)
    }
}

#[tokio::test]
async fn a_look_alike_is_kept_quietly_and_told_of_once_it_is_certain() {
    let world = World::new().await;
    assert_eq!(world.store(&world.alike(), false).await, WriteOutcome::New);
    assert_eq!(world.counts().await, (1, 0, 0));
    assert_eq!(
        world.store(&world.alike(), false).await,
        WriteOutcome::Known
    );
    assert_eq!(world.store(&world.certain(), true).await, WriteOutcome::New);
    assert_eq!(world.counts().await, (2, 1, 1));
    // Once, however often it is seen again.
    assert_eq!(
        world.store(&world.certain(), true).await,
        WriteOutcome::Known
    );
    assert_eq!(
        world.store(&world.alike(), false).await,
        WriteOutcome::Known
    );
    assert_eq!(world.counts().await, (2, 1, 1));
    let (user, image) = (world.image.user_id, world.image.id);
    let found = world.store.finding(user, image, world.alike().id).await;
    assert_eq!(found.unwrap().unwrap().confidence, Some(Tier::High));
}

#[tokio::test]
async fn what_she_said_is_not_hers_stays_quiet() {
    let world = World::new().await;
    world.store(&world.alike(), false).await;
    let user = world.image.user_id;
    let change = Change::default().set("reviewStatus", ReviewStatus::Dismissed);
    let key = key(user, world.image.id, world.alike().id);
    let tx = world.store.tx().update(&key, change);
    assert!(tx.commit().await.unwrap().is_done());
    assert_eq!(
        world.store(&world.certain(), true).await,
        WriteOutcome::Known
    );
    assert_eq!(world.counts().await.2, 0);
}
