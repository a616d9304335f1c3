//! Tickets for the WebSocket of the live feed: given to who is signed in, good once and for half a minute.
//!
//! A browser sends no headers of its own with a WebSocket, and a token does not belong into an address. A ticket
//! names its user, so that it is a row of hers, and no table of all tickets is needed.

use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::auth::{Caller, OneTime};
use crate::domain::socket::{MAX_TICKETS_A_MINUTE, TICKET_SECONDS};
use crate::domain::{Error, ErrorKind, Result, Timestamp, UserId};
use crate::services::upkeep::write_rates::count_write;
use crate::store::{SocketTicket, Store};

/// User and secret.
const BYTES: usize = 16 + 32;

/// Gives tickets. Cheap to clone.
#[derive(Clone, Debug)]
pub struct SocketTickets {
    store: Store,
    url: String,
}

/// A ticket as it is given out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedTicket {
    /// The ticket.
    pub ticket: String,
    /// Where it opens a WebSocket.
    pub url: String,
    /// Until when.
    pub expires_at: Timestamp,
}

/// What the text of a ticket says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TicketText {
    /// Whose it is, as it says.
    pub(super) user: UserId,
    /// What the table knows it by.
    pub(super) hash: String,
}

impl TicketText {
    /// Reads the text of a ticket. `None`: it cannot be one.
    pub(super) fn read(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let user = Uuid::from_slice(bytes.get(..16)?).ok()?;
        let is_whole = bytes.len() == BYTES;
        is_whole.then(|| Self {
            user: user.into(),
            hash: OneTime::hash(text),
        })
    }
}

impl SocketTickets {
    /// Tickets for the WebSocket at `url`.
    #[must_use]
    pub fn new(store: Store, url: String) -> Self {
        Self { store, url }
    }

    /// Gives a ticket to a caller, for the page of this origin.
    ///
    /// # Errors
    ///
    /// If she was given too many in this minute, or has left.
    pub async fn issue(
        &self,
        caller: &Caller,
        origin: Option<&str>,
        now: Timestamp,
    ) -> Result<IssuedTicket> {
        let area = (caller.user, "socket-tickets");
        count_write(&self.store, area, MAX_TICKETS_A_MINUTE, too_many, now).await?;
        let mut bytes = [0; BYTES];
        let (user, secret) = bytes.split_at_mut(16);
        user.copy_from_slice(Uuid::from(caller.user).as_bytes());
        rand::fill(secret).map_err(|err| Error::unavailable("drawing a ticket", err))?;
        let ticket = URL_SAFE_NO_PAD.encode(bytes);
        let read = TicketText::read(&ticket);
        let hash = read.ok_or_else(|| Error::bug("drawing a ticket", "it cannot be read"))?;
        let expires_at = now.plus_seconds(TICKET_SECONDS);
        let row = SocketTicket {
            session: caller.session,
            origin: origin.map(str::to_owned),
            expires_at,
        };
        if !self
            .store
            .add_socket_ticket(caller.user, &hash.hash, &row)
            .await?
        {
            return Err(Error::not_found(
                "USER_NOT_FOUND",
                "This account does not exist any more.",
            ));
        }
        Ok(IssuedTicket {
            ticket,
            url: self.url.clone(),
            expires_at,
        })
    }
}

fn too_many() -> Error {
    Error::new(
        ErrorKind::TooMany,
        "REQUEST_ERROR",
        "The app connected very often in a short time. It will try again in a minute.",
    )
}
