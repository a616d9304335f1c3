//! What one instance of the stand-ins knows: planted pages, faults, mail, counts.
//!
//! The one place that joins the parts.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::bundle::Bundle;
use crate::calls::Calls;
use crate::facecheck::Uploads;
use crate::fault::Faults;
use crate::gateway::Gateway;
use crate::hibp::Breaches;
use crate::hooks::Hooks;
use crate::mailbox::Mailbox;
use crate::oauth::Grants;
use crate::otlp::Traces;
use crate::people::Portraits;
use crate::social::Network;
use crate::web::Web;

/// The outside world as one stack sees it.
pub(crate) struct World {
    pub(crate) base_url: String,
    pub(crate) web: Web,
    pub(crate) faults: Faults,
    pub(crate) mail: Mailbox,
    pub(crate) hooks: Hooks,
    pub(crate) traces: Traces,
    pub(crate) calls: Calls,
    pub(crate) bundle: Bundle,
    pub(crate) breaches: Breaches,
    pub(crate) network: Network,
    pub(crate) grants: Grants,
    pub(crate) portraits: Portraits,
    pub(crate) facecheck: Uploads,
    pub(crate) gateway: Gateway,
    closing: watch::Sender<bool>,
}

impl World {
    /// An empty world reached at `base_url`.
    pub(crate) fn new(base_url: String) -> Self {
        Self {
            gateway: Gateway::beside(&base_url),
            portraits: Portraits::default(),
            facecheck: Uploads::default(),
            base_url: base_url.trim_end_matches('/').to_owned(),
            web: Web::default(),
            faults: Faults::default(),
            mail: Mailbox::default(),
            hooks: Hooks::default(),
            traces: Traces::default(),
            calls: Calls::default(),
            bundle: Bundle::default(),
            breaches: Breaches::default(),
            network: Network::default(),
            grants: Grants::default(),
            closing: watch::Sender::new(false),
        }
    }

    /// Ends every request that a fault holds open.
    pub(crate) fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Turns true when the server is about to end.
    pub(crate) fn closed(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }
}

/// Locks, whatever happened to an earlier holder: each change below a lock is whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
