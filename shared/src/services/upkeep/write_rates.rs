//! How often a woman may write in one area (her diary, her documents) in a minute.

use sha2::{Digest, Sha256};

use crate::domain::{Error, Result, Timestamp, UserId};
use crate::store::Store;

/// The length of a window, in seconds.
const WINDOW_SECONDS: i64 = 60;

/// Counts a write; with more than `most` this minute, it is the refusal with the time to wait.
pub(crate) async fn count_write(
    store: &Store,
    (user, area): (UserId, &str),
    most: u64,
    refusal: fn() -> Error,
    now: Timestamp,
) -> Result<()> {
    let window = now.epoch_seconds().div_euclid(WINDOW_SECONDS);
    let wait = (window + 1) * WINDOW_SECONDS - now.epoch_seconds();
    // A digest: the row may outlive her account by the time the table takes to forget it.
    let name = hex::encode(Sha256::digest(format!("{area}/{user}/{window}")));
    let ends_at = now.plus_seconds(2 * WINDOW_SECONDS);
    let calls = store.count_calls(&name, &["all"], 1, ends_at).await?;
    match calls.all <= most {
        true => Ok(()),
        false => Err(refusal().with_retry_after(wait)),
    }
}
