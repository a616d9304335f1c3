//! HTTP client of engines: timeouts, retries, rate-limit answers, size limits.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use reqwest::header::RETRY_AFTER;
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use tracing::Instrument;

use crate::clock;
use crate::domain::{BoxError, Timestamp};
use crate::metrics::{self, Measure, QuestionOutcome};
use crate::traces::TARGET;

/// How long one try may take.
pub(super) const TIMEOUT: Duration = Duration::from_secs(15);

/// How often a question is asked at once. Longer troubles are left to the queue.
const QUESTION_TRIES: u32 = 2;

/// The longest the service may ask us to wait for us to wait here.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3);

/// The longest anybody may ask us to wait for us to believe it.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// The most bytes an answer may have.
pub(super) const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// It refuses us: the key is wrong. No question of this key will do better soon.
    #[error("the engine refuses us with {0}")]
    Refused(u16),
    /// What was paid for is used up. No question of this key will do better until more is bought.
    #[error("the engine's searches are used up")]
    Spent,
    /// It does not take this question. Another one may do; this one never will.
    #[error("the engine does not take the question: {0}")]
    Rejected(u16),
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
        matches!(self, Self::Refused(_) | Self::Spent)
    }

    /// Whether it is only that we ask too much at a time; the engine itself is well.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        matches!(self, Self::Busy { status: 429, .. })
    }

    /// Whether asking again at once may help.
    pub(super) fn is_brief(&self) -> bool {
        match self {
            Self::Busy { after, .. } => after.is_none_or(|it| it <= MAX_RETRY_AFTER),
            Self::Silent | Self::Garbage(_) => true,
            Self::Refused(_) | Self::Spent | Self::Rejected(_) => false,
        }
    }
}

/// A client that goes where it is told and nowhere else.
pub(super) fn client() -> Result<Client, BoxError> {
    patient(TIMEOUT)
}

/// The same with a patience of its own.
pub(super) fn patient(timeout: Duration) -> Result<Client, BoxError> {
    Ok(Client::builder()
        .redirect(Policy::none())
        .referer(false)
        .no_proxy()
        .timeout(timeout)
        .build()?)
}

/// Asks, and once more if that may help.
pub(super) async fn asked<T, F>(engine: &'static str, ask: impl Fn() -> F) -> Result<T, EngineError>
where
    F: Future<Output = Result<T, EngineError>>,
{
    let began = Instant::now();
    let span = tracing::info_span!(target: TARGET, "engine", engine);
    let answer = tried(engine, ask).instrument(span).await;
    let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let outcome = outcome(answer.as_ref().err());
    tracing::info!(engine, ?outcome, ms, "an engine was asked");
    metrics::note(Measure::Engine {
        engine,
        outcome,
        ms,
    });
    answer
}

/// What a trouble says of the engine.
fn outcome(trouble: Option<&EngineError>) -> QuestionOutcome {
    match trouble {
        None => QuestionOutcome::Answered,
        Some(EngineError::Spent) => QuestionOutcome::Spent,
        Some(EngineError::Rejected(_)) => QuestionOutcome::Declined,
        Some(err) if err.is_throttled() => QuestionOutcome::Declined,
        Some(_) => QuestionOutcome::Failed,
    }
}

async fn tried<T, F>(engine: &'static str, ask: impl Fn() -> F) -> Result<T, EngineError>
where
    F: Future<Output = Result<T, EngineError>>,
{
    for attempt in 1.. {
        match ask().await {
            Err(err) if attempt < QUESTION_TRIES && err.is_brief() => {
                tracing::info!(engine, error = %err, "asking the engine again");
                tokio::time::sleep(err.wait().unwrap_or_else(|| pause(attempt))).await;
            }
            done => return done,
        }
    }
    Err(EngineError::Silent)
}

/// The body of an answer.
pub(super) async fn read(reply: Response) -> Result<Bytes, EngineError> {
    read_up_to(reply, MAX_ANSWER).await
}

/// The body of an answer of at most so many bytes.
pub(super) async fn read_up_to(mut reply: Response, most: usize) -> Result<Bytes, EngineError> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = reply.chunk().await.map_err(|_| EngineError::Silent)? {
        if bytes.len() + chunk.len() > most {
            return Err(EngineError::Garbage("too long"));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

/// How long an answer asks us to wait.
pub(super) fn retry_after(reply: &Response) -> Option<Duration> {
    let asked = reply.headers().get(RETRY_AFTER)?.to_str().ok()?;
    wait_of(asked.trim(), clock::now())
}

/// Seconds, or the time of day until which to wait.
fn wait_of(asked: &str, now: Timestamp) -> Option<Duration> {
    let wait = match asked.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = httpdate::parse_http_date(asked).ok()?;
            // A time that has passed asks for nothing.
            until.duration_since(now.into()).unwrap_or_default()
        }
    };
    Some(wait.min(LONGEST_WAIT))
}

/// One second, two, four…, a tenth more or less.
fn pause(attempt: u32) -> Duration {
    let base = 1000_u64 << (attempt - 1).min(5);
    let random = u64::from(uuid::Uuid::new_v4().as_fields().0);
    Duration::from_millis(base - base / 10 + random % (base / 5 + 1))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_wait_is_said_in_seconds_or_as_a_time_of_day() {
        let now = Timestamp::from(datetime!(2026-03-01 09:30:00 UTC));
        for (asked, want) in [
            ("0", Some(0)),
            ("120", Some(120)),
            ("Sun, 01 Mar 2026 09:32:05 GMT", Some(125)),
            ("Sun, 01 Mar 2026 09:29:59 GMT", Some(0)),
            ("99999999", Some(86_400)),
            ("Sun, 01 Mar 2099 09:30:00 GMT", Some(86_400)),
            ("Tue, 01 Mar 2026 09:32:05 PST", None),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ] {
            let wait = wait_of(asked, now).map(|it| it.as_secs());
            assert_eq!(wait, want, "{asked}");
        }
    }

    #[test]
    fn what_a_trouble_means_for_the_next_question() {
        let busy = |status| EngineError::Busy {
            status,
            after: None,
        };
        use QuestionOutcome::{Declined, Failed, Spent};
        for (trouble, for_all, throttled, brief, measured) in [
            (EngineError::Refused(401), true, false, false, Failed),
            (EngineError::Spent, true, false, false, Spent),
            (EngineError::Rejected(400), false, false, false, Declined),
            (busy(429), false, true, true, Declined),
            (busy(503), false, false, true, Failed),
            (EngineError::Silent, false, false, true, Failed),
            (EngineError::Garbage("x"), false, false, true, Failed),
        ] {
            assert_eq!(outcome(Some(&trouble)), measured, "{trouble}");
            let is = (
                trouble.is_for_all(),
                trouble.is_throttled(),
                trouble.is_brief(),
            );
            assert_eq!(is, (for_all, throttled, brief), "{trouble}");
        }
    }
}
