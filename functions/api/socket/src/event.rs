//! Events of a WebSocket API, as far as they are needed, and the answer to them.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// What happened to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum SocketEventType {
    Connect,
    Disconnect,
    Message,
}

/// An event of a connection.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SocketEvent {
    pub(crate) request_context: SocketRequestContext,
    /// Of the connecting request.
    #[serde(default)]
    headers: Option<HashMap<String, String>>,
    #[serde(default)]
    query_string_parameters: Option<HashMap<String, String>>,
    #[serde(default)]
    pub(crate) body: Option<String>,
    #[serde(default)]
    pub(crate) is_base64_encoded: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SocketRequestContext {
    pub(crate) event_type: SocketEventType,
    pub(crate) connection_id: String,
    #[serde(default)]
    request_id: String,
    #[serde(default)]
    identity: SocketIdentity,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SocketIdentity {
    #[serde(default)]
    source_ip: String,
}

impl SocketEvent {
    /// The gateway leaves the case of names as the client wrote them.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter().flatten();
        headers
            .find(|it| it.0.eq_ignore_ascii_case(name))
            .map(|it| it.1.as_str())
    }

    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        let parameters = self.query_string_parameters.as_ref()?;
        parameters.get(name).map(String::as_str)
    }

    pub(crate) fn request_id(&self) -> &str {
        &self.request_context.request_id
    }

    pub(crate) fn address(&self) -> &str {
        &self.request_context.identity.source_ip
    }
}

/// The answer to an event. A body is sent to the client.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SocketAnswer {
    pub(crate) status_code: u16,
    #[serde(skip_serializing_if = "HashMap::is_empty")]
    pub(crate) headers: HashMap<&'static str, &'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<String>,
}

impl SocketAnswer {
    /// No more than this status.
    pub(crate) fn of(status_code: u16) -> Self {
        Self {
            status_code,
            headers: HashMap::new(),
            body: None,
        }
    }
}
