//! The state of one instance of the stand-ins: planted pages, faults, mail, counts.
//!
//! The stand-ins and the control routes share it. It knows none of them.

mod breaches;
mod bundle;
mod calls;
mod fault;
mod gateway;
mod grants;
mod mailbox;
mod pages;
mod portraits;
mod profiles;
mod spans;
mod uploads;
mod webhook_calls;

use tokio::sync::watch;

pub(crate) use self::breaches::{Breaches, is, is_address};
pub(crate) use self::bundle::Bundle;
pub(crate) use self::calls::Calls;
pub(crate) use self::fault::{Engine, Fault, Faults, Mode, Wish};
pub(crate) use self::gateway::Gateway;
pub(crate) use self::grants::{Code, Grants, Owner};
pub(crate) use self::mailbox::{Mail, Mailbox};
pub(crate) use self::pages::{Address, Page, PageView, Planted, Web};
pub(crate) use self::portraits::{PortraitView, Portraits};
pub(crate) use self::profiles::Network;
pub(crate) use self::spans::{Kept, Traces};
pub(crate) use self::uploads::{UploadView, Uploads};
pub(crate) use self::webhook_calls::{Call, Hooks};

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
