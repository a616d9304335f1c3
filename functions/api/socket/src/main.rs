//! WebSocket of the live feed: `$connect`, `$disconnect` and every message of a client.

mod event;
mod handler;
#[cfg(test)]
mod tests;

use lambda_runtime::{LambdaEvent, service_fn};
use vara::auth::Gate;
use vara::boot::Context;
use vara::clock;
use vara::correlation::Correlation;
use vara::domain::BoxError;
use vara::metrics;
use vara::services::live::feed::LiveFeed;
use vara::services::live::sockets::LiveSockets;
use vara::services::upkeep::rate_limits::RateLimiter;
use vara::traces;

use event::SocketEvent;
use handler::SocketHandler;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let Context { env, store, .. } = Context::load().await?;
    let gate = Gate::new(&env, store.clone());
    let feed = LiveFeed::new(store.clone(), gate);
    let origins = env.list("WEB_ORIGINS");
    let handler = &SocketHandler {
        sockets: LiveSockets::new(store.clone(), feed, origins),
        limits: RateLimiter::read(&env, store),
    };
    env.check()?;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<SocketEvent>| {
        metrics::note_start();
        let correlation = Correlation {
            id: event.payload.request_id().to_owned(),
            trace: event.context.xray_trace_id.clone(),
        };
        let span = tracing::info_span!(
            "socket",
            correlation = correlation.id,
            trace = correlation.root()
        );
        let answer = handler.handle(&event.payload, clock::now());
        let answer = correlation.follow(span, answer).await;
        traces::flush().await;
        Ok::<_, BoxError>(answer)
    }))
    .await
}
