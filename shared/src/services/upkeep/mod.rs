//! What keeps the service well: due work, dead letters, switches, rate limits, idempotency, health.

pub mod dead_letters;
pub mod dispatch;
mod due_downloads;
mod due_scans;
pub mod due_work;
pub mod gauges;
pub mod health;
pub mod rate_limits;
mod record_checks;
pub mod replays;
pub mod switches;
pub(crate) mod write_rates;
