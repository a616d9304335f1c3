//! The bundle of paid TinEye searches: how many are left.

use std::sync::Mutex;

use crate::world::lock;

/// What the sandbox of the real service reports.
const DEFAULT_SEARCHES: u64 = 5000;

/// A counter of searches that may still be made.
pub(crate) struct Bundle(Mutex<u64>);

impl Default for Bundle {
    fn default() -> Self {
        Self(Mutex::new(DEFAULT_SEARCHES))
    }
}

impl Bundle {
    pub(crate) fn remaining(&self) -> u64 {
        *lock(&self.0)
    }

    pub(crate) fn set(&self, remaining: u64) {
        *lock(&self.0) = remaining;
    }

    pub(crate) fn reset(&self) {
        self.set(DEFAULT_SEARCHES);
    }

    /// Pays for one search; false when none is left.
    pub(crate) fn spend(&self) -> bool {
        let mut remaining = lock(&self.0);
        match remaining.checked_sub(1) {
            Some(rest) => {
                *remaining = rest;
                true
            }
            None => false,
        }
    }
}
