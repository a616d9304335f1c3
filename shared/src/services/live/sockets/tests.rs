//! Connections over a table in memory, with a client's messages.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::*;
use crate::auth::{Caller, Gate};
use crate::clock;
use crate::domain::feed::{FeedChange, FeedTopic};
use crate::domain::socket::TICKET_SECONDS;
use crate::domain::{Role, SessionId};
use crate::services::live::tickets::SocketTickets;
use crate::store::PushSignals;
use crate::testing;

const PAGE: &str = "https://vara.example";

struct Harness {
    store: Store,
    tickets: SocketTickets,
    sockets: LiveSockets,
    caller: Caller,
    signals: Arc<Mutex<Vec<PushSignal>>>,
}

impl Harness {
    async fn start() -> Self {
        let signals = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&signals);
        let store = testing::store()
            .await
            .signalling_by(Some(PushSignals::new(move |it| {
                kept.lock().unwrap().push(it);
                Box::pin(async { Ok(()) })
            })));
        let gate = Gate::new(&testing::settings(&[]), store.clone());
        let her = testing::signed_in(&store, &gate, "ana@example.net", Role::User).await;
        let token = format!("Bearer {}", her.token);
        let caller = gate.identify(Some(&token), clock::now()).await.unwrap();
        let feed = LiveFeed::new(store.clone(), gate);
        let sockets = LiveSockets::new(store.clone(), feed, vec![PAGE.to_owned()]);
        Self {
            tickets: SocketTickets::new(store.clone(), "wss://live.example/live".to_owned()),
            store,
            sockets,
            caller,
            signals,
        }
    }

    async fn ticket(&self, origin: Option<&str>) -> String {
        let issued = self.tickets.issue(&self.caller, origin, clock::now()).await;
        issued.unwrap().ticket
    }

    async fn connect_with(
        &self,
        protocols: &str,
        origin: Option<&str>,
        at: Timestamp,
    ) -> Result<()> {
        let request = ConnectRequest {
            connection: "a=",
            protocols: Some(protocols),
            ticket: None,
            origin,
        };
        self.sockets.connect(request, at).await
    }

    async fn connect(&self, connection: &str) {
        let ticket = self.ticket(None).await;
        let request = ConnectRequest {
            connection,
            protocols: None,
            ticket: Some(&ticket),
            origin: None,
        };
        self.sockets.connect(request, clock::now()).await.unwrap();
    }

    async fn say(&self, message: &Value) -> Option<Value> {
        self.say_at(message, clock::now()).await
    }

    async fn say_at(&self, message: &Value, at: Timestamp) -> Option<Value> {
        let text = message.to_string();
        let answer = self.sockets.answer("a=", &text, at).await.unwrap();
        answer.map(|it| json!(it))
    }

    async fn publish(&self, topic: FeedTopic) {
        let change = FeedChange::any(topic);
        let tx = self.store.tx().publish(self.caller.user, change);
        assert!(tx.commit().await.unwrap().is_done());
    }

    fn closings(&self) -> Vec<(Option<String>, ByeReason)> {
        let signals = std::mem::take(&mut *self.signals.lock().unwrap());
        let closing = |it| match it {
            PushSignal::Close {
                connection, reason, ..
            } => Some((connection, reason)),
            _ => None,
        };
        signals.into_iter().filter_map(closing).collect()
    }
}

fn refused(done: Result<()>, kind: ErrorKind) {
    assert_eq!(done.unwrap_err().kind, kind);
}

#[tokio::test]
async fn a_ticket_opens_one_connection_of_its_page_for_half_a_minute() {
    use ErrorKind::{Forbidden, Unauthenticated};
    let harness = Harness::start().await;
    let (page, now) = (Some(PAGE), clock::now());
    let with = |ticket: &str| format!("vara.v1, ticket.{ticket}");
    let ticket = harness.ticket(page).await;
    let other = Some("https://else.example");
    for origin in [None, other] {
        let done = harness.connect_with(&with(&ticket), origin, now).await;
        refused(done, Forbidden);
    }
    let foreign = harness.ticket(other).await;
    refused(
        harness.connect_with(&with(&foreign), other, now).await,
        Forbidden,
    );
    let late = now.plus_seconds(TICKET_SECONDS + 1);
    refused(
        harness.connect_with(&with(&ticket), page, late).await,
        Unauthenticated,
    );
    for wrong in [
        format!("vara.v2, ticket.{ticket}"),
        "vara.v1".to_owned(),
        with("x"),
        with(&ticket.to_lowercase()),
        with(&ticket[..63]),
    ] {
        let done = harness.connect_with(&wrong, page, now).await;
        refused(done, Unauthenticated);
    }
    let done = harness.connect_with(&with(&ticket), page, now).await;
    done.unwrap();
    refused(
        harness.connect_with(&with(&ticket), page, now).await,
        Unauthenticated,
    );
    let user = harness.caller.user;
    let sockets = harness.store.sockets(user).await.unwrap();
    assert_eq!(sockets.len(), 1);
    assert_eq!(sockets[0].session, harness.caller.session);
}

#[tokio::test]
async fn a_ticket_of_a_sign_in_that_ended_opens_nothing() {
    let harness = Harness::start().await;
    let ticket = harness.ticket(Some(PAGE)).await;
    let session = harness.caller.session.unwrap();
    let user = harness.caller.user;
    harness.store.end_sessions(user, &[session]).await.unwrap();
    let protocols = format!("vara.v1, ticket.{ticket}");
    let now = clock::now();
    refused(
        harness.connect_with(&protocols, Some(PAGE), now).await,
        ErrorKind::Unauthenticated,
    );
}

#[tokio::test]
async fn resuming_tells_what_was_missed() {
    let harness = Harness::start().await;
    harness.connect("a=").await;
    let hello = harness
        .say(&json!({ "action": "resume", "ref": "1" }))
        .await;
    let hello = hello.unwrap();
    assert_eq!(
        (&hello["type"], &hello["ref"]),
        (&json!("hello"), &json!("1"))
    );
    assert_eq!((&hello["head"], &hello["frames"]), (&json!(0), &json!([])));
    assert_eq!(hello["session"], json!(harness.caller.session));
    let epoch = hello["epoch"].as_str().unwrap();
    harness.publish(FeedTopic::Plan).await;
    harness.publish(FeedTopic::Alert).await;
    let resume = |seq: u64| json!({ "action": "resume", "epoch": epoch, "seq": seq });
    let missed = harness.say(&resume(0)).await.unwrap();
    assert_eq!(
        (&missed["after"], &missed["upTo"], &missed["head"]),
        (&json!(0), &json!(2), &json!(2))
    );
    assert_eq!(missed["frames"][1]["topic"], "alert");
    let sub = json!({ "action": "sub", "topics": ["alert"] });
    assert_eq!(harness.say(&sub).await.unwrap(), json!({ "type": "ok" }));
    let fewer = harness.say(&resume(0)).await.unwrap();
    assert_eq!(fewer["frames"].as_array().unwrap().len(), 1);
    assert_eq!(fewer["upTo"], 2);
    let gap = harness.say(&resume(9)).await.unwrap();
    assert_eq!(
        gap["frames"][0],
        json!({ "type": "gap", "from": 9, "head": 2 })
    );
    let pong = harness.say(&json!({ "action": "ping" })).await.unwrap();
    assert_eq!(pong, json!({ "type": "pong", "epoch": epoch, "head": 2 }));
}

#[tokio::test]
async fn what_is_refused_is_told_by_its_name() {
    let harness = Harness::start().await;
    harness.connect("a=").await;
    let unknown = json!({ "action": "dance", "ref": "r" });
    let error = json!({ "type": "error", "ref": "r", "code": "UNKNOWN_ACTION" });
    assert_eq!(harness.say(&unknown).await, Some(error));
    let invalid = json!({ "type": "error", "code": "INVALID" });
    assert_eq!(harness.say(&json!([])).await, Some(invalid));
    let ping = json!({ "action": "ping" }).to_string();
    let stranger = harness.sockets.answer("b=", &ping, clock::now()).await;
    assert_eq!(stranger.unwrap(), Some(ByeReason::Expired.into()));
}

#[tokio::test]
async fn a_client_that_sends_too_much_and_one_signed_out_are_closed() {
    let harness = Harness::start().await;
    harness.connect("a=").await;
    let now = Timestamp::from_epoch_seconds(1_800_000_000).unwrap();
    let ping = json!({ "action": "ping" });
    for _ in 0..MAX_MESSAGES_A_MINUTE {
        assert!(harness.say_at(&ping, now).await.is_some());
    }
    assert_eq!(harness.closings(), []);
    for _ in 0..3 {
        assert_eq!(harness.say_at(&ping, now).await, None);
    }
    let named = Some("a=".to_owned());
    assert_eq!(harness.closings(), [(named.clone(), ByeReason::Slow)]);

    let session = harness.caller.session.unwrap();
    let user = harness.caller.user;
    harness.store.end_sessions(user, &[session]).await.unwrap();
    harness.closings();
    let later = now.plus_seconds(60);
    assert_eq!(harness.say_at(&ping, later).await, None);
    assert_eq!(harness.closings(), [(named, ByeReason::SignedOut)]);
}

#[tokio::test]
async fn the_oldest_of_too_many_is_closed_and_panic_closes_all() {
    let harness = Harness::start().await;
    harness.connect("a=").await;
    for number in 1..MAX_SOCKETS {
        harness.connect(&format!("b{number}=")).await;
    }
    assert_eq!(harness.closings(), []);
    harness.connect("c=").await;
    let oldest = (Some("a=".to_owned()), ByeReason::Replaced);
    assert_eq!(harness.closings(), [oldest]);
    harness.say(&json!({ "action": "panic" })).await.unwrap();
    assert_eq!(harness.closings(), [(None, ByeReason::Panic)]);
    harness.sockets.disconnect("a=").await.unwrap();
    harness.sockets.disconnect("unknown").await.unwrap();
    let left = harness.store.sockets(harness.caller.user).await.unwrap();
    assert_eq!(left.len(), MAX_SOCKETS);
}

#[test]
fn clients_come_back_at_different_times_and_before_the_gateway_ends_them() {
    let now = Timestamp::from_epoch_seconds(1_800_000_000).unwrap();
    let after = |connection: &str| {
        let socket = SocketRow {
            connection: connection.to_owned(),
            session: Some(SessionId::random()),
            connected_at: now,
            seen_at: now,
            topics: None,
            minute: 0,
            messages: 0,
        };
        reconnect_by(&socket).millis_since(now) / 60_000
    };
    let times = ["L0SM9cOFvHcCIhw=", "zzzzzzzzzzzzzzz=", "AAAAAAAAAAAAAAA="].map(after);
    assert!(times.iter().all(|it| (105..=115).contains(it)), "{times:?}");
    assert!(times.iter().any(|it| *it != times[0]), "{times:?}");
}
