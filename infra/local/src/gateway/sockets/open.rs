//! The state of the WebSocket API: its function, its limits, and the connections that are open.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::lambda::{InvocationOutcome, Invoke};
use crate::shutdown::Shutdown;
use crate::template::SocketApi;

/// The most bytes of a message, either way.
pub(super) const MESSAGE_LIMIT: usize = 128 * 1024;

/// The most bytes of a frame of a message.
pub(super) const FRAME_LIMIT: usize = 32 * 1024;

/// How long connections last.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SocketLimits {
    /// Without a message either way.
    pub(crate) idle: Duration,
    /// At most.
    pub(crate) life: Duration,
}

impl Default for SocketLimits {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(10 * 60),
            life: Duration::from_secs(2 * 3600),
        }
    }
}

/// The WebSocket API.
pub(crate) struct Sockets {
    pub(super) api: SocketApi,
    pub(super) invoke: Invoke,
    pub(super) limits: SocketLimits,
    pub(super) shutdown: Shutdown,
    pub(super) open: Mutex<HashMap<String, mpsc::Sender<OutgoingMessage>>>,
}

/// What is sent to a client.
#[derive(Debug)]
pub(super) enum OutgoingMessage {
    Text(String),
    Close,
}

impl Sockets {
    /// Leads the events of connections to `invoke`.
    pub(crate) fn new(
        api: SocketApi,
        invoke: Invoke,
        limits: SocketLimits,
        shutdown: Shutdown,
    ) -> Self {
        Self {
            api,
            invoke,
            limits,
            shutdown,
            open: Mutex::default(),
        }
    }

    /// Gives an event to the function.
    pub(super) async fn ask(&self, event: Value) -> InvocationOutcome {
        let invocation = (self.invoke)(Bytes::from(event.to_string()));
        let outcome = tokio::time::timeout(self.api.timeout, invocation).await;
        let outcome = outcome.unwrap_or(InvocationOutcome::TimedOut);
        if let Some(reason) = outcome.failure() {
            tracing::warn!(reason, "the function of WebSockets failed");
        }
        outcome
    }

    pub(super) fn forget(&self, id: &str) {
        self.lock().remove(id);
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, HashMap<String, mpsc::Sender<OutgoingMessage>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
