//! Events of connections as API Gateway writes them, and the function's answers.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use hyper::body::Incoming;
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{gateway::event, lambda::InvocationOutcome};

/// What all events of a connection say of it.
#[derive(Debug, Clone)]
pub(super) struct ConnectionInfo {
    pub(super) id: String,
    stage: String,
    peer: SocketAddr,
    host: String,
    connected_at: i128,
}

impl ConnectionInfo {
    pub(super) fn new(stage: &str, peer: SocketAddr, headers: &HeaderMap) -> Self {
        let host = headers.get(header::HOST).and_then(|it| it.to_str().ok());
        Self {
            id: connection_id(),
            stage: stage.to_owned(),
            peer,
            host: host.unwrap_or_default().to_owned(),
            connected_at: millis(),
        }
    }

    fn event(&self, route: &str, kind: &str) -> Value {
        json!({
            "requestContext": {
                "routeKey": route,
                "eventType": kind,
                "connectionId": self.id,
                "domainName": self.host,
                "stage": self.stage,
                "apiId": "local",
                "connectedAt": self.connected_at,
                "requestTimeEpoch": millis(),
                "requestId": Uuid::new_v4().to_string(),
                "messageDirection": "IN",
                "identity": { "sourceIp": self.peer.ip().to_string() },
            },
            "isBase64Encoded": false,
        })
    }

    pub(super) fn connect_event(&self, request: &Request<Incoming>) -> Value {
        let mut event = self.event("$connect", "CONNECT");
        let headers = event::headers(request.headers());
        let several: BTreeMap<_, _> = headers.iter().map(|it| (it.0, [it.1])).collect();
        event["headers"] = json!(headers);
        event["multiValueHeaders"] = json!(several);
        let query = request.uri().query().unwrap_or_default();
        if !query.is_empty() {
            event["queryStringParameters"] = json!(event::query_parameters(query));
        }
        event
    }

    pub(super) fn message_event(&self, text: &str) -> Value {
        let mut event = self.event("$default", "MESSAGE");
        event["body"] = json!(text);
        event
    }

    pub(super) fn disconnect_event(&self) -> Value {
        self.event("$disconnect", "DISCONNECT")
    }
}

/// The protocol that the function chose, or the status it refuses with.
pub(super) fn accepted(outcome: InvocationOutcome) -> Result<Option<HeaderValue>, StatusCode> {
    let InvocationOutcome::Answer(answer) = outcome else {
        return Err(StatusCode::BAD_GATEWAY);
    };
    let answer: Value = serde_json::from_slice(&answer).map_err(|_| StatusCode::BAD_GATEWAY)?;
    let status = answer["statusCode"].as_u64();
    let status = status.and_then(|it| u16::try_from(it).ok());
    let status = status.and_then(|it| StatusCode::from_u16(it).ok());
    let status = status.ok_or(StatusCode::BAD_GATEWAY)?;
    if !status.is_success() {
        return Err(status);
    }
    let headers = answer["headers"].as_object().into_iter().flatten();
    let mut named = headers.filter(|it| it.0.eq_ignore_ascii_case("sec-websocket-protocol"));
    let chosen = named.find_map(|it| it.1.as_str());
    let chosen = chosen.map(HeaderValue::from_str).transpose();
    chosen.map_err(|_| StatusCode::BAD_GATEWAY)
}

/// What the function answers a message, if it does.
pub(super) fn answered(outcome: InvocationOutcome) -> Option<String> {
    let InvocationOutcome::Answer(answer) = outcome else {
        // What API Gateway tells a client whose message was not taken.
        let error = json!({ "message": "Internal server error" });
        return Some(error.to_string());
    };
    let answer: Value = serde_json::from_slice(&answer).ok()?;
    answer["body"].as_str().map(str::to_owned)
}

fn millis() -> i128 {
    OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000
}

/// A name for a connection, of the alphabet and the end that API Gateway's have.
fn connection_id() -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE};
    URL_SAFE.encode(&Uuid::new_v4().as_bytes()[..11])
}
