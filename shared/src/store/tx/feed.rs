//! Frames of the live feed within a transaction: they get their numbers when the transaction is sent.
//!
//! The numbers follow from the head of the feed, so it is read just before the write and must not have moved by
//! then. If it has, the numbers are chosen again; nothing else of the transaction changes.

use super::{Change, Condition, Tx};
use crate::clock;
use crate::domain::feed::{FeedChange, FeedTopic};
use crate::domain::{Result, SessionId, UserId};
use crate::store::feed::{FeedHead, FrameRow, Publication, head_key};
use crate::store::push_signals::{FramesSignal, PushSignal};
use crate::store::{Row, RowState};

impl Tx<'_> {
    /// Tells her open apps of a change, in the transaction that makes it. All of a transaction are of one woman.
    pub(crate) fn publish(mut self, user: UserId, change: FeedChange) -> Self {
        let publication = self.publication_of(user);
        publication.add(change);
        publication.begins_feed = true;
        self
    }

    /// The same, unless she has no feed yet: then no app of hers can have missed anything.
    pub(in crate::store) fn publish_if_followed(
        mut self,
        user: UserId,
        change: FeedChange,
    ) -> Self {
        self.publication_of(user).add(change);
        self
    }

    /// Tells that a sign-in ends, and has its connections closed.
    pub(in crate::store) fn publish_ended_session(mut self, user: UserId, id: SessionId) -> Self {
        let publication = self.publication_of(user);
        publication.add(FeedChange::of(FeedTopic::Session, id));
        publication.ended.push(id);
        self
    }

    fn publication_of(&mut self, user: UserId) -> &mut Publication {
        self.publication
            .get_or_insert_with(|| Publication::of(user))
    }

    /// Puts in the frames and the moved head.
    pub(super) async fn put_frames(self, publication: &Publication) -> Result<PutFrames<Self>> {
        let Publication { user, changes, .. } = publication;
        let state = self.store.feed_head_state(*user).await?;
        let is_first = state == RowState::Absent;
        if is_first && !publication.begins_feed {
            return Ok(PutFrames {
                tx: self,
                begins_feed: false,
                signal: None,
            });
        }
        let (head, is_known) = match state {
            RowState::Readable(head) => (head, true),
            RowState::Absent | RowState::Unreadable(_) => (FeedHead::first(), false),
        };
        let now = clock::now();
        let frames = FrameRow::behind((*user, &head), changes, now);
        let next = head.next + changes.len() as u64;
        let signal = head.is_watched(now).then(|| {
            PushSignal::Frames(FramesSignal {
                user: *user,
                after: head.next - 1,
                up_to: next - 1,
                ended: publication.ended.clone(),
            })
        });
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
        Ok(PutFrames {
            tx: tx.named(Condition::FeedIsStill),
            begins_feed: is_first,
            signal,
        })
    }
}

/// A transaction with frames in it.
pub(super) struct PutFrames<T> {
    pub(super) tx: T,
    /// Her feed begins with them.
    pub(super) begins_feed: bool,
    /// What is signalled once they are stored, if an app of hers may be connected.
    pub(super) signal: Option<PushSignal>,
}
