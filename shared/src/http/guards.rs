//! Guards in front of the routes of every function: CORS, rate limits, idempotency.

use super::{Cors, Edge};
use crate::auth::Gate;
use crate::services::upkeep::rate_limits::RateLimiter;
use crate::services::upkeep::replays::Replays;
use crate::settings::Env;
use crate::store::Store;

/// Guards in front of the routes of a function: CORS, rate limits, idempotency. Cheap to clone.
#[derive(Clone, Debug)]
pub struct HttpGuards {
    pub(super) cors: Cors,
    pub(super) edge: Edge,
    pub(super) limits: Option<RateLimiter>,
    pub(super) gate: Option<Gate>,
    pub(super) replays: Option<Replays>,
}

impl HttpGuards {
    /// Guards as the environment describes them. Without a gate nobody is known, and nothing is kept to be
    /// answered again.
    #[must_use]
    pub fn read(env: &Env, store: &Store, gate: Option<&Gate>) -> Self {
        let limits = RateLimiter::read(env, store.clone());
        let guards = Self::from(Cors::read(env))
            .limited(limits, gate.cloned())
            .replaying(store);
        Self {
            edge: Edge::read(env),
            ..guards
        }
    }

    /// The same, with these limits, for the callers this gate knows.
    #[must_use]
    pub fn limited(self, limits: RateLimiter, gate: Option<Gate>) -> Self {
        Self {
            limits: Some(limits),
            gate,
            ..self
        }
    }

    /// The same, giving answers again that are kept in `store`.
    #[must_use]
    pub fn replaying(self, store: &Store) -> Self {
        let gate = self.gate.as_ref();
        let replays = gate.map(|gate| Replays::new(store.clone(), gate.keys().clone()));
        Self { replays, ..self }
    }

    /// The same, with addresses below `open` for every page there is.
    #[must_use]
    pub fn with_open(self, open: &'static str) -> Self {
        Self {
            cors: self.cors.with_open(open),
            ..self
        }
    }
}

impl From<Cors> for HttpGuards {
    /// Guards without rate limits.
    fn from(cors: Cors) -> Self {
        Self {
            cors,
            edge: Edge::default(),
            limits: None,
            gate: None,
            replays: None,
        }
    }
}
