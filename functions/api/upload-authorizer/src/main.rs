//! Lambda authorizer of `POST /api/v1/images/upload` for bodies that are too large for a function.
//!
//! API Gateway asks it before it stores such a body in the bucket. It checks the token, the rate limit and
//! the number of pictures, announces the picture, and returns the object's name and the whole answer.

mod authorizer;

#[cfg(test)]
mod tests;

use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;
use vara::auth::Gate;
use vara::boot::Context;
use vara::clock;
use vara::correlation::Correlation;
use vara::domain::BoxError;
use vara::http::Edge;
use vara::metrics;
use vara::services::pictures::image_addresses::ImageAddresses;
use vara::services::pictures::images::ImageAnnouncer;
use vara::services::record::event_log::EventLog;
use vara::services::upkeep::rate_limits::RateLimiter;
use vara::traces;

use authorizer::{AuthorizerRequest, UploadAuthorizer};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let Context {
        env,
        store,
        clients,
    } = Context::load().await?;
    let gate = Gate::new(&env, store.clone());
    let addresses = ImageAddresses {
        keys: gate.keys().clone(),
        public_url: env.text("PUBLIC_URL"),
    };
    let log = EventLog::new(store.clone(), clients.record_vault(&env));
    let authorizer = &UploadAuthorizer {
        announcer: ImageAnnouncer::new(store.clone(), log, addresses.public_url.clone()),
        addresses,
        gate,
        limits: RateLimiter::read(&env, store),
        edge: Edge::read(&env),
    };
    env.check()?;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<AuthorizerRequest>| {
        metrics::note_start();
        let correlation = Correlation {
            id: event.payload.correlation_id().to_owned(),
            trace: event.context.xray_trace_id.clone(),
        };
        let span = tracing::info_span!(
            "request",
            correlation = correlation.id,
            trace = correlation.root()
        );
        let decision = authorizer.decide(&event.payload, clock::now());
        let decision: Result<Value, BoxError> = correlation.follow(span, decision).await;
        traces::flush().await;
        decision
    }))
    .await
}
