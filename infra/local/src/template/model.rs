//! What the local stack needs to know of the template, with every reference
//! resolved. Data only.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

/// The whole system, as far as this machine can raise it.
#[derive(Debug, Clone)]
pub struct System {
    /// Every Lambda function.
    pub functions: Vec<Function>,
    /// Every queue, dead-letter queues included.
    pub queues: Vec<Queue>,
    /// Every table.
    pub tables: Vec<Table>,
    /// Every bucket.
    pub buckets: Vec<Bucket>,
    /// Every secret.
    pub secrets: Vec<Secret>,
    /// The HTTP API.
    pub api: Api,
    /// The WebSocket API.
    pub sockets: Option<SocketApi>,
    /// Where mails that come in are stored.
    pub mails: Option<MailRule>,
}

/// A rule by which the mail service stores what comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailRule {
    /// The bucket.
    pub bucket: String,
    /// What names begin with.
    pub prefix: String,
}

/// One Lambda function.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its name in the template.
    pub logical: String,
    /// Its name in AWS.
    pub name: String,
    /// The cargo package that builds it.
    pub package: String,
    /// Its ARN.
    pub arn: String,
    /// `_HANDLER`.
    pub handler: String,
    /// How long one invocation may take.
    pub timeout: Duration,
    /// Megabytes; told to the function, not enforced.
    pub memory: u64,
    /// Its environment variables.
    pub environment: BTreeMap<String, String>,
    /// The queues that feed it.
    pub sources: Vec<QueueSource>,
    /// The clocks that start it.
    pub schedules: Vec<Schedule>,
}

impl Function {
    /// Whether nobody waits for its answers: queues or clocks start it.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        !self.sources.is_empty() || !self.schedules.is_empty()
    }
}

/// An event source mapping from a queue.
#[derive(Debug, Clone)]
pub struct QueueSource {
    /// The queue.
    pub queue_arn: String,
    /// Most messages in one invocation.
    pub batch_size: usize,
    /// How long to gather them.
    pub window: Duration,
    /// Whether the function names the messages that failed.
    pub reports_failures: bool,
    /// Most invocations at the same time.
    pub maximum_concurrency: usize,
}

/// A schedule that starts a function.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// The rule's name.
    pub name: String,
    /// The time between two ticks.
    pub every: Duration,
    /// What the function is given instead of the usual event.
    pub input: Option<Value>,
}

/// One SQS queue.
#[derive(Debug, Clone)]
pub struct Queue {
    /// Its name in the template.
    pub logical: String,
    /// Its name in SQS.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Its URL.
    pub url: String,
    /// Attributes as `CreateQueue` takes them.
    pub attributes: BTreeMap<String, String>,
}

/// One DynamoDB table.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// The body of `CreateTable`.
    pub create: Value,
    /// The attribute that says when an item expires.
    pub ttl: Option<String>,
}

/// One S3 bucket.
#[derive(Debug, Clone)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// Who is told of new objects.
    pub notifications: Vec<Notification>,
    /// What browsers may do with it from other origins.
    pub cors: Vec<CorsRule>,
}

/// Tells a queue of new objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// The event, such as `s3:ObjectCreated:*`.
    pub event: String,
    /// The queue that is told.
    pub queue_arn: String,
    /// Keys must start with this.
    pub prefix: String,
    /// Keys must end with this.
    pub suffix: String,
}

/// One CORS rule of a bucket.
#[derive(Debug, Clone)]
pub struct CorsRule {
    /// Origins it holds for.
    pub origins: Vec<String>,
    /// Methods it allows.
    pub methods: Vec<String>,
    /// Request headers it allows.
    pub headers: Vec<String>,
    /// Response headers a page may read.
    pub exposed: Vec<String>,
    /// Seconds a browser may remember it.
    pub max_age: u64,
}

/// A secret.
#[derive(Debug, Clone)]
pub struct Secret {
    /// Its ARN, as settings name it.
    pub arn: String,
    /// Its name in the template.
    pub logical: String,
    /// Its value.
    pub value: SecretValue,
}

/// Where the value of a secret is from.
#[derive(Debug, Clone)]
pub enum SecretValue {
    /// CloudFormation would generate so many characters.
    Generated(usize),
    /// The template writes it.
    Written(String),
}

/// The HTTP API.
#[derive(Debug, Clone, Default)]
pub struct Api {
    /// Its routes.
    pub routes: Vec<Route>,
    /// What the gateway's own answers allow browsers.
    pub cors: Option<ApiCors>,
    /// Where uploads go that are too large for a function.
    pub large_uploads: Option<LargeUploads>,
}

/// The WebSocket API.
#[derive(Debug, Clone)]
pub struct SocketApi {
    /// Where clients connect: the stage.
    pub path: String,
    /// The function that is told of connections.
    pub function_arn: String,
    /// How long the gateway waits for it.
    pub timeout: Duration,
    /// Whether clients are sent what it answers to messages.
    pub answers: bool,
}

/// The route of uploads that are too large for a function: a REST API stores them as they were sent.
#[derive(Debug, Clone, Default)]
pub struct LargeUploads {
    /// `POST /path`.
    pub route: String,
    /// Only requests with a longer body go there.
    pub above_bytes: u64,
    /// The function that decides.
    pub authorizer_arn: String,
    /// Where the body is stored.
    pub bucket: String,
    /// The object's name, with `{variables}`.
    pub key: String,
    /// The entry of the authorizer's context that each variable stands for.
    pub key_parts: BTreeMap<String, String>,
    /// The status of a stored upload.
    pub status: u16,
    /// The entry of the authorizer's context that is the whole answer, in base64.
    pub answer: String,
    /// The answer to an upload that was not stored.
    pub failure: GatewayAnswer,
    /// The API's own answers, by type.
    pub answers: BTreeMap<String, GatewayAnswer>,
    /// What all these answers allow browsers.
    pub cors: ApiCors,
}

/// An answer that a REST API makes itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GatewayAnswer {
    /// Its status.
    pub status: u16,
    /// Its template.
    pub body: String,
}

/// One route of the HTTP API.
#[derive(Debug, Clone)]
pub struct Route {
    /// `ANY /path/{proxy+}` or `$default`.
    pub key: String,
    /// The function that answers.
    pub function_arn: String,
    /// How long the gateway waits for it.
    pub timeout: Duration,
}

/// A CORS configuration of the gateway's.
#[derive(Debug, Clone, Default)]
pub struct ApiCors {
    /// Origins that may read answers.
    pub origins: Vec<String>,
    /// Response headers a page may read.
    pub exposed: Vec<String>,
    /// Whether cookies and the like are allowed.
    pub credentials: bool,
}
