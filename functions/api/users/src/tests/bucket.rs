//! A bucket that can list and remove, and be out of order.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use vara::objects::Objects;

/// What is in it.
#[derive(Clone, Default)]
pub(super) struct Bucket {
    names: Arc<Mutex<BTreeSet<String>>>,
    broken: Arc<AtomicBool>,
}

impl Bucket {
    /// Serves it; how the function reaches it.
    pub(super) async fn serve(&self) -> Objects {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new().fallback(take).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let aws = aws_config::SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::from_static("eu-central-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
            .retry_config(RetryConfig::disabled())
            .build();
        Objects::new(&aws, "bucket", Some(endpoint))
    }

    pub(super) fn put(&self, name: String) {
        self.names.lock().unwrap().insert(name);
    }

    /// What is in it of women who have not left.
    pub(super) fn names(&self) -> Vec<String> {
        let names = self.names.lock().unwrap();
        let hers = names.iter().filter(|it| !it.starts_with("erased/"));
        hers.cloned().collect()
    }

    /// Who has left, as it is noted.
    pub(super) fn erased(&self) -> Vec<String> {
        let names = self.names.lock().unwrap();
        let notes = names.iter().filter_map(|it| it.strip_prefix("erased/"));
        notes.map(str::to_owned).collect()
    }

    pub(super) fn set_broken(&self, broken: bool) {
        self.broken.store(broken, Ordering::SeqCst);
    }
}

async fn take(
    State(bucket): State<Bucket>,
    uri: Uri,
    method: Method,
    Query(asked): Query<HashMap<String, String>>,
    body: String,
) -> Response {
    if bucket.broken.load(Ordering::SeqCst) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let mut names = bucket.names.lock().unwrap();
    if asked.contains_key("delete") {
        for part in body.split("<Key>").skip(1) {
            names.remove(part.split("</Key>").next().unwrap());
        }
        return "<DeleteResult></DeleteResult>".into_response();
    }
    if method == Method::PUT {
        let name = uri.path().trim_start_matches("/bucket/");
        names.insert(name.to_owned());
        return StatusCode::OK.into_response();
    }
    let after = asked.get("start-after").map_or("", String::as_str);
    let most = asked.get("max-keys").map_or(1000, |it| it.parse().unwrap());
    let mut listed = names
        .iter()
        .filter(|it| it.starts_with(&asked["prefix"]) && it.as_str() > after);
    let page = listed.by_ref().take(most);
    let page = page.map(|it| format!("<Contents><Key>{it}</Key></Contents>"));
    let page: String = page.collect();
    let is_truncated = listed.next().is_some();
    format!("<ListBucketResult><IsTruncated>{is_truncated}</IsTruncated>{page}</ListBucketResult>")
        .into_response()
}
