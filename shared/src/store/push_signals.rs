//! Signals that connected apps of hers are to be told of something, given after it was stored.
//!
//! A signal may be lost: then the client finds out by its next `ping`, or by the number of the next frame.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::domain::socket::{ByeReason, ProgressFrame};
use crate::domain::{Result, SessionId, UserId};

/// What connected apps are to be told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushSignal {
    /// Frames were stored.
    Frames(FramesSignal),
    /// Something in the background has come further.
    Progress {
        /// Whose it is.
        user: UserId,
        /// How far it has come.
        progress: ProgressFrame,
    },
    /// Connections are to be closed.
    Close {
        /// Whose they are.
        user: UserId,
        /// Which one; all of them, if none is named.
        connection: Option<String>,
        /// Why.
        reason: ByeReason,
    },
}

/// Frames that were stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FramesSignal {
    /// Whose feed it is.
    pub user: UserId,
    /// The number before the first of them.
    pub after: u64,
    /// The number of the last of them.
    pub up_to: u64,
    /// Sign-ins that ended with them.
    pub ended: Vec<SessionId>,
}

type Give = dyn Fn(PushSignal) -> BoxFuture<'static, Result<()>> + Send + Sync;

/// The way that signals are given.
#[derive(Clone)]
pub struct PushSignals(Arc<Give>);

impl PushSignals {
    /// Signals given by `give`.
    pub fn new(
        give: impl Fn(PushSignal) -> BoxFuture<'static, Result<()>> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(give))
    }

    /// Gives a signal.
    pub(super) fn give(&self, signal: PushSignal) -> BoxFuture<'static, Result<()>> {
        (self.0)(signal)
    }
}

impl fmt::Debug for PushSignals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PushSignals")
    }
}
