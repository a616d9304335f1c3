//! Priority of requests: by harm, growing while they wait, so that none waits for ever.

use super::Harm;
use crate::{Law, Timestamp};

/// What an hour of waiting adds.
const AGEING_PER_HOUR: i64 = 10;

/// A request whose recipient has less than this many seconds goes ahead of others.
const URGENT_CLOCK_SECONDS: i64 = 24 * 3600;

/// How much a harm counts; the higher, the sooner.
#[must_use]
pub fn priority(harm: Option<Harm>) -> i64 {
    match harm {
        Some(Harm::Intimate | Harm::Deepfake) => 500,
        Some(Harm::Impersonation) => 300,
        _ => 100,
    }
}

/// The priority of a request that waits since then.
#[must_use]
pub fn aged(priority: i64, since: Timestamp, now: Timestamp) -> i64 {
    let hours = now.millis_since(since).max(0) / 3_600_000;
    priority.saturating_add(hours.saturating_mul(AGEING_PER_HOUR))
}

/// Whether it goes by the queue of those that are urgent.
#[must_use]
pub fn is_urgent(harm: Option<Harm>, law: Law) -> bool {
    harm.is_some_and(Harm::is_intimate)
        || law
            .clock_seconds()
            .is_some_and(|it| it < URGENT_CLOCK_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harm_decides_until_somebody_has_waited_long_enough() {
        let now = Timestamp::from_epoch_seconds(1_800_000_000).expect("a time");
        let (grave, light) = (priority(Some(Harm::Deepfake)), priority(Some(Harm::Other)));
        assert!(grave > priority(Some(Harm::Impersonation)) && grave > light);
        let waiting = |hours: i64| aged(light, now.minus_seconds(hours * 3600), now);
        assert!(waiting(39) < grave && waiting(41) > grave);
        assert_eq!(aged(light, now.plus_seconds(60), now), light);
        assert!(is_urgent(Some(Harm::Intimate), Law::Terms));
        assert!(is_urgent(None, Law::InIt) && !is_urgent(Some(Harm::Private), Law::EuDsa));
    }
}
