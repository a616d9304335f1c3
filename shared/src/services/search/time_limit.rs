//! Time limit of a scan that she waits for, and how much of it one question to an engine may use.
//!
//! The limit is counted from her request, so that the time in the queue is part of it. What is not done
//! by then is left to a scan of ours (`services::scans::image`).

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock;
use crate::domain::Timestamp;
use crate::store::ScanRow;

/// How long after her request a scan of hers ends, in seconds, unless the setting says otherwise. The
/// screen looks every three seconds, and she is promised an answer within sixty.
pub const DEFAULT_SECONDS: u32 = 50;

/// How long before its end the last question is over, so that its answer can be kept and told.
const ANSWER_RESERVE: Duration = Duration::from_secs(3);

/// When a scan that she waits for ends.
#[derive(Clone, Debug)]
pub(crate) struct TimeLimit {
    ends_at: Timestamp,
    total: Duration,
    /// The engines that did not answer in time.
    silent: Arc<Mutex<BTreeSet<String>>>,
}

impl TimeLimit {
    /// The limit of a scan that may take `total`; none for a scan that nobody waits for.
    pub(crate) fn of(row: &ScanRow, total: Duration) -> Option<Self> {
        let seconds = i64::try_from(total.as_secs()).unwrap_or(i64::MAX);
        row.is_watched().then(|| Self {
            ends_at: row.wanted_at().plus_seconds(seconds),
            total,
            silent: Arc::default(),
        })
    }

    /// Notes that an engine did not answer in time. It is not asked about the other pictures of this
    /// delivery, each of which it would cost as much time again.
    pub(crate) fn give_up(&self, engine: &str) {
        self.silent().insert(engine.to_owned());
    }

    /// Whether an engine did not answer in time before.
    pub(crate) fn has_given_up(&self, engine: &str) -> bool {
        self.silent().contains(engine)
    }

    fn silent(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How much time is left.
    pub(crate) fn left(&self) -> Duration {
        let millis = self.ends_at.millis_since(clock::now());
        Duration::from_millis(u64::try_from(millis).unwrap_or_default())
    }

    /// Whether a question that begins after `wait` comes too late to be asked.
    pub(crate) fn is_over_after(&self, wait: Duration) -> bool {
        self.left() < wait.saturating_add(self.shortest_question())
    }

    /// After this no question is begun.
    pub(crate) fn last_question_at(&self) -> Timestamp {
        let seconds = i64::try_from(self.shortest_question().as_secs()).unwrap_or(i64::MAX);
        self.ends_at.minus_seconds(seconds)
    }

    /// How long a question that begins now may take: half of what is left, so that an engine that hangs
    /// leaves time for the other pictures, and no less than a healthy engine needs; but it is over a
    /// little before the limit.
    pub(crate) fn for_question(&self) -> Duration {
        let (left, reserve) = (self.left(), ANSWER_RESERVE.min(self.total / 8));
        let longest = left.saturating_sub(reserve);
        self.shortest_question().max(left / 2).min(longest)
    }

    fn shortest_question(&self) -> Duration {
        self.total / 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Scan, ScanId, ScanOrigin, ScanType, UserId};
    use crate::store::Store;

    const TOTAL: Duration = Duration::from_secs(40);

    fn row(age: i64) -> ScanRow {
        let at = clock::now().minus_seconds(age);
        let kind = ScanType::ImageScan;
        let scan = Scan::pending(ScanId::next(), UserId::random(), kind, None, at);
        Store::wanted(&scan, None)
    }

    #[test]
    fn only_what_she_waits_for_has_one_and_it_counts_from_her_request() {
        let ours = ScanRow {
            origin: ScanOrigin::System,
            ..row(0)
        };
        assert!(TimeLimit::of(&ours, TOTAL).is_none());
        let part = ScanRow {
            parent: Some(ScanId::next()),
            ..ours
        };
        assert!(TimeLimit::of(&part, TOTAL).is_some());
        let left = |row: &ScanRow| TimeLimit::of(row, TOTAL).unwrap().left().as_secs_f64();
        assert!((29.0..=30.1).contains(&left(&row(10))));
        assert_eq!(left(&row(50)), 0.0);
        // One that began again is counted from then.
        let again = ScanRow {
            wanted_at: Some(clock::now()),
            ..row(3600)
        };
        assert!(left(&again) > 39.0);
    }

    #[test]
    fn an_engine_that_was_silent_is_given_up_for_the_whole_delivery() {
        let limit = TimeLimit::of(&row(0), TOTAL).unwrap();
        limit.clone().give_up("serpapi");
        assert!(limit.has_given_up("serpapi") && !limit.has_given_up("tineye"));
        let next = TimeLimit::of(&row(0), TOTAL).unwrap();
        assert!(!next.has_given_up("serpapi"));
    }

    #[test]
    fn a_question_takes_half_of_what_is_left_and_no_less_than_a_quarter_of_all() {
        let limit = |age| TimeLimit::of(&row(age), TOTAL).unwrap();
        for (age, question, over) in [(0, 20.0, false), (10, 15.0, false), (25, 10.0, false)] {
            let limit = limit(age);
            let took = limit.for_question().as_secs_f64();
            assert!((took - question).abs() < 1.0, "{age}: {took}");
            assert_eq!(limit.is_over_after(Duration::ZERO), over, "{age}");
            assert!(limit.last_question_at() > clock::now());
        }
        let took = limit(29).for_question().as_secs_f64();
        assert!(took <= 8.1, "its answer can be kept: {took}");
        let late = limit(35);
        assert!(late.is_over_after(Duration::ZERO) && late.last_question_at() < clock::now());
        assert!(limit(10).is_over_after(Duration::from_secs(25)));
    }
}
