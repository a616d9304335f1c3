use serde_json::json;

use super::*;
use crate::feed::{ChangeFrame, GapFrame};

fn parsed(value: &Value) -> Result<SocketMessage, (Option<String>, SocketErrorCode)> {
    SocketMessage::parse(&value.to_string())
}

#[test]
fn each_action_is_read() {
    let epoch = FeedEpoch::parse("0123abcd").unwrap();
    let cases = [
        (json!({ "action": "ping" }), SocketAction::Ping),
        (json!({ "action": "panic" }), SocketAction::Panic),
        (json!({ "action": "resume" }), SocketAction::Resume(None)),
        (
            json!({ "action": "resume", "epoch": null, "seq": null }),
            SocketAction::Resume(None),
        ),
        (
            json!({ "action": "resume", "epoch": "0123abcd", "seq": 7 }),
            SocketAction::Resume(Some(FeedPlace { epoch, seq: 7 })),
        ),
        (
            json!({ "action": "sub", "topics": ["scan", "alert", "scan"] }),
            SocketAction::Sub(vec![FeedTopic::Alert, FeedTopic::Scan]),
        ),
    ];
    for (text, action) in cases {
        let mut named = text.clone();
        named["ref"] = json!("a");
        assert_eq!(parsed(&text).unwrap().action, action, "{text}");
        assert_eq!(parsed(&named).unwrap().reference.as_deref(), Some("a"));
    }
}

#[test]
fn what_is_no_message_is_refused_by_its_name() {
    use SocketErrorCode::{Invalid, TooLarge, UnknownAction};
    let cases = [
        (json!("ping"), Invalid),
        (json!({}), Invalid),
        (json!({ "action": 1 }), Invalid),
        (json!({ "action": "resume", "seq": 1 }), Invalid),
        (
            json!({ "action": "resume", "epoch": "xx", "seq": 1 }),
            Invalid,
        ),
        (
            json!({ "action": "resume", "epoch": "0123abcd", "seq": -1 }),
            Invalid,
        ),
        (json!({ "action": "sub", "topics": ["weather"] }), Invalid),
        (json!({ "action": "ping", "ref": 1 }), Invalid),
        (json!({ "action": "ping", "ref": "x".repeat(37) }), Invalid),
        (json!({ "action": "dance" }), UnknownAction),
        (
            json!({ "action": "ping", "pad": "x".repeat(MAX_MESSAGE_BYTES) }),
            TooLarge,
        ),
    ];
    for (text, code) in cases {
        assert_eq!(parsed(&text), Err((None, code)), "{text}");
    }
    let named = parsed(&json!({ "action": "dance", "ref": "r" }));
    assert_eq!(named, Err((Some("r".to_owned()), UnknownAction)));
    assert_eq!(SocketMessage::parse("{"), Err((None, Invalid)));
}

#[test]
fn topics_that_were_not_subscribed_to_are_left_out_and_gaps_are_not() {
    let change = |seq, topic| {
        FeedFrame::Change(ChangeFrame {
            seq,
            topic,
            id: None,
            v: None,
            at: Timestamp::from_epoch_seconds(1_800_000_000).unwrap(),
        })
    };
    let gap = FeedFrame::Gap(GapFrame { from: 0, head: 2 });
    let batch = FeedBatch {
        epoch: FeedEpoch::none(),
        after: 0,
        up_to: 2,
        frames: vec![
            change(1, FeedTopic::Scan),
            change(2, FeedTopic::Alert),
            gap.clone(),
        ],
    };
    assert_eq!(batch.of_topics(None), batch);
    let alerts = batch.of_topics(Some(&[FeedTopic::Alert]));
    assert_eq!(alerts.frames, [change(2, FeedTopic::Alert), gap.clone()]);
    assert_eq!((alerts.after, alerts.up_to), (0, 2));
    assert_eq!(batch.of_topics(Some(&[])).frames, [gap]);
}
