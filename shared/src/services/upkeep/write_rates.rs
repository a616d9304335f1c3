//! How often a woman may write in one area (her diary, her documents) in a minute.

use sha2::{Digest, Sha256};

use crate::domain::{Error, ErrorKind, Result, Timestamp, UserId};
use crate::store::Store;

/// The length of a window, in seconds.
const WINDOW_SECONDS: i64 = 60;

const DAY_SECONDS: i64 = 24 * 3600;

/// The same for a day.
pub(crate) async fn count_write_of_day(
    store: &Store,
    area: (UserId, &str),
    most: u64,
    refusal: fn() -> Error,
    now: Timestamp,
) -> Result<()> {
    count(store, area, (most, DAY_SECONDS), refusal, now).await
}

/// Counts a write; with more than `most` this minute, it is the refusal with the time to wait.
pub(crate) async fn count_write(
    store: &Store,
    area: (UserId, &str),
    most: u64,
    refusal: fn() -> Error,
    now: Timestamp,
) -> Result<()> {
    count(store, area, (most, WINDOW_SECONDS), refusal, now).await
}

/// What is said where nothing better fits.
pub(crate) fn too_many_writes() -> Error {
    Error::new(
        ErrorKind::TooMany,
        "TOO_MANY_WRITES",
        "That was a lot at once. Please try again in a minute.",
    )
}

async fn count(
    store: &Store,
    (user, area): (UserId, &str),
    (most, seconds): (u64, i64),
    refusal: fn() -> Error,
    now: Timestamp,
) -> Result<()> {
    let window = now.epoch_seconds().div_euclid(seconds);
    let wait = (window + 1) * seconds - now.epoch_seconds();
    // A digest: the row may outlive her account by the time the table takes to forget it.
    let name = hex::encode(Sha256::digest(format!("{area}/{user}/{window}")));
    let ends_at = now.plus_seconds(2 * seconds);
    let calls = store.count_calls(&name, &["all"], 1, ends_at).await?;
    match calls.all <= most {
        true => Ok(()),
        false => Err(refusal().with_retry_after(wait)),
    }
}
