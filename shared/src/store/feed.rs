//! Live feed rows: `FEED`, how far it is, and `FEED#<number>`, the frames of one transaction.
//!
//! A row holds all frames of its transaction, under the number of the last of them, so that frames cost two
//! writes a transaction however many they are. `tx/feed.rs` writes them.

use serde::{Deserialize, Serialize};

use super::{Key, Row, RowState, Store, failure, read_all};
use crate::domain::feed::{
    ChangeFrame, FRAME_TTL_SECONDS, FeedChange, FeedEpoch, FeedFrame, FeedState,
    MAX_CHANGES_AT_ONCE,
};
use crate::domain::{Result, SessionId, Timestamp, UserId};

/// The largest number that a key has room for.
const MAX_SEQ: u64 = 999_999_999_999;

/// How far a feed is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FeedHead {
    pub(crate) epoch: FeedEpoch,
    /// The number that the next frame gets.
    pub(crate) next: u64,
    /// Until when an app of hers may be connected, in milliseconds since 1970. It is here because whoever publishes
    /// reads this row anyway, so that what nobody is connected for costs no message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sockets_until: Option<i64>,
}

impl FeedHead {
    /// The head of a feed that begins.
    pub(super) fn first() -> Self {
        Self {
            epoch: FeedEpoch::random(),
            next: 1,
            sockets_until: None,
        }
    }

    /// The head of a feed that has never had a frame.
    pub(super) fn none() -> Self {
        Self {
            epoch: FeedEpoch::none(),
            next: 1,
            sockets_until: None,
        }
    }

    /// Whether an app of hers may be connected.
    pub(super) fn is_watched(&self, now: Timestamp) -> bool {
        self.sockets_until.is_some_and(|it| it > now.epoch_millis())
    }

    pub(crate) fn state(&self) -> FeedState {
        FeedState {
            epoch: self.epoch.clone(),
            head: self.next.saturating_sub(1),
        }
    }
}

/// Changes that open apps of hers are told of.
#[derive(Clone, Debug)]
pub(super) struct Publication {
    pub(super) user: UserId,
    pub(super) changes: Vec<FeedChange>,
    /// Sign-ins that end in this transaction, whose connections are closed.
    pub(super) ended: Vec<SessionId>,
    /// Whether it begins a feed that is not there yet.
    pub(super) begins_feed: bool,
}

impl Publication {
    pub(super) fn of(user: UserId) -> Self {
        Self {
            user,
            changes: Vec::new(),
            ended: Vec::new(),
            begins_feed: false,
        }
    }

    /// Adds a change, unless it is told already. Many of one topic are told as one.
    pub(super) fn add(&mut self, change: FeedChange) {
        let of_topic = |it: &&FeedChange| it.topic == change.topic;
        let told = self.changes.iter().filter(of_topic);
        if told.clone().any(|it| *it == change || it.id.is_none()) {
            return;
        }
        if change.id.is_some() && told.count() < MAX_CHANGES_AT_ONCE {
            return self.changes.push(change);
        }
        self.changes.retain(|it| it.topic != change.topic);
        self.changes.push(FeedChange::any(change.topic));
    }
}

/// The frames of one transaction as they are stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct FrameRow {
    epoch: FeedEpoch,
    /// The number of the first.
    first: u64,
    changes: Vec<FeedChange>,
    at: Timestamp,
}

impl FrameRow {
    /// The frames that these changes are behind a head, and their place.
    pub(super) fn behind(
        (user, head): (UserId, &FeedHead),
        changes: &[FeedChange],
        at: Timestamp,
    ) -> Row<Self> {
        let row = Self {
            epoch: head.epoch.clone(),
            first: head.next,
            changes: changes.to_vec(),
            at,
        };
        let last = head.next + changes.len() as u64 - 1;
        let mut row = Row::new(frame_key(user, last), row);
        row.ttl = Some(at.plus_seconds(FRAME_TTL_SECONDS).epoch_seconds());
        row
    }

    fn frames(self) -> impl Iterator<Item = ChangeFrame> {
        let (first, at) = (self.first, self.at);
        let numbered = (first..).zip(self.changes);
        numbered.map(move |(seq, change)| ChangeFrame {
            seq,
            topic: change.topic,
            id: change.id,
            v: change.v,
            at,
        })
    }
}

pub(super) fn head_key(user: UserId) -> Key {
    Key::user(user, "FEED")
}

fn frame_key(user: UserId, last: u64) -> Key {
    Key::user(user, format!("FEED#{last:012}"))
}

impl Store {
    /// How far her feed is. An unreadable head counts as that of a feed without frames: the next frame begins
    /// another epoch.
    pub(crate) async fn feed_head(&self, user: UserId) -> Result<FeedHead> {
        let head = self.feed_head_state(user).await?.readable();
        Ok(head.unwrap_or_else(FeedHead::none))
    }

    pub(super) async fn feed_head_state(&self, user: UserId) -> Result<RowState<FeedHead>> {
        self.get_state(&head_key(user)).await
    }

    /// Frames behind the number `after`, in order, about `most`. `None`: some of them are no longer there.
    pub(crate) async fn frames(
        &self,
        user: UserId,
        head: &FeedHead,
        after: u64,
        most: usize,
    ) -> Result<Option<Vec<FeedFrame>>> {
        let mut next = after.saturating_add(1);
        if next >= head.next {
            return Ok(Some(Vec::new()));
        }
        let rows = self
            .rows_between(frame_key(user, next), frame_key(user, MAX_SEQ))
            .limit(i32::try_from(most).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|err| failure("reading the feed", err))?;
        let mut frames = Vec::new();
        for row in read_all::<FrameRow>(rows.items.unwrap_or_default()) {
            if row.epoch != head.epoch {
                break;
            }
            for frame in row.frames().filter(|it| it.seq > after) {
                if frame.seq != next {
                    return Ok(None);
                }
                next += 1;
                frames.push(FeedFrame::Change(frame));
            }
            if frames.len() >= most {
                break;
            }
        }
        Ok((!frames.is_empty()).then_some(frames))
    }
}

#[cfg(test)]
mod tests;
