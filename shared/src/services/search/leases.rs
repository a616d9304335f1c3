//! Leases of engine budgets: permits for several questions, taken from the table in one write and spent in
//! memory.
//!
//! A worker that asks an engine again and again takes twice as much each time, up to a second's worth. What
//! it does not use within [`LEASE_SECONDS`] it gives back; what a killed worker held stays counted, so at
//! worst an engine is asked a little less than it may be, and never once more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::Timestamp;
use crate::domain::engine::LEASE_SECONDS;

/// An engine, and whether scheduled scans ask, which may spend more of its month.
type Of<'a> = (&'a str, bool);

/// The leases of this environment.
#[derive(Clone, Debug, Default)]
pub(super) struct Leases(Arc<Mutex<HashMap<(String, bool), PermitLease>>>);

#[derive(Clone, Copy, Debug)]
struct PermitLease {
    left: u32,
    /// How much was taken last.
    size: u32,
    taken_at: Timestamp,
}

impl PermitLease {
    fn is_good(&self, now: Timestamp) -> bool {
        now >= self.taken_at
            && now < self.taken_at.plus_seconds(LEASE_SECONDS)
            && now.month() == self.taken_at.month()
    }
}

/// How much to take next, and what of the last lease is given back, with the time it was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Renewal {
    pub(super) size: u32,
    pub(super) unused: Option<(u32, Timestamp)>,
}

impl Leases {
    /// A permit for one question, and when it was counted; `None` if none is left.
    pub(super) fn take(&self, of: Of<'_>, now: Timestamp) -> Option<Timestamp> {
        let mut all = self.all();
        let lease = all.get_mut(&(of.0.to_owned(), of.1))?;
        if lease.left == 0 || !lease.is_good(now) {
            return None;
        }
        lease.left -= 1;
        Some(lease.taken_at)
    }

    /// Ends a lease: one that was used up in time is worth twice as much.
    pub(super) fn renew(&self, of: Of<'_>, most: u32, now: Timestamp) -> Renewal {
        let mut all = self.all();
        let Some(last) = all.get_mut(&(of.0.to_owned(), of.1)) else {
            return Renewal {
                size: 1,
                unused: None,
            };
        };
        last.size = match last.is_good(now) {
            true => last.size.saturating_mul(2).min(most).max(1),
            false => 1,
        };
        let left = std::mem::take(&mut last.left);
        Renewal {
            size: last.size,
            unused: (left > 0).then_some((left, last.taken_at)),
        }
    }

    /// Keeps what is left of permits that were taken. Beside what another has taken meanwhile it is good as long
    /// as the older of the two.
    pub(super) fn keep(&self, of: Of<'_>, left: u32, size: u32, taken_at: Timestamp) {
        let new = PermitLease {
            left,
            size,
            taken_at,
        };
        let mut all = self.all();
        let lease = all.entry((of.0.to_owned(), of.1));
        lease
            .and_modify(|it| {
                it.taken_at = match it.left {
                    0 => taken_at,
                    _ => it.taken_at.min(taken_at),
                };
                it.left += left;
                it.size = it.size.max(size);
            })
            .or_insert(new);
    }

    /// Ends all leases of an engine; what is left of them.
    pub(super) fn drop_all(&self, engine: &str) -> Vec<(u32, Timestamp)> {
        let mut all = self.all();
        let leases = [true, false].map(|it| all.remove(&(engine.to_owned(), it)));
        let left = leases.into_iter().flatten().filter(|it| it.left > 0);
        left.map(|it| (it.left, it.taken_at)).collect()
    }

    fn all(&self) -> MutexGuard<'_, HashMap<(String, bool), PermitLease>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OF: Of<'static> = ("tineye", true);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_epoch_seconds(1_800_000_000 + seconds).unwrap()
    }

    #[test]
    fn leases_grow_while_they_are_used_up_and_begin_anew_when_they_are_not() {
        let leases = Leases::default();
        let mut sizes = Vec::new();
        for _ in 0..6 {
            let Renewal { size, unused } = leases.renew(OF, 20, at(0));
            assert_eq!(unused, None);
            leases.keep(OF, size - 1, size, at(0));
            for _ in 1..size {
                assert_eq!(leases.take(OF, at(1)), Some(at(0)));
            }
            assert_eq!(leases.take(OF, at(1)), None, "no more than was taken");
            sizes.push(size);
        }
        assert_eq!(sizes, [1, 2, 4, 8, 16, 20]);
        leases.keep(OF, 19, 20, at(0));
        assert_eq!(leases.take(OF, at(LEASE_SECONDS)), None, "it has run out");
        assert_eq!(leases.take(("tineye", false), at(0)), None, "another class");
        let anew = leases.renew(OF, 20, at(LEASE_SECONDS));
        let unused = Some((19, at(0)));
        assert_eq!(anew, Renewal { size: 1, unused });
        assert_eq!(leases.renew(OF, 20, at(LEASE_SECONDS)).unused, None);
    }

    #[test]
    fn what_several_took_at_once_is_good_as_long_as_the_oldest() {
        let leases = Leases::default();
        leases.keep(OF, 3, 4, at(1));
        leases.keep(OF, 7, 8, at(0));
        assert_eq!(leases.take(OF, at(1)), Some(at(0)));
        assert_eq!(leases.take(OF, at(LEASE_SECONDS)), None);
        assert_eq!(leases.drop_all("tineye"), [(9, at(0))]);
        assert!(leases.drop_all("tineye").is_empty());
    }
}
