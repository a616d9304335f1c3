//! WebSocket rows: `TICKET#<hash>`, `SOCKET#<connection>` and `CONNECTION#<connection>`.
//!
//! While a connection may be open, the head of the feed says so (`socketsUntil`). The gateway's word that one was
//! closed may never come, so that rows are also removed when a message cannot be sent.

use serde::{Deserialize, Serialize};

use super::feed::{FeedHead, head_key};
use super::retry::retry_on_conflict;
use super::row::ERASED;
use super::tx::{Change, Condition, TxOutcome};
use super::{Key, Row, RowState, Store};
use crate::domain::feed::FeedTopic;
use crate::domain::socket::{SILENT_AFTER_SECONDS, SOCKET_SECONDS};
use crate::domain::{Result, SessionId, Timestamp, UserId};

/// How long a row outlives the longest connection, in seconds.
const TTL_MARGIN_SECONDS: i64 = 3600;

/// The attribute of the head of the feed that says until when an app may be connected.
const SOCKETS_UNTIL: &str = "socketsUntil";

/// What a ticket opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SocketTicket {
    /// The sign-in it was given to; callers of an external issuer have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// The page it was given to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// Until when it opens anything.
    pub expires_at: Timestamp,
}

/// An open connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SocketRow {
    /// Its name at the gateway.
    pub connection: String,
    /// The sign-in it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// When it was opened.
    pub connected_at: Timestamp,
    /// When its client last said something.
    pub seen_at: Timestamp,
    /// What its client wants to be told of; everything, if it did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topics: Option<Vec<FeedTopic>>,
    /// The minute that `messages` counts in.
    #[serde(default)]
    pub minute: i64,
    /// How many messages its client sent in that minute.
    #[serde(default)]
    pub messages: u32,
}

impl SocketRow {
    /// Whether it may still be open, and its sign-in was asked for lately.
    #[must_use]
    pub fn is_alive(&self, now: Timestamp) -> bool {
        let within = |since: Timestamp, seconds| now.millis_since(since) < seconds * 1000;
        within(self.connected_at, SOCKET_SECONDS) && within(self.seen_at, SILENT_AFTER_SECONDS)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConnectionRow {
    user_id: UserId,
}

fn ticket_key(user: UserId, hash: &str) -> Key {
    Key::user(user, format!("TICKET#{hash}"))
}

fn socket_key(user: UserId, connection: &str) -> Key {
    Key::user(user, format!("SOCKET#{connection}"))
}

fn connection_key(connection: &str) -> Key {
    Key::lone(format!("CONNECTION#{connection}"))
}

fn ttl(socket: &SocketRow) -> i64 {
    let until = socket
        .connected_at
        .plus_seconds(SOCKET_SECONDS + TTL_MARGIN_SECONDS);
    until.epoch_seconds()
}

impl Store {
    /// Stores a ticket. `false`: she has left.
    pub(crate) async fn add_socket_ticket(
        &self,
        user: UserId,
        hash: &str,
        ticket: &SocketTicket,
    ) -> Result<bool> {
        let mut row = Row::new(ticket_key(user, hash), ticket);
        row.ttl = Some(ticket.expires_at.epoch_seconds());
        let tx = self.tx().create(&row).forbid(&Key::user(user, ERASED));
        Ok(tx.commit().await?.is_done())
    }

    /// A ticket that was not used yet. It may have expired.
    pub(crate) async fn socket_ticket(
        &self,
        user: UserId,
        hash: &str,
    ) -> Result<Option<SocketTicket>> {
        self.get_readable(&ticket_key(user, hash)).await
    }

    /// Uses up a ticket for a connection, and notes that an app is connected. `false`: the ticket was used, or she
    /// has left.
    pub(crate) async fn open_socket(
        &self,
        user: UserId,
        hash: &str,
        socket: &SocketRow,
    ) -> Result<bool> {
        let until = socket.connected_at.plus_seconds(SOCKET_SECONDS);
        let until = until.epoch_millis();
        retry_on_conflict("opening a connection", || async {
            let state = self.feed_head_state(user).await?;
            let mut row = Row::new(socket_key(user, &socket.connection), socket);
            row.ttl = Some(ttl(socket));
            let mut connection = Row::new(
                connection_key(&socket.connection),
                ConnectionRow { user_id: user },
            );
            connection.ttl = row.ttl;
            let tx = self
                .tx()
                .delete_existing(&ticket_key(user, hash))
                .put(&row)
                .put(&connection)
                .forbid(&Key::user(user, ERASED));
            let key = head_key(user);
            let first = FeedHead {
                sockets_until: Some(until),
                ..FeedHead::first()
            };
            let tx = match state {
                RowState::Readable(head) => {
                    let change =
                        Change::default()
                            .set(SOCKETS_UNTIL, until)
                            .when("epoch", "=", &head.epoch);
                    tx.update(&key, change)
                }
                RowState::Absent => tx.create(&Row::new(key, first)),
                RowState::Unreadable(_) => tx.put(&Row::new(key, first)),
            };
            Ok(match tx.named(Condition::FeedIsStill).commit().await? {
                TxOutcome::Done => Some(true),
                TxOutcome::Refused(why) if why == [Condition::FeedIsStill] => None,
                TxOutcome::Refused(_) => Some(false),
            })
        })
        .await
    }

    /// Whose a connection is.
    pub(crate) async fn socket_owner(&self, connection: &str) -> Result<Option<UserId>> {
        let row: Option<ConnectionRow> = self.get_readable(&connection_key(connection)).await?;
        Ok(row.map(|it| it.user_id))
    }

    /// Her connections, those that are not open any more among them.
    pub(crate) async fn sockets(&self, user: UserId) -> Result<Vec<SocketRow>> {
        self.rows_under(Key::user(user, "SOCKET#")).await
    }

    /// Notes that a client said something, and the connection as it is then. `None`: it is none.
    pub(crate) async fn touch_socket(
        &self,
        (user, connection): (UserId, &str),
        topics: Option<&[FeedTopic]>,
        now: Timestamp,
    ) -> Result<Option<SocketRow>> {
        let key = socket_key(user, connection);
        let minute = now.epoch_seconds().div_euclid(60);
        let seen = || {
            let change = Change::default().set("seenAt", now);
            match topics {
                Some(topics) => change.set("topics", topics),
                None => change,
            }
        };
        let counted = seen().add("messages", 1).when("minute", "=", minute);
        if let Some(row) = self.change(&key, counted).await? {
            return Ok(Some(row));
        }
        let first = seen().set("minute", minute).set("messages", 1);
        self.change(&key, first.if_exists()).await
    }

    /// Removes connections, and the note that an app is connected if none is left.
    pub(crate) async fn drop_sockets(&self, user: UserId, connections: &[String]) -> Result<()> {
        for connection in connections {
            let tx = self.tx().delete(&socket_key(user, connection));
            tx.delete(&connection_key(connection)).commit().await?;
        }
        let head = self.feed_head(user).await?;
        let Some(until) = head.sockets_until else {
            return Ok(());
        };
        if !self.sockets(user).await?.is_empty() {
            return Ok(());
        }
        // Whoever connected since has set another time.
        let change = Change::default()
            .remove(SOCKETS_UNTIL)
            .when(SOCKETS_UNTIL, "=", until);
        self.change_row(&head_key(user), change).await.map(drop)
    }

    /// Removes what names her connections outside her own rows.
    pub(super) async fn drop_connections(&self, user: UserId) -> Result<()> {
        for socket in self.sockets(user).await? {
            let key = connection_key(&socket.connection);
            self.tx().delete(&key).commit().await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
