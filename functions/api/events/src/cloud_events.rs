//! Events as `CloudEvents` 1.0, for clients that ask for them.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;
use vara::domain::event::Event;
use vara::domain::{Error, Timestamp, UserId};
use vara::http::Result;

/// The media type of several of them.
const BATCH: &str = "application/cloudevents-batch+json";

/// The media type of one.
const ONE: &str = "application/cloudevents+json";

/// An event as `CloudEvents` 1.0 has it.
#[derive(Debug, Serialize)]
pub(crate) struct CloudEvent {
    specversion: &'static str,
    id: Uuid,
    /// Her stream.
    source: String,
    /// The type with its version.
    #[serde(rename = "type")]
    kind: String,
    /// The name of the stream.
    subject: String,
    time: Timestamp,
    datacontenttype: &'static str,
    /// The number in the stream, in twenty digits.
    sequence: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlationid: Option<String>,
    data: Map<String, Value>,
}

impl CloudEvent {
    fn of(user: UserId, event: Event) -> Self {
        Self {
            specversion: "1.0",
            id: event.id,
            source: format!("/users/{user}/streams/{}", event.stream),
            kind: format!("vara.{}.v{}", event.kind, event.type_version),
            subject: event.stream.to_string(),
            time: event.at,
            datacontenttype: "application/json",
            sequence: format!("{:020}", event.number),
            correlationid: event.correlation_id,
            data: event.data,
        }
    }
}

/// Whether the caller asks for `CloudEvents`.
pub(crate) fn are_asked_for(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter();
    let mut accepted = accepted.filter_map(|it| it.to_str().ok());
    accepted.any(|it| it.contains(BATCH) || it.contains(ONE))
}

/// 200 with these events.
pub(crate) fn batch(user: UserId, events: Vec<Event>) -> Result<Response> {
    let events = events.into_iter().map(|it| CloudEvent::of(user, it));
    written(BATCH, &events.collect::<Vec<_>>())
}

/// 200 with this event.
pub(crate) fn one(user: UserId, event: Event) -> Result<Response> {
    written(ONE, &CloudEvent::of(user, event))
}

fn written(kind: &'static str, it: &impl Serialize) -> Result<Response> {
    let body = serde_json::to_vec(it).map_err(|err| Error::bug("writing CloudEvents", err))?;
    let kind = HeaderValue::from_static(kind);
    Ok(([(header::CONTENT_TYPE, kind)], body).into_response())
}
