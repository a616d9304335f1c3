use std::sync::{Arc, Mutex};

use super::*;
use crate::clock;
use crate::domain::feed::FeedChange;
use crate::domain::socket::TICKET_SECONDS;
use crate::store::{FramesSignal, PushSignal, PushSignals};
use crate::testing;

#[derive(Serialize)]
struct Nothing {}

/// A store whose signals are kept.
async fn signalling() -> (Store, Arc<Mutex<Vec<PushSignal>>>) {
    let (kept, store) = (Arc::new(Mutex::new(Vec::new())), testing::store().await);
    let given = Arc::clone(&kept);
    let signals = PushSignals::new(move |signal| {
        given.lock().unwrap().push(signal);
        Box::pin(async { Ok(()) })
    });
    (store.signalling_by(Some(signals)), kept)
}

fn socket(connection: &str, now: Timestamp) -> SocketRow {
    SocketRow {
        connection: connection.to_owned(),
        session: None,
        connected_at: now,
        seen_at: now,
        topics: None,
        minute: 0,
        messages: 0,
    }
}

/// Opens a connection with a ticket of its own.
async fn open(store: &Store, user: UserId, connection: &str, now: Timestamp) {
    let ticket = SocketTicket {
        session: None,
        origin: None,
        expires_at: now.plus_seconds(TICKET_SECONDS),
    };
    let added = store.add_socket_ticket(user, connection, &ticket).await;
    assert!(added.unwrap());
    let socket = socket(connection, now);
    let opened = store.open_socket(user, connection, &socket).await;
    assert!(opened.unwrap());
}

/// Publishes a change.
async fn publish(store: &Store, user: UserId) {
    let change = FeedChange::any(FeedTopic::Plan);
    let done = store.tx().publish(user, change).commit().await;
    assert!(done.unwrap().is_done());
}

#[tokio::test]
async fn a_ticket_opens_one_connection() {
    let (store, user, now) = (testing::store().await, UserId::random(), clock::now());
    open(&store, user, "a=", now).await;
    assert_eq!(store.socket_ticket(user, "a=").await.unwrap(), None);
    let other = socket("b=", now);
    let again = store.open_socket(user, "a=", &other).await;
    assert!(!again.unwrap());
    assert_eq!(store.sockets(user).await.unwrap(), [socket("a=", now)]);
    assert_eq!(store.socket_owner("a=").await.unwrap(), Some(user));
    assert_eq!(store.socket_owner("b=").await.unwrap(), None);
}

#[tokio::test]
async fn only_while_an_app_may_be_connected_it_is_signalled() {
    let (store, kept) = signalling().await;
    let (user, now) = (UserId::random(), clock::now());
    let given = || std::mem::take(&mut *kept.lock().unwrap());
    publish(&store, user).await;
    assert_eq!(given(), []);
    open(&store, user, "a=", now).await;
    open(&store, user, "b=", now.plus_seconds(1)).await;
    publish(&store, user).await;
    let frames = |after| {
        PushSignal::Frames(FramesSignal {
            user,
            after,
            up_to: after + 1,
            ended: Vec::new(),
        })
    };
    assert_eq!(given(), [frames(1)]);
    store.drop_sockets(user, &["a=".to_owned()]).await.unwrap();
    publish(&store, user).await;
    assert_eq!(given(), [frames(2)]);
    store.drop_sockets(user, &["b=".to_owned()]).await.unwrap();
    assert_eq!(store.socket_owner("b=").await.unwrap(), None);
    publish(&store, user).await;
    assert_eq!(given(), []);
    // One that ended long ago without a word.
    open(&store, user, "c=", now.minus_seconds(SOCKET_SECONDS)).await;
    publish(&store, user).await;
    assert_eq!(given(), []);
    assert_eq!(store.feed_head(user).await.unwrap().state().head, 5);
}

#[tokio::test]
async fn a_sign_in_that_ends_is_signalled_and_begins_no_feed() {
    let (store, kept) = signalling().await;
    let (user, session) = (UserId::random(), SessionId::random());
    store.end_sessions(user, &[session]).await.unwrap();
    assert_eq!(store.feed_head(user).await.unwrap(), FeedHead::none());
    open(&store, user, "a=", clock::now()).await;
    store.end_sessions(user, &[session]).await.unwrap();
    let signal = PushSignal::Frames(FramesSignal {
        user,
        after: 0,
        up_to: 1,
        ended: vec![session],
    });
    assert_eq!(*kept.lock().unwrap(), [signal]);
}

#[tokio::test]
async fn a_signal_that_cannot_be_given_fails_nothing() {
    let broken = PushSignals::new(|_| {
        Box::pin(async { Err(crate::domain::Error::unavailable("sending", "it is down")) })
    });
    let store = testing::store().await.signalling_by(Some(broken));
    let user = UserId::random();
    open(&store, user, "a=", clock::now()).await;
    publish(&store, user).await;
    assert_eq!(store.feed_head(user).await.unwrap().state().head, 1);
}

#[tokio::test]
async fn messages_are_counted_by_the_minute() {
    let (store, user) = (testing::store().await, UserId::random());
    let now = Timestamp::from_epoch_seconds(1_800_000_000).unwrap();
    open(&store, user, "a=", now).await;
    let touch = async |at: Timestamp, topics: Option<&[FeedTopic]>| {
        let touched = store.touch_socket((user, "a="), topics, at).await;
        touched.unwrap().unwrap()
    };
    assert_eq!(touch(now, None).await.messages, 1);
    let second = touch(now.plus_seconds(1), Some(&[FeedTopic::Scan])).await;
    assert_eq!((second.messages, second.seen_at), (2, now.plus_seconds(1)));
    let later = touch(now.plus_seconds(60), None).await;
    assert_eq!(later.messages, 1);
    assert_eq!(later.topics.as_deref(), Some(&[FeedTopic::Scan][..]));
    let unknown = store.touch_socket((user, "b="), None, now).await;
    assert_eq!(unknown.unwrap(), None);
}

#[tokio::test]
async fn after_an_erasure_no_connection_is_hers_and_none_is_opened() {
    let (store, user, now) = (testing::store().await, UserId::random(), clock::now());
    open(&store, user, "a=", now).await;
    let receipt = Row::new(Key::user(user, ERASED), Nothing {});
    let erased = store.tx().put(&receipt).commit().await;
    assert!(erased.unwrap().is_done());
    store.erase_all_rows(user, usize::MAX).await.unwrap();
    assert_eq!(store.socket_owner("a=").await.unwrap(), None);
    assert_eq!(store.sockets(user).await.unwrap(), []);
    let ticket = SocketTicket {
        session: None,
        origin: None,
        expires_at: now,
    };
    let added = store.add_socket_ticket(user, "t", &ticket).await;
    assert!(!added.unwrap());
}
