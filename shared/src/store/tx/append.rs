//! Events and frames within a transaction: they get their places when the transaction is sent.
//!
//! The number and the link of an event follow from the head of its stream, so the head is read just before the
//! write and must not have moved by then. If it has, the places are chosen again; nothing else of the transaction
//! changes.

use super::{Change, Condition, Tx, TxOutcome};
use crate::domain::{Error, Result, Timestamp};
use crate::store::append::{Append, AppendedEvents, NoPlace};
use crate::store::event_rows::{
    EventIdRow, EventRow, StreamHead, event_id_key, event_key, stream_key,
};
use crate::store::retry::{WRITE_CONFLICT_RETRIES, backoff};
use crate::store::row::ERASED;
use crate::store::{Key, Row};

impl Tx<'_> {
    /// Appends events. Those for the same stream go together, as the first of them expects it.
    pub(crate) fn append(mut self, append: Append) -> Self {
        let is_same = |it: &&mut Append| it.user == append.user && it.stream == append.stream;
        match self.appends.iter_mut().find(is_same) {
            Some(before) => before.events.extend(append.events),
            None => self.appends.push(append),
        }
        self
    }

    /// Appends each of these; there may be none.
    pub(crate) fn append_all(self, appends: impl IntoIterator<Item = Append>) -> Self {
        appends.into_iter().fold(self, Self::append)
    }

    /// Stores all of it, and says where each append was stored; or which conditions did not hold.
    pub(crate) async fn commit_appending(mut self) -> Result<(TxOutcome, Vec<AppendedEvents>)> {
        let appends = std::mem::take(&mut self.appends);
        let publication = self.publication.take();
        let this = self.with_told().with_counts();
        if appends.is_empty() && publication.is_none() {
            return Ok((this.send().await?, Vec::new()));
        }
        if let Some(err) = this.broken {
            return Err(err);
        }
        for attempt in 0..WRITE_CONFLICT_RETRIES {
            let mut tx = this.store.tx();
            tx.items.clone_from(&this.items);
            tx.conditions.clone_from(&this.conditions);
            let (mut stored, mut makes_head_of) = (Vec::new(), None);
            for append in &appends {
                let head = this.store.stream(append.user, &append.stream).await?;
                let rows = match append.place(head.as_ref()) {
                    Ok(rows) => rows,
                    Err(why) => return Ok((refused(why), Vec::new())),
                };
                tx = tx.put_events(append, head.as_ref(), &rows);
                if head.is_none() {
                    makes_head_of = Some(append.user);
                }
                stored.extend(AppendedEvents::of(&rows));
            }
            let mut signal = None;
            if let Some(publication) = &publication {
                let put = tx.put_frames(publication).await?;
                (tx, signal) = (put.tx, put.signal);
                if put.begins_feed {
                    makes_head_of = Some(publication.user);
                }
            }
            // An erasure removes the heads: who is late makes one anew, and must not. What writes the receipt
            // itself, on the condition that there is none, is not late.
            let receipt = makes_head_of.map(|user| Key::user(user, ERASED));
            if let Some(receipt) = receipt.filter(|it| !tx.puts(it)) {
                tx = tx.forbid(&receipt).named(Condition::HasAccount);
            }
            match tx.send().await? {
                TxOutcome::Refused(why) if why.iter().all(|it| it.is_about_a_head()) => {
                    backoff(attempt).await;
                }
                TxOutcome::Refused(mut why) => {
                    why.retain(|it| *it != Condition::FeedIsStill);
                    return Ok((TxOutcome::Refused(why), stored));
                }
                outcome => {
                    if let Some(signal) = signal {
                        this.store.signal(signal).await;
                    }
                    return Ok((outcome, stored));
                }
            }
        }
        Err(Error::unavailable(
            "writing rows with events or frames",
            "others kept adding to the same stream or feed",
        ))
    }

    /// Whether it puts the row with this key.
    fn puts(&self, key: &Key) -> bool {
        let key = key.item();
        let mut puts = self.items.iter().filter_map(|it| it.put());
        puts.any(|put| key.iter().all(|it| put.item().get(it.0) == Some(it.1)))
    }

    /// Puts in these rows of an append, their ids and the moved head.
    fn put_events(mut self, append: &Append, head: Option<&StreamHead>, rows: &[EventRow]) -> Self {
        for (row, event) in rows.iter().zip(&append.events) {
            let key = event_key(append.user, &append.stream, row.header.number);
            self = self
                .create(&Row::new(key, row))
                .named(Condition::StreamIsStill);
            let place = EventIdRow {
                event_id: event.event_id,
                stream: append.stream.clone(),
                number: row.header.number,
                digest: event.digest.clone(),
            };
            let mut id = Row::new(event_id_key(append.user, event.event_id), place);
            let forgotten = append.ids_known_for.map(|it| append.at.plus_seconds(it));
            id.ttl = forgotten.map(Timestamp::epoch_seconds);
            self = self.create(&id).named(Condition::IsNewEvent);
        }
        let Some(last) = rows.last() else { return self };
        let key = stream_key(append.user, &append.stream);
        match head {
            Some(head) => {
                let change = Change::default()
                    .set("next", last.header.number + 1)
                    .set("link", &last.link)
                    .set("deleted", false)
                    .set("updatedAt", append.at)
                    .when("next", "=", head.next)
                    .when("link", "=", &head.link)
                    .when("firstKept", "=", head.first_kept);
                self.update(&key, change)
            }
            None => self.create(&Row::new(key, append.first_head(last))),
        }
        .named(Condition::StreamIsStill)
    }
}

impl Condition {
    /// Whether it only says that somebody was faster, so that the places are chosen again.
    fn is_about_a_head(self) -> bool {
        matches!(self, Self::StreamIsStill | Self::FeedIsStill)
    }
}

fn refused(why: NoPlace) -> TxOutcome {
    let condition = match why {
        NoPlace::Unexpected => Condition::IsExpected,
        NoPlace::Full => Condition::HasStreamRoom,
    };
    TxOutcome::Refused(vec![condition])
}
