//! The envelope of an event: what is stored in clear, and the whole event as it is read.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::access::Purpose;
use super::actor::Actor;
use super::catalogue::EventType;
use super::stream::StreamName;
use crate::Timestamp;

/// What is stored of an event in clear. All of it is covered by the hash chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventHeader {
    /// Its id, chosen by the writer: the same event is stored once.
    pub event_id: Uuid,
    /// The stream it is in.
    pub stream: StreamName,
    /// Its place there, from 0.
    pub number: u64,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: EventType,
    /// The version of the shape of its data.
    pub type_version: u32,
    /// When it was stored. For people: the order is the number's.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What for, where it is about an access.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub purpose: Option<Purpose>,
    /// The request or the work it belongs to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub correlation_id: Option<String>,
    /// The event that led to it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub causation_id: Option<Uuid>,
    /// The salted hash of its payload (`payload_sha256`).
    pub payload_sha256: String,
    /// The link of the event before it.
    pub prev: String,
}

/// What is sealed of an event.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EventPayload {
    /// What it says.
    pub data: Map<String, Value>,
    /// What a writer notes beside it.
    #[serde(default)]
    pub meta: Map<String, Value>,
}

/// An event as it is read.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Its id.
    pub id: Uuid,
    /// The stream it is in.
    pub stream: StreamName,
    /// Its place there, from 0.
    pub number: u64,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: EventType,
    /// The version of the shape of its data.
    pub type_version: u32,
    /// When it was stored.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What for, where it is about an access.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// The request or the work it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// The event that led to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<Uuid>,
    /// What it says.
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, Value>))]
    pub data: Map<String, Value>,
    /// What a writer noted beside it.
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, Value>))]
    pub meta: Map<String, Value>,
    /// The link of the event before it.
    pub prev: String,
    /// Its own link in the hash chain.
    pub link: String,
}

impl Event {
    /// The event of this envelope with this payload.
    #[must_use]
    pub fn of(header: EventHeader, payload: EventPayload, link: String) -> Self {
        Self {
            id: header.event_id,
            stream: header.stream,
            number: header.number,
            kind: header.kind,
            type_version: header.type_version,
            at: header.at,
            actor: header.actor,
            purpose: header.purpose,
            correlation_id: header.correlation_id,
            causation_id: header.causation_id,
            data: payload.data,
            meta: payload.meta,
            prev: header.prev,
            link,
        }
    }
}
