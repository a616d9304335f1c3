//! Calls that may have to be made again: the system is being broken.

use std::time::{Duration, Instant};

use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;
use vara_tests::World;

/// The queues that hold work, by their names in the template; each has a dead-letter queue.
pub(crate) const QUEUES: [&str; 5] = [
    "ImageIngest",
    "ImageScan",
    "BackgroundScan",
    "ProfileScan",
    "BreachCheck",
];

/// Whoever answered a call before has not said yet how it ended, or was killed.
const IN_PROGRESS: &str = "\"IDEMPOTENCY_IN_PROGRESS\"";

/// How long a call is made again and again.
const PATIENCE: Duration = Duration::from_secs(300);
const PAUSE: Duration = Duration::from_millis(300);

/// An answer that is final: its status and body.
pub(crate) type Answer = (u16, Value);

/// Makes a call until it is answered by something else than a failure of ours.
async fn answered(what: &str, request: impl Fn() -> RequestBuilder) -> Answer {
    let began = Instant::now();
    loop {
        let last = match request().send().await {
            Ok(reply) => {
                let status = reply.status().as_u16();
                let text = reply.text().await.unwrap_or_default();
                let is_busy = status == 429 || text.contains(IN_PROGRESS);
                if status < 500 && !is_busy {
                    return (status, serde_json::from_str(&text).unwrap_or(Value::Null));
                }
                format!("{status} {text}")
            }
            Err(err) => err.to_string(),
        };
        assert!(began.elapsed() < PATIENCE, "{what} is not answered: {last}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// Reads something of hers, which is there.
pub(crate) async fn get(world: &World, token: &str, path: &str) -> Value {
    let url = format!("{}{path}", world.gateway);
    let (status, body) = answered(path, || world.http.get(&url).bearer_auth(token)).await;
    assert_eq!(status, 200, "{path}: {body}");
    body
}

/// Reads all pages of a list of hers.
pub(crate) async fn list(world: &World, token: &str, path: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let sign = if path.contains('?') { '&' } else { '?' };
    for page in 1.. {
        let body = get(world, token, &format!("{path}{sign}limit=100&page={page}")).await;
        let items = body["data"].as_array().unwrap().clone();
        let last = items.len() < 100;
        all.extend(items);
        if last {
            break;
        }
    }
    all
}

/// Posts once, however often it takes to get an answer.
pub(crate) async fn post(world: &World, token: &str, path: &str, body: &Value) -> Answer {
    let url = format!("{}{path}", world.gateway);
    let key = Uuid::new_v4().to_string();
    answered(path, || {
        let request = world.http.request(Method::POST, &url).bearer_auth(token);
        let request = request.header("idempotency-key", &key);
        request
            .header("content-type", "application/json")
            .body(body.to_string())
    })
    .await
}

/// Changes something of hers; the same however often it is done.
pub(crate) async fn patch(world: &World, token: &str, path: &str, body: &Value) {
    let url = format!("{}{path}", world.gateway);
    let (status, answer) = answered(path, || {
        let request = world.http.patch(&url).bearer_auth(token);
        request
            .header("content-type", "application/json")
            .body(body.to_string())
    })
    .await;
    assert_eq!(status, 200, "{path}: {answer}");
}

/// Uploads a picture once; its id.
pub(crate) async fn upload(world: &World, token: &str, picture: &[u8]) -> String {
    let url = format!("{}/api/v1/images/upload", world.gateway);
    let key = Uuid::new_v4().to_string();
    let (status, body) = answered("an upload", || {
        let part = Part::bytes(picture.to_vec()).file_name("me.jpg");
        let form = Form::new().part("file", part.mime_str("image/jpeg").unwrap());
        let request = world.http.post(&url).bearer_auth(token);
        request.header("idempotency-key", &key).multipart(form)
    })
    .await;
    assert_eq!(status, 201, "{body}");
    body["data"]["id"].as_str().unwrap().to_owned()
}

/// A call of the queue service.
pub(crate) async fn sqs(world: &World, action: &str, body: &Value) -> Value {
    let url = world.stack().endpoint("sqs").unwrap();
    let (status, answer) = answered(action, || {
        let request = world.http.post(url).body(body.to_string());
        request
            .header("x-amz-target", format!("AmazonSQS.{action}"))
            .header("content-type", "application/x-amz-json-1.0")
    })
    .await;
    assert!(status < 300, "{action}: {answer}");
    answer
}

/// Sends a message, to be seen after so many seconds.
pub(crate) async fn send(world: &World, queue: &str, message: &str, seconds: u32) {
    let url = world.stack().queue_url(&format!("{queue}Queue")).unwrap();
    let body = json!({ "QueueUrl": url, "MessageBody": message, "DelaySeconds": seconds });
    sqs(world, "SendMessage", &body).await;
}

/// How many messages there are in a queue, seen or not.
pub(crate) async fn depth(world: &World, queue: &str) -> u64 {
    let url = world.stack().queue_url(queue).unwrap();
    let body = json!({ "QueueUrl": url, "AttributeNames": ["All"] });
    let answer = sqs(world, "GetQueueAttributes", &body).await;
    let facts = answer["Attributes"].as_object().unwrap();
    let counts = facts
        .iter()
        .filter(|it| it.0.starts_with("ApproximateNumberOf"));
    counts
        .map(|it| it.1.as_str().unwrap().parse::<u64>().unwrap())
        .sum()
}

/// What the stand-ins know.
pub(crate) async fn engines(world: &World, path: &str) -> Value {
    let url = format!("{}{path}", world.engines);
    answered(path, || world.http.get(&url)).await.1
}

/// More searches are for sale than can be bought.
pub(crate) async fn plenty(world: &World) {
    for engine in ["tineye", "serpapi", "facecheck"] {
        let url = format!("{}/_bundle", world.engines);
        let body = json!({ "engine": engine, "remaining": 1_000_000 }).to_string();
        let (status, _) = answered("_bundle", || world.http.post(&url).body(body.clone())).await;
        assert_eq!(status, 200);
    }
}
