//! Start of a function: settings, AWS clients, logs, and the loop of its kind of event.
//!
//! A function's `main` is one call of [`api`], [`queue`] or [`schedule`] with a closure that builds its
//! service. Whatever setting is missing or wrong is named at once before the first event.

mod batch;
mod clients;
mod logs;
mod secrets;

use aws_lambda_events::event::sqs::SqsEvent;
use axum::Router;
use futures_util::FutureExt;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;
use tracing::Instrument;

pub use clients::Clients;

use crate::auth::Gate;
use crate::domain::{BoxError, Result};
use crate::http::{App, HttpGuards, finish};
use crate::metrics;
use crate::queues::QueueDelivery;
use crate::settings::Env;
use crate::store::Store;
use crate::traces;

/// Of every function. The system's own takes a fifth of the processor time of a page.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a service is built from.
pub struct Context {
    /// The settings.
    pub env: Env,
    /// The AWS clients.
    pub clients: Clients,
    /// The table.
    pub store: Store,
}

impl Context {
    /// Reads the settings, makes the clients, and starts logging.
    pub async fn load() -> Result<Self, BoxError> {
        let clients = Clients::load().await;
        let env = Env::of(secrets::resolve(std::env::vars(), clients.aws()).await?);
        logs::init(&env);
        Ok(Self {
            store: clients.store(&env),
            env,
            clients,
        })
    }
}

/// Answers HTTP requests with these routes until the environment ends.
pub async fn api<S: Clone + Send + Sync + 'static>(
    routes: Router<App<S>>,
    build: impl AsyncFnOnce(&Context, &Gate) -> Result<S, BoxError>,
) -> Result<(), BoxError> {
    api_with_open(routes, None, build).await
}

/// The same, with addresses below `open` for pages of every origin.
pub async fn api_with_open<S: Clone + Send + Sync + 'static>(
    routes: Router<App<S>>,
    open: Option<&'static str>,
    build: impl AsyncFnOnce(&Context, &Gate) -> Result<S, BoxError>,
) -> Result<(), BoxError> {
    let context = Context::load().await?;
    let gate = Gate::new(&context.env, context.store.clone());
    let mut guards = HttpGuards::read(&context.env, &context.store, Some(&gate));
    if let Some(open) = open {
        guards = guards.with_open(open);
    }
    let service = build(&context, &gate).await?;
    context.env.check()?;
    lambda_http::run(finish(routes, App { gate, service }, guards)).await
}

/// Answers HTTP requests that nobody signs in for.
pub async fn open_api<S: Clone + Send + Sync + 'static>(
    routes: Router<S>,
    build: impl FnOnce(&Context) -> S,
) -> Result<(), BoxError> {
    let context = Context::load().await?;
    let guards = HttpGuards::read(&context.env, &context.store, None);
    let service = build(&context);
    context.env.check()?;
    lambda_http::run(finish(routes, service, guards)).await
}

/// Gives each message of a queue to `handle` until the environment ends.
pub async fn queue<S>(
    build: impl FnOnce(&Context) -> Result<S, BoxError>,
    handle: impl AsyncFn(&S, QueueDelivery) -> Result<()>,
) -> Result<(), BoxError> {
    let context = Context::load().await?;
    let service = build(&context)?;
    context.env.check()?;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<SqsEvent>| {
        // Boxed: the type of a whole scan's future is too deep for the compiler.
        let taken = batch::take_batch(event, async |delivery| {
            handle(&service, delivery).boxed_local().await
        });
        Ok::<_, BoxError>(taken.await)
    }))
    .await
}

/// Does `run` at each tick of a schedule until the environment ends.
pub async fn schedule<S>(
    build: impl FnOnce(&Context) -> Result<S, BoxError>,
    run: impl AsyncFn(&S) -> Result<()>,
) -> Result<(), BoxError> {
    let context = Context::load().await?;
    let service = build(&context)?;
    context.env.check()?;
    let tick = async |event: LambdaEvent<Value>| -> Result<(), BoxError> {
        metrics::note_start();
        let trace = event.context.xray_trace_id.unwrap_or_default();
        let span = tracing::info_span!("tick", trace);
        // Boxed: the type of a whole run is too deep for the compiler.
        let done = run(&service).instrument(span).boxed_local().await;
        traces::flush().await;
        Ok(done?)
    };
    lambda_runtime::run(service_fn(tick)).await
}
