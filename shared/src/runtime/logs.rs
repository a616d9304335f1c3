//! One JSON line a fact, on standard output.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Starts logging. `AWS_LAMBDA_LOG_LEVEL` is the level, INFO if unset.
pub fn init() {
    let level = std::env::var("AWS_LAMBDA_LOG_LEVEL")
        .ok()
        .and_then(|it| it.parse().ok())
        .unwrap_or(LevelFilter::INFO);
    // The libraries' own chatter can quote request lines, which hold what must not be logged.
    let filter = EnvFilter::default()
        .add_directive(LevelFilter::WARN.into())
        .add_directive(
            format!("vara={level}")
                .parse()
                .unwrap_or_else(|_| LevelFilter::INFO.into()),
        );
    let started = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_env_filter(filter)
        .try_init();
    if started.is_err() {
        tracing::debug!("logging was started before");
    }
}
