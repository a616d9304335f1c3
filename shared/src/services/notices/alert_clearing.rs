//! Clearing of all alerts, and bringing them back within a month.

use crate::auth::Caller;
use crate::domain::event::AlertsMoved;
use crate::domain::{Error, Result, Timestamp};
use crate::services::record::event_log::EventLog;
use crate::store::{Append, Store};

/// How many batches one call moves before it asks to be called again.
const MOST_BATCHES: u32 = 4000;

/// Clears alerts and brings them back.
#[derive(Clone, Debug)]
pub struct AlertClearing {
    store: Store,
    log: EventLog,
}

impl AlertClearing {
    /// The service over this table, which records in this log.
    #[must_use]
    pub fn new(store: Store, log: EventLog) -> Self {
        Self { store, log }
    }

    /// Takes all her alerts out of her lists; how many there were. Killed on the way, the rest is cleared when it is
    /// asked for again.
    pub async fn clear(&self, caller: &Caller, now: Timestamp) -> Result<u64> {
        let (user, mut cleared) = (caller.user, 0);
        for _ in 0..MOST_BATCHES {
            let batch = self.store.some_alerts(user).await?;
            let count = batch.len();
            if count == 0 {
                return Ok(cleared);
            }
            let event = Some(self.event(caller, "alert.cleared", count, now).await?);
            if self.store.clear_alerts(user, batch, event, now).await? {
                cleared += count;
            }
        }
        Err(too_many("clearing alerts"))
    }

    /// Brings back what she cleared within the last month; how many alerts that were.
    pub async fn bring_back(&self, caller: &Caller, now: Timestamp) -> Result<u64> {
        let (user, mut brought) = (caller.user, 0);
        let mut after = None;
        for _ in 0..MOST_BATCHES {
            let batch = self.store.some_cleared(user, after, now).await?;
            if batch.len() > 0 {
                let event = self
                    .event(caller, "alert.restored", batch.len(), now)
                    .await?;
                let done = self
                    .store
                    .bring_back_alerts(user, &batch, Some(event))
                    .await?;
                brought += done.ok_or_else(|| too_many("bringing back alerts"))?;
            }
            if batch.is_last() {
                return Ok(brought);
            }
            after = Some(batch);
        }
        Err(too_many("bringing back alerts"))
    }

    async fn event(
        &self,
        caller: &Caller,
        name: &'static str,
        alerts: u64,
        now: Timestamp,
    ) -> Result<Append> {
        let said = AlertsMoved { alerts };
        self.log.tell(caller.whose(), name, &said, now).await
    }
}

fn too_many(what: &'static str) -> Error {
    Error::unavailable(
        what,
        "they kept changing or there are too many for one call",
    )
}

#[cfg(test)]
mod tests;
