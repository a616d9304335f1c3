//! Hosts functions as Lambda does: each is one binary, run in as many processes
//! as there are events at once, kept warm, replaced when they die. Knows nothing
//! of gateways or queues.

pub(crate) mod environment;
pub(crate) mod pool;
pub(crate) mod runtime_api;

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;

/// How an invocation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum InvocationOutcome {
    /// The function's answer.
    Answer(Bytes),
    /// The function said that it failed, in Lambda's error form.
    FunctionError(Bytes),
    /// It took longer than its timeout and was killed.
    TimedOut,
    /// Its process ended before it answered.
    Died(String),
    /// Its process did not reach its first poll.
    NotStarted(String),
    /// The event is larger than Lambda takes.
    TooLarge,
}

impl InvocationOutcome {
    /// What went wrong, for logs and for a person; `None` when nothing did.
    pub(crate) fn failure(&self) -> Option<String> {
        match self {
            Self::Answer(_) => None,
            Self::FunctionError(said) => Some(String::from_utf8_lossy(said).into_owned()),
            Self::TimedOut => Some("timed out".to_owned()),
            Self::Died(reason) | Self::NotStarted(reason) => Some(reason.clone()),
            Self::TooLarge => Some("the event is larger than 6 MB".to_owned()),
        }
    }
}

/// Whatever takes an event and answers; a pool of processes, or a test's closure.
pub(crate) type Invoke = Arc<dyn Fn(Bytes) -> BoxFuture<'static, InvocationOutcome> + Send + Sync>;
