//! What the file server lacks and is added here.

use std::sync::Arc;

use http::{Extensions, HeaderMap, Method, Uri};
use rustack_sqs_model::input::ReceiveMessageInput;
use s3s::{Body, S3, S3Request, dto};
use s3s_fs::FileSystem;
use serde_json::Value;

use super::{Notifier, Storage};
use crate::{
    servers::sqs::Sqs,
    state::State,
    template::{Bucket, Notification, Queue},
};

const QUEUE: &str = "http://127.0.0.1:1/000000000000/arrivals";
const QUEUE_ARN: &str = "arn:aws:sqs:us-east-1:000000000000:arrivals";

/// A bucket that tells a queue of what arrives under `uploads/`.
struct Scene {
    storage: Storage,
    sqs: Arc<Sqs>,
    state: State,
}

impl Scene {
    async fn new() -> Self {
        let state = State::open(None).unwrap();
        let queue = Queue {
            logical: "Arrivals".to_owned(),
            name: "arrivals".to_owned(),
            arn: QUEUE_ARN.to_owned(),
            url: QUEUE.to_owned(),
            attributes: [].into(),
        };
        let sqs = Sqs::open(1, &[queue], None).await.unwrap();
        let bucket = Bucket {
            name: "bucket".to_owned(),
            notifications: vec![Notification {
                event: "s3:ObjectCreated:*".to_owned(),
                queue_arn: QUEUE_ARN.to_owned(),
                prefix: "uploads/".to_owned(),
                suffix: String::new(),
            }],
            cors: Vec::new(),
        };
        let root = state.path("s3");
        std::fs::create_dir(root.join("bucket")).unwrap();
        let storage = Storage {
            files: Arc::new(FileSystem::new(&root).unwrap()),
            root,
            notifier: Arc::new(Notifier::new(Arc::clone(&sqs), &[bucket])),
        };
        Self {
            storage,
            sqs,
            state,
        }
    }

    async fn put(&self, method: Method, key: &str, body: &'static str) {
        let input = dto::PutObjectInput {
            bucket: "bucket".to_owned(),
            key: key.to_owned(),
            body: Some(Body::from(body.to_owned()).into()),
            ..dto::PutObjectInput::default()
        };
        self.storage
            .put_object(request(method, input))
            .await
            .unwrap();
    }

    /// Every event in the queue.
    async fn events(&self) -> Vec<Value> {
        let input = ReceiveMessageInput {
            queue_url: QUEUE.to_owned(),
            max_number_of_messages: Some(10),
            wait_time_seconds: Some(0),
            ..ReceiveMessageInput::default()
        };
        let messages = self.sqs.receive(input).await.unwrap().messages;
        messages
            .iter()
            .map(|message| serde_json::from_str(message.body.as_deref().unwrap()).unwrap())
            .collect()
    }
}

fn request<T>(method: Method, input: T) -> S3Request<T> {
    S3Request {
        input,
        method,
        uri: Uri::from_static("/"),
        headers: HeaderMap::new(),
        extensions: Extensions::new(),
        credentials: None,
        region: None,
        service: None,
        trailing_headers: None,
    }
}

#[tokio::test]
async fn arrivals_under_the_prefix_are_told_of_before_the_answer() {
    let scene = Scene::new().await;
    scene.put(Method::PUT, "uploads/a b", "hello").await;
    scene.put(Method::PUT, "pictures/c", "other").await;
    scene.put(Method::POST, "uploads/d", "form").await;
    let events = scene.events().await;
    let told: Vec<_> = events
        .iter()
        .map(|event| {
            let record = &event["Records"][0];
            let key = record["s3"]["object"]["key"].as_str().unwrap();
            (key, record["eventName"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        told,
        [
            ("uploads/a+b", "ObjectCreated:Put"),
            ("uploads/d", "ObjectCreated:Post")
        ]
    );
    let object = &events[0]["Records"][0]["s3"]["object"];
    assert_eq!(object["size"], 5);
    assert_eq!(object["eTag"], "5d41402abc4b2a76b9719d911017c592");
    let sequencer = |event: &Value| event["Records"][0]["s3"]["object"]["sequencer"].to_string();
    assert!(sequencer(&events[0]) < sequencer(&events[1]));
}

#[tokio::test]
async fn nothing_of_a_deleted_object_is_left() {
    let scene = Scene::new().await;
    scene.put(Method::PUT, "uploads/a", "hello").await;
    let kept = || {
        std::fs::read_dir(scene.state.path("s3"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with('.'))
            .collect::<Vec<_>>()
    };
    assert_ne!(kept(), Vec::<String>::new());
    let input = dto::DeleteObjectInput {
        bucket: "bucket".to_owned(),
        key: "uploads/a".to_owned(),
        ..dto::DeleteObjectInput::default()
    };
    scene
        .storage
        .delete_object(request(Method::DELETE, input))
        .await
        .unwrap();
    assert_eq!(kept(), Vec::<String>::new());
    assert!(!scene.state.path("s3/bucket/uploads/a").exists());
}

#[tokio::test]
async fn a_new_bucket_is_tested_as_s3_does() {
    let scene = Scene::new().await;
    scene.storage.notifier.test("bucket").await.unwrap();
    assert_eq!(scene.events().await[0]["Event"], "s3:TestEvent");
}
