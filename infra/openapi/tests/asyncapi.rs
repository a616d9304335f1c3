//! Holds the description of the WebSocket to the types and the parser.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails where it stands"
)]

use std::fs;
use std::path::Path;

use jsonschema::Validator;
use serde_json::{Value, json};
use vara::domain::feed::{ChangeFrame, FeedEpoch, FeedFrame, FeedTopic, GapFrame};
use vara::domain::socket::{
    ByeReason, ErrorFrame, FeedBatch, HelloFrame, OkFrame, PongFrame, ProgressFrame,
    SocketErrorCode, SocketFrame, SocketMessage,
};
use vara::domain::{SessionId, Timestamp};

#[test]
fn what_is_committed_is_what_the_sources_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("asyncapi.json");
    let document = vara_openapi::socket_document();
    assert!(
        fs::read_to_string(path).unwrap() == vara_openapi::text(&document),
        "asyncapi.json is not what the sources say: cargo run -p vara-openapi"
    );
}

/// What checks a value against the schema of this name.
fn validator(name: &str) -> Validator {
    let document = vara_openapi::socket_document();
    assert!(!document["components"]["schemas"][name].is_null(), "{name}");
    let schema = json!({
        "$ref": format!("#/components/schemas/{name}"),
        "components": document["components"],
    });
    jsonschema::validator_for(&schema).unwrap()
}

fn frames() -> Vec<SocketFrame> {
    let at = Timestamp::from_epoch_seconds(1_800_000_000).unwrap();
    let change = |id, v| {
        FeedFrame::Change(ChangeFrame {
            seq: 5,
            topic: FeedTopic::Document,
            id,
            v,
            at,
        })
    };
    let batch = FeedBatch {
        epoch: FeedEpoch::random(),
        after: 4,
        up_to: 6,
        frames: vec![
            change(None, None),
            change(Some(SessionId::random().into()), Some(3)),
            FeedFrame::Gap(GapFrame { from: 4, head: 6 }),
        ],
    };
    let hello = |reference, session| HelloFrame {
        reference,
        session,
        reconnect_by: at,
        ping_every: 240,
        head: 6,
        batch: batch.clone(),
    };
    let named = || Some("r".to_owned());
    vec![
        SocketFrame::Hello(hello(named(), Some(SessionId::random()))),
        SocketFrame::Hello(hello(None, None)),
        SocketFrame::Feed(batch.clone()),
        SocketFrame::Progress(ProgressFrame {
            topic: FeedTopic::Scan,
            id: SessionId::random().into(),
            done: 40,
            of: 100,
        }),
        ByeReason::SignedOut.into(),
        ByeReason::Slow.into(),
        SocketFrame::Pong(PongFrame {
            reference: named(),
            epoch: batch.epoch.clone(),
            head: 6,
        }),
        SocketFrame::Ok(OkFrame { reference: None }),
        SocketFrame::Error(ErrorFrame {
            reference: named(),
            code: SocketErrorCode::UnknownAction,
        }),
    ]
}

#[test]
fn every_message_to_a_client_is_described() {
    let described = validator("SocketFrame");
    for frame in frames() {
        let mut value = json!(frame);
        let errors: Vec<String> = described
            .iter_errors(&value)
            .map(|it| it.to_string())
            .collect();
        assert!(errors.is_empty(), "{value}: {errors:?}");
        value["type"] = json!("weather");
        assert!(!described.is_valid(&value), "{value}");
    }
}

#[test]
fn what_clients_send_is_described_as_it_is_read() {
    let names = ["ResumeMessage", "SubMessage", "PingMessage", "PanicMessage"];
    let described = names.map(validator);
    let is_described = |it: &Value| described.iter().any(|schema| schema.is_valid(it));
    let cases = [
        json!({ "action": "ping" }),
        json!({ "action": "ping", "ref": "r" }),
        json!({ "action": "ping", "ref": "x".repeat(37) }),
        json!({ "action": "panic" }),
        json!({ "action": "dance" }),
        json!({ "action": "sub", "topics": ["scan"] }),
        json!({ "action": "sub", "topics": [] }),
        json!({ "action": "sub", "topics": ["weather"] }),
        json!({ "action": "sub" }),
        json!({ "action": "resume" }),
        json!({ "action": "resume", "epoch": null, "seq": null }),
        json!({ "action": "resume", "epoch": "0123abcd", "seq": 7 }),
        json!({ "action": "resume", "epoch": "0123ABCD", "seq": 7 }),
        json!({ "action": "resume", "epoch": "0123abcd", "seq": -1 }),
        json!({ "action": "resume", "seq": 7 }),
        json!({ "ref": "r" }),
        json!([]),
    ];
    let read = cases.map(|it| {
        let is_read = SocketMessage::parse(&it.to_string()).is_ok();
        assert_eq!(is_read, is_described(&it), "{it}");
        is_read
    });
    assert_eq!(read.iter().filter(|it| **it).count(), 8);
}
