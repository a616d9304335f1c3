//! What was paid for: how many searches or credits of each paid engine are left.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::fault::Engine;
use crate::lock::lock;

/// What every paid engine begins with.
const DEFAULT: u64 = 5000;

/// A counter for each paid engine that was used or set.
#[derive(Default)]
pub(crate) struct Bundle(Mutex<BTreeMap<Engine, u64>>);

impl Bundle {
    /// Whether searches of this engine are bought beforehand.
    pub(crate) fn is_paid(engine: Engine) -> bool {
        matches!(engine, Engine::Tineye | Engine::Serpapi | Engine::Facecheck)
    }

    pub(crate) fn remaining(&self, engine: Engine) -> u64 {
        lock(&self.0).get(&engine).copied().unwrap_or(DEFAULT)
    }

    pub(crate) fn set(&self, engine: Engine, remaining: u64) {
        lock(&self.0).insert(engine, remaining);
    }

    /// All engines as at the start.
    pub(crate) fn reset(&self) {
        lock(&self.0).clear();
    }

    /// Pays a price; false, and nothing paid, when too little is left.
    pub(crate) fn spend(&self, engine: Engine, price: u64) -> bool {
        let mut counts = lock(&self.0);
        let remaining = counts.entry(engine).or_insert(DEFAULT);
        match remaining.checked_sub(price) {
            Some(rest) => {
                *remaining = rest;
                true
            }
            None => false,
        }
    }
}
