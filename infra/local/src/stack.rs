//! Puts the parts together, in an order in which nothing is asked for before it
//! is there, and takes them apart again.

mod parts;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::future::join_all;
use serde_json::Value;
use tokio::{sync::watch, task::JoinSet};

use self::parts::{Addresses, Listeners};
use crate::{
    builder::Binaries,
    error::{Error, Result},
    gateway::{
        self, Gateway,
        home::Home,
        sockets::{SocketLimits, Sockets},
    },
    lambda::{InvocationOutcome, pool::Pool},
    options::Options,
    poller::Poller,
    ports::{self, Bound},
    schedule,
    servers::{self, s3::StoreObject, sqs::Sqs},
    shutdown::{self, Shutdown, ShutdownSwitch},
    state::State,
    template::System,
    workspace,
};

/// How long the servers may take to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// A running stack.
#[derive(Debug)]
pub struct Stack {
    system: System,
    addresses: Addresses,
    pools: Vec<Arc<Pool>>,
    sqs: Arc<Sqs>,
    /// The values of secrets, by ARN.
    secrets: BTreeMap<String, String>,
    /// Gateway, pollers and schedules: what brings work in.
    intake: ShutdownSwitch,
    /// DynamoDB, S3, SQS, Secrets Manager and the stand-ins: what the work needs.
    backing: ShutdownSwitch,
    /// Whether the AWS services are held.
    hold: watch::Sender<bool>,
    tasks: JoinSet<()>,
    // Last, so that everything else has ended before its directory goes.
    state: State,
}

impl Stack {
    /// Builds the functions and raises everything. When it returns, the first
    /// request succeeds.
    ///
    /// # Errors
    ///
    /// When the template, the build, a port, the state or a function stands in the
    /// way; the message says which and what to do.
    pub async fn start(options: Options) -> Result<Self> {
        let say = |what: String| {
            if !options.quiet {
                eprintln!("{what}");
            }
        };
        let root = workspace::find()?;
        let wanted = options.port.unwrap_or(0);
        let gateway = ports::take(wanted, "the gateway").await?;
        let beside = if wanted == 0 {
            0
        } else {
            wanted.saturating_add(10)
        };
        let engines = ports::take(beside, "the stand-ins").await?;
        let kept = options.state.clone();
        let kept = kept.unwrap_or_else(|| root.join(".vara").join("state"));
        let state = State::open((!options.ephemeral).then_some(kept.as_path()))?;
        let servers = ["DynamoDB", "S3", "SQS", "Secrets Manager"];
        let [dynamodb, s3, sqs, secrets] =
            ports::take_remembered(&state.path("ports.json"), servers).await?;
        let listeners = Listeners {
            gateway,
            engines,
            dynamodb,
            s3,
            sqs,
            secrets,
        };
        let system = parts::read_template(&root, &listeners, &options)?;
        if options.build {
            say(format!("Building {} functions", system.functions.len()));
        }
        let binaries = parts::binaries(&root, &system, &options).await?;
        say("Starting DynamoDB, S3, SQS and the stand-ins".to_owned());
        let stack = Self::raise(system, listeners, state, &binaries, &options).await?;
        say(format!("Started {} functions", stack.pools.len()));
        Ok(stack)
    }

    async fn raise(
        system: System,
        listeners: Listeners,
        state: State,
        binaries: &Binaries,
        options: &Options,
    ) -> Result<Self> {
        let mut listeners = listeners;
        let addresses = listeners.addresses();
        let (intake, intake_off) = shutdown::switch();
        let (backing, backing_off) = shutdown::switch();
        let (hold, held) = watch::channel(false);
        if options.can_be_held {
            listeners = parts::can_be_held(listeners, &held, &backing_off).await?;
        }
        let mut tasks = JoinSet::new();
        let secrets = state.secrets(&system.secrets)?;
        tasks.spawn(servers::serve_router(
            listeners.secrets.listener,
            servers::secrets::router(secrets.clone()),
            backing_off.clone(),
        ));
        let gateway = listeners.gateway;
        let (sqs, store) = parts::open_servers(
            &mut tasks,
            (listeners.dynamodb, listeners.s3, listeners.sqs),
            (listeners.engines, addresses.gateway.clone()),
            &system,
            &state,
            &backing_off,
        )
        .await?;
        let pools = parts::pools(&system, &addresses, &state, binaries, options)?;
        let mut stack = Self {
            system,
            addresses,
            pools,
            sqs,
            secrets,
            intake,
            backing,
            hold,
            tasks,
            state,
        };
        if let Err(error) = stack.open(gateway, store, &intake_off, options).await {
            stack.stop().await;
            return Err(error);
        }
        Ok(stack)
    }

    /// Warms the functions, then opens the ways in.
    async fn open(
        &mut self,
        bound: Bound,
        store: StoreObject,
        shutdown: &Shutdown,
        options: &Options,
    ) -> Result<()> {
        let warmed = join_all(self.pools.iter().map(|pool| pool.warm())).await;
        for (pool, warmed) in self.pools.iter().zip(warmed) {
            let launcher = pool.launcher();
            if let Err(reason) = warmed {
                let error = Error::Function {
                    package: launcher.function.package.clone(),
                    reason,
                    log: launcher.log.clone(),
                };
                parts::keep_going(options, error)?;
            }
            let (pool, shutdown) = (Arc::clone(pool), shutdown.clone());
            self.tasks.spawn(async move {
                shutdown.or(pool.reap()).await;
            });
        }
        let functions: BTreeMap<_, _> = self
            .pools
            .iter()
            .map(|pool| (pool.launcher().function.arn.clone(), pool.invoker()))
            .collect();
        let sockets = self.system.sockets.clone().and_then(|api| {
            let invoke = Arc::clone(functions.get(&api.function_arn)?);
            let limits = SocketLimits::default();
            Some(Sockets::new(api, invoke, limits, shutdown.clone()))
        });
        let gateway = Gateway::new(self.system.api.clone(), functions, store, bound.port);
        let gateway = gateway.with_home(self.home()?).with_sockets(sockets);
        let gateway = Arc::new(gateway);
        if let Err(error) = parts::check_health(&gateway).await {
            parts::keep_going(options, error)?;
        }
        self.tasks
            .spawn(gateway::serve(bound.listener, gateway, shutdown.clone()));
        self.start_sources(shutdown)
    }

    /// What the stack's own pages tell.
    fn home(&self) -> Result<Home> {
        let launchers = self.pools.iter().map(|pool| pool.launcher());
        let addresses = &self.addresses;
        Ok(Home {
            gateway: addresses.gateway.clone(),
            engines: addresses.engines.clone(),
            services: vec![
                (
                    "DynamoDB",
                    addresses.dynamodb.clone(),
                    format!("table {}", self.table()),
                ),
                (
                    "S3",
                    addresses.s3.clone(),
                    format!("bucket {}", self.bucket()),
                ),
                ("SQS", addresses.sqs.clone(), String::new()),
            ],
            readme: workspace::find()?.join("README.md"),
            logs: launchers
                .map(|it| (it.function.package.clone(), it.log.clone()))
                .collect(),
        })
    }

    fn start_sources(&mut self, shutdown: &Shutdown) -> Result<()> {
        for pool in &self.pools {
            let function = &pool.launcher().function;
            for source in &function.sources {
                let queue = self
                    .sqs
                    .by_arn(&source.queue_arn)
                    .ok_or_else(|| Error::Unknown(source.queue_arn.clone()))?;
                let poller = Poller {
                    sqs: Arc::clone(&self.sqs),
                    queue: queue.clone(),
                    source: source.clone(),
                    invoke: pool.invoker(),
                };
                self.tasks.spawn(poller.run(shutdown.clone()));
            }
            for tick in &function.schedules {
                let run = schedule::run(tick.clone(), pool.invoker(), shutdown.clone());
                self.tasks.spawn(run);
            }
        }
        Ok(())
    }

    /// Ends everything the stack started.
    pub async fn stop(mut self) {
        self.intake.off();
        join_all(self.pools.iter().map(|pool| pool.close())).await;
        self.backing.off();
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(PATIENCE, ended).await.is_err() {
            tracing::warn!("a server did not end in time");
            self.tasks.shutdown().await;
        }
        self.sqs.close().await;
    }

    /// Where the API is, without a trailing slash.
    #[must_use]
    pub fn gateway_url(&self) -> &str {
        &self.addresses.gateway
    }

    /// Where the stand-ins are, without a trailing slash.
    #[must_use]
    pub fn engines_url(&self) -> &str {
        &self.addresses.engines
    }

    /// Where `dynamodb`, `s3` or `sqs` is.
    #[must_use]
    pub fn endpoint(&self, service: &str) -> Option<&str> {
        match service {
            "dynamodb" => Some(&self.addresses.dynamodb),
            "s3" => Some(&self.addresses.s3),
            "sqs" => Some(&self.addresses.sqs),
            _ => None,
        }
    }

    /// The URL of a queue, by its name in the template.
    #[must_use]
    pub fn queue_url(&self, logical: &str) -> Option<&str> {
        let mut queues = self.system.queues.iter();
        queues
            .find(|queue| queue.logical == logical)
            .map(|queue| queue.url.as_str())
    }

    /// The name of the table.
    #[must_use]
    pub fn table(&self) -> &str {
        self.system.tables.first().map_or("", |table| &table.name)
    }

    /// The name of the bucket.
    #[must_use]
    pub fn bucket(&self) -> &str {
        self.system
            .buckets
            .first()
            .map_or("", |bucket| &bucket.name)
    }

    /// What a function has under this name, as a whole secret or in its environment; `function` is its
    /// package.
    #[must_use]
    pub fn setting(&self, function: &str, name: &str) -> Option<&str> {
        let environment = &self.pool(function)?.launcher().function.environment;
        let value = environment.get(name)?;
        match value.strip_prefix("secret:") {
            Some(arn) => self.secrets.get(arn).map(String::as_str),
            None => Some(value),
        }
    }

    /// Where the functions write their logs.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.state.path("logs")
    }

    /// The functions that run, by package.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        self.pools
            .iter()
            .map(|pool| pool.launcher().function.package.as_str())
    }

    /// The processes a function has now; `function` is its name in the template or
    /// its package.
    #[must_use]
    pub fn process_ids(&self, function: &str) -> Vec<u32> {
        self.pool(function)
            .map(|pool| pool.process_ids())
            .unwrap_or_default()
    }

    /// Whether every call of DynamoDB, S3 and SQS waits from now on, answers under way included. What
    /// the stack itself does with them does not. Only where the options said that they can be held.
    pub fn hold(&self, hold: bool) {
        self.hold.send_replace(hold);
    }

    /// Invokes a function with an event of the caller's own.
    ///
    /// # Errors
    ///
    /// When there is no such function, or it fails.
    pub async fn invoke(&self, function: &str, event: Value) -> Result<Value> {
        let pool = self
            .pool(function)
            .ok_or_else(|| Error::Unknown(function.to_owned()))?;
        let outcome = pool.invoke(Bytes::from(event.to_string())).await;
        let failed = |reason: String| Error::Invocation {
            function: function.to_owned(),
            reason,
        };
        match outcome {
            InvocationOutcome::Answer(answer) => {
                serde_json::from_slice(&answer).map_err(|error| failed(error.to_string()))
            }
            other => Err(failed(other.failure().unwrap_or_default())),
        }
    }

    fn pool(&self, function: &str) -> Option<&Arc<Pool>> {
        self.pools.iter().find(|pool| {
            let known = &pool.launcher().function;
            known.logical == function || known.package == function
        })
    }
}
