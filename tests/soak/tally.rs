//! What was done to the system, counted.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

type Counts = BTreeMap<(&'static str, String), u32>;

/// Counts of everything that was done, by what it is and of which kind.
#[derive(Default)]
pub(crate) struct Tally(Mutex<Counts>);

impl Tally {
    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn count(&self, what: &'static str, kind: impl Into<String>) {
        *self.lock().entry((what, kind.into())).or_default() += 1;
    }

    pub(crate) fn sum(&self, what: &str) -> u32 {
        self.all(what).iter().map(|it| it.1).sum()
    }

    /// How many kinds there were.
    pub(crate) fn kinds(&self, what: &str) -> usize {
        self.all(what).len()
    }

    pub(crate) fn of(&self, what: &str, kind: &str) -> u32 {
        let all = self.all(what).into_iter();
        all.filter(|it| it.0 == kind).map(|it| it.1).sum()
    }

    pub(crate) fn all(&self, what: &str) -> Vec<(String, u32)> {
        let all = self.lock();
        let those = all.iter().filter(|it| it.0.0 == what);
        those
            .map(|((_, kind), count)| (kind.clone(), *count))
            .collect()
    }
}
