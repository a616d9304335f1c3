use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use serde_json::Value;
use tokio::net::TcpListener;

use super::super::tests::{World, page_of};
use super::*;
use crate::domain::takedown::NextActor;
use crate::testing::Cloud;

/// A mail service and a site that answer as they are told.
pub(crate) struct Outside {
    pub(crate) base: String,
    pub(crate) mail_status: Arc<AtomicU16>,
    pub(crate) page_status: Arc<AtomicU16>,
    mails: Arc<Mutex<Vec<Value>>>,
    looks: Arc<AtomicUsize>,
}

impl Outside {
    pub(crate) async fn start() -> Self {
        let (mail_status, page_status) =
            (Arc::new(AtomicU16::new(200)), Arc::new(AtomicU16::new(200)));
        let (mails, looks) = (
            Arc::new(Mutex::new(Vec::new())),
            Arc::new(AtomicUsize::new(0)),
        );
        let (status, kept) = (Arc::clone(&mail_status), Arc::clone(&mails));
        let take = async move |body: String| {
            let status = status.load(Ordering::SeqCst);
            kept.lock()
                .unwrap()
                .push(serde_json::from_str(&body).unwrap());
            (
                StatusCode::from_u16(status).unwrap(),
                "{\"MessageId\":\"m-1\"}",
            )
        };
        let (status, looked) = (Arc::clone(&page_status), Arc::clone(&looks));
        let show = async move || {
            looked.fetch_add(1, Ordering::SeqCst);
            StatusCode::from_u16(status.load(Ordering::SeqCst)).unwrap()
        };
        let routes = Router::new()
            .route("/v2/email/outbound-emails", post(take))
            .route("/t/1", get(show));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self {
            base,
            mail_status,
            page_status,
            mails,
            looks,
        }
    }

    pub(crate) fn mails(&self) -> Vec<Value> {
        self.mails.lock().unwrap().clone()
    }
}

fn worker(world: &World, outside: &Outside) -> TakedownWorker {
    let host = outside.base.strip_prefix("http://").unwrap();
    TakedownWorker {
        takedowns: world.takedowns.clone(),
        mailer: Cloud::mailer_at(&outside.base),
        fetcher: Fetcher::new(Some(host)).unwrap(),
        post_domain: None,
    }
}

pub(crate) struct Approved {
    pub(crate) world: World,
    pub(crate) outside: Outside,
    pub(crate) worker: TakedownWorker,
    pub(crate) id: TakedownId,
}

impl Approved {
    pub(crate) async fn new() -> Self {
        let outside = Outside::start().await;
        let world = World::new(&format!("{}/t/1", outside.base)).await;
        let id = world.approved("fastly", 0).await;
        let worker = worker(&world, &outside);
        Self {
            world,
            outside,
            worker,
            id,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.world.now
    }

    pub(crate) async fn work(&self, now: Timestamp) {
        self.worker
            .look_after(self.world.user(), self.id, now)
            .await
            .unwrap();
    }

    pub(crate) async fn row(&self) -> TakedownRow {
        let store = self.world.takedowns.store();
        store
            .takedown(self.world.user(), self.id)
            .await
            .unwrap()
            .unwrap()
    }

    pub(crate) async fn state(&self) -> TakedownState {
        self.row().await.state
    }

    pub(crate) async fn news(&self, kind: MailNewsKind, attempt: &str, now: Timestamp) {
        let news = MailNews {
            kind,
            attempt: attempt.to_owned(),
            bounce: "Permanent".to_owned(),
            at: Some(now),
        };
        self.worker
            .take_news(self.world.user(), self.id, &news, now)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn what_she_approved_is_sent_once_and_its_clock_begins_when_it_was_taken() {
    let it = Approved::new().await;
    assert_eq!(it.state().await, TakedownState::Queued);
    let text = it
        .world
        .takedowns
        .text(it.world.user(), it.id, it.now())
        .await
        .unwrap();
    for _ in 0..3 {
        it.work(it.now()).await;
    }
    let mails = it.outside.mails();
    assert_eq!(mails.len(), 1, "however often the message comes");
    let simple = &mails[0]["Content"]["Simple"];
    assert_eq!(simple["Body"]["Text"]["Data"], text.text.body.as_str());
    assert_eq!(simple["Subject"]["Data"], text.text.subject.as_str());
    assert_eq!(mails[0]["ReplyToAddresses"][0], "ana@example.net");
    assert_eq!(mails[0]["FromEmailAddress"], "hello@example.net");
    let attempt = it
        .world
        .takedowns
        .store()
        .takedown_attempt(it.world.user(), it.id, 1)
        .await;
    let attempt = attempt.unwrap().unwrap();
    assert_eq!(
        (attempt.sha256, attempt.message_id.as_deref()),
        (text.sha256, Some("m-1"))
    );
    let sent = it.row().await;
    assert_eq!(
        (sent.state, sent.receipt, sent.due_at),
        (TakedownState::Sent, None, None)
    );

    for _ in 0..2 {
        it.news(MailNewsKind::Delivery, "1", it.now()).await;
    }
    let received = it.row().await;
    assert_eq!(received.receipt, Some(ReceiptKind::Smtp));
    let until = received.due_at.unwrap();
    assert!(until > it.now() && received.state.next_actor() == NextActor::Them);
    it.news(MailNewsKind::Bounce, "7", it.now()).await;
    assert_eq!(
        it.state().await,
        TakedownState::Sent,
        "of no attempt of ours"
    );
    it.work(until.plus_seconds(1)).await;
    assert_eq!(it.state().await, TakedownState::Overdue);
}

#[tokio::test]
async fn it_is_gone_by_two_looks_and_coming_back_begins_a_round_with_everything_filled_in() {
    let it = Approved::new().await;
    it.work(it.now()).await;
    // A minute later: it was sent a moment after the test began.
    let at = |hours: i64| it.now().plus_seconds(hours * 3600 + 60);
    it.work(at(1)).await;
    assert_eq!(it.row().await.looks.seen_at, Some(at(1)));
    let looks = it.outside.looks.load(Ordering::SeqCst);
    it.work(at(2)).await;
    assert_eq!(
        it.outside.looks.load(Ordering::SeqCst),
        looks,
        "it is not time yet"
    );
    it.outside.page_status.store(403, Ordering::SeqCst);
    it.work(at(6)).await;
    assert_eq!(it.state().await, TakedownState::Sent, "a wall is not gone");
    it.outside.page_status.store(404, Ordering::SeqCst);
    it.work(at(24)).await;
    assert_eq!(
        it.state().await,
        TakedownState::Sent,
        "one look is not enough"
    );
    it.work(at(30)).await;
    let gone = it.row().await;
    assert_eq!(
        (gone.state, gone.gone_at),
        (TakedownState::Gone, Some(at(30)))
    );
    it.work(at(30 + 24)).await;
    assert_eq!(it.state().await, TakedownState::Gone);

    it.outside.page_status.store(200, Ordering::SeqCst);
    for _ in 0..2 {
        it.work(at(30 + 7 * 24)).await;
    }
    assert_eq!(it.state().await, TakedownState::CameBack);
    let user = it.world.user();
    let next = TakedownId::of(user, it.world.found.id, "fastly", 2);
    let next = it.world.takedowns.get(user, next, at(200)).await.unwrap();
    assert_eq!(
        (next.takedown.state, next.takedown.round),
        (TakedownState::Ready, 2)
    );
    assert_eq!(next.takedown.before, Some(it.id));
    assert_eq!(next.takedown.facts.name.as_deref(), Some("Ana Kovač"));
}

#[tokio::test]
async fn a_worker_killed_after_it_began_to_send_sends_nothing_again() {
    for told in [true, false] {
        let it = Approved::new().await;
        let row = it.row().await;
        let claimed = it
            .worker
            .claim(it.world.user(), &row, it.now())
            .await
            .unwrap();
        assert!(claimed.is_some());
        let twice = it
            .worker
            .claim(it.world.user(), &row, it.now())
            .await
            .unwrap();
        assert!(twice.is_none(), "an attempt is one worker's");
        for minutes in [0, 10, 59] {
            it.work(it.now().plus_seconds(minutes * 60)).await;
        }
        assert_eq!(it.state().await, TakedownState::Sending);
        let late = it.now().plus_seconds(3601);
        if told {
            it.news(MailNewsKind::Send, "1", late).await;
            assert_eq!(
                it.state().await,
                TakedownState::Sent,
                "the mail service knows of it"
            );
        } else {
            it.work(late).await;
            let failed = it.row().await;
            assert_eq!(
                (failed.state, failed.failure),
                (TakedownState::Failed, Some(TakedownFailure::Uncertain))
            );
        }
        assert!(it.outside.mails().is_empty());
    }
}

#[tokio::test]
async fn a_refusal_is_tried_later_an_unknown_end_never_and_a_wrong_mail_fails() {
    for (status, state) in [
        (429, TakedownState::Queued),
        (503, TakedownState::Queued),
        (500, TakedownState::Sending),
        (400, TakedownState::Failed),
    ] {
        let it = Approved::new().await;
        it.outside.mail_status.store(status, Ordering::SeqCst);
        it.work(it.now()).await;
        assert_eq!(it.state().await, state, "{status}");
        assert_eq!(
            it.outside.mails().len(),
            1,
            "{status}: no second try of the client's own"
        );
        it.outside.mail_status.store(200, Ordering::SeqCst);
        it.work(it.now()).await;
        assert_eq!(it.outside.mails().len(), 1, "{status}: not at once");
        let late = crate::clock::now().plus_seconds(8 * 3600);
        it.work(late).await;
        let is_retried = state == TakedownState::Queued;
        assert_eq!(
            it.outside.mails().len(),
            1 + usize::from(is_retried),
            "{status}"
        );
        assert_eq!(
            it.state().await == TakedownState::Sent,
            is_retried,
            "{status}"
        );
    }
}

#[tokio::test]
async fn a_bounce_is_told_and_a_host_has_its_pace() {
    let it = Approved::new().await;
    let other = it
        .world
        .approved_of("https://b.example/2", "fastly", 0)
        .await;
    it.work(it.now()).await;
    let user = it.world.user();
    it.worker.look_after(user, other, it.now()).await.unwrap();
    assert_eq!(it.outside.mails().len(), 1, "one a minute");
    let store = it.world.takedowns.store();
    let waiting = store.takedown(user, other).await.unwrap().unwrap();
    assert_eq!(
        (waiting.state, waiting.work_at),
        (TakedownState::Queued, Some(it.now().plus_seconds(60)))
    );
    it.worker
        .look_after(user, other, it.now().plus_seconds(60))
        .await
        .unwrap();
    assert_eq!(it.outside.mails().len(), 2);
    it.news(MailNewsKind::Bounce, "1", it.now()).await;
    let failed = it.row().await;
    assert_eq!(
        (failed.state, failed.failure),
        (TakedownState::Failed, Some(TakedownFailure::Bounced))
    );
    let view = it
        .world
        .takedowns
        .get(user, it.id, it.now())
        .await
        .unwrap()
        .takedown;
    assert!(
        view.steps.iter().any(|it| it.recipient_id.is_some()),
        "there is a next step"
    );
    assert_eq!(page_of(&view), view.page);
}

#[tokio::test]
async fn she_can_have_it_looked_at_once_an_hour() {
    let it = Approved::new().await;
    let ask = async |minutes: i64| {
        let now = it.now().plus_seconds(minutes * 60);
        it.world
            .takedowns
            .recheck(&it.world.caller, it.id, now)
            .await
    };
    assert_eq!(
        ask(0).await.unwrap_err().code,
        "WRONG_STATE",
        "it was not sent"
    );
    it.work(it.now()).await;
    let asked = ask(1).await.unwrap();
    assert_eq!(asked.takedown.state, TakedownState::Sent);
    assert_eq!(it.row().await.work_at, Some(it.now().plus_seconds(60)));
    it.work(it.now().plus_seconds(61)).await;
    assert!(it.row().await.looks.last.is_some(), "it was looked at");
    assert_eq!(ask(2).await.unwrap_err().code, "LOOKED_LATELY");
    assert!(ask(61).await.is_ok());
}
