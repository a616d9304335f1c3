use std::sync::atomic::{AtomicUsize, Ordering};

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_sdk_dynamodb::types::AttributeValue;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;

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

#[tokio::test]
async fn a_row_is_read_as_the_sdk_reads_it() {
    let (store, client) = testing::table().await;
    let direct = store.direct.clone().unwrap();
    let key = Key::lone("THING");
    assert_eq!(direct.item("vara", &key).await, Some(None));
    let mut item = key.item();
    let nested = [("a \"quoted\" name".to_owned(), AttributeValue::Null(true))];
    item.extend([
        ("number".to_owned(), AttributeValue::N("1.5".into())),
        ("truth".to_owned(), AttributeValue::Bool(true)),
        ("map".to_owned(), AttributeValue::M(nested.into())),
        (
            "bytes".to_owned(),
            AttributeValue::B(aws_sdk_dynamodb::primitives::Blob::new([0, 255])),
        ),
        (
            "many".to_owned(),
            AttributeValue::L(vec![AttributeValue::S("ä\n".into())]),
        ),
    ]);
    let put = client.put_item().table_name("vara");
    put.set_item(Some(item.clone())).send().await.unwrap();
    assert_eq!(direct.item("vara", &key).await, Some(Some(item)));
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
        assert_eq!(reads(&endpoint).item("vara", &key).await, None, "{body}");
        assert_eq!(calls.load(Ordering::Relaxed), 1);
    }
    assert_eq!(reads("http://127.0.0.1:9").item("vara", &key).await, None);
}

#[tokio::test]
async fn the_store_answers_although_the_direct_way_is_broken() {
    let (store, _) = testing::table().await;
    let (endpoint, calls) = answering(StatusCode::OK, "<html>").await;
    let store = store.reading_by(Some(reads(&endpoint)));
    let key = Key::lone("THING");
    assert_eq!(store.item(&key).await.unwrap(), None);
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
            let read = direct.item("vara", &Key::lone("THING")).await;
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
