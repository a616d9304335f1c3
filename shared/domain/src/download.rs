//! Downloads: files that are made for her in the background, archives of her record, and until when they can be fetched.

use serde::{Deserialize, Serialize};

use crate::ids::named;
use crate::named_values::named_values;
use crate::{DownloadId, Timestamp, UserId};

/// How long a file that was made is kept, in seconds. The bucket's lifecycle rule on `downloads/` is as long.
pub const DOWNLOAD_LIFE_SECONDS: i64 = 24 * 3600;

/// How long the address of a file is good, in seconds. It is good once.
pub const FILE_ADDRESS_LIFE_SECONDS: i64 = 600;

named_values! {
    /// How far a file is.
    DownloadState {
        /// It is being made.
        Waiting = "WAITING",
        /// It can be fetched.
        Ready = "READY",
        /// It cannot be made.
        Failed = "FAILED",
    }
}

named_values! {
    /// Why a file cannot be made.
    DownloadFailure {
        /// What it was to be made from is gone.
        Gone = "GONE",
        /// The text is in letters that the font of PDF files does not have.
        Script = "SCRIPT",
        /// It was tried several times.
        NotMade = "NOT_MADE",
    }
}

named_values! {
    /// What is in an archive.
    ArchiveScope {
        /// Everything that is kept of her.
        Everything = "EVERYTHING",
        /// Her documents with their versions.
        Documents = "DOCUMENTS",
    }
}

impl DownloadId {
    /// Her archive of this scope. There is one at a time.
    #[must_use]
    pub fn of_archive(user: UserId, scope: ArchiveScope) -> Self {
        Self::from(named(&format!(
            "download/{user}/archive/{}",
            scope.as_str()
        )))
    }
}

/// A file that is made for her.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Download {
    /// Its id.
    pub id: DownloadId,
    /// How far it is.
    pub state: DownloadState,
    /// The name of the file, which says nothing of what is in it.
    pub name: String,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// Until when it can be fetched.
    pub gone_at: Timestamp,
    /// Its size, once it is there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bytes: Option<u64>,
    /// Into how many parts it is cut, if it is too large for one answer. One behind the other, they are the file.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parts: Option<u32>,
    /// Why it cannot be made.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub failure: Option<DownloadFailure>,
}
