//! The environments of one function: one event each at a time, as many as needed
//! up to a limit, the last used first, so that the others go idle and end.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;

use super::{
    InvocationOutcome, Invoke,
    environment::{Environment, EnvironmentRun, Launcher},
    runtime_api::PAYLOAD_LIMIT,
};

/// Most environments of one function. Lambda's own limit is a thousand; a single
/// machine gains nothing from more than this.
const ENVIRONMENTS: usize = 16;
/// Environments idle for this long are ended, but the last one stays warm.
const IDLE_LIMIT: Duration = Duration::from_secs(120);
const REAP_EVERY: Duration = Duration::from_secs(15);

/// A function and its environments.
#[derive(Debug)]
pub(crate) struct Pool {
    launcher: Launcher,
    permits: Semaphore,
    next_id: AtomicU64,
    environments: Mutex<Environments>,
}

#[derive(Debug, Default)]
struct Environments {
    all: BTreeMap<u64, Arc<Environment>>,
    /// The last used is at the end.
    idle: Vec<u64>,
    closed: bool,
}

impl Pool {
    pub(crate) fn new(launcher: Launcher) -> Arc<Self> {
        Arc::new(Self {
            launcher,
            permits: Semaphore::new(ENVIRONMENTS),
            next_id: AtomicU64::new(1),
            environments: Mutex::default(),
        })
    }

    /// The function and how it is started.
    pub(crate) fn launcher(&self) -> &Launcher {
        &self.launcher
    }

    /// This pool as something to invoke.
    pub(crate) fn invoker(self: &Arc<Self>) -> Invoke {
        let pool = Arc::clone(self);
        Arc::new(move |payload| {
            let pool = Arc::clone(&pool);
            Box::pin(async move { pool.invoke(payload).await })
        })
    }

    /// Starts the first environment, so that the first event finds it warm.
    pub(crate) async fn warm(self: &Arc<Self>) -> Result<(), String> {
        let environment = self.start().await?;
        self.give_back(&environment);
        Ok(())
    }

    /// Runs one event. It runs to its end even if the caller stops waiting.
    pub(crate) async fn invoke(self: &Arc<Self>, payload: Bytes) -> InvocationOutcome {
        if payload.len() > PAYLOAD_LIMIT {
            return InvocationOutcome::TooLarge;
        }
        let pool = Arc::clone(self);
        let run = tokio::spawn(async move { pool.run(payload).await });
        run.await
            .unwrap_or_else(|_| InvocationOutcome::NotStarted("the stack is stopping".to_owned()))
    }

    async fn run(self: &Arc<Self>, payload: Bytes) -> InvocationOutcome {
        let Ok(_permit) = self.permits.acquire().await else {
            return InvocationOutcome::NotStarted("the stack is stopping".to_owned());
        };
        let timeout = self.launcher.function.timeout;
        loop {
            let environment = match self.idle() {
                Some(environment) => environment,
                None => match self.start().await {
                    Ok(environment) => environment,
                    Err(reason) => return InvocationOutcome::NotStarted(reason),
                },
            };
            match environment.run(payload.clone(), timeout).await {
                EnvironmentRun::Done(outcome) => {
                    self.give_back(&environment);
                    return outcome;
                }
                EnvironmentRun::TimedOut => {
                    environment.ended().await;
                    return InvocationOutcome::TimedOut;
                }
                EnvironmentRun::Died {
                    taken: true,
                    reason,
                } => return InvocationOutcome::Died(reason),
                // It died between two events: another takes this one.
                EnvironmentRun::Died { taken: false, .. } => {}
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Environments> {
        // Nothing panics while it is held; a poisoned map is still a right one.
        self.environments
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn idle(&self) -> Option<Arc<Environment>> {
        let mut environments = self.lock();
        while let Some(id) = environments.idle.pop() {
            if let Some(environment) = environments.all.get(&id)
                && !environment.has_ended()
            {
                return Some(Arc::clone(environment));
            }
        }
        None
    }

    fn give_back(&self, environment: &Arc<Environment>) {
        let mut environments = self.lock();
        if environments.all.contains_key(&environment.id) {
            *environment
                .idle_since
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Instant::now();
            environments.idle.push(environment.id);
        }
    }

    async fn start(self: &Arc<Self>) -> Result<Arc<Environment>, String> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let environment = Arc::new(Environment::start(&self.launcher, id).await?);
        {
            let mut environments = self.lock();
            if environments.closed {
                return Err("the stack is stopping".to_owned());
            }
            environments.all.insert(id, Arc::clone(&environment));
        }
        tokio::spawn(Arc::clone(self).bury(Arc::clone(&environment)));
        Ok(environment)
    }

    /// Waits for an environment's end and starts another if none is left: one that
    /// got as far as its first poll is worth replacing.
    // Boxed, because what replaces an environment buries it in turn.
    fn bury(self: Arc<Self>, environment: Arc<Environment>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let reason = environment.ended().await;
            let replace = {
                let mut environments = self.lock();
                environments.all.remove(&environment.id);
                environments.idle.retain(|id| *id != environment.id);
                environments.all.is_empty() && !environments.closed
            };
            drop(environment);
            let package = &self.launcher.function.package;
            tracing::debug!(package, reason, "an environment ended");
            if replace && let Err(reason) = self.warm().await {
                tracing::warn!(package, reason, "an environment could not be replaced");
            }
        })
    }

    /// Ends environments nobody has used for a while.
    pub(crate) async fn reap(self: Arc<Self>) {
        loop {
            tokio::time::sleep(REAP_EVERY).await;
            self.reap_idle(IDLE_LIMIT);
        }
    }

    fn reap_idle(&self, limit: Duration) {
        let environments = self.lock();
        // The last used is at the end, and stays.
        let Some((_, others)) = environments.idle.split_last() else {
            return;
        };
        for environment in others.iter().filter_map(|id| environments.all.get(id)) {
            let since = *environment
                .idle_since
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if since.elapsed() > limit {
                environment.kill();
            }
        }
    }

    /// The processes that run now.
    pub(crate) fn process_ids(&self) -> Vec<u32> {
        self.lock()
            .all
            .values()
            .map(|environment| environment.process)
            .collect()
    }

    /// Kills every process and starts no more.
    pub(crate) async fn close(&self) {
        self.permits.close();
        let all: Vec<_> = {
            let mut environments = self.lock();
            environments.closed = true;
            environments.all.values().cloned().collect()
        };
        for environment in all {
            environment.kill();
            environment.ended().await;
        }
    }
}

#[cfg(test)]
mod tests;
