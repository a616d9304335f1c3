//! Why a worker stops before the end of a scan, and when its message comes again.

use std::time::Duration;

use crate::clock;
use crate::domain::{Error, Timestamp};
use crate::engines::EngineError;
use crate::queues::QueueDelivery;
use crate::store::ScanRow;

/// No new work is begun when less than this is left of the invocation, in seconds.
pub(crate) const RESERVED_SECONDS: i64 = 40;

/// The first wait before a message comes again, and the longest, in seconds.
const FIRST_RETRY_SECONDS: u64 = 5;
const MAX_RETRY_SECONDS: u64 = 300;

/// In how many seconds a scan goes on whose worker had no more time: one that she waits for at once, nearly;
/// any other when the engines that want it slower may be ready.
pub(crate) const WATCHED_RESUME_SECONDS: i32 = 2;
const RESUME_SECONDS: i32 = 30;

/// In how many seconds a scan goes on whose worker had no more time.
pub(crate) fn resume_after(row: &ScanRow) -> i32 {
    match row.is_watched() {
        true => WATCHED_RESUME_SECONDS,
        false => RESUME_SECONDS,
    }
}

/// Why a worker stops before the end of a scan.
#[derive(Debug)]
pub(crate) enum ScanStop {
    /// The scan is another worker's, or gone.
    Lost,
    /// The invocation is about to end, or the engines want it slower; the rest is for the next one.
    Late,
    /// Something failed; the message comes again.
    Failed(RetryLater),
}

impl From<Error> for ScanStop {
    fn from(error: Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<RetryLater> for ScanStop {
    fn from(again: RetryLater) -> Self {
        Self::Failed(again)
    }
}

/// Why a message must come again, and after how long.
#[derive(Debug)]
pub(crate) struct RetryLater {
    pub(crate) error: Error,
    pub(crate) wait: Option<Duration>,
}

impl From<Error> for RetryLater {
    fn from(error: Error) -> Self {
        Self { error, wait: None }
    }
}

/// An engine failed at these: the message comes again, unless that was its last delivery.
pub(crate) fn retry_after_failures<T>(
    what: &'static str,
    failures: &[(T, EngineError)],
    delivered: &QueueDelivery,
) -> Result<(), RetryLater> {
    match failures.first() {
        Some((_, err)) if !delivered.last => Err(RetryLater {
            error: Error::unavailable(what, err.clone()),
            wait: failures.iter().filter_map(|(_, it)| it.wait()).max(),
        }),
        _ => Ok(()),
    }
}

/// Five seconds, ten, twenty…, or as long as the engine asked for. A message that is given up goes at
/// once.
pub(crate) fn wait(again: &RetryLater, delivered: &QueueDelivery) -> i32 {
    if delivered.last {
        return 0;
    }
    i32::try_from(wait_after(delivered.attempt, again.wait)).unwrap_or(i32::MAX)
}

/// In how many seconds a message comes again after this delivery.
pub(crate) fn wait_after(attempt: u32, asked: Option<Duration>) -> u64 {
    let asked = asked.map_or(0, |it| it.as_secs() + 1);
    let usual = FIRST_RETRY_SECONDS << attempt.saturating_sub(1).min(10);
    usual.max(asked).min(MAX_RETRY_SECONDS)
}

/// Fails if too little is left of the invocation to begin anything.
pub(crate) fn check_deadline(deadline: Timestamp) -> Result<(), ScanStop> {
    match clock::now() > deadline.minus_seconds(RESERVED_SECONDS) {
        true => Err(ScanStop::Late),
        false => Ok(()),
    }
}
