//! The worker over a table in memory and a gateway that remembers what it was told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use uuid::Uuid;

use super::*;
use crate::domain::feed::{FeedChange, FeedTopic};
use crate::store::SocketTicket;
use crate::testing;

/// What the gateway was told, and how it answers for a connection; 200, if nothing is said.
#[derive(Debug, Default)]
struct Told {
    posts: Mutex<Vec<(String, Value)>>,
    closed: Mutex<Vec<String>>,
    answers: Mutex<HashMap<String, u16>>,
}

async fn call(
    State(told): State<Arc<Told>>,
    Path(id): Path<String>,
    method: Method,
    body: String,
) -> StatusCode {
    let status = told.answers.lock().unwrap().get(&id).copied();
    let status = StatusCode::from_u16(status.unwrap_or(200)).unwrap();
    if status.is_success() {
        match method {
            Method::POST => {
                let frame = serde_json::from_str(&body).unwrap();
                told.posts.lock().unwrap().push((id, frame));
            }
            _ => told.closed.lock().unwrap().push(id),
        }
    }
    status
}

struct Harness {
    worker: PushWorker,
    told: Arc<Told>,
    user: UserId,
}

impl Harness {
    async fn start() -> Self {
        let told = Arc::new(Told::default());
        let routes = Router::new()
            .route("/live/@connections/{id}", axum::routing::any(call))
            .with_state(Arc::clone(&told));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let aws = testing::aws("http://127.0.0.1:9");
        let connections = Connections::new(&aws, &format!("ws://{address}/live"));
        let store = testing::store().await;
        Self {
            worker: PushWorker { store, connections },
            told,
            user: UserId::random(),
        }
    }

    async fn open(&self, connection: &str, session: Option<SessionId>, at: Timestamp) {
        let (store, user) = (&self.worker.store, self.user);
        let ticket = SocketTicket {
            session,
            origin: None,
            expires_at: at,
        };
        let added = store.add_socket_ticket(user, connection, &ticket).await;
        assert!(added.unwrap());
        let socket = SocketRow {
            connection: connection.to_owned(),
            session,
            connected_at: at,
            seen_at: at,
            topics: None,
            minute: 0,
            messages: 0,
        };
        let opened = store.open_socket(user, connection, &socket).await;
        assert!(opened.unwrap());
    }

    async fn publish(&self, topic: FeedTopic) {
        let change = FeedChange::any(topic);
        let tx = self.worker.store.tx().publish(self.user, change);
        assert!(tx.commit().await.unwrap().is_done());
    }

    async fn take(&self, work: PushWork) -> Result<()> {
        self.take_of(work, clock::now()).await
    }

    async fn take_of(&self, work: PushWork, sent_at: Timestamp) -> Result<()> {
        let message = PushMessage {
            user_id: self.user,
            sent_at,
            work,
        };
        self.take_text(&serde_json::to_string(&message).unwrap())
            .await
    }

    async fn take_text(&self, body: &str) -> Result<()> {
        let delivery = QueueDelivery {
            id: "m".to_owned(),
            body: body.to_owned(),
            queue: "push".to_owned(),
            receipt: "r".to_owned(),
            attempt: 1,
            last: false,
            trace: None,
            deadline: clock::now(),
        };
        self.worker.take(&delivery).await
    }

    /// What was sent since the last time, by connection.
    fn posts(&self) -> Vec<(String, Value)> {
        let mut posts = std::mem::take(&mut *self.told.posts.lock().unwrap());
        posts.sort_by(|a, b| a.0.cmp(&b.0));
        posts
    }

    async fn open_ones(&self) -> Vec<String> {
        let sockets = self.worker.store.sockets(self.user).await.unwrap();
        sockets.into_iter().map(|it| it.connection).collect()
    }
}

fn frames(after: u64, up_to: u64) -> PushWork {
    PushWork::Frames {
        after,
        up_to,
        ended: Vec::new(),
    }
}

#[tokio::test]
async fn each_connection_is_told_of_what_it_subscribed_to() {
    let harness = Harness::start().await;
    let now = clock::now();
    harness.open("a=", None, now).await;
    harness.open("b=", None, now).await;
    let topics = [FeedTopic::Alert];
    let place = (harness.user, "b=");
    let store = &harness.worker.store;
    store.touch_socket(place, Some(&topics), now).await.unwrap();
    harness.publish(FeedTopic::Plan).await;
    harness.publish(FeedTopic::Alert).await;
    harness.take(frames(0, 1)).await.unwrap();
    let posts = harness.posts();
    assert_eq!(posts.len(), 2);
    let (all, alerts) = (&posts[0].1, &posts[1].1);
    assert_eq!(
        (&all["type"], &all["after"], &all["upTo"]),
        (&json!("feed"), &json!(0), &json!(1))
    );
    assert_eq!(all["frames"][0]["topic"], "plan");
    assert_eq!(all["frames"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&alerts["upTo"], &alerts["frames"]),
        (&json!(1), &json!([]))
    );
    // The same message again tells the same again.
    harness.take(frames(0, 1)).await.unwrap();
    assert_eq!(harness.posts(), posts);
    harness.take(frames(1, 2)).await.unwrap();
    assert_eq!(harness.posts()[1].1["frames"][0]["topic"], "alert");
}

#[tokio::test]
async fn who_is_gone_is_forgotten_and_who_is_out_of_reach_is_tried_again() {
    let harness = Harness::start().await;
    let before = clock::now().minus_seconds(CONNECTING_SECONDS + 5);
    for connection in ["a=", "b=", "c="] {
        harness.open(connection, None, before).await;
    }
    harness.publish(FeedTopic::Plan).await;
    let answers = [("a=".to_owned(), 410), ("b=".to_owned(), 500)];
    *harness.told.answers.lock().unwrap() = answers.into();
    assert!(harness.take(frames(0, 1)).await.is_err());
    assert_eq!(harness.posts().len(), 1, "c= is told all the same");
    assert_eq!(harness.open_ones().await, ["b=", "c="]);
    harness.told.answers.lock().unwrap().clear();
    harness.take(frames(0, 1)).await.unwrap();
    assert_eq!(harness.posts().len(), 2);
    // With nobody left it is not signalled any more.
    let all = [("b=".to_owned(), 410), ("c=".to_owned(), 410)];
    *harness.told.answers.lock().unwrap() = all.into();
    harness.take(frames(0, 1)).await.unwrap();
    let head = harness.worker.store.feed_head(harness.user).await.unwrap();
    assert_eq!(head.sockets_until, None);
}

#[tokio::test]
async fn a_connection_that_is_still_being_opened_is_not_forgotten() {
    let harness = Harness::start().await;
    harness.open("a=", None, clock::now()).await;
    harness.publish(FeedTopic::Plan).await;
    let answers = [("a=".to_owned(), 410)];
    *harness.told.answers.lock().unwrap() = answers.into();
    harness.take(frames(0, 1)).await.unwrap();
    assert_eq!(harness.open_ones().await, ["a="]);
}

#[tokio::test]
async fn a_sign_in_that_ended_and_a_silent_client_are_told_nothing_more() {
    let harness = Harness::start().await;
    let now = clock::now();
    let (ended, lasts) = (SessionId::random(), SessionId::random());
    harness.open("ended", Some(ended), now).await;
    harness.open("lasts", Some(lasts), now).await;
    let long_ago = now.minus_seconds(700);
    harness.open("silent", Some(lasts), long_ago).await;
    harness.publish(FeedTopic::Session).await;
    let work = PushWork::Frames {
        after: 0,
        up_to: 1,
        ended: vec![ended],
    };
    // Also when it is too late to tell of the frames.
    let late = now.minus_seconds(STALE_AFTER_SECONDS + 5);
    harness.take_of(work.clone(), late).await.unwrap();
    let byes: Vec<_> = harness.posts();
    let reasons: Vec<_> = byes
        .iter()
        .map(|it| (it.0.as_str(), &it.1["reason"]))
        .collect();
    let expected = [
        ("ended", &json!("SIGNED_OUT")),
        ("silent", &json!("EXPIRED")),
    ];
    assert_eq!(reasons, expected);
    let mut closed = harness.told.closed.lock().unwrap().clone();
    closed.sort();
    assert_eq!(closed, ["ended", "silent"]);
    assert_eq!(harness.open_ones().await, ["lasts"]);
    harness.take(work).await.unwrap();
    assert_eq!(harness.posts()[0].1["frames"][0]["topic"], "session");
}

#[tokio::test]
async fn a_connection_that_does_not_hear_is_closed_all_the_same() {
    let harness = Harness::start().await;
    harness.open("a=", None, clock::now()).await;
    let close = PushWork::Close {
        connection: None,
        reason: ByeReason::Panic,
    };
    harness
        .told
        .answers
        .lock()
        .unwrap()
        .insert("a=".to_owned(), 500);
    assert!(harness.take(close.clone()).await.is_err());
    assert_eq!(harness.open_ones().await, ["a="], "it is tried again");
    harness.told.answers.lock().unwrap().clear();
    harness.take(close).await.unwrap();
    let bye = json!({ "type": "bye", "reason": "PANIC", "retryMs": null });
    assert_eq!(harness.posts(), [("a=".to_owned(), bye)]);
    assert_eq!(harness.open_ones().await, [] as [String; 0]);
}

#[tokio::test]
async fn progress_is_told_while_it_is_news() {
    let harness = Harness::start().await;
    let now = clock::now();
    harness.open("a=", None, now).await;
    let progress = ProgressFrame {
        topic: FeedTopic::Scan,
        id: Uuid::from_u128(7),
        done: 40,
        of: 100,
    };
    let work = PushWork::Progress { progress };
    let late = now.minus_seconds(STALE_AFTER_SECONDS + 5);
    harness.take_of(work.clone(), late).await.unwrap();
    assert_eq!(harness.posts(), []);
    harness.take(work).await.unwrap();
    let told = &harness.posts()[0].1;
    assert_eq!(
        (&told["type"], &told["done"]),
        (&json!("progress"), &json!(40))
    );
}

#[tokio::test]
async fn frames_that_cannot_be_told_are_a_gap() {
    let harness = Harness::start().await;
    harness.open("a=", None, clock::now()).await;
    harness.publish(FeedTopic::Plan).await;
    // A feed that began anew has no such numbers.
    harness.take(frames(8, 9)).await.unwrap();
    let told = &harness.posts()[0].1;
    let gap = json!({ "type": "gap", "from": 8, "head": 1 });
    assert_eq!((&told["frames"][0], &told["upTo"]), (&gap, &json!(1)));
}

#[tokio::test]
async fn what_is_no_message_fails() {
    let harness = Harness::start().await;
    for body in ["", "{}", "{\"userId\":1}"] {
        assert!(harness.take_text(body).await.is_err(), "{body}");
    }
}
