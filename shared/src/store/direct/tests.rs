use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use serde::Deserialize;

use super::*;
use crate::testing;

/// A service that answers every call so, and how often it was called.
async fn answering(status: StatusCode, body: &'static str) -> (String, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let answer = move || {
        counted.fetch_add(1, Ordering::Relaxed);
        async move { (status, body) }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let routes = Router::new().route("/", post(answer));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (endpoint, calls)
}

fn reads(endpoint: &str) -> DirectReads {
    DirectReads::new(&testing::aws(endpoint), None).unwrap()
}

/// A row of every kind of attribute.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Thing {
    #[serde(flatten)]
    key: Key,
    #[serde(flatten)]
    part: Part,
    name: String,
    kind: Kind,
    deed: Deed,
    absent: Option<String>,
    null: Option<u8>,
    truth: bool,
    counts: BTreeMap<String, Vec<u32>>,
    any: serde_json::Value,
    nested: Vec<Part>,
    pair: (u8, String),
    bytes: Vec<u8>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Part {
    many: u64,
    less: i64,
    part: f64,
    narrow: f32,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Kind {
    FirstOne,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Deed {
    Moved { to: String, by: Option<u8> },
}

fn part(number: i64) -> Part {
    Part {
        many: number.unsigned_abs(),
        less: -number,
        part: 1.5,
        narrow: 3.0,
    }
}

fn thing(key: Key) -> Thing {
    Thing {
        key,
        part: part(9_007_199_254_740_993),
        name: "a \"quoted\" ä\n name".to_owned(),
        kind: Kind::FirstOne,
        deed: Deed::Moved {
            to: String::new(),
            by: None,
        },
        absent: None,
        null: Some(3),
        truth: true,
        counts: [("\"a\"".to_owned(), vec![1, 2]), ("b".to_owned(), vec![])].into(),
        any: serde_json::json!({ "a": [1, -2, 0.5, null, true, "b"] }),
        nested: vec![part(1), part(2)],
        pair: (7, "seven".to_owned()),
        bytes: vec![0, 255],
    }
}

#[tokio::test]
async fn a_row_is_read_as_the_sdk_reads_it() {
    let (store, client) = testing::table().await;
    let direct = store.direct.clone().unwrap();
    let key = Key::lone("THING");
    let read = direct.row::<Thing>("vara", &key);
    assert_eq!(read.await, Some(None));
    let written = thing(key.clone());
    let item: Item = serde_dynamo::to_item(&written).unwrap();
    let put = client.put_item().table_name("vara");
    put.set_item(Some(item)).send().await.unwrap();
    let read = direct.row::<Thing>("vara", &key).await;
    assert_eq!(read.unwrap().as_ref(), Some(&written));
    let asked = store.item(&key).await.unwrap().unwrap();
    assert_eq!(serde_dynamo::from_item::<_, Thing>(asked).unwrap(), written);
    // What is not of this type is for the usual way, which counts and tells it.
    assert_eq!(direct.row::<Part>("vara", &key).await.map(drop), Some(()));
    assert_eq!(direct.row::<Kind>("vara", &key).await, None);
}

#[tokio::test]
async fn what_does_not_succeed_is_left_to_the_sdk() {
    let key = Key::lone("THING");
    for (status, body) in [
        (StatusCode::INTERNAL_SERVER_ERROR, "{}"),
        (
            StatusCode::BAD_REQUEST,
            r#"{"__type":"ThrottlingException"}"#,
        ),
        (StatusCode::OK, "<html>"),
        (StatusCode::OK, r#"{"Item":{"pk":{"Z":1}}}"#),
    ] {
        let (endpoint, calls) = answering(status, body).await;
        assert_eq!(
            reads(&endpoint).row::<Key>("vara", &key).await,
            None,
            "{body}"
        );
        assert_eq!(calls.load(Ordering::Relaxed), 1);
    }
    assert_eq!(
        reads("http://127.0.0.1:9").row::<Key>("vara", &key).await,
        None
    );
}

#[tokio::test]
async fn the_store_answers_although_the_direct_way_is_broken() {
    let (store, _) = testing::table().await;
    let (endpoint, calls) = answering(StatusCode::OK, "<html>").await;
    let store = store.reading_by(Some(reads(&endpoint)));
    let key = Key::lone("THING");
    assert_eq!(store.get::<Key>(&key).await.unwrap(), None);
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn credentials_are_fetched_anew_before_they_end() {
    #[derive(Debug)]
    struct Counting(Arc<AtomicUsize>, Duration);

    impl ProvideCredentials for Counting {
        fn provide_credentials<'a>(
            &'a self,
        ) -> aws_credential_types::provider::future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            self.0.fetch_add(1, Ordering::Relaxed);
            let end = now() + self.1;
            let made = Credentials::new("key", "secret", None, Some(end), "test");
            aws_credential_types::provider::future::ProvideCredentials::ready(Ok(made))
        }
    }

    let (endpoint, _) = answering(StatusCode::OK, "{}").await;
    for (life, fetched) in [(3600, 1), (200, 3)] {
        let count = Arc::new(AtomicUsize::new(0));
        let counting = Counting(Arc::clone(&count), Duration::from_secs(life));
        let aws = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::from_static("eu-central-1"))
            .credentials_provider(SharedCredentialsProvider::new(counting))
            .endpoint_url(endpoint.as_str())
            .build();
        let direct = DirectReads::new(&aws, None).unwrap();
        for _ in 0..3 {
            let read = direct.row::<Key>("vara", &Key::lone("THING")).await;
            assert_eq!(read, Some(None));
        }
        assert_eq!(count.load(Ordering::Relaxed), fetched);
    }
}

#[test]
fn other_partitions_are_left_to_the_sdk() {
    let aws = |region: &'static str| {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::from_static(region))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
            .build()
    };
    let ours = DirectReads::new(&aws("eu-central-1"), None).unwrap();
    assert_eq!(ours.0.url, "https://dynamodb.eu-central-1.amazonaws.com/");
    assert!(DirectReads::new(&aws("cn-north-1"), None).is_none());
    let given = DirectReads::new(&aws("cn-north-1"), Some("http://localhost:8000"));
    assert_eq!(given.unwrap().0.url, "http://localhost:8000/");
}
