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

/// The data of `account.archive_requested`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountArchiveRequested {
    /// The archive.
    pub download_id: DownloadId,
    /// What is in it.
    pub scope: ArchiveScope,
}
