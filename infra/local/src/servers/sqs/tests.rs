//! Messages must outlive the process that accepted them.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use rustack_sqs_model::{
    input::{
        ChangeMessageVisibilityInput, DeleteMessageInput, ReceiveMessageInput, SendMessageInput,
    },
    types::{Message, MessageSystemAttributeValue},
};
use serde_json::json;

use super::Sqs;
use crate::{state::State, template::Queue};

fn queue(name: &str, attributes: &[(&str, String)]) -> Queue {
    Queue {
        logical: name.to_owned(),
        name: name.to_owned(),
        arn: format!("arn:aws:sqs:us-east-1:000000000000:{name}"),
        url: url(name),
        attributes: attributes
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect::<BTreeMap<_, _>>(),
    }
}

fn url(name: &str) -> String {
    format!("http://127.0.0.1:1/000000000000/{name}")
}

/// A queue that gives a message two attempts, and its dead-letter queue.
async fn open(journal: &Path) -> Arc<Sqs> {
    let policy = json!({
        "deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dead",
        "maxReceiveCount": 2,
    });
    let queues = [
        queue("dead", &[]),
        queue(
            "q",
            &[
                ("RedrivePolicy", policy.to_string()),
                ("VisibilityTimeout", "30".to_owned()),
            ],
        ),
    ];
    Sqs::open(1, &queues, Some(journal)).await.unwrap()
}

async fn send(sqs: &Sqs, body: &str) {
    let input = SendMessageInput {
        queue_url: url("q"),
        message_body: body.to_owned(),
        ..SendMessageInput::default()
    };
    sqs.send(input).await.unwrap();
}

async fn receive(sqs: &Sqs, queue: &str, visibility: i32) -> Vec<Message> {
    let input = ReceiveMessageInput {
        queue_url: url(queue),
        max_number_of_messages: Some(10),
        visibility_timeout: Some(visibility),
        wait_time_seconds: Some(0),
        ..ReceiveMessageInput::default()
    };
    sqs.receive(input).await.unwrap().messages
}

fn bodies(messages: &[Message]) -> Vec<&str> {
    messages
        .iter()
        .filter_map(|message| message.body.as_deref())
        .collect()
}

#[tokio::test]
async fn accepted_messages_come_back_and_deleted_ones_do_not() {
    let state = State::open(None).unwrap();
    let path = state.path("queues.jsonl");
    let first = open(&path).await;
    for body in ["a", "b", "c"] {
        send(&first, body).await;
    }
    let received = receive(&first, "q", 30).await;
    first
        .delete(DeleteMessageInput {
            queue_url: url("q"),
            receipt_handle: received[1].receipt_handle.clone().unwrap(),
        })
        .await
        .unwrap();
    // No close: a kill gives no chance to.
    let second = open(&path).await;
    assert_eq!(bodies(&receive(&second, "q", 30).await), ["a", "c"]);
    let third = open(&path).await;
    assert_eq!(bodies(&receive(&third, "q", 30).await), ["a", "c"]);
}

#[tokio::test]
async fn a_message_that_used_up_its_attempts_comes_back_dead() {
    let state = State::open(None).unwrap();
    let path = state.path("queues.jsonl");
    let first = open(&path).await;
    send(&first, "poison").await;
    assert_eq!(receive(&first, "q", 0).await.len(), 1);
    assert_eq!(receive(&first, "q", 30).await.len(), 1);
    let second = open(&path).await;
    assert!(receive(&second, "q", 30).await.is_empty());
    assert_eq!(bodies(&receive(&second, "dead", 30).await), ["poison"]);
}

#[tokio::test]
async fn a_dead_message_stays_dead() {
    let state = State::open(None).unwrap();
    let path = state.path("queues.jsonl");
    let first = open(&path).await;
    send(&first, "poison").await;
    for _ in 0..2 {
        assert_eq!(receive(&first, "q", 0).await.len(), 1);
    }
    assert!(receive(&first, "q", 0).await.is_empty());
    assert_eq!(receive(&first, "dead", 30).await.len(), 1);
    let second = open(&path).await;
    assert_eq!(bodies(&receive(&second, "dead", 30).await), ["poison"]);
}

#[tokio::test]
async fn a_message_put_off_stays_put_off() {
    let state = State::open(None).unwrap();
    let path = state.path("queues.jsonl");
    let first = open(&path).await;
    send(&first, "later").await;
    let received = receive(&first, "q", 30).await;
    first
        .change_visibility(ChangeMessageVisibilityInput {
            queue_url: url("q"),
            receipt_handle: received[0].receipt_handle.clone().unwrap(),
            visibility_timeout: 600,
        })
        .await
        .unwrap();
    let second = open(&path).await;
    assert!(receive(&second, "q", 30).await.is_empty());
    let counts = second
        .provider
        .get_queue_attributes(rustack_sqs_model::input::GetQueueAttributesInput {
            queue_url: url("q"),
            attribute_names: vec!["All".to_owned()],
        })
        .await
        .unwrap();
    assert_eq!(counts.attributes["ApproximateNumberOfMessagesDelayed"], "1");
}

#[tokio::test]
async fn a_receipt_nobody_gave_is_refused() {
    let state = State::open(None).unwrap();
    let sqs = open(&state.path("queues.jsonl")).await;
    let input = DeleteMessageInput {
        queue_url: url("q"),
        receipt_handle: "garbage".to_owned(),
    };
    assert!(sqs.delete(input).await.is_err());
}

#[tokio::test]
async fn a_message_tells_the_trace_it_is_part_of_to_who_asks() {
    let state = State::open(None).unwrap();
    let sqs = open(&state.path("queues.jsonl")).await;
    let trace = MessageSystemAttributeValue {
        data_type: "String".to_owned(),
        string_value: Some("Root=1-2-3".to_owned()),
        binary_value: None,
    };
    let input = SendMessageInput {
        queue_url: url("q"),
        message_body: "traced".to_owned(),
        message_system_attributes: [("AWSTraceHeader".to_owned(), trace)].into(),
        ..SendMessageInput::default()
    };
    let sent = sqs.send(input).await.unwrap();
    assert_eq!(sent.md5_of_message_attributes, None);
    for (asked, told) in [(vec![], None), (vec!["All".to_owned()], Some("Root=1-2-3"))] {
        let input = ReceiveMessageInput {
            queue_url: url("q"),
            attribute_names: asked,
            message_attribute_names: vec!["All".to_owned()],
            visibility_timeout: Some(0),
            ..ReceiveMessageInput::default()
        };
        let message = sqs.receive(input).await.unwrap().messages.remove(0);
        let trace = message.attributes.get("AWSTraceHeader");
        assert_eq!(trace.map(String::as_str), told);
        assert!(message.message_attributes.is_empty());
    }
    sqs.close().await;
}
