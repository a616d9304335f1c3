//! AWS clients of a function, made once at its start.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};

use crate::clock;
use crate::connections::Connections;
use crate::domain::Timestamp;
use crate::mail::Mailer;
use crate::objects::Objects;
use crate::queues::{PushMessage, PushWork, Queues};
use crate::settings::Env;
use crate::signer::Signer;
use crate::store::{DirectReads, FramesSignal, PushSignal, PushSignals, Store};
use crate::vault::Vault;

/// The connections a function is given at its start. Each is made once and shared.
pub struct Clients {
    aws: SdkConfig,
}

impl Clients {
    /// Reads the AWS settings of the environment. Nothing is connected yet.
    pub(super) async fn load() -> Self {
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
        let endpoint = env.optional("AWS_ENDPOINT_URL_DYNAMODB");
        Store::new(aws_sdk_dynamodb::Client::new(&self.aws), env.text("TABLE"))
            .reading_by(DirectReads::new(&self.aws, endpoint.as_deref()))
            .signalling_by(self.push_signals(env))
    }

    /// Signals to the queue `QUEUE_PUSH`, where there is one.
    fn push_signals(&self, env: &Env) -> Option<PushSignals> {
        let queue = env.optional("QUEUE_PUSH")?;
        let queues = self.queues();
        Some(PushSignals::new(move |signal| {
            let (queues, queue) = (queues.clone(), queue.clone());
            Box::pin(async move {
                let message = push_message(signal, clock::now());
                queues.send(&queue, &message).await
            })
        }))
    }

    /// The connections of the WebSocket gateway at `SOCKET_URL`.
    #[must_use]
    pub fn connections(&self, env: &Env) -> Connections {
        Connections::new(&self.aws, &env.text("SOCKET_URL"))
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

    /// The bucket of mails that came, named by `MAIL_BUCKET`.
    #[must_use]
    pub fn mail_objects(&self, env: &Env) -> Objects {
        Objects::new(
            &self.aws,
            env.text("MAIL_BUCKET"),
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

    /// What wraps the data key of each woman with the key `RECORD_KEY`.
    #[must_use]
    pub fn record_vault(&self, env: &Env) -> Vault {
        Vault::new(aws_sdk_kms::Client::new(&self.aws), env.text("RECORD_KEY"))
    }

    /// What signs evidence with the key `EVIDENCE_KEY`.
    #[must_use]
    pub fn signer(&self, env: &Env) -> Signer {
        Signer::new(
            aws_sdk_kms::Client::new(&self.aws),
            env.text("EVIDENCE_KEY"),
        )
    }

    /// The queue service.
    #[must_use]
    pub fn queues(&self) -> Queues {
        Queues::new(aws_sdk_sqs::Client::new(&self.aws))
    }
}

/// A signal as the queue has it.
fn push_message(signal: PushSignal, now: Timestamp) -> PushMessage {
    let (user_id, work) = match signal {
        PushSignal::Frames(FramesSignal {
            user,
            after,
            up_to,
            ended,
        }) => (
            user,
            PushWork::Frames {
                after,
                up_to,
                ended,
            },
        ),
        PushSignal::Progress { user, progress } => (user, PushWork::Progress { progress }),
        PushSignal::Close {
            user,
            connection,
            reason,
        } => (user, PushWork::Close { connection, reason }),
    };
    PushMessage {
        user_id,
        sent_at: now,
        work,
    }
}
