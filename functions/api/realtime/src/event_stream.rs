//! Frames as an event stream (`text/event-stream`).

use std::fmt::Write;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use vara::domain::feed::{FeedFrame, FeedPlace};
use vara::domain::{Error, Result};
use vara::services::live::feed::FeedNews;

/// After how many milliseconds a browser asks again. The gateway passes answers on when they are whole, so each
/// stream ends with its first news.
const RETRY_MS: u32 = 1000;

/// 200 with the place that is followed and what was told behind it. Each event names its place, and the first
/// line names one without an event, so that a stream without news is gone on with as well.
pub(crate) fn answer(place: &FeedPlace, news: &FeedNews) -> Result<Response> {
    let mut text = format!("retry: {RETRY_MS}\nid: {place}\n\n");
    for frame in &news.frames {
        let (event, seq) = match frame {
            FeedFrame::Change(it) => ("change", it.seq),
            FeedFrame::Gap(it) => ("gap", it.head),
        };
        let json =
            serde_json::to_string(frame).map_err(|err| Error::bug("writing a frame", err))?;
        let epoch = &news.state.epoch;
        write!(text, "id: {epoch}.{seq}\nevent: {event}\ndata: {json}\n\n")
            .map_err(|err| Error::bug("writing an event stream", err))?;
    }
    let kind = HeaderValue::from_static("text/event-stream");
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}
