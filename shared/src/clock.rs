//! The one place that asks what time it is.

use crate::domain::Timestamp;

/// Now, to the millisecond.
#[must_use]
pub fn now() -> Timestamp {
    Timestamp::from(time::OffsetDateTime::now_utc())
}
