//! Links that are mailed to her.

use serde::{Deserialize, Serialize};

use super::{Timestamp, UserId};

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum LinkKind {
    /// Her first mail.
    SignUp,
    /// She forgot her password.
    Recovery,
}

/// A link that was mailed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// What for.
    pub kind: LinkKind,
    /// Whose.
    pub user_id: UserId,
    /// The hash of its token.
    pub hash: String,
    /// Until when.
    pub expires_at: Timestamp,
}
