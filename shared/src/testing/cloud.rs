//! A bucket and a queue service small enough for tests: the bucket keeps what it is given, the queue
//! service remembers what it was told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::mail::Mailer;
use crate::objects::Objects;
use crate::queues::Queues;
use crate::signer::Signer;
use crate::vault::Vault;

/// What the names of the queues of dead letters end with.
const DEAD: &str = "-dead";

/// Both services, on this machine.
#[derive(Clone, Debug)]
pub struct Cloud {
    endpoint: String,
    held: Arc<Held>,
}

#[derive(Debug, Default)]
struct Held {
    /// By key, with their content types.
    objects: Mutex<HashMap<String, (String, Bytes)>>,
    calls: Mutex<Vec<(String, Value)>>,
    letters: Mutex<Vec<GivenUp>>,
}

/// A message that a queue has given up on.
#[derive(Clone, Debug)]
struct GivenUp {
    queue: String,
    id: String,
    body: String,
}

impl Cloud {
    /// Starts them, empty.
    pub async fn start() -> Self {
        let held = Arc::new(Held::default());
        let routes = Router::new()
            .route("/", post(call))
            .route("/{bucket}", get(list).post(remove_several))
            .route("/{bucket}/", get(list).post(remove_several))
            .route("/{bucket}/{*key}", get(read).put(write).delete(remove))
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::clone(&held));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { endpoint, held }
    }

    /// The bucket.
    #[must_use]
    pub fn objects(&self) -> Objects {
        Objects::new(&aws(&self.endpoint), "vara", Some(self.endpoint.clone()))
    }

    /// The queue service.
    #[must_use]
    pub fn queues(&self) -> Queues {
        Queues::new(aws_sdk_sqs::Client::new(&aws(&self.endpoint)))
    }

    /// Mail that goes to the service at this address.
    #[must_use]
    pub fn mailer_at(endpoint: &str) -> Mailer {
        let client = aws_sdk_sesv2::Client::new(&aws(endpoint));
        Mailer::new(client, "hello@example.net")
    }

    /// What seals with a key of the service at this address.
    #[must_use]
    pub fn vault_at(endpoint: &str) -> Vault {
        let client = aws_sdk_kms::Client::new(&aws(endpoint));
        Vault::new(client, "arn:aws:kms:eu-central-1:000000000000:key/tokens")
    }

    /// A bucket that does not answer.
    #[must_use]
    pub fn silent_objects() -> Objects {
        let nowhere = "http://127.0.0.1:9";
        Objects::new(&aws(nowhere), "vara", Some(nowhere.to_owned()))
    }

    /// A queue service that does not answer.
    #[must_use]
    pub fn silent_queues() -> Queues {
        Queues::new(aws_sdk_sqs::Client::new(&aws("http://127.0.0.1:9")))
    }

    /// What the queue service was told, by the name of the call.
    #[must_use]
    pub fn told(&self, call: &str) -> Vec<Value> {
        let calls = self.held.calls.lock().unwrap();
        calls
            .iter()
            .filter(|it| it.0 == call)
            .map(|it| it.1.clone())
            .collect()
    }

    /// Has the queue at this address give up on a message.
    pub fn give_up(&self, queue: &str, body: &str) {
        let mut letters = self.held.letters.lock().unwrap();
        let id = format!("m{}", letters.len());
        letters.push(GivenUp {
            queue: format!("{queue}{DEAD}"),
            id,
            body: body.to_owned(),
        });
    }

    /// How many messages the queue at this address has given up on.
    #[must_use]
    pub fn given_up(&self, queue: &str) -> usize {
        self.held.letters_of(&format!("{queue}{DEAD}")).len()
    }

    /// Whether the bucket holds an object.
    #[must_use]
    pub fn has_object(&self, key: &str) -> bool {
        self.held.objects.lock().unwrap().contains_key(key)
    }

    /// The names of all objects below a prefix.
    #[must_use]
    pub fn objects_under(&self, prefix: &str) -> Vec<String> {
        let objects = self.held.objects.lock().unwrap();
        let found = objects.keys().filter(|it| it.starts_with(prefix));
        found.cloned().collect()
    }

    /// What signs with a key of the service at this address.
    #[must_use]
    pub fn signer_at(endpoint: &str) -> Signer {
        let client = aws_sdk_kms::Client::new(&aws(endpoint));
        Signer::new(client, "arn:aws:kms:eu-central-1:000000000000:key/evidence")
    }
}

pub(crate) fn aws(endpoint: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(endpoint)
        .build()
}

async fn read(State(held): State<Arc<Held>>, Path((_, key)): Path<(String, String)>) -> Response {
    match held.objects.lock().unwrap().get(&key) {
        Some((kind, bytes)) => {
            ([(header::CONTENT_TYPE, kind.clone())], bytes.clone()).into_response()
        }
        None => (
            StatusCode::NOT_FOUND,
            "<Error><Code>NoSuchKey</Code></Error>",
        )
            .into_response(),
    }
}

async fn write(
    State(held): State<Arc<Held>>,
    Path((_, key)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let is_there = held.objects.lock().unwrap().contains_key(&key);
    if is_there && headers.contains_key(header::IF_NONE_MATCH) {
        return StatusCode::PRECONDITION_FAILED;
    }
    let kind = headers[header::CONTENT_TYPE].to_str().unwrap().to_owned();
    // The client wraps what it sends in chunks with a checksum; what is asked for must be the bytes.
    let object = (kind, unwrapped(&body));
    held.objects.lock().unwrap().insert(key, object);
    StatusCode::OK
}

/// All objects below a prefix, in one page.
async fn list(
    State(held): State<Arc<Held>>,
    Query(asked): Query<HashMap<String, String>>,
) -> String {
    let prefix = asked.get("prefix").cloned().unwrap_or_default();
    let objects = held.objects.lock().unwrap();
    let found = objects.keys().filter(|it| it.starts_with(&prefix));
    let found: String = found
        .map(|it| format!("<Contents><Key>{it}</Key></Contents>"))
        .collect();
    format!("<ListBucketResult><IsTruncated>false</IsTruncated>{found}</ListBucketResult>")
}

async fn remove_several(State(held): State<Arc<Held>>, body: String) -> &'static str {
    let mut objects = held.objects.lock().unwrap();
    for part in body.split("<Key>").skip(1) {
        objects.remove(part.split("</Key>").next().unwrap_or_default());
    }
    "<DeleteResult></DeleteResult>"
}

fn unwrapped(body: &Bytes) -> Bytes {
    let line = body.iter().position(|it| *it == b'\n').unwrap_or_default();
    let size = std::str::from_utf8(&body[..line])
        .ok()
        .and_then(|it| usize::from_str_radix(it.trim(), 16).ok());
    size.map_or_else(
        || body.clone(),
        |size| body.slice(line + 1..line + 1 + size),
    )
}

async fn remove(
    State(held): State<Arc<Held>>,
    Path((_, key)): Path<(String, String)>,
) -> StatusCode {
    held.objects.lock().unwrap().remove(&key);
    StatusCode::NO_CONTENT
}

async fn call(State(held): State<Arc<Held>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers["x-amz-target"]
        .to_str()
        .unwrap()
        .rsplit('.')
        .next()
        .unwrap()
        .to_owned();
    let asked: Value = serde_json::from_slice(&body).unwrap();
    let answer = held.answer(&target, &asked);
    held.calls.lock().unwrap().push((target, asked));
    (
        [(header::CONTENT_TYPE, "application/x-amz-json-1.0")],
        answer.to_string(),
    )
        .into_response()
}

impl Held {
    fn letters_of(&self, queue: &str) -> Vec<GivenUp> {
        let letters = self.letters.lock().unwrap();
        letters
            .iter()
            .filter(|it| it.queue == queue)
            .cloned()
            .collect()
    }

    fn answer(&self, call: &str, asked: &Value) -> Value {
        let queue = asked["QueueUrl"].as_str().unwrap_or_default();
        let letters = self.letters_of(queue);
        let (waiting, active) = match queue.ends_with(DEAD) {
            true => (letters.len(), 0),
            false => (2, 1),
        };
        let name = queue.rsplit('/').next().unwrap_or_default();
        let policy =
            json!({ "deadLetterTargetArn": format!("arn:aws:sqs:eu-central-1:1:{name}{DEAD}") });
        let attributes = json!({
            "ApproximateNumberOfMessages": waiting.to_string(),
            "ApproximateNumberOfMessagesNotVisible": active.to_string(),
            "RedrivePolicy": policy.to_string(),
        });
        match call {
            "ReceiveMessage" => {
                let messages = letters.iter().take(10).map(|it| {
                    let read = json!({ "SentTimestamp": "1800000000123", "ApproximateReceiveCount": "4" });
                    json!({ "MessageId": it.id, "ReceiptHandle": it.id, "Body": it.body, "Attributes": read })
                });
                json!({ "Messages": messages.collect::<Vec<_>>() })
            }
            "DeleteMessage" => {
                let receipt = asked["ReceiptHandle"].as_str().unwrap_or_default();
                let mut letters = self.letters.lock().unwrap();
                letters.retain(|it| it.queue != queue || it.id != receipt);
                json!({})
            }
            _ => json!({ "MessageId": "m", "MD5OfMessageBody": "", "Attributes": attributes }),
        }
    }
}
