//! The minute's schedule: where in the index of what is due something is, each such partition told to the
//! queue `sweep`, and how late the oldest is.
//!
//! It does nothing itself, so that it is over in a second however much is due.

use futures_util::future::join_all;

use super::due_work::KINDS;
use crate::domain::{Error, Result, Timestamp};
use crate::metrics::{self, Measure};
use crate::queues::{Queues, SweepMessage};
use crate::store::{Store, due_partitions};

/// What the schedule needs.
#[derive(Clone, Debug)]
pub struct DueDispatcher {
    /// The table.
    pub store: Store,
    /// The queue service.
    pub queues: Queues,
    /// The queue of what is to be swept.
    pub queue: String,
}

impl DueDispatcher {
    /// Tells the queue where something is due, and how many such places there are. All of them are told even
    /// if some fail, which is an error in the end.
    pub async fn run(&self, now: Timestamp) -> Result<usize> {
        let (mut told, mut failed) = (0, None);
        for kind in KINDS {
            let mut lag = 0;
            let places = due_partitions(kind.name).map(|it| self.tell(it, now));
            for place in join_all(places).await {
                match place {
                    Ok(None) => {}
                    Ok(Some(since)) => {
                        told += 1;
                        lag = lag.max(now.millis_since(since) / 1000);
                    }
                    Err(err) => failed = Some(err),
                }
            }
            metrics::note(Measure::DueLag {
                work: kind.work,
                seconds: u64::try_from(lag).unwrap_or_default(),
            });
        }
        tracing::info!(told, "told where something is due");
        failed.map_or(Ok(told), Err)
    }

    /// Since when something has been due in a partition, after the queue was told of it.
    async fn tell(&self, partition: String, now: Timestamp) -> Result<Option<Timestamp>> {
        let Some(since) = self.store.oldest_due(&partition, now).await? else {
            return Ok(None);
        };
        let message = SweepMessage { partition };
        let sent = self.queues.send(&self.queue, &message).await;
        sent.inspect_err(|err: &Error| {
            tracing::error!(error.chain = err.chain(), "a place was not told");
        })?;
        Ok(Some(since))
    }
}

#[cfg(test)]
mod tests;
