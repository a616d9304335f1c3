//! Sockets of the live feed: tickets, the same news on every device, sign-out, progress.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use vara_tests::pictures::mine_and_found;
use vara_tests::{Woman, World};

/// The page that calls are made from.
const PAGE: Option<&str> = Some("http://localhost:3000");

const TICKETS: &str = "/api/v1/realtime/tickets";
const PREFERENCES: &str = "/api/v1/users/me/preferences";

/// How long a device waits for news.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many changes are told while connections break.
const CHANGES: i64 = 60;

/// How often a connection breaks meanwhile; each time needs a ticket.
const BREAKS: usize = 20;

/// An open app.
struct Device {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// The last frame that was seen.
    place: Option<(String, u64)>,
    /// The numbers and topics that were told, each once.
    told: Vec<(u64, String)>,
}

async fn ticket(her: &Woman<'_>) -> Value {
    let reply = her.call(Method::POST, TICKETS, Some(json!({}))).await;
    reply.expect(201).json["data"].clone()
}

/// Connects with a ticket; the status of a refusal.
async fn connect(
    ticket: &Value,
    origin: Option<&str>,
) -> Result<WebSocketStream<MaybeTlsStream<TcpStream>>, u16> {
    let text = |name: &str| ticket[name].as_str().unwrap().to_owned();
    let mut request = text("url").into_client_request().unwrap();
    let protocols = format!("{}, ticket.{}", text("protocol"), text("ticket"));
    let headers = request.headers_mut();
    headers.insert("sec-websocket-protocol", protocols.parse().unwrap());
    if let Some(origin) = origin {
        headers.insert("origin", origin.parse().unwrap());
    }
    match connect_async(request).await {
        Ok((socket, answer)) => {
            assert_eq!(answer.headers()["sec-websocket-protocol"], "vara.v1");
            Ok(socket)
        }
        Err(Error::Http(answer)) => Err(answer.status().as_u16()),
        Err(err) => panic!("{err}"),
    }
}

impl Device {
    async fn open(her: &Woman<'_>) -> Self {
        let socket = connect(&ticket(her).await, PAGE).await.unwrap();
        let mut device = Self {
            socket,
            place: None,
            told: Vec::new(),
        };
        device.resume().await;
        device
    }

    /// Breaks the connection without a word, and opens another one.
    async fn broken(self, her: &Woman<'_>) -> Self {
        drop(self.socket);
        let socket = connect(&ticket(her).await, PAGE).await.unwrap();
        let mut device = Self { socket, ..self };
        device.resume().await;
        device
    }

    async fn say(&mut self, message: &Value) {
        let text = Message::text(message.to_string());
        self.socket.send(text).await.unwrap();
    }

    async fn resume(&mut self) {
        let resume = match &self.place {
            Some((epoch, seq)) => json!({ "action": "resume", "epoch": epoch, "seq": seq }),
            None => json!({ "action": "resume" }),
        };
        self.say(&resume).await;
        while self.next().await.unwrap()["type"] != "hello" {}
    }

    /// The next message, its frames taken; nothing once it is closed.
    async fn next(&mut self) -> Option<Value> {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.socket.next()).await;
            match next.expect("something is told in time") {
                Some(Ok(Message::Text(text))) => {
                    let message: Value = serde_json::from_str(text.as_str()).unwrap();
                    self.take(&message).await;
                    return Some(message);
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    async fn take(&mut self, message: &Value) {
        let kind = message["type"].as_str().unwrap();
        if kind != "feed" && kind != "hello" {
            return;
        }
        let epoch = message["epoch"].as_str().unwrap();
        let number = |name: &str| message[name].as_u64().unwrap();
        let (after, up_to) = (number("after"), number("upTo"));
        let Some((known, seq)) = &mut self.place else {
            self.place = Some((epoch.to_owned(), up_to));
            return;
        };
        assert_eq!(known, epoch);
        if after > *seq {
            // What lies between was lost with a connection, or comes later.
            let resume = json!({ "action": "resume", "epoch": epoch, "seq": *seq });
            return Box::pin(self.say(&resume)).await;
        }
        for frame in message["frames"].as_array().unwrap() {
            assert_eq!(frame["type"], "change", "{frame}");
            let told = frame["seq"].as_u64().unwrap();
            if told > *seq {
                let topic = frame["topic"].as_str().unwrap();
                self.told.push((told, topic.to_owned()));
            }
        }
        *seq = up_to.max(*seq);
    }

    /// Waits until frames up to this number were told.
    async fn until(&mut self, head: u64) {
        while self.place.as_ref().is_none_or(|it| it.1 < head) {
            self.next().await.expect("it stays open");
        }
    }
}

async fn change(her: &Woman<'_>, minutes: i64) {
    let body = json!({ "utcOffsetMinutes": minutes });
    her.patch(PREFERENCES, body).await.expect(200);
}

async fn head(her: &Woman<'_>) -> u64 {
    let page = her.get("/api/v1/realtime/poll").await;
    page.expect(200).json["meta"]["head"].as_u64().unwrap()
}

pub(crate) async fn two_sockets_are_told_the_same_however_often_one_breaks(world: &World) {
    let her = world.woman().await;
    let (mut steady, mut shaky) = (Device::open(&her).await, Device::open(&her).await);
    let start = steady.place.clone().unwrap();
    assert_eq!(shaky.place.as_ref().unwrap().0, start.0);
    let changes = async {
        for minutes in 1..=CHANGES {
            change(&her, minutes).await;
        }
        head(&her).await
    };
    let breaks = async {
        for _ in 0..BREAKS {
            shaky = shaky.broken(&her).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        shaky
    };
    let (head, mut shaky) = tokio::join!(changes, breaks);
    steady.until(head).await;
    // The last frame may have gone to a connection that broke: `ping` tells.
    shaky.say(&json!({ "action": "ping" })).await;
    while shaky.place.as_ref().unwrap().1 < head {
        if shaky.next().await.expect("it stays open")["type"] == "pong" {
            shaky.resume().await;
        }
    }
    let place = format!("?epoch={}&seq={}", start.0, start.1);
    let page = her.get(&format!("/api/v1/realtime/poll{place}")).await;
    let page = &page.expect(200).json;
    assert_eq!(page["meta"]["gap"], false);
    let stored = page["data"].as_array().unwrap().iter().map(|it| {
        let topic = it["topic"].as_str().unwrap().to_owned();
        (it["seq"].as_u64().unwrap(), topic)
    });
    let stored: Vec<_> = stored.collect();
    assert!(stored.len() >= usize::try_from(CHANGES).unwrap());
    assert_eq!(steady.told, stored);
    assert_eq!(shaky.told, stored);
}

pub(crate) async fn tickets_open_one_socket_of_their_page(world: &World) {
    let her = world.woman().await;
    let used = ticket(&her).await;
    connect(&used, PAGE).await.unwrap();
    assert_eq!(connect(&used, PAGE).await.unwrap_err(), 401);
    let hers = ticket(&her).await;
    for page in [None, Some("https://else.example")] {
        assert_eq!(connect(&hers, page).await.unwrap_err(), 403);
    }
    let mut forged = hers.clone();
    forged["ticket"] = json!("x".repeat(64));
    assert_eq!(connect(&forged, PAGE).await.unwrap_err(), 401);
    connect(&hers, PAGE).await.unwrap();
}

pub(crate) async fn a_sign_out_closes_its_sockets_and_no_others(world: &World) {
    let her = world.woman().await;
    let other = her.sign_in().await;
    let (mut here, mut there) = (Device::open(&her).await, Device::open(&other).await);
    let began = std::time::Instant::now();
    let out = other.call(Method::POST, "/auth/v1/logout?scope=local", None);
    out.await.expect(204);
    let bye = loop {
        match there.next().await {
            Some(message) if message["type"] == "bye" => break message,
            Some(_) => {}
            None => panic!("closed without a word"),
        }
    };
    assert_eq!(bye["reason"], "SIGNED_OUT");
    assert_eq!(there.next().await, None);
    assert!(began.elapsed() < Duration::from_secs(2), "{began:?}");
    here.say(&json!({ "action": "ping", "ref": "still" })).await;
    while here.next().await.unwrap()["ref"] != "still" {}
    let sessions = here.told.iter().filter(|it| it.1 == "session").count();
    assert_eq!(sessions, 1, "{:?}", here.told);

    her.delete("/api/v1/users/me").await.expect(200);
    while let Some(message) = here.next().await {
        assert!(message["type"] != "bye" || message["reason"] == "SIGNED_OUT");
    }
}

pub(crate) async fn progress_of_a_scan_is_told(world: &World) {
    let _whole = world.whole().await;
    let (mine, found) = mine_and_found();
    world.plant(found).await;
    let her = world.woman().await;
    let mut device = Device::open(&her).await;
    her.upload(mine).await;
    let mut progress = Vec::new();
    let scan = loop {
        let message = device.next().await.expect("it stays open");
        match message["type"].as_str().unwrap() {
            "progress" => progress.push(message.clone()),
            "feed" if !progress.is_empty() && device.told.iter().any(|it| it.1 == "alert") => {
                break progress[0]["id"].clone();
            }
            _ => {}
        }
    };
    assert_eq!(progress[0]["topic"], "scan");
    assert!(
        progress
            .iter()
            .all(|it| it["of"] == 100 && it["id"] == scan)
    );
    assert!(device.told.iter().any(|it| it.1 == "scan"));
    let scan = format!("/api/v1/scans/{}", scan.as_str().unwrap());
    her.get(&scan).await.expect(200);
}

pub(crate) async fn the_client_follows_over_sockets_that_break(world: &World) {
    let her = world.woman().await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/clients/js/check/sockets.js");
    let mut node = Command::new("node");
    // Node has it without asking from 22 on.
    node.arg("--experimental-websocket")
        .arg(script)
        .env("VARA_GATEWAY", &world.gateway)
        .env("VARA_TOKEN", &her.token);
    let ended = tokio::task::spawn_blocking(move || node.output()).await;
    let ended = ended.unwrap().expect("Node 20 is installed");
    let told = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{told}");
}
