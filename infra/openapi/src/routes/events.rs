//! `/api/v1/events`.

use api_events::{AccessPageView, AppendRequest, EventPageView};
use serde_json::{Value, json};
use vara::domain::event::{ActorKind, Event, EventSpec};
use vara::services::record::event_log::{AppendedEvents, StreamView};
use vara::store::Verified;

use crate::operation::Operation;
use crate::schemas::reference;

const STREAMS: &str = "/api/v1/events/streams";
const STREAM: &str = "/api/v1/events/streams/{stream}";
const EVENT: &str = "/api/v1/events/streams/{stream}/{number}";

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::new("get", STREAMS, "listStreams", "List event streams")
            .data_list::<StreamView>("All streams that have events, by name."),
        append(),
        read(),
        in_stream(Operation::new("get", EVENT, "getEvent", "Get an event"))
            .about("With `Accept: application/cloudevents+json` the answer is a CloudEvent.")
            .part("number", "The number of the event.", number(0))
            .data::<Event>(200, "The event.")
            .bytes("application/cloudevents+json", "The event.")
            .refuses(404, &["STREAM_NOT_FOUND", "EVENT_NOT_FOUND", "ACCOUNT_NOT_FOUND"]),
        in_stream(Operation::new("delete", STREAM, "deleteNote", "Delete a note"))
            .about("Removes all events of a note. Its numbers go on if it is written to again.")
            .data::<vara::http::Deleted>(200, "The note is deleted.")
            .refuses(403, &["STREAM_IS_READ_ONLY"])
            .refuses(404, &["STREAM_NOT_FOUND"]),
        access(),
        Operation::new("get", "/api/v1/events/verify", "verifyEvents", "Verify the hash chains")
            .about("Computes the link of every event again and compares it with what is stored.")
            .data::<Verified>(200, "Whether all holds, or the first place where it does not."),
        Operation::new("get", "/api/v1/events/types", "listEventTypes", "List event types")
            .data_list::<EventSpec>("The types of events that this version writes."),
        Operation::new("get", "/api/v1/events/export", "exportEvents", "Export all events")
            .about(
                "JSON lines: `{\"stream\":…}` before the events of a stream, then `{\"event\":…}` for each of them \
                 with its links. The last line is `{\"next\":…}`, to be sent as `after`, or `{\"end\":true}`. \
                 Recorded in the access log before it is answered.",
            )
            .query("after", "Where the page before ended.", json!({ "type": "string" }))
            .recent()
            .text("application/x-ndjson", "Events, oldest first in each stream.")
            .refuses(404, &["STREAM_NOT_FOUND", "ACCOUNT_NOT_FOUND"]),
    ]
}

fn append() -> Operation {
    in_stream(Operation::new("post", STREAM, "appendEvents", "Append events to a note"))
        .about(
            "Appends 1 to 20 events to a stream `note-<uuid>`, all or none. The list of events alone is taken as well. \
             Sent again with the same ids, it is answered as before and stores nothing. `Expected-Version` (also \
             `Kurrent-ExpectedVersion`, `ES-ExpectedVersion`) takes `any`, `none`, `exists`, -2, -1, -4 or a number, \
             and goes before `expectedVersion`. For the content type `application/vnd.eventstore.events+json`, a \
             wrong version is answered with 400. `Kurrent-CurrentVersion` tells the current one.",
        )
        .takes::<AppendRequest>()
        .or(|it| {
            let list = json!({
                "type": "array", "items": reference("NewEvent"), "minItems": 1, "maxItems": 20,
            });
            json!({ "anyOf": [it, list] })
        })
        .data::<AppendedEvents>(201, "Where the events are stored.")
        .refuses(400, &["WRONG_EXPECTED_VERSION"])
        .refuses(403, &["STREAM_IS_READ_ONLY"])
        .refuses(404, &["STREAM_NOT_FOUND", "ACCOUNT_NOT_FOUND"])
        .refuses(
            409,
            &["WRONG_EXPECTED_VERSION", "EVENT_ID_REUSED", "STREAM_IS_FULL", "TOO_MANY_NOTES"],
        )
        .refuses(413, &["EVENT_TOO_LARGE"])
        .refuses(429, &["TOO_MANY_EVENTS"])
}

fn read() -> Operation {
    let wait = json!({ "type": "integer", "minimum": 0, "maximum": 20 });
    let order = json!({ "type": "string", "enum": ["forward", "backward"], "default": "forward" });
    in_stream(Operation::new("get", STREAM, "readStream", "Read a stream"))
        .about(
            "A page that does not reach the end of the stream never changes. With `wait` the call is answered as soon \
             as there is an event from `from` on, or with 304. With `Accept: application/cloudevents-batch+json` the \
             answer is a list of CloudEvents.",
        )
        .query("from", "The number of the first event.", number(0))
        .query("direction", "The order of reading.", order)
        .query("limit", "Events in a page.", limit())
        .query("wait", "How many seconds to wait for new events.", wait)
        .plain::<EventPageView>(200, "A page of events.")
        .bytes("application/cloudevents-batch+json", "A page of events.")
        .refuses(404, &["STREAM_NOT_FOUND", "ACCOUNT_NOT_FOUND"])
}

fn access() -> Operation {
    let actor = json!({ "type": "string", "enum": ActorKind::ALL.map(ActorKind::as_str) });
    let moment = || json!({ "type": "string", "format": "date-time" });
    let kind = json!({ "type": "string", "examples": ["shared"] });
    Operation::new("get", "/api/v1/events/access", "listAccess", "List who saw what")
        .about(
            "The access log: who looked at something of hers and which company was given something, newest first. \
             Looking at it is recorded too, once for a session and hour, before it is answered.",
        )
        .query("kind", "Only this type, with or without `access.` before it.", kind)
        .query("actor", "Only by actors of this kind.", actor)
        .query("from", "Not before this moment.", moment())
        .query("to", "Before this moment.", moment())
        .query("before", "From this number back, as the page before named it.", number(0))
        .query("limit", "Entries in a page.", limit())
        .recent()
        .plain::<AccessPageView>(200, "A page of the access log.")
        .refuses(404, &["ACCOUNT_NOT_FOUND"])
}

fn in_stream(it: Operation) -> Operation {
    let name = json!({ "type": "string", "minLength": 1, "examples": ["access"] });
    it.part("stream", "The name of the stream.", name)
}

fn number(least: u64) -> Value {
    json!({ "type": "integer", "minimum": least, "maximum": 999_999_999_999_u64 })
}

fn limit() -> Value {
    json!({ "type": "integer", "minimum": 1, "maximum": 200, "default": 20 })
}
