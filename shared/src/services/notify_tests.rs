//! Whom it tells, when, and what of it gets out; with a mail service and a webhook that fail on purpose.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;
use crate::domain::{Account, Alert, AlertId, AlertStatus, AlertType, Preferences, Severity};
use crate::services::preferences;
use crate::testing;

const BEGIN: i64 = 1_800_000_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_epoch_seconds(BEGIN + seconds).unwrap()
}

/// A call of a webhook: its headers, and what it says.
type Call = (BTreeMap<String, String>, Value);

/// A webhook that keeps what it is told and answers as it is told to.
#[derive(Clone, Default)]
struct Hook {
    got: Arc<Mutex<Vec<Call>>>,
    answers: Arc<Mutex<Vec<u16>>>,
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

    fn names(&self) -> Vec<String> {
        let got = self.got.lock().unwrap();
        got.iter().map(|it| it.0["id"].clone()).collect()
    }
}

/// Everything, with one woman.
struct Case {
    notifier: Notifier,
    hook: Hook,
    hook_url: String,
    engines: String,
    user: UserId,
}

impl Case {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let engines = format!("http://{host}");
        let hook = Hook::default();
        let routes = Router::new()
            .route("/hook", post(Hook::take))
            .with_state(hook.clone())
            .merge(vara_engines::router(engines.clone()));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let store = testing::store().await;
        let user = UserId::random();
        let account = Account::new(user, "ana@example.net", at(0));
        assert!(store.provision(&account).await.unwrap());
        let notifier = Notifier {
            store,
            mailer: testing::mailer(&format!("{engines}/ses")),
            fetcher: Fetcher::new(Some(&host)).unwrap(),
            site: "https://app.example".into(),
            public_url: "https://api.example".into(),
        };
        Self {
            notifier,
            hook,
            hook_url: format!("{engines}/hook"),
            engines,
            user,
        }
    }

    async fn choose(&self, chosen: Value) -> preferences::Seen {
        let store = &self.notifier.store;
        let before = preferences::get(store, self.user).await.unwrap();
        let chosen: Preferences = serde_json::from_value(chosen).unwrap();
        let host = self.engines.strip_prefix("http://");
        let set = preferences::set(store, self.user, &before, chosen, host, at(0)).await;
        set.unwrap()
    }

    async fn both(&self) -> preferences::Seen {
        self.choose(json!({ "channels": { "email": true, "webhook": self.hook_url } }))
            .await
    }

    async fn alert(&self, kind: AlertType, second: i64) -> Alert {
        let alert = Alert {
            id: AlertId::from(uuid::Uuid::new_v4()),
            user_id: self.user,
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
        let tx = self.notifier.store.tx().raise(&alert);
        assert!(tx.commit().await.unwrap().is_done());
        alert
    }

    async fn run(&self, second: i64) -> Told {
        self.notifier.run(at(second)).await.unwrap()
    }

    async fn mails(&self) -> Vec<Value> {
        let reply = reqwest::get(format!("{}/_mail", self.engines)).await;
        serde_json::from_slice(&reply.unwrap().bytes().await.unwrap()).unwrap()
    }

    async fn break_mail(&self, status: u16, times: u32) {
        let fault = json!({ "engine": "ses", "mode": "error", "status": status, "times": times });
        let client = reqwest::Client::new();
        let set = client
            .post(format!("{}/_fault", self.engines))
            .body(fault.to_string())
            .send();
        let reply = set.await.unwrap();
        assert!(
            reply.status().is_success(),
            "{}",
            reply.text().await.unwrap()
        );
    }

    async fn outcomes(&self) -> Vec<(Channel, DeliveryOutcome)> {
        let told = preferences::deliveries(&self.notifier.store, self.user).await;
        let mut told: Vec<_> = told
            .unwrap()
            .into_iter()
            .map(|it| (it.channel, it.outcome))
            .collect();
        told.reverse();
        told
    }
}

const FINISHED: Told = Told {
    finished: 1,
    dropped: 0,
    waiting: 0,
    failed: 0,
};
const DROPPED: Told = Told {
    finished: 0,
    dropped: 1,
    waiting: 0,
    failed: 0,
};
const WAITING: Told = Told {
    finished: 0,
    dropped: 0,
    waiting: 1,
    failed: 0,
};
const NOTHING: Told = Told {
    finished: 0,
    dropped: 0,
    waiting: 0,
    failed: 0,
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
    assert_eq!(case.run(6).await, FINISHED);
    assert_eq!(case.run(999).await, NOTHING);
    let mails = case.mails().await;
    assert_eq!(mails.len(), 1);
    assert_eq!(
        (&mails[0]["to"], &mails[0]["subject"]),
        (&json!("ana@example.net"), &json!("You have an update"))
    );
    let row = case
        .notifier
        .store
        .preferences(case.user)
        .await
        .unwrap()
        .unwrap();
    let mail = Mail::Update {
        link: "https://app.example/login".into(),
        stop: format!("https://api.example/api/v1/users/stop/{}", row.stop_token),
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
    let sent = DeliveryOutcome::Sent;
    let mut outcomes = case.outcomes().await;
    outcomes.sort_by_key(|it| it.0.as_str());
    assert_eq!(outcomes, [(Channel::Email, sent), (Channel::Webhook, sent)]);
}

#[tokio::test]
async fn what_she_has_seen_is_not_told_and_what_is_new_again_is() {
    let case = Case::new().await;
    case.both().await;
    let alert = case.alert(AlertType::ImageMisuse, 0).await;
    let seen = alert.clone().with_status(AlertStatus::Viewed, at(1));
    assert!(
        case.notifier
            .store
            .change_alert(&alert, &seen)
            .await
            .unwrap()
    );
    assert_eq!(case.run(2).await, DROPPED);
    case.alert(AlertType::ImageMisuse, 3).await;
    assert_eq!(case.run(4).await, FINISHED);
    case.alert(AlertType::ImageMisuse, 70).await;
    assert_eq!(case.run(71).await, FINISHED);
    assert_eq!(case.mails().await.len(), 2);
    let names = case.hook.names();
    assert_eq!(names.len(), 2);
    assert_ne!(names[0], names[1]);
}

#[tokio::test]
async fn quiet_hours_and_digests_are_waited_for() {
    let case = Case::new().await;
    // BEGIN is 08:00.
    case.choose(json!({ "channels": { "email": true }, "quietHours": { "from": "07:00", "until": "08:10" } })).await;
    case.alert(AlertType::ImageMisuse, 0).await;
    assert_eq!(case.run(1).await, WAITING);
    assert_eq!(case.run(599).await, NOTHING);
    assert_eq!(case.run(600).await, FINISHED);
    case.choose(
        json!({ "channels": { "email": true }, "digest": { "every": "DAILY", "at": "12:00" } }),
    )
    .await;
    case.alert(AlertType::ImageMisuse, 700).await;
    assert_eq!(case.run(701).await, WAITING);
    // She changes her mind; that is seen within a quarter of an hour.
    case.choose(json!({ "channels": { "email": true } })).await;
    assert_eq!(case.run(702).await, NOTHING);
    assert_eq!(case.run(701 + 15 * 60).await, FINISHED);
    assert_eq!(case.mails().await.len(), 2);
}

#[tokio::test]
async fn what_fails_is_tried_again_under_the_same_name_and_only_that() {
    let case = Case::new().await;
    case.both().await;
    *case.hook.answers.lock().unwrap() = vec![500, 503];
    case.alert(AlertType::ImageMisuse, 0).await;
    assert_eq!(case.run(1).await, WAITING);
    assert_eq!(case.run(60).await, NOTHING);
    assert_eq!(case.run(61).await, WAITING);
    assert_eq!(case.run(61 + 120).await, FINISHED);
    assert_eq!(case.mails().await.len(), 1);
    let names = case.hook.names();
    assert_eq!(names.len(), 3);
    assert!(names.iter().all(|it| *it == names[0]), "{names:?}");
    let (failed, sent) = (DeliveryOutcome::Failed, DeliveryOutcome::Sent);
    let mut outcomes = case.outcomes().await;
    outcomes.retain(|it| it.0 == Channel::Webhook);
    assert_eq!(
        outcomes.iter().map(|it| it.1).collect::<Vec<_>>(),
        [failed, failed, sent]
    );
}

#[tokio::test]
async fn mail_that_is_down_comes_later_and_a_hook_that_is_gone_is_given_up() {
    let case = Case::new().await;
    case.both().await;
    *case.hook.answers.lock().unwrap() = vec![410];
    case.break_mail(503, 1).await;
    case.alert(AlertType::ImageMisuse, 0).await;
    assert_eq!(case.run(1).await, WAITING);
    assert_eq!(case.run(61).await, FINISHED);
    assert_eq!((case.mails().await.len(), case.hook.names().len()), (1, 1));
    let outcomes = case.outcomes().await;
    assert!(outcomes.contains(&(Channel::Webhook, DeliveryOutcome::GivenUp)));
    assert_eq!(
        outcomes.last(),
        Some(&(Channel::Email, DeliveryOutcome::Sent))
    );
}

#[tokio::test]
async fn nobody_is_tried_for_ever() {
    let case = Case::new().await;
    case.choose(json!({ "channels": { "webhook": case.hook_url } }))
        .await;
    *case.hook.answers.lock().unwrap() = vec![500; 50];
    case.alert(AlertType::ImageMisuse, 0).await;
    let mut now = 1;
    for _ in 1..TRIES {
        assert_eq!(case.run(now).await, WAITING);
        now += 6 * 3600;
    }
    assert_eq!(case.run(now).await, FINISHED);
    assert_eq!(case.hook.names().len(), TRIES as usize);
}

#[tokio::test]
async fn runs_at_the_same_time_tell_her_once() {
    let case = Case::new().await;
    case.both().await;
    case.alert(AlertType::ImageMisuse, 0).await;
    let runs = (0..6).map(|_| case.run(1));
    let told = futures_util::future::join_all(runs).await;
    assert_eq!(told.iter().filter(|it| **it == FINISHED).count(), 1);
    assert_eq!((case.mails().await.len(), case.hook.names().len()), (1, 1));
}

#[tokio::test]
async fn the_link_in_the_mail_stops_everything() {
    let case = Case::new().await;
    let store = &case.notifier.store;
    case.both().await;
    let row = store.preferences(case.user).await.unwrap().unwrap();
    let other = format!("{}.{}", case.user, "A".repeat(43));
    for wrong in ["", "x", ".", &other, &row.stop_token[..40]] {
        assert!(
            !preferences::can_stop(store, wrong).await.unwrap(),
            "{wrong}"
        );
        assert!(
            !preferences::stop(store, wrong, at(1)).await.unwrap(),
            "{wrong}"
        );
    }
    assert!(preferences::can_stop(store, &row.stop_token).await.unwrap());
    for _ in 0..2 {
        assert!(
            preferences::stop(store, &row.stop_token, at(1))
                .await
                .unwrap()
        );
    }
    case.alert(AlertType::ImageMisuse, 2).await;
    assert_eq!(case.run(3).await, DROPPED);
    let seen = preferences::get(store, case.user).await.unwrap();
    assert_eq!(
        seen.preferences.channels,
        crate::domain::Channels::default()
    );
}
