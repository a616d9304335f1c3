//! Events of connections as the gateway writes them, over a table in memory.

use serde_json::{Value, json};
use vara::auth::Gate;
use vara::clock;
use vara::domain::Role;
use vara::services::live::feed::LiveFeed;
use vara::services::live::sockets::LiveSockets;
use vara::services::live::tickets::SocketTickets;
use vara::services::upkeep::rate_limits::{RateLimiter, Rates};
use vara::store::Store;
use vara::testing;

use crate::event::{SocketAnswer, SocketEvent};
use crate::handler::SocketHandler;

const PAGE: &str = "https://vara.example";

/// The function over a table in memory.
struct Harness {
    handler: SocketHandler,
    gate: Gate,
    store: Store,
}

impl Harness {
    fn over(store: Store, calls: u32) -> Self {
        let gate = Gate::new(&testing::settings(&[]), store.clone());
        let rates = Rates {
            all: calls,
            auth: 9,
            user: 100,
        };
        let feed = LiveFeed::new(store.clone(), gate.clone());
        let handler = SocketHandler {
            sockets: LiveSockets::new(store.clone(), feed, vec![PAGE.to_owned()]),
            limits: RateLimiter::new(rates, store.clone()),
        };
        Self {
            handler,
            gate,
            store,
        }
    }

    async fn build() -> Self {
        Self::over(testing::store().await, 1000)
    }

    /// A ticket for the page.
    async fn ticket(&self) -> String {
        let her = testing::signed_in(&self.store, &self.gate, "ana@example.net", Role::User).await;
        let token = format!("Bearer {}", her.token);
        let caller = self
            .gate
            .identify(Some(&token), clock::now())
            .await
            .unwrap();
        let tickets = SocketTickets::new(self.store.clone(), "wss://live.example/live".to_owned());
        let issued = tickets.issue(&caller, Some(PAGE), clock::now()).await;
        issued.unwrap().ticket
    }

    async fn send(&self, kind: &str, more: Value) -> SocketAnswer {
        let mut event = json!({
            "requestContext": {
                "routeKey": "$default", "eventType": kind, "connectionId": "L0SM9cOFvHcCIhw=",
                "domainName": "x.execute-api.eu-central-1.amazonaws.com", "stage": "live",
                "connectedAt": 1_800_000_000_000_u64, "requestTimeEpoch": 1_800_000_000_000_u64,
                "requestId": "r", "messageDirection": "IN", "identity": { "sourceIp": "192.0.2.7" },
            },
            "isBase64Encoded": false,
        });
        for (name, value) in more.as_object().unwrap() {
            event[name] = value.clone();
        }
        let event: SocketEvent = serde_json::from_value(event).unwrap();
        self.handler.handle(&event, clock::now()).await
    }

    async fn connect(&self, ticket: &str) -> SocketAnswer {
        let protocols = format!("vara.v1, ticket.{ticket}");
        let headers = json!({ "Sec-WebSocket-Protocol": protocols, "Origin": PAGE });
        self.send("CONNECT", json!({ "headers": headers })).await
    }

    async fn say(&self, body: &str) -> Value {
        let answer = self.send("MESSAGE", json!({ "body": body })).await;
        assert_eq!(answer.status_code, 200);
        let body = answer.body.map(|it| serde_json::from_str(&it).unwrap());
        body.unwrap_or(Value::Null)
    }
}

#[tokio::test]
async fn a_connection_from_its_ticket_to_its_end() {
    let harness = Harness::build().await;
    let ticket = harness.ticket().await;
    let opened = harness.connect(&ticket).await;
    // The ticket is never said back.
    let answer = json!({ "statusCode": 200, "headers": { "Sec-WebSocket-Protocol": "vara.v1" } });
    assert_eq!(json!(opened), answer);
    let hello = harness.say(r#"{"action":"resume","ref":"1"}"#).await;
    assert_eq!(
        (&hello["type"], &hello["ref"]),
        (&json!("hello"), &json!("1"))
    );
    assert_eq!(hello["pingEvery"], 240);
    assert_eq!(harness.say(r#"{"action":"ping"}"#).await["type"], "pong");
    assert_eq!(harness.say("nonsense").await["code"], "INVALID");
    let bytes = json!({ "body": "AQ==", "isBase64Encoded": true });
    let answer = harness.send("MESSAGE", bytes).await;
    assert!(answer.body.unwrap().contains("INVALID"));
    assert_eq!(harness.connect(&ticket).await, SocketAnswer::of(401));
    let ended = harness.send("DISCONNECT", json!({})).await;
    assert_eq!(ended, SocketAnswer::of(200));
    let bye = json!({ "type": "bye", "reason": "EXPIRED", "retryMs": 0 });
    assert_eq!(harness.say(r#"{"action":"ping"}"#).await, bye);
}

#[tokio::test]
async fn who_may_not_connect_is_refused_without_a_word() {
    let harness = Harness::build().await;
    let ticket = harness.ticket().await;
    let with = |headers: Value| json!({ "headers": headers });
    let protocols = format!("vara.v1, ticket.{ticket}");
    let cases = [
        (json!({}), 401),
        (
            json!({ "sec-websocket-protocol": "vara.v1, ticket.x" }),
            401,
        ),
        (json!({ "sec-websocket-protocol": protocols }), 403),
        (
            json!({ "sec-websocket-protocol": protocols, "origin": "https://else.example" }),
            403,
        ),
    ];
    for (headers, status) in cases {
        let refused = harness.send("CONNECT", with(headers.clone())).await;
        assert_eq!(refused, SocketAnswer::of(status), "{headers}");
    }
    let without =
        json!({ "queryStringParameters": { "ticket": ticket }, "headers": { "origin": PAGE } });
    let opened = harness.send("CONNECT", without).await;
    assert_eq!(opened, SocketAnswer::of(200), "no protocol was named");
}

#[tokio::test]
async fn calls_are_counted_by_who_connects() {
    testing::in_one_window().await;
    let harness = Harness::over(testing::store().await, 1);
    assert_eq!(harness.connect("x").await, SocketAnswer::of(401));
    assert_eq!(harness.connect("x").await, SocketAnswer::of(429));
}

#[tokio::test]
async fn a_table_that_does_not_answer_is_said_to_be_out_of_reach() {
    let known = Harness::build().await;
    let ticket = known.ticket().await;
    let harness = Harness::over(testing::silent_store(), 1000);
    assert_eq!(harness.connect(&ticket).await, SocketAnswer::of(503));
    let answer = harness.say(r#"{"action":"ping","ref":"7"}"#).await;
    let error = json!({ "type": "error", "ref": "7", "code": "UNAVAILABLE" });
    assert_eq!(answer, error);
    let ended = harness.send("DISCONNECT", json!({})).await;
    assert_eq!(ended, SocketAnswer::of(200));
}
