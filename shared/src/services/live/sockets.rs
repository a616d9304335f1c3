//! Sockets of the live feed: connect with a ticket, messages of the client, disconnect.
//!
//! A connection can be sent nothing before it is open, so the first message to it answers one of its client. Its
//! sign-in is asked for with each message of the client; who says nothing for ten minutes is told nothing more.

use super::feed::LiveFeed;
use super::tickets::TicketText;
use crate::domain::feed::{FeedFrame, FeedPlace};
use crate::domain::socket::{
    ByeReason, ErrorFrame, FeedBatch, HelloFrame, MAX_MESSAGES_A_MINUTE, MAX_SOCKETS, OkFrame,
    PING_EVERY_SECONDS, PROTOCOL, PongFrame, RECONNECT_AFTER_SECONDS, RECONNECT_JITTER_SECONDS,
    SocketAction, SocketErrorCode, SocketFrame, SocketMessage, TICKET_PREFIX,
};
use crate::domain::{Error, ErrorKind, Result, Timestamp, UserId};
use crate::store::{PushSignal, SocketRow, Store};

/// A connection that is to be opened.
#[derive(Clone, Copy, Debug)]
pub struct ConnectRequest<'a> {
    /// Its name at the gateway.
    pub connection: &'a str,
    /// The header `Sec-WebSocket-Protocol`.
    pub protocols: Option<&'a str>,
    /// The ticket of a client that names no protocols.
    pub ticket: Option<&'a str>,
    /// The page that connects.
    pub origin: Option<&'a str>,
}

impl ConnectRequest<'_> {
    /// Whether the client names protocols, so that it must be told which one is spoken.
    #[must_use]
    pub fn names_protocols(&self) -> bool {
        self.protocols.is_some()
    }

    fn ticket(&self) -> Option<&str> {
        let Some(protocols) = self.protocols else {
            return self.ticket;
        };
        let mut named = protocols.split(',').map(str::trim);
        if !named.clone().any(|it| it == PROTOCOL) {
            return None;
        }
        named.find_map(|it| it.strip_prefix(TICKET_PREFIX))
    }
}

/// Speaks to the clients of sockets. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LiveSockets {
    store: Store,
    feed: LiveFeed,
    origins: Vec<String>,
}

impl LiveSockets {
    /// Sockets for pages of these origins.
    #[must_use]
    pub fn new(store: Store, feed: LiveFeed, origins: Vec<String>) -> Self {
        Self {
            store,
            feed,
            origins,
        }
    }

    /// Opens a connection.
    ///
    /// # Errors
    ///
    /// If its ticket opens nothing (`Unauthenticated`), or not for this page (`Forbidden`).
    pub async fn connect(&self, request: ConnectRequest<'_>, now: Timestamp) -> Result<()> {
        let text = request.ticket().and_then(TicketText::read);
        let TicketText { user, hash } = text.ok_or_else(no_ticket)?;
        let ticket = self.store.socket_ticket(user, &hash).await?;
        let is_good = |it: Timestamp| now < it;
        let ticket = ticket.filter(|it| is_good(it.expires_at));
        let ticket = ticket.ok_or_else(no_ticket)?;
        let is_ours = request
            .origin
            .is_none_or(|it| self.origins.iter().any(|our| our == it));
        if !is_ours || ticket.origin.as_deref() != request.origin {
            return Err(Error::new(
                ErrorKind::Forbidden,
                "FORBIDDEN",
                "This page may not follow the live feed.",
            ));
        }
        let socket = SocketRow {
            connection: request.connection.to_owned(),
            session: ticket.session,
            connected_at: now,
            seen_at: now,
            topics: None,
            minute: 0,
            messages: 0,
        };
        if !self.is_signed_in(user, &socket).await? {
            return Err(no_ticket());
        }
        if !self.store.open_socket(user, &hash, &socket).await? {
            return Err(no_ticket());
        }
        self.close_surplus(user, now).await
    }

    /// Closes the oldest connections above the limit.
    async fn close_surplus(&self, user: UserId, now: Timestamp) -> Result<()> {
        let sockets = self.store.sockets(user).await?;
        let mut alive: Vec<_> = sockets.into_iter().filter(|it| it.is_alive(now)).collect();
        alive.sort_by_key(|it| it.connected_at);
        let surplus = alive.len().saturating_sub(MAX_SOCKETS);
        for socket in alive.into_iter().take(surplus) {
            self.close(user, Some(socket.connection), ByeReason::Replaced)
                .await;
        }
        Ok(())
    }

    async fn close(&self, user: UserId, connection: Option<String>, reason: ByeReason) {
        let signal = PushSignal::Close {
            user,
            connection,
            reason,
        };
        self.store.signal(signal).await;
    }

    /// Whether the sign-in of a connection lasts.
    async fn is_signed_in(&self, user: UserId, socket: &SocketRow) -> Result<bool> {
        Ok(match socket.session {
            Some(session) => self.store.session(user, session).await?.is_some(),
            // Callers of an external issuer are with us as long as their account is.
            None => self.store.account(user).await?.is_some(),
        })
    }

    /// Notes that the gateway closed a connection.
    ///
    /// # Errors
    ///
    /// If the table does not answer. Then the row goes when a message cannot be sent.
    pub async fn disconnect(&self, connection: &str) -> Result<()> {
        match self.store.socket_owner(connection).await? {
            Some(user) => {
                let closed = [connection.to_owned()];
                self.store.drop_sockets(user, &closed).await
            }
            None => Ok(()),
        }
    }

    /// Answers a message of a client. `None`: there is nothing to answer.
    ///
    /// # Errors
    ///
    /// If the table does not answer.
    pub async fn answer(
        &self,
        connection: &str,
        text: &str,
        now: Timestamp,
    ) -> Result<Option<SocketFrame>> {
        // A connection without a row is told nothing, so its client opens another one.
        let unknown = || Some(ByeReason::Expired.into());
        let Some(user) = self.store.socket_owner(connection).await? else {
            return Ok(unknown());
        };
        let message = SocketMessage::parse(text);
        let topics = match &message {
            Ok(SocketMessage {
                action: SocketAction::Sub(topics),
                ..
            }) => Some(topics.as_slice()),
            _ => None,
        };
        let touched = self.store.touch_socket((user, connection), topics, now);
        let Some(socket) = touched.await? else {
            return Ok(unknown());
        };
        let named = || Some(connection.to_owned());
        if socket.messages > MAX_MESSAGES_A_MINUTE {
            // Told once: more are on their way already.
            if socket.messages == MAX_MESSAGES_A_MINUTE + 1 {
                self.close(user, named(), ByeReason::Slow).await;
            }
            return Ok(None);
        }
        if !self.is_signed_in(user, &socket).await? {
            self.close(user, named(), ByeReason::SignedOut).await;
            return Ok(None);
        }
        match message {
            Ok(message) => self.act(user, &socket, message).await.map(Some),
            Err((reference, code)) => Ok(Some(refusal(reference, code))),
        }
    }

    async fn act(
        &self,
        user: UserId,
        socket: &SocketRow,
        message: SocketMessage,
    ) -> Result<SocketFrame> {
        let SocketMessage { reference, action } = message;
        Ok(match action {
            SocketAction::Resume(place) => {
                let hello = self.resume(user, socket, place, reference).await?;
                SocketFrame::Hello(hello)
            }
            SocketAction::Ping => {
                let state = self.feed.state(user).await?;
                SocketFrame::Pong(PongFrame {
                    reference,
                    epoch: state.epoch,
                    head: state.head,
                })
            }
            SocketAction::Sub(_) => SocketFrame::Ok(OkFrame { reference }),
            SocketAction::Panic => {
                self.close(user, None, ByeReason::Panic).await;
                SocketFrame::Ok(OkFrame { reference })
            }
        })
    }

    async fn resume(
        &self,
        user: UserId,
        socket: &SocketRow,
        place: Option<FeedPlace>,
        reference: Option<String>,
    ) -> Result<HelloFrame> {
        let (state, after, frames) = match place {
            Some(place) => {
                let news = self.feed.read(user, &place).await?;
                (news.state, place.seq, news.frames)
            }
            None => {
                let state = self.feed.state(user).await?;
                let head = state.head;
                (state, head, Vec::new())
            }
        };
        let up_to = frames.last().map_or(after, |it| match it {
            FeedFrame::Change(it) => it.seq,
            FeedFrame::Gap(it) => it.head,
        });
        let batch = FeedBatch {
            epoch: state.epoch,
            after,
            up_to,
            frames,
        };
        Ok(HelloFrame {
            reference,
            session: socket.session,
            reconnect_by: reconnect_by(socket),
            ping_every: PING_EVERY_SECONDS,
            head: state.head,
            batch: batch.of_topics(socket.topics.as_deref()),
        })
    }
}

/// When a client opens its next connection. The jitter follows from the name of the connection, so that it is the
/// same however often it is asked for.
fn reconnect_by(socket: &SocketRow) -> Timestamp {
    let sum: i64 = socket.connection.bytes().map(i64::from).sum();
    let earlier = sum.rem_euclid(RECONNECT_JITTER_SECONDS);
    socket
        .connected_at
        .plus_seconds(RECONNECT_AFTER_SECONDS - earlier)
}

fn refusal(reference: Option<String>, code: SocketErrorCode) -> SocketFrame {
    SocketFrame::Error(ErrorFrame { reference, code })
}

fn no_ticket() -> Error {
    Error::new(
        ErrorKind::Unauthenticated,
        "AUTH_INVALID_TOKEN",
        "This ticket does not open a connection.",
    )
}

#[cfg(test)]
mod tests;
