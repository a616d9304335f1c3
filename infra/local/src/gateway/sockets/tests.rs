//! A WebSocket API over a closure for its function, with a real client.

use std::{sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use super::open::{FRAME_LIMIT, MESSAGE_LIMIT};
use super::{SocketLimits, Sockets};
use crate::{
    gateway::{self, Gateway},
    lambda::{InvocationOutcome, Invoke},
    shutdown::{self, ShutdownSwitch},
    template::{Api, SocketApi},
};

type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A gateway whose function answers `$connect` with its query's `status` and messages with the message.
struct Harness {
    address: String,
    events: Arc<std::sync::Mutex<Vec<Value>>>,
    _switch: ShutdownSwitch,
}

impl Harness {
    async fn start(limits: SocketLimits) -> Self {
        let events = Arc::new(std::sync::Mutex::new(Vec::new()));
        let seen = Arc::clone(&events);
        let invoke: Invoke = Arc::new(move |event| {
            let event: Value = serde_json::from_slice(&event).unwrap();
            let status = event["queryStringParameters"]["status"].as_str();
            let status: u16 = status.map_or(200, |it| it.parse().unwrap());
            let answer = json!({
                "statusCode": status,
                "headers": { "Sec-WebSocket-Protocol": "test.v1" },
                "body": event["body"],
            });
            seen.lock().unwrap().push(event);
            Box::pin(async move { InvocationOutcome::Answer(answer.to_string().into()) })
        });
        let (switch, shutdown) = shutdown::switch();
        let api = SocketApi {
            path: "/live".to_owned(),
            function_arn: "f".to_owned(),
            timeout: Duration::from_secs(5),
            answers: true,
        };
        let sockets = Sockets::new(api, invoke, limits, shutdown.clone());
        let store = Arc::new(
            |_| -> futures_util::future::BoxFuture<'static, Result<(), String>> {
                Box::pin(async { Ok(()) })
            },
        );
        let gateway = Gateway::new(Api::default(), [].into(), store, 0).with_sockets(Some(sockets));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(gateway::serve(listener, Arc::new(gateway), shutdown));
        Self {
            address,
            events,
            _switch: switch,
        }
    }

    async fn connect(&self) -> Client {
        let mut request = format!("ws://{}/live", self.address)
            .into_client_request()
            .unwrap();
        let protocols = "test.v1, ticket.x".parse().unwrap();
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocols);
        let (client, answer) = connect_async(request).await.unwrap();
        assert_eq!(answer.headers()["sec-websocket-protocol"], "test.v1");
        client
    }

    fn events(&self, kind: &str) -> Vec<Value> {
        let events = self.events.lock().unwrap();
        let of_kind = |it: &&Value| it["requestContext"]["eventType"] == kind;
        events.iter().filter(of_kind).cloned().collect()
    }

    fn connection(&self) -> String {
        let event = self.events("CONNECT").pop().unwrap();
        let id = event["requestContext"]["connectionId"].as_str();
        id.unwrap().to_owned()
    }

    /// The status of a call that functions make.
    async fn manage(&self, method: &str, id: &str, body: Vec<u8>) -> u16 {
        let stream = TcpStream::connect(&self.address).await.unwrap();
        let io = hyper_util::rt::TokioIo::new(stream);
        let (mut calls, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
        tokio::spawn(connection);
        let id = id.replace('=', "%3D");
        let request = http::Request::builder()
            .method(method)
            .uri(format!("/live/@connections/{id}"))
            .header("host", &self.address)
            .body(http_body_util::Full::new(bytes::Bytes::from(body)))
            .unwrap();
        calls.send_request(request).await.unwrap().status().as_u16()
    }

    /// Waits until the function was told that a connection ended.
    async fn ended(&self) {
        while self.events("DISCONNECT").is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// The code that a connection is closed with.
async fn closed(client: &mut Client) -> CloseCode {
    loop {
        match client.next().await {
            Some(Ok(Message::Close(Some(CloseFrame { code, .. })))) => return code,
            Some(Ok(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn events_and_messages_go_both_ways() {
    let harness = Harness::start(SocketLimits::default()).await;
    let mut client = harness.connect().await;
    let event = harness.events("CONNECT").pop().unwrap();
    assert_eq!(event["requestContext"]["routeKey"], "$connect");
    assert_eq!(event["requestContext"]["stage"], "live");
    assert_eq!(
        event["headers"]["sec-websocket-protocol"],
        "test.v1, ticket.x"
    );
    client.send(Message::text("hello")).await.unwrap();
    let answer = client.next().await.unwrap().unwrap();
    assert_eq!(answer.into_text().unwrap().as_str(), "hello");
    assert_eq!(harness.events("MESSAGE")[0]["body"], "hello");

    let id = harness.connection();
    assert_eq!(harness.manage("GET", &id, vec![]).await, 200);
    assert_eq!(harness.manage("POST", &id, b"news".to_vec()).await, 200);
    let news = client.next().await.unwrap().unwrap();
    assert_eq!(news.into_text().unwrap().as_str(), "news");
    let large = vec![b'x'; MESSAGE_LIMIT + 1];
    assert_eq!(harness.manage("POST", &id, large).await, 413);

    assert_eq!(harness.manage("DELETE", &id, vec![]).await, 204);
    assert_eq!(closed(&mut client).await, CloseCode::Normal);
    harness.ended().await;
    for method in ["GET", "POST", "DELETE"] {
        assert_eq!(harness.manage(method, &id, vec![]).await, 410, "{method}");
    }
    assert_eq!(harness.manage("GET", "unknown", vec![]).await, 410);
}

#[tokio::test]
async fn whom_the_function_refuses_is_not_connected() {
    let harness = Harness::start(SocketLimits::default()).await;
    let url = format!("ws://{}/live?status=403", harness.address);
    match connect_async(url).await {
        Err(Error::Http(answer)) => assert_eq!(answer.status(), 403),
        other => panic!("{other:?}"),
    }
    let id = harness.connection();
    assert_eq!(harness.manage("POST", &id, b"news".to_vec()).await, 410);
    assert_eq!(harness.events("DISCONNECT"), [] as [Value; 0]);
}

#[tokio::test]
async fn messages_have_the_limits_of_the_real_gateway() {
    let harness = Harness::start(SocketLimits::default()).await;
    let mut client = harness.connect().await;
    client.send(Message::binary(vec![1])).await.unwrap();
    assert_eq!(closed(&mut client).await, CloseCode::Unsupported);

    let mut client = harness.connect().await;
    let largest = "x".repeat(FRAME_LIMIT);
    client.send(Message::text(largest.clone())).await.unwrap();
    let answer = client.next().await.unwrap().unwrap();
    assert_eq!(answer.into_text().unwrap().as_str(), largest);
    client.send(Message::text(largest + "x")).await.unwrap();
    assert_eq!(closed(&mut client).await, CloseCode::Size);
}

#[tokio::test]
async fn an_idle_connection_and_an_old_one_are_closed() {
    let soon = Duration::from_millis(300);
    let long = Duration::from_secs(60);
    for (idle, life) in [(soon, long), (long, soon)] {
        let harness = Harness::start(SocketLimits { idle, life }).await;
        let mut client = harness.connect().await;
        assert_eq!(closed(&mut client).await, CloseCode::Away);
        harness.ended().await;
    }
    // A message keeps an idle one open, and an old one not.
    let harness = Harness::start(SocketLimits {
        idle: soon,
        life: long,
    })
    .await;
    let mut client = harness.connect().await;
    for _ in 0..4 {
        tokio::time::sleep(soon / 2).await;
        client.send(Message::text("still here")).await.unwrap();
        assert!(client.next().await.unwrap().unwrap().is_text());
    }
}

#[tokio::test]
async fn a_client_that_goes_away_is_told_of() {
    let harness = Harness::start(SocketLimits::default()).await;
    let client = harness.connect().await;
    drop(client);
    harness.ended().await;
    let id = harness.connection();
    assert_eq!(harness.manage("POST", &id, b"news".to_vec()).await, 410);
}
