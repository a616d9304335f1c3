//! Frames of the live feed within a transaction: they get their numbers when the transaction is sent.
//!
//! The numbers follow from the head of the feed, so it is read just before the write and must not have moved by
//! then. If it has, the numbers are chosen again; nothing else of the transaction changes.

use super::{Change, Condition, Tx};
use crate::clock;
use crate::domain::feed::FeedChange;
use crate::domain::{Result, UserId};
use crate::store::feed::{FeedHead, FrameRow, Publication, head_key};
use crate::store::{Row, RowState};

impl Tx<'_> {
    /// Tells her open apps of a change, in the transaction that makes it. All of a transaction are of one woman.
    pub(crate) fn publish(mut self, user: UserId, change: FeedChange) -> Self {
        let publication = self
            .publication
            .get_or_insert_with(|| Publication::of(user));
        publication.add(change);
        self
    }

    /// Puts in the frames and the moved head. `true`: her feed begins with them.
    pub(super) async fn put_frames(self, publication: &Publication) -> Result<(Self, bool)> {
        let Publication { user, changes } = publication;
        let state = self.store.feed_head_state(*user).await?;
        let is_first = state == RowState::Absent;
        let (head, is_known) = match state {
            RowState::Readable(head) => (head, true),
            RowState::Absent | RowState::Unreadable(_) => (FeedHead::first(), false),
        };
        let frames = FrameRow::behind((*user, &head), changes, clock::now());
        let next = head.next + changes.len() as u64;
        let key = head_key(*user);
        // The head decides whether the number is free: what may lie there is of another epoch.
        let tx = self.put(&frames);
        let tx = if is_known {
            let change = Change::default()
                .set("next", next)
                .when("epoch", "=", &head.epoch)
                .when("next", "=", head.next);
            tx.update(&key, change)
        } else {
            let head = Row::new(key, FeedHead { next, ..head });
            match is_first {
                true => tx.create(&head),
                false => tx.put(&head),
            }
        };
        Ok((tx.named(Condition::FeedIsStill), is_first))
    }
}
