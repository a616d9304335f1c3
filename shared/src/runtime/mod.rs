//! Start of a function: settings, AWS clients, logs; loops for schedules and HTTP.

mod batch;
mod env;
mod logs;
mod scans;
mod secrets;

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use axum::Router;
use futures_util::FutureExt;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;
use tracing::Instrument;

pub use batch::{QueueDelivery, take_batch};
pub use env::Env;
pub use scans::{Delivered, take_scans};

use crate::domain::BoxError;
use crate::mail::Mailer;
use crate::metrics;
use crate::objects::Objects;
use crate::queues::Queues;
use crate::store::Store;
use crate::traces;
use crate::vault::Vault;

/// Reads the settings, makes the clients, and starts logging.
pub async fn start() -> Result<(Env, Clients), BoxError> {
    let clients = Clients::load().await;
    let env = Env::of(secrets::resolve(std::env::vars(), &clients.aws).await?);
    logs::init(&env);
    Ok((env, clients))
}

/// The connections a function is given at its start. Each is made once and shared.
pub struct Clients {
    aws: SdkConfig,
}

impl Clients {
    /// Reads the AWS settings of the environment. Nothing is connected yet.
    async fn load() -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(2))
            .operation_attempt_timeout(Duration::from_secs(5))
            .operation_timeout(Duration::from_secs(12))
            .build();
        let aws = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .timeout_config(timeouts)
            .load()
            .await;
        Self { aws }
    }

    /// The settings, for a client of one function only.
    #[must_use]
    pub fn aws(&self) -> &SdkConfig {
        &self.aws
    }

    /// The table named by `TABLE`.
    #[must_use]
    pub fn store(&self, env: &Env) -> Store {
        Store::new(aws_sdk_dynamodb::Client::new(&self.aws), env.text("TABLE"))
    }

    /// The bucket named by `BUCKET`.
    #[must_use]
    pub fn objects(&self, env: &Env) -> Objects {
        Objects::new(
            &self.aws,
            env.text("BUCKET"),
            env.optional("AWS_ENDPOINT_URL_S3"),
        )
    }

    /// Mail from `MAIL_FROM`, by the configuration set `MAIL_SETTINGS` if there is one.
    #[must_use]
    pub fn mailer(&self, env: &Env) -> Mailer {
        let client = aws_sdk_sesv2::Client::new(&self.aws);
        Mailer::new(client, env.text("MAIL_FROM")).with_settings(env.optional("MAIL_SETTINGS"))
    }

    /// What seals with the key `TOKEN_KEY`.
    #[must_use]
    pub fn vault(&self, env: &Env) -> Vault {
        Vault::new(aws_sdk_kms::Client::new(&self.aws), env.text("TOKEN_KEY"))
    }

    /// The queue service.
    #[must_use]
    pub fn queues(&self) -> Queues {
        Queues::new(aws_sdk_sqs::Client::new(&self.aws))
    }
}

/// Does this work at each tick of a schedule until the environment ends.
pub async fn each_tick(work: impl AsyncFn() -> crate::Result<()>) -> Result<(), BoxError> {
    let tick = async |event: LambdaEvent<Value>| -> Result<(), BoxError> {
        metrics::note_start();
        let trace = event.context.xray_trace_id.unwrap_or_default();
        let span = tracing::info_span!("tick", trace);
        // Boxed: the type of a whole run is too deep for the compiler.
        let done = work().instrument(span).boxed_local().await;
        traces::flush().await;
        Ok(done?)
    };
    lambda_runtime::run(service_fn(tick)).await
}

/// Answers HTTP requests until the environment ends.
pub async fn serve(routes: Router) -> Result<(), BoxError> {
    lambda_http::run(routes).await
}
