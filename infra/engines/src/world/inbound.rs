//! Where mail that comes in is stored: whoever raised the stand-ins stores it, as the mail service would.

use tokio::sync::mpsc::UnboundedSender;

/// A mail as the mail service stores it.
#[derive(Debug, Clone)]
pub struct StoredMail {
    /// The service's id of it, which is the name of the object.
    pub name: String,
    /// The whole mail.
    pub bytes: Vec<u8>,
}

/// Where mails go that come in.
#[derive(Default)]
pub(crate) struct Inbound(Option<UnboundedSender<StoredMail>>);

impl Inbound {
    pub(crate) fn to(store: Option<UnboundedSender<StoredMail>>) -> Self {
        Self(store)
    }

    /// Hands a mail over; whether anybody takes it.
    pub(crate) fn store(&self, mail: StoredMail) -> bool {
        self.0.as_ref().is_some_and(|it| it.send(mail).is_ok())
    }
}
