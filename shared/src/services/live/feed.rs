//! Live feed: frames behind a place, and waiting for new ones.

use std::time::Duration;

use crate::auth::Gate;
use crate::clock;
use crate::domain::feed::{FeedFrame, FeedPlace, FeedState, GapFrame};
use crate::domain::{Result, UserId};
use crate::store::Store;

/// The most frames that are told at once, and a few more where one transaction stored several.
const MAX_FRAMES: usize = 200;

/// How often a feed that is waited for is looked at: one read of a small row.
const POLL_PERIOD: Duration = Duration::from_millis(500);

/// After how many looks it is asked whether she is still signed in.
const LOOKS_PER_CHECK: u32 = 6;

/// Reads the live feed. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LiveFeed {
    store: Store,
    gate: Gate,
}

/// What a client that stands at a place is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedNews {
    /// Frames in order; one gap, if what lies behind the place cannot be told.
    pub frames: Vec<FeedFrame>,
    /// Where the feed stands.
    pub state: FeedState,
}

impl FeedNews {
    /// Whether the client missed changes and reads everything again.
    #[must_use]
    pub fn has_gap(&self) -> bool {
        matches!(self.frames[..], [FeedFrame::Gap(_)])
    }
}

impl LiveFeed {
    /// The feeds in this table, for those whom `gate` lets in.
    #[must_use]
    pub fn new(store: Store, gate: Gate) -> Self {
        Self { store, gate }
    }

    /// Where her feed stands now.
    ///
    /// # Errors
    ///
    /// If the table does not answer.
    pub async fn state(&self, user: UserId) -> Result<FeedState> {
        Ok(self.store.feed_head(user).await?.state())
    }

    /// What she is told behind `place`; waits for news, at most so long, and while the header `authorization` lets
    /// her in.
    ///
    /// # Errors
    ///
    /// If the table does not answer, or once she is not signed in any more.
    pub async fn wait(
        &self,
        (user, place): (UserId, &FeedPlace),
        most: Duration,
        authorization: Option<&str>,
    ) -> Result<FeedNews> {
        let end = tokio::time::Instant::now() + most;
        let mut looks = 0_u32;
        loop {
            let news = self.read(user, place).await?;
            let is_over = tokio::time::Instant::now() + POLL_PERIOD > end;
            let is_told = is_over || !news.frames.is_empty();
            looks += 1;
            if is_told || looks.is_multiple_of(LOOKS_PER_CHECK) {
                self.gate.identify(authorization, clock::now()).await?;
            }
            if is_told {
                return Ok(news);
            }
            tokio::time::sleep(POLL_PERIOD).await;
        }
    }

    /// What she is told behind `place` now.
    pub(super) async fn read(&self, user: UserId, place: &FeedPlace) -> Result<FeedNews> {
        let head = self.store.feed_head(user).await?;
        let state = head.state();
        let frames = match place.is_followed_by(&state) {
            true => {
                self.store
                    .frames(user, &head, place.seq, MAX_FRAMES)
                    .await?
            }
            false => None,
        };
        let gap = GapFrame {
            from: place.seq,
            head: state.head,
        };
        let frames = frames.unwrap_or_else(|| vec![FeedFrame::Gap(gap)]);
        Ok(FeedNews { frames, state })
    }
}

#[cfg(test)]
mod tests;
