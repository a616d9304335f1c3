//! Events of the stream `session`: what their data says.

use serde::{Deserialize, Serialize};

use crate::{SessionId, SignInMethod};

/// The data of `session.started`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionStarted {
    /// The session.
    pub session_id: SessionId,
    /// How it began.
    pub method: SignInMethod,
    /// Words for the device.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub device: Option<String>,
}

/// The data of `session.device_added`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionDeviceAdded {
    /// The session that began there.
    pub session_id: SessionId,
    /// Words for the device.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub device: Option<String>,
}

/// The data of `session.ended`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionEnded {
    /// The sessions.
    pub session_ids: Vec<SessionId>,
    /// Why they ended.
    pub cause: SessionEndCause,
}

/// Why sessions ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SessionEndCause {
    /// She signed out in it.
    SignedOut,
    /// She ended it from another session.
    EndedByHer,
    /// A new password was set.
    PasswordChanged,
    /// The account has another address.
    AddressChanged,
    /// The address was proved for the first time, which ends what others may have begun before.
    AddressProved,
    /// An old refresh token was shown: somebody has a copy.
    TokenCopied,
    /// It was too old, or not used for too long.
    Expired,
}

/// The data of `session.named`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionNamed {
    /// The session.
    pub session_id: SessionId,
    /// What she calls it now; nothing if she removed the name.
    #[serde(default)]
    pub name: Option<String>,
}

/// The data of `session.confirmed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionConfirmed {
    /// The session in which the password was entered again.
    pub session_id: SessionId,
}
