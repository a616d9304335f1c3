//! Giving of signals that connected apps of hers are to be told of something.

use std::time::Duration;

use super::Store;
use super::push_signals::{PushSignal, PushSignals};
use crate::clock;
use crate::domain::UserId;
use crate::domain::socket::ProgressFrame;

/// How long giving a signal may take. What it tells of is stored already.
const SIGNAL_TIMEOUT: Duration = Duration::from_secs(1);

impl Store {
    /// The same, which signals what connected apps are to be told of.
    #[must_use]
    pub fn signalling_by(self, signals: Option<PushSignals>) -> Self {
        Self { signals, ..self }
    }

    /// Gives a signal, if somebody takes them. A signal that cannot be given is no reason to fail what it tells of.
    pub(crate) async fn signal(&self, signal: PushSignal) {
        let Some(signals) = &self.signals else {
            return;
        };
        let why = match tokio::time::timeout(SIGNAL_TIMEOUT, signals.give(signal)).await {
            Ok(Ok(())) => return,
            Ok(Err(err)) => err.chain(),
            Err(_) => "it took too long".to_owned(),
        };
        tracing::warn!(why, "connected apps are not told at once");
    }

    /// Tells connected apps of hers how far something has come. Costs one read of a small row.
    pub(crate) async fn tell_progress(&self, user: UserId, progress: ProgressFrame) {
        if self.signals.is_none() {
            return;
        }
        match self.feed_head(user).await {
            Ok(head) if head.is_watched(clock::now()) => {
                self.signal(PushSignal::Progress { user, progress }).await;
            }
            Ok(_) => {}
            Err(err) => tracing::warn!(why = err.chain(), "progress is not told"),
        }
    }
}
