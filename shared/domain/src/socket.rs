//! Protocol `vara.v1` of the live feed over a WebSocket: messages of the client, messages to it, limits.
//!
//! A message to the client says that something changed and which thing, never what it holds.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::feed::{FeedEpoch, FeedFrame, FeedPlace, FeedTopic};
use super::{SessionId, Timestamp};

/// The name of the protocol, as `Sec-WebSocket-Protocol` has it.
pub const PROTOCOL: &str = "vara.v1";

/// What the name of the protocol that carries the ticket begins with.
pub const TICKET_PREFIX: &str = "ticket.";

/// How long a ticket can be used, in seconds.
pub const TICKET_SECONDS: i64 = 30;

/// How many tickets she is given in a minute.
pub const MAX_TICKETS_A_MINUTE: u64 = 30;

/// How long the gateway keeps a connection, in seconds.
pub const SOCKET_SECONDS: i64 = 2 * 3600;

/// When the client opens the next connection, in seconds after this one was opened. It is told up to
/// `RECONNECT_JITTER_SECONDS` earlier, so that not all come at once.
pub const RECONNECT_AFTER_SECONDS: i64 = 115 * 60;

/// See [`RECONNECT_AFTER_SECONDS`].
pub const RECONNECT_JITTER_SECONDS: i64 = 10 * 60;

/// How often the client sends `ping`, in seconds. The gateway closes what was idle for ten minutes.
pub const PING_EVERY_SECONDS: i64 = 240;

/// A connection whose client was silent for so many seconds is told nothing more: with each message it is asked
/// whether the sign-in still lasts.
pub const SILENT_AFTER_SECONDS: i64 = 600;

/// The most connections of one woman. The oldest is closed for another one.
pub const MAX_SOCKETS: usize = 10;

/// The most bytes of a message of the client.
pub const MAX_MESSAGE_BYTES: usize = 8 * 1024;

/// The most messages of a client in a minute.
pub const MAX_MESSAGES_A_MINUTE: u32 = 30;

/// The longest `ref` of a message.
const MAX_REF_CHARS: usize = 36;

/// A message of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketMessage {
    /// What the answer is to be called by.
    pub reference: Option<String>,
    /// What is asked for.
    pub action: SocketAction,
}

/// What a client may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketAction {
    /// The frames behind this place; none, and from now on, without it.
    Resume(Option<FeedPlace>),
    /// To be told of these topics only.
    Sub(Vec<FeedTopic>),
    /// How far the feed is. Keeps the connection open.
    Ping,
    /// All her open apps are to leave the screen.
    Panic,
}

/// Why a message is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SocketErrorCode {
    /// It is no JSON object with an action.
    Invalid,
    /// There is no such action.
    UnknownAction,
    /// It is longer than [`MAX_MESSAGE_BYTES`].
    TooLarge,
    /// It cannot be answered now.
    Unavailable,
}

#[derive(Deserialize)]
struct ResumeFields {
    #[serde(default)]
    epoch: Option<String>,
    #[serde(default)]
    seq: Option<u64>,
}

#[derive(Deserialize)]
struct SubFields {
    topics: Vec<FeedTopic>,
}

impl SocketMessage {
    /// Reads a message. A refusal comes with the `ref` it is answered by, as far as there is one.
    ///
    /// # Errors
    ///
    /// If it is no message of the protocol.
    pub fn parse(text: &str) -> Result<Self, (Option<String>, SocketErrorCode)> {
        if text.len() > MAX_MESSAGE_BYTES {
            return Err((None, SocketErrorCode::TooLarge));
        }
        let value: Value =
            serde_json::from_str(text).map_err(|_| (None, SocketErrorCode::Invalid))?;
        let reference = match value.get("ref") {
            None | Some(Value::Null) => None,
            Some(Value::String(it)) if it.chars().count() <= MAX_REF_CHARS => Some(it.clone()),
            Some(_) => return Err((None, SocketErrorCode::Invalid)),
        };
        match action(value) {
            Ok(action) => Ok(Self { reference, action }),
            Err(code) => Err((reference, code)),
        }
    }
}

fn action(value: Value) -> Result<SocketAction, SocketErrorCode> {
    let name = value.get("action").and_then(Value::as_str);
    match name.ok_or(SocketErrorCode::Invalid)? {
        "resume" => place(fields(value)?).map(SocketAction::Resume),
        "sub" => {
            let SubFields { mut topics } = fields(value)?;
            topics.sort_unstable();
            topics.dedup();
            Ok(SocketAction::Sub(topics))
        }
        "ping" => Ok(SocketAction::Ping),
        "panic" => Ok(SocketAction::Panic),
        _ => Err(SocketErrorCode::UnknownAction),
    }
}

fn fields<T: for<'de> Deserialize<'de>>(value: Value) -> Result<T, SocketErrorCode> {
    serde_json::from_value(value).map_err(|_| SocketErrorCode::Invalid)
}

fn place(fields: ResumeFields) -> Result<Option<FeedPlace>, SocketErrorCode> {
    match (fields.epoch, fields.seq) {
        (_, None) => Ok(None),
        (None, Some(_)) => Err(SocketErrorCode::Invalid),
        (Some(epoch), Some(seq)) => {
            let epoch = FeedEpoch::parse(&epoch).ok_or(SocketErrorCode::Invalid)?;
            Ok(Some(FeedPlace { epoch, seq }))
        }
    }
}

/// A message to the client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum SocketFrame {
    /// The answer to `resume`.
    Hello(HelloFrame),
    /// Something changed.
    Feed(FeedBatch),
    /// How far something in the background has come. It is stored nowhere, and the latest counts.
    Progress(ProgressFrame),
    /// The connection ends.
    Bye(ByeFrame),
    /// The answer to `ping`.
    Pong(PongFrame),
    /// What was asked for is done.
    Ok(OkFrame),
    /// A message is refused.
    Error(ErrorFrame),
}

/// The answer to `resume`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct HelloFrame {
    /// The name of the message it answers.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The sign-in that the connection belongs to.
    pub session: Option<SessionId>,
    /// When the client opens the next connection.
    pub reconnect_by: Timestamp,
    /// How often the client sends `ping`, in seconds.
    pub ping_every: i64,
    /// The number of the last frame of the feed. If it is above `upTo`, there is more to resume.
    pub head: u64,
    /// The frames behind the place that was named.
    #[serde(flatten)]
    pub batch: FeedBatch,
}

/// Frames of the feed, as the other ways of following it tell them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct FeedBatch {
    /// The epoch of the numbers.
    #[cfg_attr(feature = "openapi", schema(value_type = String, pattern = "^[0-9a-f]{8}$"))]
    pub epoch: FeedEpoch,
    /// The number of the frame before them. A client that has not seen it misses something, and resumes.
    pub after: u64,
    /// The number of the last of them. Those of topics that were not subscribed to are left out.
    pub up_to: u64,
    /// The frames in order.
    pub frames: Vec<FeedFrame>,
}

impl FeedBatch {
    /// The batch for a client that is told of these topics; all of them, if it named none.
    #[must_use]
    pub fn of_topics(&self, topics: Option<&[FeedTopic]>) -> Self {
        let is_told = |it: &&FeedFrame| match (it, topics) {
            (FeedFrame::Change(change), Some(topics)) => topics.contains(&change.topic),
            (FeedFrame::Gap(_), _) | (_, None) => true,
        };
        Self {
            frames: self.frames.iter().filter(is_told).cloned().collect(),
            ..self.clone()
        }
    }
}

/// How far something in the background has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProgressFrame {
    /// What kind of thing it is.
    pub topic: FeedTopic,
    /// Which one.
    pub id: Uuid,
    /// How much is done.
    pub done: u32,
    /// Of how much.
    pub of: u32,
}

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ByeReason {
    /// The sign-in has ended.
    SignedOut,
    /// The connection is too old, or its client was silent for too long.
    Expired,
    /// She opened too many others.
    Replaced,
    /// She wants all her open apps to leave the screen.
    Panic,
    /// The client sent too many messages.
    Slow,
}

impl ByeReason {
    /// After how many milliseconds the client may come back; nothing if it must not by itself.
    #[must_use]
    pub fn retry_ms(self) -> Option<u32> {
        match self {
            Self::SignedOut | Self::Replaced | Self::Panic => None,
            Self::Expired => Some(0),
            Self::Slow => Some(60_000),
        }
    }
}

/// The last message of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ByeFrame {
    /// Why.
    pub reason: ByeReason,
    /// After how many milliseconds the client may come back.
    pub retry_ms: Option<u32>,
}

impl From<ByeReason> for SocketFrame {
    fn from(reason: ByeReason) -> Self {
        Self::Bye(ByeFrame {
            reason,
            retry_ms: reason.retry_ms(),
        })
    }
}

/// The answer to `ping`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PongFrame {
    /// The name of the message it answers.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The epoch of the feed.
    #[cfg_attr(feature = "openapi", schema(value_type = String, pattern = "^[0-9a-f]{8}$"))]
    pub epoch: FeedEpoch,
    /// The number of its last frame. A client that has not seen it resumes.
    pub head: u64,
}

/// What was asked for is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OkFrame {
    /// The name of the message it answers.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// A message is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorFrame {
    /// The name of the message it answers.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Why.
    pub code: SocketErrorCode,
}

#[cfg(test)]
mod tests;
