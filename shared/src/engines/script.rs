//! A service for tests: it gives scripted answers in turn and remembers what it was sent.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::multipart::{Form, Part};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How long the clients of these tests wait for an answer that never comes.
pub(super) const SHORT: Duration = Duration::from_secs(3);

/// One answer: a status with further headers, each with its line end, and a body. Status 0 is silence.
pub(crate) type Line = (u16, &'static str, String);

/// A running service.
pub(crate) struct Script {
    /// Where it is, without a slash at the end.
    pub(crate) base: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Script {
    /// A service with these answers. Whoever asks for more finds nobody there.
    pub(crate) async fn new(lines: impl IntoIterator<Item = Line>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let mut lines: VecDeque<Line> = lines.into_iter().collect();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        tokio::spawn(async move {
            let mut held = Vec::new();
            while let Some((status, head, body)) = lines.pop_front() {
                let (mut socket, _) = listener.accept().await.unwrap();
                let request = received(&mut socket).await;
                seen.lock().unwrap().push(request);
                if status == 0 {
                    held.push(socket);
                    continue;
                }
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status} X\r\n{head}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
                );
                // The other side may have had enough; that is what is tested.
                drop(socket.write_all(answer.as_bytes()).await);
            }
            if !held.is_empty() {
                std::future::pending::<()>().await;
            }
        });
        Self { base, requests }
    }

    /// Everything it was sent so far, oldest first.
    pub(super) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// The first lines of what it was sent, without the version.
    pub(crate) fn asked(&self) -> Vec<String> {
        let line = |it: &String| it.lines().next().unwrap_or_default().to_owned();
        let bare = |it: String| it.trim_end_matches(" HTTP/1.1").to_owned();
        self.requests().iter().map(line).map(bare).collect()
    }
}

/// A whole request, by the length it names or to the last piece of its body.
async fn received(socket: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut piece = vec![0; 64 * 1024];
    while !is_whole(&request) {
        match socket.read(&mut piece).await {
            Ok(0) | Err(_) => break,
            Ok(read) => request.extend_from_slice(&piece[..read]),
        }
    }
    String::from_utf8_lossy(&request).into_owned()
}

fn is_whole(request: &[u8]) -> bool {
    let Some(head) = request.windows(4).position(|it| it == b"\r\n\r\n") else {
        return false;
    };
    let names = String::from_utf8_lossy(&request[..head]).to_lowercase();
    let length = names
        .lines()
        .find_map(|it| it.strip_prefix("content-length:"));
    match length {
        Some(length) => request.len() >= head + 4 + length.trim().parse::<usize>().unwrap(),
        None if names.contains("transfer-encoding: chunked") => request.ends_with(b"0\r\n\r\n"),
        None => true,
    }
}

/// A good answer.
pub(crate) fn ok(body: impl ToString) -> Line {
    (200, "", body.to_string())
}

/// Bodies that no client should choke on, each with what is odd about it.
pub(super) fn nonsense(limit: usize) -> Vec<(&'static str, String)> {
    vec![
        ("empty", String::new()),
        ("html", "<!doctype html><h1>Just a moment...</h1>".into()),
        ("cut off", "{\"results\": [".into()),
        ("a number", "7".into()),
        ("null", "null".into()),
        ("a list of lists", "[[]]".into()),
        ("deep", "[".repeat(100_000)),
        ("huge", " ".repeat(limit + 1)),
    ]
}

/// The stand-ins of the real services, with a web to plant pictures in.
pub(super) struct StandIns {
    /// Where they are, without a slash at the end.
    pub(crate) base: String,
}

impl StandIns {
    pub(crate) async fn new() -> Self {
        let base = vara_engines::start().await.unwrap();
        Self { base }
    }

    /// Plants a picture on a page; its own address.
    pub(super) async fn plant(&self, picture: Vec<u8>, page: &str, person: &str) -> String {
        let image = Part::bytes(picture).file_name("a.jpg");
        let form = Form::new()
            .part("image", image)
            .text("page_url", page.to_owned())
            .text("title", "A <i>page</i>")
            .text("person", person.to_owned());
        let request = reqwest::Client::new().post(format!("{}/_web", self.base));
        let reply = request.multipart(form).send().await.unwrap();
        let planted: Value = serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap();
        planted["image_url"].as_str().unwrap().to_owned()
    }

    pub(super) async fn post(&self, path: &str, body: Value) {
        let request = reqwest::Client::new().post(format!("{}{path}", self.base));
        let sent = request.body(body.to_string()).send().await;
        assert!(sent.unwrap().status().is_success());
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        let reply = reqwest::get(format!("{}{path}", self.base)).await.unwrap();
        serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap()
    }
}
