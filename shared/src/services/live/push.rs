//! Worker of the queue `push`: sends what happened to the open sockets of one woman.
//!
//! It keeps no account of what was sent. A message that comes twice sends its frames twice, and clients know them
//! by their numbers; a message that is lost leaves a hole in the numbers, and clients resume.

use std::time::Duration;

use futures_util::{StreamExt, stream};

use crate::clock;
use crate::connections::{Connections, Posted};
use crate::domain::feed::{FeedFrame, GapFrame};
use crate::domain::socket::{ByeReason, FeedBatch, ProgressFrame, SocketFrame};
use crate::domain::{Error, Result, SessionId, Timestamp, UserId};
use crate::queues::{PushMessage, PushWork, QueueDelivery};
use crate::store::{SocketRow, Store};

/// How many connections are sent to side by side.
const CONCURRENT_POSTS: usize = 16;

/// How long a connection may be unknown to the gateway after its row was stored, in seconds: it takes messages only when
/// its function has answered. Its client has not asked for anything by then, and is told all when it does.
const CONNECTING_SECONDS: i64 = 30;

/// How long one post may take.
const POST_TIMEOUT: Duration = Duration::from_secs(2);

/// After how long frames are not sent any more, in seconds: by then clients have asked for them.
const STALE_AFTER_SECONDS: i64 = 120;

/// The most frames of one message.
const MAX_FRAMES: usize = 200;

/// Sends to open sockets.
#[derive(Clone, Debug)]
pub struct PushWorker {
    /// The table.
    pub store: Store,
    /// The gateway that has the connections.
    pub connections: Connections,
}

/// What one connection is sent.
struct Outgoing {
    connection: String,
    connected_at: Timestamp,
    frame: SocketFrame,
    /// Whether it is closed after that.
    is_last: bool,
}

impl Outgoing {
    fn of(socket: SocketRow, frame: SocketFrame) -> Self {
        Self {
            connection: socket.connection,
            connected_at: socket.connected_at,
            frame,
            is_last: false,
        }
    }
}

impl PushWorker {
    /// Takes one message.
    ///
    /// # Errors
    ///
    /// If the table or the gateway does not answer, or it is no message.
    pub async fn take(&self, delivery: &QueueDelivery) -> Result<()> {
        let message: PushMessage = serde_json::from_str(&delivery.body)
            .map_err(|err| Error::bug("reading a message of the queue push", err))?;
        let (user, now) = (message.user_id, clock::now());
        let is_stale = now.millis_since(message.sent_at) > STALE_AFTER_SECONDS * 1000;
        let sockets = self.store.sockets(user).await?;
        if sockets.is_empty() {
            return self.store.drop_sockets(user, &[]).await;
        }
        let outgoing = match message.work {
            PushWork::Frames {
                after,
                up_to,
                ended,
            } => {
                let batch = match is_stale {
                    true => None,
                    false => Some(self.batch(user, after, up_to).await?),
                };
                frames(sockets, batch.as_ref(), &ended, now)
            }
            PushWork::Progress { progress } if !is_stale => progressed(sockets, &progress, now),
            PushWork::Progress { .. } => Vec::new(),
            PushWork::Close { connection, reason } => {
                let is_meant =
                    |it: &SocketRow| connection.as_ref().is_none_or(|id| *id == it.connection);
                let meant = sockets.into_iter().filter(is_meant);
                meant.map(|it| goodbye(it, reason)).collect()
            }
        };
        self.send(user, outgoing).await
    }

    /// The frames of these numbers, or that they cannot be told any more.
    async fn batch(&self, user: UserId, after: u64, up_to: u64) -> Result<FeedBatch> {
        let head = self.store.feed_head(user).await?;
        let state = head.state();
        let most = usize::try_from(up_to.saturating_sub(after)).unwrap_or(MAX_FRAMES);
        let found = match state.head >= up_to {
            true => {
                self.store
                    .frames(user, &head, after, most.min(MAX_FRAMES))
                    .await?
            }
            false => None,
        };
        let gap = GapFrame {
            from: after,
            head: state.head,
        };
        let mut frames = found.unwrap_or_else(|| vec![FeedFrame::Gap(gap)]);
        frames.retain(|it| !matches!(it, FeedFrame::Change(it) if it.seq > up_to));
        let up_to = frames.last().map_or(after, |it| match it {
            FeedFrame::Change(it) => it.seq,
            FeedFrame::Gap(it) => it.head,
        });
        Ok(FeedBatch {
            epoch: state.epoch,
            after,
            up_to,
            frames,
        })
    }

    /// Sends to all, removes those that are gone, and fails if one could not be sent to.
    async fn send(&self, user: UserId, outgoing: Vec<Outgoing>) -> Result<()> {
        let posts: Vec<_> = outgoing.iter().map(|it| self.post(it)).collect();
        let posted: Vec<_> = stream::iter(posts)
            .buffer_unordered(CONCURRENT_POSTS)
            .collect()
            .await;
        let (mut gone, mut failed) = (Vec::new(), None);
        for result in posted {
            match result {
                Ok(Some(connection)) => gone.push(connection),
                Ok(None) => {}
                Err(err) => failed = Some(err),
            }
        }
        if !gone.is_empty() {
            self.store.drop_sockets(user, &gone).await?;
        }
        match failed {
            Some(err) => Err(err),
            None => Ok(()),
        }
    }

    /// Sends to one; its name, if it is not open any more.
    async fn post(&self, it: &Outgoing) -> Result<Option<String>> {
        let text = serde_json::to_string(&it.frame)
            .map_err(|err| Error::bug("writing a message of a WebSocket", err))?;
        let connection = &it.connection;
        let posted = in_time(self.connections.post(connection, text)).await;
        if !it.is_last {
            let age = clock::now().millis_since(it.connected_at);
            let is_gone = posted? == Posted::Gone && age > CONNECTING_SECONDS * 1000;
            return Ok(is_gone.then(|| connection.clone()));
        }
        // Whether or not it heard why.
        if let Err(err) = posted {
            tracing::debug!(why = err.chain(), "a connection is closed without a word");
        }
        in_time(self.connections.close(connection)).await?;
        Ok(Some(connection.clone()))
    }
}

async fn in_time<T>(call: impl Future<Output = Result<T>>) -> Result<T> {
    let done = tokio::time::timeout(POST_TIMEOUT, call).await;
    done.unwrap_or_else(|_| {
        Err(Error::unavailable(
            "sending to a WebSocket",
            "it took too long",
        ))
    })
}

/// What each connection is told of these frames. Without them only those are told that are closed.
fn frames(
    sockets: Vec<SocketRow>,
    batch: Option<&FeedBatch>,
    ended: &[SessionId],
    now: Timestamp,
) -> Vec<Outgoing> {
    let of = |it: SocketRow| {
        if it.session.is_some_and(|session| ended.contains(&session)) {
            return Some(goodbye(it, ByeReason::SignedOut));
        }
        if !it.is_alive(now) {
            return Some(goodbye(it, ByeReason::Expired));
        }
        let batch = batch?.of_topics(it.topics.as_deref());
        Some(Outgoing::of(it, SocketFrame::Feed(batch)))
    };
    sockets.into_iter().filter_map(of).collect()
}

fn progressed(sockets: Vec<SocketRow>, progress: &ProgressFrame, now: Timestamp) -> Vec<Outgoing> {
    let is_told = |it: &SocketRow| {
        let topics = it.topics.as_ref();
        it.is_alive(now) && topics.is_none_or(|topics| topics.contains(&progress.topic))
    };
    let told = sockets.into_iter().filter(is_told);
    told.map(|it| Outgoing::of(it, SocketFrame::Progress(progress.clone())))
        .collect()
}

fn goodbye(socket: SocketRow, reason: ByeReason) -> Outgoing {
    Outgoing {
        is_last: true,
        ..Outgoing::of(socket, reason.into())
    }
}

#[cfg(test)]
mod tests;
