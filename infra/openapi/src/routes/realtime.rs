//! `/api/v1/realtime`.

use api_realtime::{FeedPageView, SocketTicketView};
use serde_json::{Value, json};

use crate::operation::Operation;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::new("get", "/api/v1/realtime/poll", "pollFeed", "Poll the live feed")
            .about(
                "Frames behind the frame `seq` of `epoch`, in order. Without a place the answer comes at once and names \
                 the present one in `meta`; read the lists after that, and follow from there. With `wait` the call is \
                 answered as soon as something changes. `meta.gap` says that frames were missed (they are kept for 24 \
                 hours): read the lists again and follow from `meta.head`. Only state changes are told: an alert, \
                 finding, picture or scan is new, changed or gone, or the plan or the preferences changed. How far a scan has come \
                 is not.",
            )
            .query("epoch", "The epoch of the place, as `meta` named it. Sent together with `seq`.", epoch())
            .query("seq", "The number of the last frame that was seen.", seq())
            .query("wait", "How many seconds to wait for news.", wait(20, 0))
            .plain::<FeedPageView>(200, "Frames, and where the feed stands."),
        Operation::new("get", "/api/v1/realtime/events", "streamFeed", "Stream the live feed")
            .about(
                "The frames of `pollFeed` as server-sent events, named `change` and `gap`. Ids are `<epoch>.<seq>`; \
                 `Last-Event-ID` goes on behind one. The stream ends with the first news, after `wait` seconds at the \
                 latest, and is asked for again after a second. The token is sent as `Authorization`, which the \
                 `EventSource` of browsers cannot do: read the stream with `fetch`.",
            )
            .query("wait", "How many seconds to wait for news.", wait(25, 25))
            .text("text/event-stream", "Events."),
        Operation::new("post", "/api/v1/realtime/tickets", "issueSocketTicket", "Issue a ticket for a WebSocket")
            .about(
                "A ticket opens one WebSocket at `url`, within 30 seconds, for the page of the same `Origin` and as long as \
                 the sign-in lasts. It is sent as a protocol: `new WebSocket(url, [protocol, 'ticket.' + ticket])`; clients \
                 that cannot name protocols send it as `?ticket=`. What is said then is described in AsyncAPI \
                 (`infra/openapi/asyncapi.json`). At most 30 tickets a minute.",
            )
            .not_repeatable()
            .data::<SocketTicketView>(201, "The ticket."),
    ]
}

fn epoch() -> Value {
    json!({ "type": "string", "pattern": "^[0-9a-f]{8}$" })
}

fn seq() -> Value {
    json!({ "type": "integer", "minimum": 0, "maximum": 999_999_999_999_u64 })
}

fn wait(most: u64, default: u64) -> Value {
    json!({ "type": "integer", "minimum": 0, "maximum": most, "default": default })
}
