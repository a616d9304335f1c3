//! Places and waiting times of calls to `/api/v1/realtime`.

use std::time::Duration;

use axum::http::HeaderMap;
use vara::domain::feed::{FeedEpoch, FeedPlace};
use vara::domain::{Error, Result};
use vara::http::Params;

/// The header that an event stream is gone on with by.
const LAST_EVENT_ID: &str = "last-event-id";

/// The place that `epoch` and `seq` name; nothing if neither is sent.
pub(crate) fn place(params: &Params) -> Result<Option<FeedPlace>> {
    let (epoch, seq) = match (params.get("epoch"), params.get("seq")) {
        (None, None) => return Ok(None),
        (Some(epoch), Some(seq)) => (epoch, seq),
        (given, _) => {
            let missing = if given.is_none() { "epoch" } else { "seq" };
            let message = "epoch and seq are sent together, or neither of them";
            return Err(Error::invalid_at(missing, message));
        }
    };
    let epoch = FeedEpoch::parse(epoch)
        .ok_or_else(|| Error::invalid_at("epoch", "epoch is 8 hexadecimal digits"))?;
    let seq = seq.parse().ok().filter(|it| *it <= MAX_SEQ);
    let seq = seq.ok_or_else(|| Error::invalid_at("seq", "seq is the number of a frame, or 0"))?;
    Ok(Some(FeedPlace { epoch, seq }))
}

/// The largest number of a frame.
const MAX_SEQ: u64 = 999_999_999_999;

/// The place that the header of an event stream names.
pub(crate) fn last_event(headers: &HeaderMap) -> Result<Option<FeedPlace>> {
    let Some(id) = headers.get(LAST_EVENT_ID).filter(|it| !it.is_empty()) else {
        return Ok(None);
    };
    FeedPlace::parse(id.to_str().unwrap_or_default()).map(Some)
}

/// How long the call may wait.
pub(crate) fn wait(params: &Params, default: u64, most: u64) -> Result<Duration> {
    let Some(text) = params.get("wait") else {
        return Ok(Duration::from_secs(default));
    };
    let seconds = text.parse().ok().filter(|it| *it <= most);
    let refused = || {
        Error::invalid_at(
            "wait",
            format!("wait must be a whole number from 0 to {most}"),
        )
    };
    seconds.map(Duration::from_secs).ok_or_else(refused)
}
