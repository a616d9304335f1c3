//! Asking the search engines: budgets, circuit breaker, time limits, every engine side by side.

pub mod engines;
pub mod governor;
mod leases;
pub mod time_limit;
