use std::sync::atomic::Ordering;

use super::super::worker::tests::Approved;
use super::*;
use crate::domain::UserId;
use crate::domain::takedown::ReceiptKind;
use crate::queues::MailNewsKind;
use crate::store::TakedownRow;

impl Approved {
    /// What staff see, counted anew.
    async fn counted(&self, now: Timestamp) -> TakedownOverview {
        let counts = TakedownCounts::new(self.world.takedowns.store().clone());
        counts.overview(now).await.unwrap()
    }
}

fn in_state(overview: &TakedownOverview, state: TakedownState) -> u64 {
    let found = overview.by_state.iter().find(|it| it.state == state);
    found.unwrap().count
}

fn fastly(load: (u64, u64)) -> TakedownHost {
    let (open, to_be_sent) = load;
    TakedownHost::of("fastly.com".into(), TakedownLoad { open, to_be_sent })
}

#[tokio::test]
async fn a_request_is_counted_from_draft_to_the_answer_of_its_recipient() {
    let it = Approved::new().await;
    let draft = it.world.find("https://forum.example.net/t/2", |_| ()).await;
    let draft = super::super::NewTakedown {
        finding_id: draft.id,
        ..it.world.request("google-search", 0)
    };
    it.world.create(draft).await.unwrap();

    let queued = it.counted(it.now()).await;
    assert_eq!(
        (queued.open, queued.unread, queued.is_complete),
        (2, 0, true)
    );
    assert_eq!(in_state(&queued, TakedownState::Queued), 1);
    let all: u64 = queued.by_state.iter().map(|it| it.count).sum();
    assert_eq!(all, queued.open);
    assert_eq!(
        (queued.waits_for_us_since, queued.waits_for_recipient_since),
        (it.row().await.approved_at, None)
    );
    let form = TakedownLoad {
        open: 1,
        to_be_sent: 0,
    };
    let form = TakedownHost::of("google.com".into(), form);
    assert_eq!(queued.hosts, [fastly((1, 1)), form]);
    assert_eq!(queued.sites, TakedownLoad::default());

    it.work(it.now()).await;
    let sent = it.counted(it.now()).await;
    let row = it.row().await;
    assert_eq!(
        (sent.waits_for_us_since, sent.waits_for_recipient_since),
        (None, row.sent_at)
    );
    let paced = &sent.hosts[0];
    assert!(paced.not_before > Some(it.now()) && !paced.is_paused);
    assert_eq!(paced.load, fastly((1, 0)).load);
    it.news(MailNewsKind::Delivery, "1", it.now()).await;
    let received = it.counted(it.now()).await;
    assert_eq!(it.row().await.receipt, Some(ReceiptKind::Smtp));
    assert_eq!(received.waits_for_recipient_since, Some(it.now()));
}

#[tokio::test]
async fn a_host_where_mails_fail_is_first_and_paused_and_keeps_its_requests() {
    let it = Approved::new().await;
    it.outside.mail_status.store(503, Ordering::SeqCst);
    it.work(it.now()).await;
    let failing = it.counted(it.now()).await.hosts.remove(0);
    assert_eq!((failing.failures, failing.is_paused), (1, false));
    assert!(failing.last_failure_at >= Some(it.now()));
    let store = it.world.takedowns.store();
    for second in 0..5 {
        let at = it.now().plus_seconds(second);
        store
            .note_host_outcome("broken.example", Some(1), at)
            .await
            .unwrap();
    }
    let seen = it.counted(it.now().plus_seconds(5)).await;
    let broken = &seen.hosts[0];
    assert_eq!(
        (broken.host.as_str(), broken.is_paused),
        ("broken.example", true)
    );
    assert_eq!(broken.last_failure_at, Some(it.now().plus_seconds(4)));
    assert!(broken.not_before > Some(it.now().plus_seconds(1700)));
    assert_eq!(broken.load, TakedownLoad::default());
    let fastly = &seen.hosts[1];
    assert_eq!(
        (fastly.host.as_str(), fastly.load.to_be_sent),
        ("fastly.com", 1)
    );
}

#[tokio::test]
async fn what_she_keeps_back_and_what_is_objected_to_waits_for_nobody_here() {
    let it = Approved::new().await;
    let user = it.world.user();
    let store = it.world.takedowns.store();
    let row = it.row().await;
    let kept_back = TakedownRow {
        send_after: Some(it.now().plus_seconds(600)),
        revision: row.revision + 1,
        ..row.clone()
    };
    let beside = crate::store::BesideTakedown::default();
    let changed = store.change_takedown(user, (&row, &kept_back, None), beside, None);
    assert!(changed.await.unwrap());
    let seen = it.counted(it.now()).await;
    assert_eq!(
        (seen.waits_for_us_since, seen.hosts),
        (None, vec![fastly((1, 0))])
    );
    let later = it.now().plus_seconds(700);
    let seen = it.counted(later).await;
    assert_eq!(
        (seen.waits_for_us_since, seen.hosts),
        (kept_back.send_after, vec![fastly((1, 1))])
    );
    let objected = super::super::NewObjection {
        reference: crate::domain::takedown::objection::reference_of(it.id),
        reason: "This is a picture of somebody else.".into(),
        contact: "legal@fastly.example".into(),
    };
    let taken = it.world.takedowns.object(objected, "192.0.2.1", it.now());
    taken.await.unwrap();
    let seen = it.counted(later).await;
    assert_eq!(
        (seen.paused_by_objection, seen.waits_for_us_since, seen.open),
        (1, None, 1)
    );
}

#[tokio::test]
async fn what_staff_see_holds_nothing_of_hers() {
    let it = Approved::new().await;
    let found = it.world.find("https://forum.example.net/t/3", |_| ()).await;
    let new = super::super::NewTakedown {
        finding_id: found.id,
        facts: crate::domain::takedown::TakedownFacts {
            site_address: Some("abuse@example.net".into()),
            ..crate::services::takedowns::tests::World::facts()
        },
        ..it.world.request("site", 0)
    };
    it.world.create(new).await.unwrap();
    let seen = it.counted(it.now()).await;
    assert_eq!((seen.open, seen.sites.open), (2, 1));
    let shown = serde_json::to_string(&seen).unwrap();
    let user: UserId = it.world.user();
    let hers = [
        user.to_string(),
        it.id.to_string(),
        it.world.found.id.to_string(),
        found.id.to_string(),
        it.world.found.source_url.clone(),
        "example.net".into(),
        "Ana".into(),
        "http".into(),
        "@".into(),
    ];
    for it in &hers {
        assert!(!shown.contains(it), "{it} in {shown}");
    }
}

#[tokio::test]
async fn what_was_counted_just_now_is_answered_again_without_reading() {
    let (store, calls) = crate::testing::counted_store().await;
    let counts = TakedownCounts::new(store);
    let now = crate::clock::now();
    let first = counts.overview(now).await.unwrap();
    let read = calls.load(Ordering::SeqCst);
    let again = counts.clone().overview(now.plus_seconds(5)).await.unwrap();
    assert_eq!((again, calls.load(Ordering::SeqCst)), (first, read));
}

#[test]
fn no_more_hosts_are_named_than_fit_and_those_in_trouble_come_first() {
    let mut counted = Counted::default();
    for number in 0..60 {
        let load = TakedownLoad {
            open: 1,
            to_be_sent: number % 3,
        };
        counted.hosts.insert(format!("h{number:02}.example"), load);
    }
    let paused = HostStanding {
        host: "h59.example".into(),
        not_before: None,
        is_paused: true,
        failures: 5,
        last_failure_at: None,
    };
    let hosts = counted.with_standings(vec![paused]);
    assert_eq!(hosts.len(), 60);
    let names: Vec<&str> = hosts.iter().map(|it| it.host.as_str()).take(3).collect();
    assert_eq!(names, ["h59.example", "h02.example", "h05.example"]);
}
