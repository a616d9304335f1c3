//! What asking any service comes to: its trouble, and its answer read within limits.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::RETRY_AFTER;
use reqwest::redirect::Policy;
use reqwest::{Client, Response};

use crate::domain::BoxError;

/// How long one try may take.
const TIMEOUT: Duration = Duration::from_secs(15);

/// How often a question is asked at once. Longer troubles are left to the queue.
const TRIES: u32 = 2;

/// The longest the service may ask us to wait for us to wait here.
const SHORT_WAIT: Duration = Duration::from_secs(3);

/// The most bytes an answer may have.
pub(super) const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// It refuses us: the key is wrong or used up. No question of this key will do better soon.
    #[error("the engine refuses us with {0}")]
    Refused(u16),
    /// It is busy or broken; another time may do.
    #[error("the engine is busy: {status}")]
    Busy {
        /// What it answered.
        status: u16,
        /// How long it asks us to wait.
        after: Option<Duration>,
    },
    /// It did not answer.
    #[error("the engine did not answer")]
    Silent,
    /// Its answer makes no sense.
    #[error("the engine's answer makes no sense: {0}")]
    Garbage(&'static str),
}

impl EngineError {
    /// How long the engine wants to be left alone.
    #[must_use]
    pub fn wait(&self) -> Option<Duration> {
        if let Self::Busy { after, .. } = self {
            *after
        } else {
            None
        }
    }

    /// Whether asking for another thing would come to the same.
    #[must_use]
    pub fn is_for_all(&self) -> bool {
        matches!(self, Self::Refused(_))
    }

    /// Whether asking again at once may help.
    pub(super) fn is_brief(&self) -> bool {
        match self {
            Self::Busy { after, .. } => after.is_none_or(|it| it <= SHORT_WAIT),
            Self::Silent | Self::Garbage(_) => true,
            Self::Refused(_) => false,
        }
    }
}

/// A client that goes where it is told and nowhere else.
pub(super) fn client() -> Result<Client, BoxError> {
    Ok(Client::builder()
        .redirect(Policy::none())
        .referer(false)
        .no_proxy()
        .timeout(TIMEOUT)
        .build()?)
}

/// Asks, and once more if that may help.
pub(super) async fn asked<T, F>(engine: &'static str, ask: impl Fn() -> F) -> Result<T, EngineError>
where
    F: Future<Output = Result<T, EngineError>>,
{
    for attempt in 1.. {
        match ask().await {
            Err(err) if attempt < TRIES && err.is_brief() => {
                tracing::info!(engine, error = %err, "asking the engine again");
                tokio::time::sleep(err.wait().unwrap_or_else(|| pause(attempt))).await;
            }
            done => return done,
        }
    }
    Err(EngineError::Silent)
}

/// The body of an answer.
pub(super) async fn read(mut reply: Response) -> Result<Bytes, EngineError> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = reply.chunk().await.map_err(|_| EngineError::Silent)? {
        if bytes.len() + chunk.len() > MAX_ANSWER {
            return Err(EngineError::Garbage("too long"));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

/// How long an answer asks us to wait.
pub(super) fn retry_after(reply: &Response) -> Option<Duration> {
    let seconds = reply
        .headers()
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds))
}

/// One second, two, four…, a tenth more or less.
fn pause(attempt: u32) -> Duration {
    let base = 1000_u64 << (attempt - 1).min(5);
    let random = u64::from(uuid::Uuid::new_v4().as_fields().0);
    Duration::from_millis(base - base / 10 + random % (base / 5 + 1))
}
