//! The state of one instance of the stand-ins: planted pages, faults, mail, counts.
//!
//! The stand-ins and the control routes share it. It knows none of them.

mod breaches;
mod bundle;
mod calls;
mod fault;
mod gateway;
mod grants;
mod inbound;
mod mailbox;
mod pages;
mod portraits;
mod profiles;
mod spans;
mod threads;
mod uploads;
mod webhook_calls;

use tokio::sync::watch;

pub(crate) use self::breaches::{Breaches, is, is_address};
pub(crate) use self::bundle::Bundle;
pub(crate) use self::calls::EngineCalls;
pub(crate) use self::fault::{Engine, Fault, FaultWish, Faults, Mode};
pub(crate) use self::gateway::GatewayAddress;
pub(crate) use self::grants::{Code, Grants, Owner};
pub(crate) use self::inbound::Inbound;
pub use self::inbound::StoredMail;
pub(crate) use self::mailbox::{Mailbox, SentMail};
pub(crate) use self::pages::{Address, PageView, Planted, PlantedPage, Web};
pub(crate) use self::portraits::{PortraitView, Portraits};
pub(crate) use self::profiles::Network;
pub(crate) use self::spans::{Kept, Traces};
pub(crate) use self::threads::Threads;
pub(crate) use self::uploads::{UploadView, Uploads};
pub(crate) use self::webhook_calls::{Call, Hooks};

/// The outside world as one stack sees it.
pub(crate) struct OutsideWorld {
    pub(crate) base_url: String,
    pub(crate) web: Web,
    pub(crate) faults: Faults,
    pub(crate) mail: Mailbox,
    pub(crate) hooks: Hooks,
    pub(crate) threads: Threads,
    pub(crate) traces: Traces,
    pub(crate) calls: EngineCalls,
    pub(crate) bundle: Bundle,
    pub(crate) breaches: Breaches,
    pub(crate) network: Network,
    pub(crate) grants: Grants,
    pub(crate) portraits: Portraits,
    pub(crate) facecheck: Uploads,
    pub(crate) gateway: GatewayAddress,
    pub(crate) inbound: Inbound,
    closing: watch::Sender<bool>,
}

impl OutsideWorld {
    /// An empty world reached at `base_url`.
    pub(crate) fn new(base_url: String) -> Self {
        Self {
            gateway: GatewayAddress::beside(&base_url),
            portraits: Portraits::default(),
            facecheck: Uploads::default(),
            base_url: base_url.trim_end_matches('/').to_owned(),
            web: Web::default(),
            faults: Faults::default(),
            mail: Mailbox::default(),
            hooks: Hooks::default(),
            threads: Threads::default(),
            traces: Traces::default(),
            calls: EngineCalls::default(),
            bundle: Bundle::default(),
            breaches: Breaches::default(),
            network: Network::default(),
            grants: Grants::default(),
            inbound: Inbound::default(),
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
