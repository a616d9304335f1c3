//! Optimistic locking: a change that others overtook is tried again after a growing pause.

use std::time::Duration;

use crate::domain::{Error, Result};

/// Attempts at a change of rows that others change too. A dozen workers that count at one row at once all get
/// through (`workers_side_by_side_do_not_overspend` in `store/engines.rs`).
pub(super) const WRITE_CONFLICT_RETRIES: u32 = 20;

/// The longest pause after the first attempt, in milliseconds; twice as long after each.
const FIRST_PAUSE_MS: u64 = 5;

/// How often the longest pause is doubled at most.
const MAX_DOUBLINGS: u32 = 7;

/// Does `attempt`, which reads, decides and writes, until it returns something. `None` from it means that the
/// write was refused because somebody else was faster. Fails as unavailable if that goes on.
pub(crate) async fn retry_on_conflict<T, E: From<Error>, F>(
    doing: &'static str,
    attempt: impl FnMut() -> F,
) -> Result<T, E>
where
    F: Future<Output = Result<Option<T>, E>>,
{
    let done = retry_until_stored(attempt).await?;
    done.ok_or_else(|| Error::unavailable(doing, "it kept changing").into())
}

/// The same. `None`: somebody else was always faster.
pub(super) async fn retry_until_stored<T, E, F>(
    mut attempt: impl FnMut() -> F,
) -> Result<Option<T>, E>
where
    F: Future<Output = Result<Option<T>, E>>,
{
    for number in 0..WRITE_CONFLICT_RETRIES {
        if let Some(done) = attempt().await? {
            return Ok(Some(done));
        }
        backoff(number).await;
    }
    Ok(None)
}

/// Waits longer after each attempt, not in step with the others.
pub(super) async fn backoff(attempt: u32) {
    let longest = FIRST_PAUSE_MS << attempt.min(MAX_DOUBLINGS);
    let random = u64::from(uuid::Uuid::new_v4().as_fields().0);
    tokio::time::sleep(Duration::from_millis(1 + random % longest)).await;
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::domain::ErrorKind;

    /// What comes of an attempt that succeeds the `wins`-th time, and how often it was made.
    async fn tried(wins: u32) -> (Result<u32>, u32) {
        let made = Cell::new(0);
        let done = retry_on_conflict("changing a row", || async {
            made.set(made.get() + 1);
            Ok((made.get() == wins).then_some(wins))
        });
        (done.await, made.get())
    }

    #[tokio::test]
    async fn a_change_is_tried_until_nobody_is_faster() {
        for wins in [1, 2, 5] {
            let (done, made) = tried(wins).await;
            assert_eq!((done.unwrap(), made), (wins, wins));
        }
        let (given_up, made) = tried(0).await;
        assert_eq!(made, WRITE_CONFLICT_RETRIES);
        let given_up = given_up.unwrap_err();
        assert_eq!(given_up.kind, ErrorKind::Unavailable);
        assert!(given_up.chain().contains("changing a row"));
    }

    #[tokio::test]
    async fn an_error_ends_the_attempts() {
        let made = Cell::new(0);
        let failed: Result<()> = retry_on_conflict("changing a row", || async {
            made.set(made.get() + 1);
            Err(Error::bug("reading a row", "it is broken"))
        })
        .await;
        assert_eq!((failed.unwrap_err().kind, made.get()), (ErrorKind::Bug, 1));
    }
}
