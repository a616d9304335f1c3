//! One execution environment: a function's process behind its own Runtime API.

use std::{
    fs::File,
    path::PathBuf,
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::{
    net::TcpListener,
    process::{Child, Command},
    sync::{mpsc, oneshot, watch},
};

use super::{
    InvocationOutcome,
    runtime_api::{Invocation, Runtime},
};
use crate::{guard::Guard, servers, shutdown, template::Function};

/// Lambda gives a function ten seconds to its first poll.
const INIT_LIMIT: Duration = Duration::from_secs(10);
/// Niceness of queue and schedule functions.
const BEHIND: i32 = 10;

/// How to start a function's process.
#[derive(Debug)]
pub(crate) struct Launcher {
    pub(crate) function: Function,
    pub(crate) binary: PathBuf,
    pub(crate) log: PathBuf,
    /// What only the local stack sets.
    pub(crate) extra: Vec<(String, String)>,
    pub(crate) guard: Arc<Guard>,
}

/// How one invocation of an environment ended.
pub(crate) enum EnvironmentRun {
    /// The function answered or said that it failed.
    Done(InvocationOutcome),
    /// It took too long; the process is being killed.
    TimedOut,
    /// The process ended first. Nothing was lost if it had not taken the event.
    Died { taken: bool, reason: String },
}

/// A running environment.
#[derive(Debug)]
pub(crate) struct Environment {
    pub(crate) id: u64,
    pub(crate) process: u32,
    pub(crate) idle_since: std::sync::Mutex<Instant>,
    invocations: mpsc::Sender<Invocation>,
    /// Why the process ended, once it has.
    ended: watch::Receiver<Option<String>>,
    /// Ends the process and the Runtime API when dropped or switched off.
    switch: shutdown::ShutdownSwitch,
}

impl Environment {
    /// Starts a process and waits for its first poll.
    pub(crate) async fn start(launcher: &Launcher, id: u64) -> Result<Self, String> {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .map_err(|error| format!("no port for its Runtime API ({error})"))?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let (switch, stop) = shutdown::switch();
        let (invocations, queue) = mpsc::channel(1);
        let (ready_sender, ready) = watch::channel(false);
        let (said_sender, said) = watch::channel(None);
        let runtime = Runtime::new(
            launcher.function.arn.clone(),
            queue,
            ready_sender,
            said_sender,
        );
        tokio::spawn(servers::serve_router(
            listener,
            runtime.router(),
            stop.clone(),
        ));
        let child = launcher
            .command(&address.to_string(), id)
            .and_then(|mut command| command.spawn())
            .map_err(|error| format!("its process cannot be started ({error})"))?;
        let process = child.id().ok_or("its process ended at once")?;
        if launcher.function.is_behind() {
            stand_back(process);
        }
        launcher.guard.watch(process).await;
        let (ended_sender, ended) = watch::channel(None);
        tokio::spawn(supervise(
            child,
            process,
            stop,
            ended_sender,
            Arc::clone(&launcher.guard),
        ));
        let environment = Self {
            id,
            process,
            idle_since: std::sync::Mutex::new(Instant::now()),
            invocations,
            ended,
            switch,
        };
        environment.first_poll(ready, said).await?;
        Ok(environment)
    }

    async fn first_poll(
        &self,
        mut ready: watch::Receiver<bool>,
        said: watch::Receiver<Option<String>>,
    ) -> Result<(), String> {
        let limit = tokio::time::timeout(INIT_LIMIT, ready.wait_for(|ready| *ready));
        let outcome = tokio::select! {
            polled = limit => match polled {
                Ok(Ok(_)) => return Ok(()),
                _ => format!("no poll within {} s", INIT_LIMIT.as_secs()),
            },
            reason = self.ended() => reason,
        };
        let said = said.borrow().clone();
        Err(said.unwrap_or(outcome))
    }

    /// Resolves with the reason when the process has ended.
    pub(crate) async fn ended(&self) -> String {
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone().unwrap_or_default(),
            Err(_) => "its supervisor ended".to_owned(),
        }
    }

    /// Whether the process has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.borrow().is_some()
    }

    /// Gives the process one event.
    pub(crate) async fn run(&self, payload: Bytes, timeout: Duration) -> EnvironmentRun {
        let (reply, answer) = oneshot::channel();
        let (taken_sender, mut taken) = oneshot::channel();
        let invocation = Invocation {
            payload,
            timeout,
            reply,
            taken: taken_sender,
        };
        if self.invocations.send(invocation).await.is_err() {
            return EnvironmentRun::Died {
                taken: false,
                reason: self.ended().await,
            };
        }
        tokio::select! {
            // In order: an answer that came in just before the end counts.
            biased;
            Ok(outcome) = answer => EnvironmentRun::Done(outcome),
            reason = self.ended() => EnvironmentRun::Died {
                taken: taken.try_recv().is_ok(),
                reason,
            },
            () = tokio::time::sleep(timeout) => {
                self.kill();
                EnvironmentRun::TimedOut
            }
        }
    }

    /// Kills the process and its Runtime API.
    pub(crate) fn kill(&self) {
        self.switch.off();
    }
}

/// Has the process give way to others: who waits for an answer has not to wait for work that nobody waits
/// for. In AWS they do not share a processor.
fn stand_back(process: u32) {
    let group = rustix::process::Pid::from_raw(process.cast_signed());
    if let Err(error) = rustix::process::setpriority_pgrp(group, BEHIND) {
        tracing::warn!(%error, "a function's process does not give way");
    }
}

/// Waits for the process, or kills it when told to.
async fn supervise(
    mut child: Child,
    process: u32,
    stop: shutdown::Shutdown,
    ended: watch::Sender<Option<String>>,
    guard: Arc<Guard>,
) {
    let reason = match stop.or(child.wait()).await {
        Some(Ok(status)) => format!("its process ended ({status})"),
        Some(Err(error)) => format!("its process cannot be waited for ({error})"),
        None => "its process was killed".to_owned(),
    };
    // The whole group, in case the function left something behind.
    if let Some(group) = rustix::process::Pid::from_raw(process.cast_signed()) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    if let Err(error) = child.wait().await {
        tracing::warn!(%error, "could not reap a function's process");
    }
    guard.forget(process).await;
    ended.send_replace(Some(reason));
}

impl Launcher {
    fn command(&self, runtime_api: &str, id: u64) -> std::io::Result<Command> {
        let log = File::options().append(true).create(true).open(&self.log)?;
        let function = &self.function;
        let mut command = Command::new(&self.binary);
        command
            .env_clear()
            // Lambda's own, as far as a function may rely on them.
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("LANG", "en_US.UTF-8")
            .env("TZ", ":UTC")
            .env("AWS_LAMBDA_RUNTIME_API", runtime_api)
            .env("AWS_LAMBDA_FUNCTION_NAME", &function.name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env(
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
                function.memory.to_string(),
            )
            .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
            .env(
                "AWS_LAMBDA_LOG_GROUP_NAME",
                format!("/aws/lambda/{}", function.name),
            )
            .env(
                "AWS_LAMBDA_LOG_STREAM_NAME",
                format!("local/[$LATEST]{id:032x}"),
            )
            .env("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023")
            .env("_HANDLER", &function.handler)
            .env(
                "LAMBDA_TASK_ROOT",
                self.binary.parent().unwrap_or(&self.binary),
            )
            .envs(&function.environment)
            .envs(self.extra.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .kill_on_drop(true);
        Ok(command)
    }
}
