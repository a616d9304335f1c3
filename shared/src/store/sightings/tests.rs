use super::*;
use crate::domain::{AlertId, ScanOrigin, ScanType, finding};
use crate::store::matches::tests::{World, now};

impl World {
    /// A scan that begins so many hours after the first.
    async fn later(&self, hours: i64) -> Scan {
        let (user, at) = (self.image.user_id, now().plus_seconds(hours * 3600));
        let scan = Scan::pending(ScanId::next(), user, ScanType::ImageScan, None, at);
        let created = self.store.create_scan(&scan, ScanOrigin::System);
        assert!(created.await.unwrap());
        scan
    }

    async fn miss(&self, scan: &Scan, engine: &str) -> u32 {
        let at = scan.created_at;
        let missed = self
            .store
            .miss_findings(scan, &self.image, &[engine], at)
            .await;
        missed.unwrap()
    }

    async fn known(&self) -> Match {
        let found = self.certain();
        let known = self
            .store
            .finding(self.image.user_id, self.image.id, found.id);
        known.await.unwrap().unwrap()
    }

    async fn alert_now(&self) -> Option<Alert> {
        let id = AlertId::of_match(self.certain().id);
        self.store.alert(self.image.user_id, id).await.unwrap()
    }

    /// Seen by this scan.
    async fn see(&self, scan: &Scan) -> WriteOutcome {
        let found = Match {
            scan_job_id: Some(scan.id),
            last_seen_at: scan.created_at,
            ..named(self)
        };
        let alert = finding::alert_of(self.image.user_id, &found, None, scan.created_at);
        let stored = self
            .store
            .store_finding(self.image.user_id, &found, Some(&alert));
        stored.await.unwrap()
    }
}

fn named(world: &World) -> Match {
    Match {
        discovery_engine: Some("tineye".into()),
        ..world.certain()
    }
}

#[tokio::test]
async fn what_two_scans_missed_is_gone_and_told_of_once_it_is_back() {
    let world = World::new().await;
    assert_eq!(world.see(&world.scan).await, WriteOutcome::New);
    let alert = world.alert_now().await.unwrap();
    let acted = alert
        .clone()
        .with_status(AlertStatus::Actioned, alert.created_at);
    assert!(
        world
            .store
            .change_alert(&alert, &acted, None)
            .await
            .unwrap()
    );

    let [first, second, third] = [
        world.later(1).await,
        world.later(2).await,
        world.later(3).await,
    ];
    assert_eq!(world.miss(&first, "tineye").await, 0);
    // Every message comes twice.
    assert_eq!(world.miss(&first, "tineye").await, 0);
    assert_eq!(world.known().await.gone_at, None);
    assert_eq!(world.miss(&second, "tineye").await, 1);
    assert_eq!(world.miss(&second, "tineye").await, 0);
    assert_eq!(world.known().await.gone_at, Some(second.created_at));
    assert_eq!(world.miss(&third, "tineye").await, 0);
    assert_eq!(
        world.alert_now().await,
        Some(acted),
        "nothing is said of that"
    );

    let fourth = world.later(4).await;
    assert_eq!(world.see(&fourth).await, WriteOutcome::New);
    assert_eq!(world.see(&fourth).await, WriteOutcome::Known);
    let known = world.known().await;
    assert_eq!(
        (known.gone_at, known.last_seen_at),
        (None, fourth.created_at)
    );
    assert_eq!(known.first_seen_at, now());
    let news = world.alert_now().await.unwrap();
    assert_eq!((news.id, news.status), (alert.id, AlertStatus::New));
    assert_eq!(
        (news.created_at, news.actioned_at),
        (fourth.created_at, None)
    );
    assert!(news.title.ends_with("again"), "{}", news.title);
    assert_eq!(
        world.store.new_alerts(world.image.user_id).await.unwrap(),
        1
    );
    assert_eq!(world.counts().await.2, 1, "one finding, one alert");
    let user = world.image.user_id;
    let row = world.store.scan(user, fourth.id).await.unwrap().unwrap();
    assert_eq!((row.findings, row.alerts()), (1, 1));
}

#[tokio::test]
async fn what_is_seen_in_between_is_not_gone() {
    let world = World::new().await;
    world.see(&world.scan).await;
    let scans = [
        world.later(1).await,
        world.later(2).await,
        world.later(3).await,
    ];
    assert_eq!(world.miss(&scans[0], "tineye").await, 0);
    assert_eq!(world.see(&scans[1]).await, WriteOutcome::Known);
    assert_eq!(world.miss(&scans[1], "tineye").await, 0, "it saw it itself");
    assert_eq!(world.miss(&scans[2], "tineye").await, 0);
    assert_eq!(world.known().await.gone_at, None);
}

#[tokio::test]
async fn only_the_engine_that_found_it_can_miss_it() {
    let world = World::new().await;
    world.see(&world.scan).await;
    for hour in 1..4 {
        let scan = world.later(hour).await;
        assert_eq!(world.miss(&scan, "google-vision").await, 0);
    }
    assert_eq!(world.known().await.gone_at, None);
}

#[tokio::test]
async fn what_she_put_aside_comes_back_in_silence() {
    let world = World::new().await;
    world.see(&world.scan).await;
    let alert = world.alert_now().await.unwrap();
    let aside = alert
        .clone()
        .with_status(AlertStatus::Dismissed, alert.created_at);
    assert!(
        world
            .store
            .change_alert(&alert, &aside, None)
            .await
            .unwrap()
    );
    for hour in 1..3 {
        let scan = world.later(hour).await;
        world.miss(&scan, "tineye").await;
    }
    assert!(world.known().await.gone_at.is_some());
    assert_eq!(world.see(&world.later(3).await).await, WriteOutcome::Known);
    assert_eq!(world.known().await.gone_at, None);
    assert_eq!(world.alert_now().await, Some(aside));
}

#[tokio::test]
async fn an_alert_she_cleared_away_is_raised_anew() {
    let world = World::new().await;
    world.see(&world.scan).await;
    let user = world.image.user_id;
    assert_eq!(world.store.delete_alerts(user).await.unwrap(), 1);
    for hour in 1..3 {
        let scan = world.later(hour).await;
        world.miss(&scan, "tineye").await;
    }
    assert_eq!(world.see(&world.later(3).await).await, WriteOutcome::New);
    assert_eq!(world.store.new_alerts(user).await.unwrap(), 1);
}

#[tokio::test]
async fn a_quiet_finding_that_was_gone_is_told_of_once_when_it_is_certain() {
    let world = World::new().await;
    let user = world.image.user_id;
    let quiet = Match {
        discovery_engine: Some("tineye".into()),
        ..world.alike()
    };
    let stored = world.store.store_finding(user, &quiet, None).await.unwrap();
    assert_eq!(stored, WriteOutcome::New);
    for hour in 1..3 {
        let scan = world.later(hour).await;
        world.miss(&scan, "tineye").await;
    }
    assert!(world.known().await.gone_at.is_some());
    assert_eq!(world.see(&world.later(3).await).await, WriteOutcome::New);
    assert_eq!(world.known().await.gone_at, None);
    let told = world.alert_now().await.unwrap();
    assert!(!told.title.ends_with("again"), "{}", told.title);
    assert_eq!(world.see(&world.later(4).await).await, WriteOutcome::Known);
    assert_eq!(world.alert_now().await, Some(told));
}

#[tokio::test]
async fn what_is_open_was_seen_or_not_missed_and_is_not_dismissed() {
    let world = World::new().await;
    let user = world.image.user_id;
    let open = async |scan: &Scan| {
        let open = world.store.open_findings(scan, &[world.image.id]).await;
        open.unwrap()
    };
    assert_eq!(open(&world.scan).await, 0);
    world.see(&world.scan).await;
    assert_eq!(open(&world.scan).await, 1);
    let second = world.later(1).await;
    assert_eq!(open(&second).await, 1, "its engine did not answer");
    world.miss(&second, "tineye").await;
    assert_eq!(open(&second).await, 0, "its engine did not name it");
    assert_eq!(open(&world.scan).await, 1, "this one saw it");
    let third = world.later(2).await;
    world.miss(&third, "tineye").await;
    assert_eq!(open(&third).await, 0);
    let fourth = world.later(3).await;
    world.see(&fourth).await;
    assert_eq!(open(&fourth).await, 1);

    let dismissed = Match {
        id: MatchId::from(uuid::Uuid::new_v4()),
        scan_job_id: Some(fourth.id),
        last_seen_at: fourth.created_at,
        review_status: ReviewStatus::Dismissed,
        ..named(&world)
    };
    let stored = world.store.store_finding(user, &dismissed, None).await;
    assert_eq!(stored.unwrap(), WriteOutcome::New);
    assert_eq!(open(&fourth).await, 1);
    let alert = world.alert_now().await.unwrap();
    for (status, count) in [(AlertStatus::Actioned, 1), (AlertStatus::Dismissed, 0)] {
        let before = world.alert_now().await.unwrap();
        let after = before.clone().with_status(status, alert.created_at);
        assert!(
            world
                .store
                .change_alert(&before, &after, None)
                .await
                .unwrap()
        );
        assert_eq!(open(&fourth).await, count, "{status:?}");
    }
    world.store.delete_alerts(user).await.unwrap();
    assert_eq!(
        open(&fourth).await,
        1,
        "clearing the list dismisses nothing"
    );
}

/// A scan reads which findings are known before it looks at their places, which takes minutes.
#[tokio::test]
async fn what_changed_since_it_was_read_is_read_again() {
    let world = World::new().await;
    world.see(&world.scan).await;
    let (user, image) = (world.image.user_id, world.image.id);
    let known = world.store.known_findings(user, image).await.unwrap();
    let known = &known[&world.certain().id];
    // Two others miss it meanwhile.
    let scans = [world.later(1).await, world.later(2).await];
    world.miss(&scans[0], "tineye").await;
    assert_eq!(world.miss(&scans[1], "tineye").await, 1);

    let third = world.later(3).await;
    let found = Match {
        scan_job_id: Some(third.id),
        last_seen_at: third.created_at,
        ..named(&world)
    };
    let alert = finding::alert_of(user, &found, None, third.created_at);
    let stored = world
        .store
        .store_known(user, (&found, None), Some(&alert), Some(known));
    assert_eq!(stored.await.unwrap(), WriteOutcome::New, "it came back");
    assert_eq!(world.known().await.gone_at, None);
    let unchanged = world.store.see_unchanged(user, &found, known);
    assert_eq!(unchanged.await.unwrap(), WriteOutcome::Known);
    world.store.forget_image(&world.image, None).await.unwrap();
    let seen = world.store.seen_places(user, image).await.unwrap();
    assert!(seen.places.is_empty());
}
