//! What is answered about workers, queues and engines. `Scans::health` makes it without a type of its own;
//! that it is as described here is held by the tests of the whole system.

#![expect(dead_code, reason = "only the schemas are read")]

use utoipa::ToSchema;
use vara::domain::Timestamp;

/// The state of workers, queues and engines.
#[derive(ToSchema)]
pub(crate) struct ScansHealth {
    #[schema(pattern = "^ok$")]
    status: String,
    timestamp: Timestamp,
    workers: Workers,
    queues: Queues,
    engines: Vec<EngineHealth>,
}

/// The state of an engine.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct EngineHealth {
    name: String,
    /// The circuit breaker: closed, open, or half-open while one worker tries the engine.
    #[schema(pattern = "^(closed|open|half-open)$")]
    breaker: String,
    #[schema(required)]
    rests_until: Option<Timestamp>,
    /// For admins only.
    asked_this_month: Option<u32>,
    /// For admins only; null means no limit.
    left_this_month: Option<u32>,
}

#[derive(ToSchema)]
struct Workers {
    count: u32,
    enabled: bool,
    status: Vec<Worker>,
}

#[derive(ToSchema)]
struct Worker {
    name: String,
    running: bool,
    paused: bool,
}

#[derive(ToSchema)]
struct Queues {
    enabled: bool,
    stats: Vec<Queue>,
}

/// Messages of a queue; `failed` counts its dead letters.
#[derive(ToSchema)]
struct Queue {
    name: String,
    waiting: u64,
    active: u64,
    completed: u64,
    failed: u64,
    delayed: u64,
    paused: bool,
}
