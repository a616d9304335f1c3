//! The exporter against a collector that is there, one that refuses, and one that is silent.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;
use tracing_subscriber::layer::SubscriberExt;

use super::*;

/// A collector that answers so; its address, and how often it was asked.
async fn collector(status: StatusCode) -> (String, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let take = async move |headers: HeaderMap, body: String| {
        count.fetch_add(1, Ordering::Relaxed);
        let told: Value = serde_json::from_str(&body).unwrap();
        let spans = &told["resourceSpans"][0]["scopeSpans"][0]["spans"];
        assert_eq!(spans[0]["name"], "scan");
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(headers["x-key"], "a b=");
        status
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/otlp", listener.local_addr().unwrap());
    let routes = Router::new().route("/otlp/v1/traces", post(take));
    tokio::spawn(axum::serve(listener, routes).into_future());
    (address, asked)
}

fn exporter(endpoint: &str) -> Exporter {
    Exporter::new(&TraceSettings {
        endpoint: endpoint.to_owned(),
        headers: "X-Key=a%20b=,nonsense".to_owned(),
        function: "f".to_owned(),
    })
}

fn record(exporter: &Exporter) {
    let layer = Recorder::new(exporter.spans.clone()).filtered();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        // What other tests decided about this place of the code does not hold here.
        tracing::callsite::rebuild_interest_cache();
        tracing::info_span!("scan").in_scope(|| ());
    });
}

#[tokio::test]
async fn spans_are_sent_once() {
    let (address, asked) = collector(StatusCode::OK).await;
    let exporter = exporter(&address);
    exporter.flush().await;
    assert_eq!(
        asked.load(Ordering::Relaxed),
        0,
        "there was nothing to send"
    );
    for sent in [1, 2] {
        record(&exporter);
        exporter.flush().await;
        exporter.flush().await;
        assert_eq!(asked.load(Ordering::Relaxed), sent);
    }
}

#[tokio::test]
async fn a_collector_that_refuses_is_left_alone_for_a_while() {
    let (address, asked) = collector(StatusCode::SERVICE_UNAVAILABLE).await;
    let exporter = exporter(&address);
    for _ in 0..3 {
        record(&exporter);
        exporter.flush().await;
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    *exporter.failed.lock().unwrap() = Instant::now().checked_sub(COLLECTOR_BACKOFF);
    record(&exporter);
    exporter.flush().await;
    assert_eq!(asked.load(Ordering::Relaxed), 2);
    assert!(exporter.spans.take().0.is_empty(), "they are not heaped up");
}

#[tokio::test]
async fn one_that_is_not_there_or_silent_costs_its_patience_once() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("http://{}", listener.local_addr().unwrap());
    for address in [silent.as_str(), "http://127.0.0.1:1"] {
        let exporter = exporter(address);
        record(&exporter);
        exporter.flush().await;
        assert!(exporter.is_left_alone(), "{address}");
    }
}

#[test]
fn settings_that_cannot_be_used_are_told() {
    exporter("http://127.0.0.1:4318").check().unwrap();
    let with = |endpoint: &str, headers: &str| {
        Exporter::new(&TraceSettings {
            endpoint: endpoint.to_owned(),
            headers: headers.to_owned(),
            function: "f".to_owned(),
        })
    };
    for (endpoint, headers) in [
        ("http://a b", ""),
        ("http://a", "x=%0A"),
        ("http://a", "b ad=1"),
    ] {
        assert!(
            with(endpoint, headers).check().is_err(),
            "{endpoint} {headers}"
        );
    }
}
