//! Removal of the events of a deleted stream.
//!
//! The chain covers what is kept: the head says which event is the first and which link it follows, and is moved
//! before any row is removed. Rows before it are read by nobody, and removing them can be begun again.

use serde::Deserialize;
use uuid::Uuid;

use crate::domain::event::StreamName;
use crate::domain::{Result, Timestamp, UserId};
use crate::store::event_rows::{StreamHead, event_id_key, event_key, stream_key};
use crate::store::tx::Change;
use crate::store::{Key, Store, failure, read};

/// How many events are removed at once: each is two rows, and a transaction takes a hundred.
const PAGE_SIZE: i32 = 45;

impl Store {
    /// Deletes a stream: its events are removed and its numbers go on. `None`: it changed in between.
    pub(crate) async fn delete_stream(
        &self,
        user: UserId,
        head: &StreamHead,
        now: Timestamp,
    ) -> Result<Option<()>> {
        let change = Change::default()
            .set("firstKept", head.next)
            .set("anchor", &head.link)
            .set("deleted", true)
            .set("updatedAt", now)
            .when("next", "=", head.next)
            .when("link", "=", &head.link)
            .when("firstKept", "=", head.first_kept);
        let moved: Option<StreamHead> =
            self.change(&stream_key(user, &head.stream), change).await?;
        if moved.is_none() {
            return Ok(None);
        }
        self.remove_events(user, &head.stream, head.next).await?;
        Ok(Some(()))
    }

    /// Removes the rows of the events of a stream before this number, and those of their ids.
    async fn remove_events(&self, user: UserId, stream: &StreamName, before: u64) -> Result<()> {
        let Some(last) = before.checked_sub(1) else {
            return Ok(());
        };
        let key = |number| event_key(user, stream, number);
        let rows = self.rows_between(key(0), key(last));
        loop {
            let reply = rows
                .clone()
                .projection_expression("pk, sk, eventId")
                .limit(PAGE_SIZE)
                .send()
                .await
                .map_err(|err| failure("listing events to remove", err))?;
            let items = reply.items.unwrap_or_default();
            if items.is_empty() {
                return Ok(());
            }
            let mut tx = self.tx();
            for item in items {
                // An event and its id go together: who is interrupted finds both or none.
                let event: RemovedEvent = read(item)?;
                let id = event_id_key(user, event.event_id);
                tx = tx.delete(&event.key).delete(&id);
            }
            tx.commit().await?;
        }
    }
}

/// What is read of an event that is removed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RemovedEvent {
    #[serde(flatten)]
    key: Key,
    event_id: Uuid,
}
