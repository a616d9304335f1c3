//! Events of the stream `account`: what their data says.

use serde::{Deserialize, Serialize};

use crate::{ArchiveScope, DownloadId, Timestamp};

/// The data of `account.rested`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountRested {
    /// Until when it can be brought back.
    pub until: Timestamp,
}

/// The data of `account.password_changed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountPasswordChanged {
    /// Whether a mailed link allowed it.
    pub by_link: bool,
}

/// The data of `account.address_change_requested`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountAddressChangeRequested {
    /// The address that was asked for.
    pub email: String,
}

/// The data of `account.address_changed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountAddressChanged {
    /// The address before.
    pub earlier: String,
    /// The address since.
    pub email: String,
    /// Until when the earlier one can be put back.
    pub until: Timestamp,
}

/// The data of `account.address_restored`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountAddressRestored {
    /// The address that was put back.
    pub email: String,
    /// The address it had been changed to.
    pub replaced: String,
}

/// The data of `account.archive_requested`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountArchiveRequested {
    /// The archive.
    pub download_id: DownloadId,
    /// What is in it.
    pub scope: ArchiveScope,
}
