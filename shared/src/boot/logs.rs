//! JSON logs on standard output, and the trace exporter.

use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::settings::Env;
use crate::traces;

/// Starts logging. `AWS_LAMBDA_LOG_LEVEL` is the level, INFO if unset.
pub(super) fn init(env: &Env) {
    let level = env
        .optional("AWS_LAMBDA_LOG_LEVEL")
        .and_then(|it| it.parse().ok())
        .unwrap_or(LevelFilter::INFO);
    // The libraries' own chatter can quote request lines, which hold what must not be logged.
    let filter = Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("vara", level);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_filter(filter);
    let recorder = traces::TraceSettings::read(|it| env.optional(it)).map(|it| traces::start(&it));
    let (recorder, refused) = match recorder {
        Some(Ok(recorder)) => (Some(recorder.filtered()), None),
        Some(Err(err)) => (None, Some(err)),
        None => (None, None),
    };
    let all = tracing_subscriber::registry().with(lines).with(recorder);
    if all.try_init().is_err() {
        tracing::debug!("logging was started before");
    }
    // No reason not to work.
    if let Some(err) = refused {
        tracing::error!(error = %err, "there are no traces: the collector's address or headers are wrong");
    }
}
