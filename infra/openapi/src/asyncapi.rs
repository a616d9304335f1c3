//! The description of the WebSocket of the live feed: `AsyncAPI` 3.0.
//!
//! What is sent to clients comes from the Rust types; what clients send is said here, and the tests hold it against
//! the parser.

use serde_json::{Value, json};
use vara::domain::socket::{
    MAX_MESSAGE_BYTES, MAX_MESSAGES_A_MINUTE, MAX_SOCKETS, PING_EVERY_SECONDS, PROTOCOL,
    SocketFrame, TICKET_SECONDS,
};

use crate::schemas::{Schemas, shape};

/// The messages of a client, each with what it is for.
const SENT: [(&str, &str); 4] = [
    (
        "resume",
        "Tell the frames behind a place, and what comes from then on. Without a place, from now on. It is the first \
         message on each connection, and answered with `hello`; while `head` is above `upTo` there is more to resume.",
    ),
    (
        "sub",
        "Tell of these topics only, on this connection. Answered with `ok`.",
    ),
    (
        "ping",
        "Keeps the connection open. Answered with `pong`, whose `head` shows whether something was missed.",
    ),
    (
        "panic",
        "Close the connections of all her open apps with `bye` and the reason `PANIC`. Answered with `ok`.",
    ),
];

/// The document.
#[must_use]
pub fn socket_document() -> Value {
    let mut schemas = Schemas::default();
    let told = schemas.answer(shape::<SocketFrame>());
    let mut schemas = Value::Object(schemas.publish());
    leave_out_ref(&mut schemas);
    for (action, about) in SENT {
        schemas[schema_name(action)] = sent(action, about);
    }
    let mut messages = json!({
        "told": { "title": "What a client is told", "payload": told },
    });
    for (action, about) in SENT {
        let schema = format!("#/components/schemas/{}", schema_name(action));
        messages[action] =
            json!({ "title": action, "summary": about, "payload": { "$ref": schema } });
    }
    let of_channel = |name: &str| json!({ "$ref": format!("#/channels/live/messages/{name}") });
    let in_channel = |name: &str| json!({ "$ref": format!("#/components/messages/{name}") });
    let all = ["told"].into_iter().chain(SENT.map(|it| it.0));
    let channel: serde_json::Map<String, Value> =
        all.map(|it| (it.to_owned(), in_channel(it))).collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Vara, live feed",
            "version": env!("CARGO_PKG_VERSION"),
            "description": about(),
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "defaultContentType": "application/json",
        "channels": {
            "live": { "address": "/", "title": "The live feed of one user", "messages": channel },
        },
        "operations": {
            "tell": {
                "action": "send",
                "channel": { "$ref": "#/channels/live" },
                "messages": [of_channel("told")],
            },
            "ask": {
                "action": "receive",
                "channel": { "$ref": "#/channels/live" },
                "messages": SENT.map(|it| of_channel(it.0)),
            },
        },
        "components": { "messages": messages, "schemas": schemas },
    })
}

fn about() -> String {
    format!(
        "`POST /api/v1/realtime/tickets` gives the address and a ticket, which opens one connection within \
         {TICKET_SECONDS} seconds: the protocols to ask for are `{PROTOCOL}` and `ticket.<ticket>`. A message is one JSON \
         object of at most {MAX_MESSAGE_BYTES} bytes; a client sends at most {MAX_MESSAGES_A_MINUTE} a minute, and `ping` \
         every {PING_EVERY_SECONDS} seconds. A user has at most {MAX_SOCKETS} connections; another one closes the oldest.\n\n\
         A message never says what a thing holds. Frames are those of the poll; a batch covers the numbers from `after` \
         (exclusive) to `upTo`. A client drops what it has seen, and resumes if it has not seen `after`. New fields and \
         types of messages may be added."
    )
}

fn schema_name(action: &str) -> String {
    let (first, rest) = action.split_at(1);
    format!("{}{rest}Message", first.to_uppercase())
}

/// What a client sends for an action.
fn sent(action: &str, about: &str) -> Value {
    let mut schema = json!({
        "type": "object",
        "description": about,
        "required": ["action"],
        "properties": {
            "action": { "const": action },
            "ref": { "type": ["string", "null"], "maxLength": 36, "description": "The answer is named by it." },
        },
    });
    match action {
        "resume" => {
            let epoch = json!({ "type": ["string", "null"], "pattern": "^[0-9a-f]{8}$" });
            let seq = json!({ "type": ["integer", "null"], "minimum": 0 });
            schema["properties"]["epoch"] = epoch;
            schema["properties"]["seq"] = seq;
            // A number is of an epoch.
            schema["if"] =
                json!({ "required": ["seq"], "properties": { "seq": { "type": "integer" } } });
            schema["then"] =
                json!({ "required": ["epoch"], "properties": { "epoch": { "type": "string" } } });
        }
        "sub" => {
            schema["properties"]["topics"] =
                json!({ "type": "array", "items": { "$ref": "#/components/schemas/FeedTopic" } });
            schema["required"] = json!(["action", "topics"]);
        }
        _ => {}
    }
    schema
}

/// An answer is named only if its message was.
fn leave_out_ref(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::Array(required)) = map.get_mut("required") {
                required.retain(|it| it != "ref");
            }
            map.values_mut().for_each(leave_out_ref);
        }
        Value::Array(list) => list.iter_mut().for_each(leave_out_ref),
        _ => {}
    }
}
