//! What is asked of an append, and how its refusal tells the current version.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use vara::domain::event::ExpectedVersion;
use vara::domain::{Error, Result};
use vara::http::{ApiError, shape};
use vara::services::record::notes::NewEvent;

/// The headers that an expected version is read from; the later ones are those of event store clients.
const EXPECTED_VERSION: [&str; 3] = [
    "expected-version",
    "kurrent-expectedversion",
    "es-expectedversion",
];

/// The header that tells the current version.
const CURRENT_VERSION: HeaderName = HeaderName::from_static("kurrent-currentversion");

/// The media type of event store clients, which take 400 for a wrong version.
const EVENT_STORE: &str = "application/vnd.eventstore.events+json";

/// Events to append, and the version the stream is expected at. The list of events alone is taken as well.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AppendRequest {
    pub(crate) events: Vec<NewEvent>,
    /// `any`, `none`, `exists`, or the number of the stream's last event. A header named `Expected-Version` goes
    /// before it.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Value>))]
    expected_version: Option<Value>,
}

impl AppendRequest {
    /// From a body: an object, or the list of the events alone.
    pub(crate) fn read(body: Value) -> Result<Self> {
        match body.is_array() {
            true => shape(json!({ "events": body })),
            false => shape(body),
        }
    }

    /// The expected version; `any` where none is named.
    pub(crate) fn expected(&self, headers: &HeaderMap) -> Result<ExpectedVersion> {
        let named = EXPECTED_VERSION.iter().find_map(|it| headers.get(*it));
        let text = match (named, &self.expected_version) {
            (Some(header), _) => header.to_str().unwrap_or_default().trim().to_owned(),
            (None, None | Some(Value::Null)) => return Ok(ExpectedVersion::Any),
            (None, Some(Value::String(text))) => text.clone(),
            (None, Some(other)) => other.to_string(),
        };
        ExpectedVersion::parse(&text).ok_or_else(|| {
            let message = "The expected version is any, none, exists, or the number of an event.";
            Error::invalid_at("expectedVersion", message)
        })
    }
}

/// The answer to an append that failed.
pub(crate) fn refusal(headers: &HeaderMap, err: Error) -> Response {
    let current = err.details.as_ref().and_then(|it| it["current"].as_i64());
    let current = current.filter(|_| err.code == "WRONG_EXPECTED_VERSION");
    let mut reply = ApiError(err).into_response();
    if let Some(current) = current {
        let headers_of_reply = reply.headers_mut();
        headers_of_reply.insert(CURRENT_VERSION, HeaderValue::from(current));
        if is_event_store(headers) {
            *reply.status_mut() = StatusCode::BAD_REQUEST;
        }
    }
    reply
}

fn is_event_store(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.and_then(|it| it.to_str().ok())
        .is_some_and(|it| it.starts_with(EVENT_STORE))
}
