//! Publishes the signing keys (row `SIGNING-KEYS`) before the first token is signed with them.

use std::sync::Arc;

use tokio::sync::OnceCell;

use crate::auth::Gate;
use crate::domain::{Error, Result};

/// The signing keys of one environment, published once. Cheap to clone; clones share the result.
#[derive(Clone, Debug)]
pub struct KeyPublication {
    gate: Gate,
    release: String,
    done: Arc<OnceCell<()>>,
}

impl KeyPublication {
    /// Of the keys behind `gate`, as the deployment `release` has them.
    #[must_use]
    pub fn new(gate: Gate, release: String) -> Self {
        Self {
            gate,
            release,
            done: Arc::default(),
        }
    }

    /// Publishes the keys unless that was done. Every way to a token awaits this first: no other function
    /// verifies a token whose key is not published. A failure is always `Unavailable`, since the sign-in
    /// library ends the session at any refusal of a refresh that is not transient.
    pub async fn ensure(&self) -> Result<()> {
        let publish = async || self.gate.publish_keys(&self.release).await;
        let done = self.done.get_or_try_init(publish).await;
        done.copied()
            .map_err(|err| Error::unavailable("publishing the signing keys", err))
    }

    /// Publishes at the start of the function. A failure does not end it: the next sign-in tries again.
    pub async fn try_at_start(&self) {
        if let Err(err) = self.ensure().await {
            tracing::warn!(
                error.chain = err.chain(),
                "signing keys were not published at the start"
            );
        }
    }
}
