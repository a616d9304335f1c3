//! Whom it tells, when, and what of it gets out; with a mail service and webhooks that fail on purpose,
//! and a queue that delivers as its visibility says.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;
use crate::domain::{Alert, AlertId, AlertStatus, AlertType, MailAnswer, Preferences, Severity};
use crate::services::notices::due::{NotifyTotals, UpdateNotifier};
use crate::services::notices::mail_links::MailLinks;
use crate::services::notices::mail_question::MailQuestions;
use crate::services::people::preferences::{PreferencesView, UserPreferences};
use crate::testing::{self, Cloud};

mod question;
mod retry;

const BEGIN: i64 = 1_800_000_000;

const QUEUE: &str = "http://queues/1/vara-notice";

/// How often the queue delivers a message.
const MAX_RECEIVES: u32 = 3;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_epoch_seconds(BEGIN + seconds).unwrap()
}

/// A call of a webhook: its headers, and what it says.
type Call = (BTreeMap<String, String>, Value);

/// A webhook that keeps what it is told and answers as it is told to; another that never answers.
#[derive(Clone, Default)]
struct Hook {
    got: Arc<Mutex<Vec<Call>>>,
    answers: Arc<Mutex<Vec<u16>>>,
    stuck: Arc<Mutex<Vec<String>>>,
}

impl Hook {
    async fn take(State(hook): State<Self>, headers: HeaderMap, body: String) -> StatusCode {
        let named = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
            let name = name.as_str().strip_prefix("webhook-")?;
            Some((name.to_owned(), value.to_str().ok()?.to_owned()))
        };
        let headers = headers.iter().filter_map(named).collect();
        let body = serde_json::from_str(&body).unwrap();
        hook.got.lock().unwrap().push((headers, body));
        let answer = hook.answers.lock().unwrap().pop().unwrap_or(204);
        StatusCode::from_u16(answer).unwrap()
    }

    async fn never(State(hook): State<Self>, Path(name): Path<String>) -> StatusCode {
        hook.stuck.lock().unwrap().push(name);
        std::future::pending().await
    }

    fn names(&self) -> Vec<String> {
        let got = self.got.lock().unwrap();
        got.iter().map(|it| it.0["id"].clone()).collect()
    }

    fn stuck(&self) -> usize {
        self.stuck.lock().unwrap().len()
    }
}

/// A message in the queue.
#[derive(Clone)]
struct Waiting {
    body: String,
    receives: u32,
    visible_at: i64,
}

/// Everything, with one woman.
struct Case {
    notifier: UpdateNotifier,
    sender: NoticeSender,
    cloud: Cloud,
    queue: Mutex<Vec<Waiting>>,
    sent: Mutex<usize>,
    hook: Hook,
    engines: String,
    user: UserId,
}

fn preferences(store: &Store) -> UserPreferences {
    UserPreferences::new(store.clone(), testing::event_log(store))
}

fn mail_links(store: &Store) -> MailLinks {
    MailLinks::new(store.clone())
}

fn mail_questions(store: &Store) -> MailQuestions {
    MailQuestions::new(store.clone(), testing::event_log(store))
}

impl Case {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let engines = format!("http://{host}");
        let hook = Hook::default();
        let routes = Router::new()
            .route("/hook", post(Hook::take))
            .route("/stuck/{name}", post(Hook::never))
            .with_state(hook.clone())
            .merge(vara_engines::router(engines.clone()));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let (store, cloud) = (testing::store().await, Cloud::start().await);
        let case = Self {
            notifier: UpdateNotifier {
                store: store.clone(),
                queues: cloud.queues(),
                queue: QUEUE.into(),
            },
            sender: NoticeSender {
                mail_links: MailLinks::new(store.clone()),
                store,
                queues: cloud.queues(),
                queue: QUEUE.into(),
                mailer: testing::mailer(&format!("{engines}/ses")),
                fetcher: Fetcher::new(Some(&host)).unwrap(),
                webhook_timeout: WEBHOOK_TIMEOUT,
                site: "https://app.example".into(),
                public_url: "https://api.example".into(),
            },
            cloud,
            queue: Mutex::default(),
            sent: Mutex::default(),
            hook,
            engines,
            user: UserId::random(),
        };
        case.woman(case.user, "ana@example.net").await;
        case
    }

    async fn woman(&self, user: UserId, address: &str) {
        let account = Account::new(user, address, at(0));
        assert!(self.store().provision(&account).await.unwrap());
    }

    fn store(&self) -> &Store {
        &self.sender.store
    }

    async fn choose(&self, chosen: Value) -> PreferencesView {
        self.choose_for(self.user, chosen).await
    }

    async fn choose_for(&self, user: UserId, chosen: Value) -> PreferencesView {
        let before = preferences(self.store()).get(user).await.unwrap();
        let chosen: Preferences = serde_json::from_value(chosen).unwrap();
        let host = self.engines.strip_prefix("http://").map(str::to_owned);
        let set = preferences(self.store())
            .with_webhook_host(host)
            .set(&testing::caller(user), &before, chosen, at(0))
            .await;
        set.unwrap()
    }

    fn hook_url(&self) -> String {
        format!("{}/hook", self.engines)
    }

    async fn both(&self) -> PreferencesView {
        self.choose(json!({ "channels": { "email": true, "webhook": self.hook_url() } }))
            .await
    }

    async fn alert(&self, kind: AlertType, second: i64) -> Alert {
        self.alert_for(self.user, kind, second).await
    }

    async fn alert_for(&self, user: UserId, kind: AlertType, second: i64) -> Alert {
        let alert = Alert {
            id: AlertId::from(uuid::Uuid::new_v4()),
            user_id: user,
            kind,
            severity: Severity::Critical,
            title: "Your picture on evil.example".into(),
            description: "d".into(),
            metadata: None,
            status: AlertStatus::New,
            created_at: at(second),
            viewed_at: None,
            actioned_at: None,
        };
        let tx = self.store().tx().raise(&alert);
        assert!(tx.commit().await.unwrap().is_done());
        alert
    }

    /// What the schedule does in this second; what it put on the queue waits there.
    async fn tick(&self, second: i64) -> NotifyTotals {
        let told = self.notifier.run(at(second)).await.unwrap();
        self.receive(second);
        told
    }

    /// Takes up what was put on the queue since.
    fn receive(&self, second: i64) {
        let all = self.cloud.told("SendMessage");
        let mut sent = self.sent.lock().unwrap();
        let new = all[*sent..].iter().map(|it| Waiting {
            body: it["MessageBody"].as_str().unwrap().to_owned(),
            receives: 0,
            visible_at: second,
        });
        self.queue.lock().unwrap().extend(new);
        *sent = all.len();
    }

    /// The tick, and all deliveries that are due in this second.
    async fn run(&self, second: i64) -> NotifyTotals {
        let told = self.tick(second).await;
        self.deliver(second).await;
        told
    }

    async fn deliver(&self, second: i64) {
        let waiting = std::mem::take(&mut *self.queue.lock().unwrap());
        for mut message in waiting {
            if message.visible_at > second {
                self.queue.lock().unwrap().push(message);
                continue;
            }
            message.receives += 1;
            let delivered = delivered(&message);
            if self.sender.take_at(&delivered, at(second)).await.is_ok() {
                continue;
            }
            assert!(!delivered.last, "a dead letter");
            let delays = self.cloud.told("ChangeMessageVisibility");
            let delay = delays.last().unwrap()["VisibilityTimeout"].as_i64();
            message.visible_at = second + delay.unwrap();
            self.queue.lock().unwrap().push(message);
        }
    }

    async fn mails(&self) -> Vec<Value> {
        let reply = reqwest::get(format!("{}/_mail", self.engines)).await;
        serde_json::from_slice(&reply.unwrap().bytes().await.unwrap()).unwrap()
    }

    async fn break_mail(&self, status: u16, times: u32) {
        let fault = json!({ "engine": "ses", "mode": "error", "status": status, "times": times });
        let set = reqwest::Client::new()
            .post(format!("{}/_fault", self.engines))
            .body(fault.to_string())
            .send();
        assert!(set.await.unwrap().status().is_success());
    }

    async fn outcomes(&self) -> Vec<(Channel, NoticeOutcome)> {
        let told = preferences(self.store()).deliveries(self.user).await;
        let mut told: Vec<_> = told
            .unwrap()
            .into_iter()
            .map(|it| (it.channel, it.outcome))
            .collect();
        told.reverse();
        told
    }
}

fn delivered(message: &Waiting) -> QueueDelivery {
    QueueDelivery {
        id: "m1".into(),
        trace: None,
        body: message.body.clone(),
        queue: "vara-notice".into(),
        receipt: "r".into(),
        attempt: message.receives,
        last: message.receives >= MAX_RECEIVES,
        deadline: at(i64::from(u16::MAX)),
    }
}

const NOTHING: NotifyTotals = NotifyTotals {
    queued: 0,
    dropped: 0,
    waiting: 0,
    failed: 0,
};
const QUEUED: NotifyTotals = NotifyTotals {
    queued: 1,
    ..NOTHING
};
const DROPPED: NotifyTotals = NotifyTotals {
    dropped: 1,
    ..NOTHING
};
const WAITING: NotifyTotals = NotifyTotals {
    waiting: 1,
    ..NOTHING
};

#[tokio::test]
async fn until_she_says_so_nobody_is_told_anything() {
    let case = Case::new().await;
    case.alert(AlertType::ImageMisuse, 0).await;
    assert_eq!(case.run(1).await, DROPPED);
    assert_eq!(case.run(2).await, NOTHING);
    case.choose(json!({ "channels": { "email": true }, "types": { "IMAGE_MISUSE": false } }))
        .await;
    case.alert(AlertType::ImageMisuse, 3).await;
    assert_eq!(case.run(4).await, DROPPED);
    assert!(case.mails().await.is_empty());
}

#[tokio::test]
async fn many_alerts_make_one_message_that_says_nothing() {
    let case = Case::new().await;
    let secret = case.both().await.webhook_secret.unwrap();
    for second in 0..5 {
        case.alert(AlertType::DeepfakeDetected, second).await;
    }
    assert_eq!(case.run(6).await, QUEUED);
    assert_eq!(case.store().outbox(case.user).await.unwrap(), None);
    assert_eq!(case.run(999).await, NOTHING);
    let mails = case.mails().await;
    assert_eq!(mails.len(), 1);
    assert_eq!(
        (&mails[0]["to"], &mails[0]["subject"]),
        (&json!("ana@example.net"), &json!("You have an update"))
    );
    let mail = Mail::Update {
        link: "https://app.example/login".into(),
        stop: stop_link(&mails[0]),
    };
    assert_eq!(mails[0]["text"], mail.text());
    let got = case.hook.got.lock().unwrap().clone();
    assert_eq!(got.len(), 1);
    let (headers, body) = &got[0];
    assert_eq!(
        body,
        &json!({ "type": "update.available", "timestamp": at(0), "data": {} })
    );
    let signature = signed(&secret, &headers["id"], at(6), &update_event(at(0))).unwrap();
    assert_eq!(headers["signature"], signature[3].1);
    assert_eq!(headers["timestamp"], at(6).epoch_seconds().to_string());
    let sent = NoticeOutcome::Sent;
    let mut outcomes = case.outcomes().await;
    outcomes.sort_by_key(|it| it.0.as_str());
    assert_eq!(outcomes, [(Channel::Email, sent), (Channel::Webhook, sent)]);
}

/// The queue delivers a message twice, and the outbox has it put on the queue twice.
#[tokio::test]
async fn a_message_that_comes_twice_is_sent_once() {
    let case = Case::new().await;
    case.both().await;
    case.alert(AlertType::ImageMisuse, 0).await;
    assert_eq!(case.tick(1).await, QUEUED);
    assert_eq!(case.tick(1 + IN_FLIGHT_SECONDS).await, QUEUED);
    let twice = case.queue.lock().unwrap().clone();
    assert_eq!(twice.len(), 4);
    case.queue.lock().unwrap().extend(twice);
    case.deliver(2000).await;
    assert_eq!((case.mails().await.len(), case.hook.names().len()), (1, 1));
    assert!(case.queue.lock().unwrap().is_empty());
    assert_eq!(case.store().outbox(case.user).await.unwrap(), None);
}

#[tokio::test]
async fn deliveries_at_the_same_time_tell_her_once() {
    let case = Case::new().await;
    case.both().await;
    case.alert(AlertType::ImageMisuse, 0).await;
    let ticks = futures_util::future::join_all((0..4).map(|_| case.notifier.run(at(1)))).await;
    let queued = ticks.iter().filter(|it| *it.as_ref().unwrap() == QUEUED);
    assert_eq!(queued.count(), 1);
    case.receive(1);
    let messages = case.queue.lock().unwrap().clone();
    let copies = messages.iter().flat_map(|it| vec![it; 5]).map(|it| {
        let copy = Waiting {
            receives: 1,
            ..it.clone()
        };
        let sender = &case.sender;
        async move { sender.take_at(&delivered(&copy), at(2)).await }
    });
    let taken = futures_util::future::join_all(copies).await;
    assert!(taken.iter().filter(|it| it.is_ok()).count() >= 2);
    assert_eq!((case.mails().await.len(), case.hook.names().len()), (1, 1));
}

/// A worker was killed while it had the channel: another tries it after a while.
#[tokio::test]
async fn a_channel_whose_worker_died_is_tried_by_another() {
    let case = Case::new().await;
    case.choose(json!({ "channels": { "email": true } })).await;
    case.alert(AlertType::ImageMisuse, 0).await;
    case.tick(1).await;
    let name = case.store().outbox(case.user).await.unwrap().unwrap();
    let name = name.message.unwrap();
    let held = case
        .store()
        .hold_delivery(case.user, &name, Channel::Email, at(1), at(61))
        .await;
    assert!(held.unwrap().is_some());
    case.deliver(2).await;
    assert!(case.mails().await.is_empty());
    case.deliver(70).await;
    assert_eq!(case.mails().await.len(), 1);
}

#[tokio::test]
async fn receivers_that_do_not_answer_hold_up_nobody_else() {
    let case = Case::new().await;
    for at in 0..6 {
        let user = UserId::random();
        case.woman(user, &format!("{at}@example.net")).await;
        let hook = format!("{}/stuck/{at}", case.engines);
        case.choose_for(user, json!({ "channels": { "webhook": hook } }))
            .await;
        case.alert_for(user, AlertType::ImageMisuse, 0).await;
    }
    case.both().await;
    case.alert(AlertType::ImageMisuse, 1).await;
    // Finding whom to tell calls nobody.
    assert_eq!(case.tick(2).await.queued, 7);
    assert_eq!((case.hook.stuck(), case.hook.names().len()), (0, 0));
    let (hers, others): (Vec<_>, Vec<_>) = std::mem::take(&mut *case.queue.lock().unwrap())
        .into_iter()
        .partition(|it| it.body.contains(&case.user.to_string()));
    let mut calls = Vec::new();
    for mut message in others {
        message.receives = 1;
        let sender = NoticeSender {
            webhook_timeout: Duration::from_secs(3600),
            ..case.sender.clone()
        };
        calls.push(tokio::spawn(async move {
            sender.take_at(&delivered(&message), at(2)).await
        }));
    }
    while case.hook.stuck() < 6 {
        tokio::task::yield_now().await;
    }
    case.queue.lock().unwrap().extend(hers);
    case.deliver(3).await;
    assert_eq!((case.mails().await.len(), case.hook.names().len()), (1, 1));
    calls.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn a_webhook_that_does_not_answer_in_time_is_tried_again() {
    let mut case = Case::new().await;
    case.sender.webhook_timeout = Duration::from_millis(20);
    let hook = format!("{}/stuck/one", case.engines);
    case.choose(json!({ "channels": { "webhook": hook } }))
        .await;
    case.alert(AlertType::ImageMisuse, 0).await;
    assert_eq!(case.run(1).await, QUEUED);
    let told = preferences(case.store()).deliveries(case.user).await;
    let told = told.unwrap();
    assert_eq!(told[0].outcome, NoticeOutcome::Failed);
    assert_eq!(told[0].reason.as_deref(), Some("too slow"));
    assert_eq!(case.queue.lock().unwrap()[0].visible_at, 61);
}

/// The address in a mail that stops all messages.
fn stop_link(mail: &Value) -> String {
    let text = mail["text"].as_str().unwrap();
    let line = text.lines().find(|it| it.contains("/users/stop/"));
    line.unwrap().to_owned()
}
