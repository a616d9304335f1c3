//! Each rule of AWS's event source mappings, against the real queue server, with
//! closures for functions and a clock that does not wait.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use rustack_sqs_model::{
    input::{GetQueueAttributesInput, SendMessageInput},
    types::MessageAttributeValue,
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::Poller;
use crate::{
    lambda::{InvocationOutcome, Invoke},
    servers::sqs::Sqs,
    shutdown::{ShutdownSwitch, switch},
    template::{Queue, QueueSource},
};

const VISIBILITY: Duration = Duration::from_secs(30);
const MOMENT: Duration = Duration::from_secs(2);

fn queue(name: &str) -> Queue {
    let mut attributes = BTreeMap::from([("VisibilityTimeout".to_owned(), "30".to_owned())]);
    if name == "q" {
        let policy = json!({
            "deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dead",
            "maxReceiveCount": 3,
        });
        attributes.insert("RedrivePolicy".to_owned(), policy.to_string());
    }
    Queue {
        logical: name.to_owned(),
        name: name.to_owned(),
        arn: format!("arn:aws:sqs:us-east-1:000000000000:{name}"),
        url: format!("http://127.0.0.1:1/000000000000/{name}"),
        attributes,
    }
}

fn source() -> QueueSource {
    QueueSource {
        queue_arn: queue("q").arn,
        batch_size: 10,
        window: Duration::ZERO,
        reports_failures: true,
        maximum_concurrency: 2,
    }
}

/// A queue, a function that answers as told, and what it was given.
struct Scene {
    sqs: Arc<Sqs>,
    events: Arc<Mutex<Vec<(Instant, Value)>>>,
    _switch: ShutdownSwitch,
}

impl Scene {
    async fn new(
        bodies: &[&str],
        source: QueueSource,
        answer: fn(&Value) -> InvocationOutcome,
    ) -> Self {
        let sqs = Sqs::open(1, &[queue("dead"), queue("q")], None)
            .await
            .unwrap();
        let events = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&events);
        let invoke: Invoke = Arc::new(move |payload: Bytes| {
            let event: Value = serde_json::from_slice(&payload).unwrap();
            let outcome = answer(&event);
            seen.lock().unwrap().push((Instant::now(), event));
            Box::pin(async move { outcome })
        });
        Self::with(sqs, bodies, source, invoke, events).await
    }

    async fn with(
        sqs: Arc<Sqs>,
        bodies: &[&str],
        source: QueueSource,
        invoke: Invoke,
        events: Arc<Mutex<Vec<(Instant, Value)>>>,
    ) -> Self {
        for body in bodies {
            send(&sqs, body).await;
        }
        let (switch, shutdown) = switch();
        let poller = Poller {
            sqs: Arc::clone(&sqs),
            queue: queue("q"),
            source,
            invoke,
        };
        tokio::spawn(poller.run(shutdown));
        Self {
            sqs,
            events,
            _switch: switch,
        }
    }

    /// The bodies of every batch so far.
    fn batches(&self) -> Vec<Vec<String>> {
        let events = self.events.lock().unwrap();
        events.iter().map(|(_, event)| bodies(event)).collect()
    }

    /// Visible, in flight, and dead messages.
    async fn counts(&self) -> (String, String, String) {
        let count = async |name: &str, attribute: &str| {
            let input = GetQueueAttributesInput {
                queue_url: queue(name).url,
                attribute_names: vec!["All".to_owned()],
            };
            let output = self.sqs.provider.get_queue_attributes(input).await.unwrap();
            output.attributes[attribute].clone()
        };
        (
            count("q", "ApproximateNumberOfMessages").await,
            count("q", "ApproximateNumberOfMessagesNotVisible").await,
            count("dead", "ApproximateNumberOfMessages").await,
        )
    }

    async fn assert_counts(&self, visible: &str, in_flight: &str, dead: &str) {
        let (a, b, c) = self.counts().await;
        assert_eq!(
            (a.as_str(), b.as_str(), c.as_str()),
            (visible, in_flight, dead)
        );
    }
}

async fn send(sqs: &Sqs, body: &str) {
    let attribute = MessageAttributeValue {
        data_type: "String".to_owned(),
        string_value: Some("v".to_owned()),
        binary_value: None,
    };
    let input = SendMessageInput {
        queue_url: queue("q").url,
        message_body: body.to_owned(),
        message_attributes: [("k".to_owned(), attribute)].into(),
        ..SendMessageInput::default()
    };
    sqs.send(input).await.unwrap();
}

fn bodies(event: &Value) -> Vec<String> {
    let records = event["Records"].as_array().unwrap();
    records
        .iter()
        .map(|record| record["body"].as_str().unwrap().to_owned())
        .collect()
}

fn answer(value: &Value) -> InvocationOutcome {
    InvocationOutcome::Answer(Bytes::from(value.to_string()))
}

fn well(_: &Value) -> InvocationOutcome {
    answer(&json!({"batchItemFailures": []}))
}

fn crash(_: &Value) -> InvocationOutcome {
    InvocationOutcome::Died("gone".to_owned())
}

/// Fails every message whose body is `bad`, by name.
fn bad_ones(event: &Value) -> InvocationOutcome {
    let failed: Vec<Value> = event["Records"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|record| record["body"] == "bad")
        .map(|record| json!({"itemIdentifier": record["messageId"]}))
        .collect();
    answer(&json!({"batchItemFailures": failed}))
}

#[tokio::test(start_paused = true)]
async fn a_batch_holds_at_most_its_size() {
    let source = QueueSource {
        batch_size: 3,
        ..source()
    };
    let scene = Scene::new(&["a", "b", "c", "d", "e"], source, well).await;
    sleep(MOMENT).await;
    let sizes: Vec<_> = scene.batches().iter().map(Vec::len).collect();
    assert_eq!(sizes, [3, 2]);
    scene.assert_counts("0", "0", "0").await;
}

#[tokio::test(start_paused = true)]
async fn a_window_gathers_what_comes_within_it() {
    let window = Duration::from_secs(10);
    let source = QueueSource {
        window,
        batch_size: 100,
        ..source()
    };
    let scene = Scene::new(&["a"], source, well).await;
    let start = Instant::now();
    sleep(Duration::from_secs(4)).await;
    send(&scene.sqs, "b").await;
    sleep(Duration::from_secs(4)).await;
    send(&scene.sqs, "c").await;
    sleep(Duration::from_secs(4)).await;
    assert_eq!(scene.batches(), [["a", "b", "c"]]);
    let waited = scene.events.lock().unwrap()[0].0 - start;
    assert!(waited >= window && waited < window + MOMENT, "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_full_batch_does_not_wait_for_the_window() {
    let window = Duration::from_secs(300);
    let source = QueueSource {
        window,
        batch_size: 2,
        ..source()
    };
    let scene = Scene::new(&["a", "b"], source, well).await;
    sleep(MOMENT).await;
    assert_eq!(scene.batches(), [["a", "b"]]);
}

#[tokio::test(start_paused = true)]
async fn only_the_named_failures_come_back_and_not_before_their_visibility() {
    let scene = Scene::new(&["good", "bad", "fine"], source(), bad_ones).await;
    sleep(MOMENT).await;
    assert_eq!(scene.batches(), [["good", "bad", "fine"]]);
    scene.assert_counts("0", "1", "0").await;
    sleep(VISIBILITY - 2 * MOMENT).await;
    assert_eq!(scene.batches().len(), 1, "too early");
    sleep(2 * MOMENT).await;
    assert_eq!(scene.batches()[1..], [["bad"]]);
}

#[tokio::test(start_paused = true)]
async fn a_failed_function_leaves_the_whole_batch() {
    let outcomes: [fn(&Value) -> InvocationOutcome; 6] = [
        crash,
        |_| InvocationOutcome::TimedOut,
        |_| InvocationOutcome::FunctionError(Bytes::from_static(b"{}")),
        |_| InvocationOutcome::NotStarted("broken".to_owned()),
        |_| answer(&json!({"batchItemFailures": [{"itemIdentifier": "stranger"}]})),
        |_| InvocationOutcome::Answer(Bytes::from_static(b"nonsense")),
    ];
    for outcome in outcomes {
        let scene = Scene::new(&["a", "b"], source(), outcome).await;
        sleep(MOMENT).await;
        assert_eq!(scene.batches(), [["a", "b"]]);
        scene.assert_counts("0", "2", "0").await;
        sleep(VISIBILITY).await;
        assert_eq!(scene.batches().len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn without_reports_any_answer_handles_the_batch() {
    let source = QueueSource {
        reports_failures: false,
        ..source()
    };
    let scene = Scene::new(&["a", "bad"], source, bad_ones).await;
    sleep(MOMENT).await;
    scene.assert_counts("0", "0", "0").await;
}

#[tokio::test(start_paused = true)]
async fn receive_counts_start_at_one_and_end_in_the_dead_letter_queue() {
    let scene = Scene::new(&["poison"], source(), crash).await;
    sleep(5 * (VISIBILITY + MOMENT)).await;
    let counts: Vec<_> = scene
        .events
        .lock()
        .unwrap()
        .iter()
        .map(|(_, event)| event["Records"][0]["attributes"]["ApproximateReceiveCount"].clone())
        .collect();
    assert_eq!(counts, ["1", "2", "3"]);
    scene.assert_counts("0", "0", "1").await;
}

#[tokio::test(start_paused = true)]
async fn a_record_has_the_fields_of_aws() {
    let scene = Scene::new(&["hello"], source(), well).await;
    sleep(MOMENT).await;
    let event = scene.events.lock().unwrap()[0].1.clone();
    let record = &event["Records"][0];
    assert_eq!(record["eventSource"], "aws:sqs");
    assert_eq!(record["eventSourceARN"], queue("q").arn);
    assert_eq!(record["awsRegion"], "us-east-1");
    assert_eq!(record["md5OfBody"], "5d41402abc4b2a76b9719d911017c592");
    assert_eq!(
        record["messageAttributes"]["k"],
        json!({"stringValue": "v", "stringListValues": [], "binaryListValues": [], "dataType": "String"})
    );
    for text in ["messageId", "receiptHandle", "body"] {
        assert!(record[text].is_string(), "{text}");
    }
    for text in [
        "ApproximateFirstReceiveTimestamp",
        "ApproximateReceiveCount",
        "SenderId",
        "SentTimestamp",
    ] {
        assert!(record["attributes"][text].is_string(), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_maximum_concurrency_is_reached_and_holds() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (running, peak) = (Arc::clone(&now), Arc::clone(&most));
    let invoke: Invoke = Arc::new(move |_| {
        let (running, peak) = (Arc::clone(&running), Arc::clone(&peak));
        Box::pin(async move {
            let count = running.fetch_add(1, Ordering::SeqCst) + 1;
            peak.fetch_max(count, Ordering::SeqCst);
            sleep(Duration::from_secs(5)).await;
            running.fetch_sub(1, Ordering::SeqCst);
            answer(&json!({}))
        })
    });
    let sqs = Sqs::open(1, &[queue("dead"), queue("q")], None)
        .await
        .unwrap();
    let source = QueueSource {
        batch_size: 1,
        ..source()
    };
    let bodies = ["a", "b", "c", "d", "e", "f"];
    let scene = Scene::with(sqs, &bodies, source, invoke, Arc::default()).await;
    sleep(MOMENT).await;
    // What cannot be worked on yet is not taken from the queue.
    scene.assert_counts("4", "2", "0").await;
    sleep(Duration::from_secs(20)).await;
    assert_eq!(most.load(Ordering::SeqCst), 2);
    scene.assert_counts("0", "0", "0").await;
}
