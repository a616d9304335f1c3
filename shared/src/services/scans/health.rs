//! Health of the scans: workers, queues, engines.

use serde::Serialize;

use crate::domain::{Result, Timestamp};
use crate::services::scans::start::Scans;
use crate::services::search::governor::EngineHealth;

/// The workers, by the names of their queues.
const WORKERS: [&str; 3] = ["image-scan", "profile-scan", "breach-check"];

/// The state of workers, queues and engines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScansHealth {
    #[cfg_attr(feature = "openapi", schema(pattern = "^ok$"))]
    status: &'static str,
    timestamp: Timestamp,
    workers: Workers,
    queues: QueuesHealth,
    engines: Vec<EngineHealth>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct Workers {
    count: usize,
    enabled: bool,
    status: Vec<Worker>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct Worker {
    name: &'static str,
    running: bool,
    paused: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct QueuesHealth {
    enabled: bool,
    stats: Vec<QueueHealth>,
}

/// Messages of a queue; `failed` counts its dead letters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct QueueHealth {
    name: &'static str,
    waiting: u64,
    active: u64,
    completed: u64,
    /// None where the dead letters cannot be counted.
    #[cfg_attr(feature = "openapi", schema(required))]
    failed: Option<u64>,
    delayed: u64,
    paused: bool,
}

impl Scans {
    /// How the queues and the engines stand, about nobody; `with_budgets` also how much may still be
    /// asked of each engine this month.
    pub async fn health(&self, with_budgets: bool, now: Timestamp) -> Result<ScansHealth> {
        let queues = [
            ("image-scan", &self.lanes.images),
            ("image-scan-background", &self.lanes.background),
            ("profile-scan", &self.lanes.profiles),
            ("breach-check", &self.lanes.breaches),
        ];
        let mut stats = Vec::new();
        for (name, url) in queues {
            let depth = self.queues.depth(url).await?;
            stats.push(QueueHealth {
                name,
                waiting: depth.waiting,
                active: depth.active,
                // A message that was worked off is gone; a queue keeps none.
                completed: 0,
                failed: self.queues.dead(url).await?,
                delayed: depth.delayed,
                paused: false,
            });
        }
        let running = |name| Worker {
            name,
            running: true,
            paused: false,
        };
        Ok(ScansHealth {
            status: "ok",
            timestamp: now,
            workers: Workers {
                count: WORKERS.len(),
                enabled: true,
                status: WORKERS.map(running).into(),
            },
            queues: QueuesHealth {
                enabled: true,
                stats,
            },
            engines: self.governor.health(with_budgets, now).await?,
        })
    }
}
