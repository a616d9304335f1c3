//! What a worker's log lines say of where the work came from.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::*;
use crate::domain::{ScanOrigin, ScanType};
use crate::testing::{World, delivered};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn lines(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines()
            .map(|it| serde_json::from_str(it).unwrap())
            .collect()
    }
}

#[tokio::test]
async fn an_engines_call_is_found_by_the_id_of_the_request() {
    let world = World::new().await;
    world.picture(1).await;
    let scan = world
        .begun(ScanType::ImageScan, ScanOrigin::User, None)
        .await;
    // With a listener for all, a line that another test says at this moment is not taken for one that
    // nobody listens to. It fails if there is one already, which serves as well.
    let everywhere = tracing_subscriber::fmt().with_writer(io::sink).finish();
    let _ = tracing::subscriber::set_global_default(everywhere);
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_writer(move || writer.clone())
        .finish();
    let _listening = tracing::subscriber::set_default(subscriber);
    // Lines that were said before count as ones that nobody listens to.
    tracing::callsite::rebuild_interest_cache();
    let message =
        json!({ "scanJobId": scan.id, "userId": world.user, "correlationId": "request-1" });
    let correlation = Correlation {
        id: "message-1".into(),
        trace: Some("Root=1-2-3;Sampled=1".into()),
    };
    let delivered = delivered(message.to_string(), 1);
    let scanner = world.scanner();
    correlation
        .follow(tracing::Span::none(), scanner.take(&delivered))
        .await
        .unwrap();

    let lines = log.lines();
    for what in ["an engine was asked", "scan ended"] {
        let line = lines.iter().find(|it| it["message"] == what);
        let span = &line.unwrap_or_else(|| panic!("no {what} in {lines:#?}"))["span"];
        assert_eq!(
            (&span["correlation"], &span["trace"], &span["scan.id"]),
            (&json!("request-1"), &json!("1-2-3"), &json!(scan.id)),
            "{what}"
        );
    }
}
