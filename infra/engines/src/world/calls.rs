//! How often each engine was asked, and whether it answered: with this a test proves
//! that a paid search is not repeated.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde::Serialize;

use super::fault::Engine;
use crate::lock::lock;

/// What happened to the calls of one engine.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Count {
    /// Calls that got what they asked for.
    pub(crate) answered: u64,
    /// Calls that got an error, garbage, or nothing.
    pub(crate) refused: u64,
}

/// The counts of every engine.
#[derive(Default)]
pub(crate) struct EngineCalls(Mutex<BTreeMap<Engine, Count>>);

impl EngineCalls {
    pub(crate) fn answered(&self, engine: Engine) {
        lock(&self.0).entry(engine).or_default().answered += 1;
    }

    pub(crate) fn refused(&self, engine: Engine) {
        lock(&self.0).entry(engine).or_default().refused += 1;
    }

    /// Every engine's counts, engines never asked included.
    pub(crate) fn all(&self) -> BTreeMap<Engine, Count> {
        let counts = lock(&self.0);
        Engine::ALL
            .into_iter()
            .map(|engine| (engine, counts.get(&engine).copied().unwrap_or_default()))
            .collect()
    }

    /// Forgets everything; says how many calls were forgotten.
    pub(crate) fn clear(&self) -> u64 {
        let counts = std::mem::take(&mut *lock(&self.0));
        counts.values().map(|it| it.answered + it.refused).sum()
    }
}
