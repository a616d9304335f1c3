//! Rows of links that undo a change of the password: `CREDENTIALS#<id>` / `UNDO#<hash of the token>`.
//!
//! The earlier hash is sealed with a key that only the token gives: no row alone lets anybody in. A row is forgotten when
//! its link expires, also that of an account that was erased.

use serde::{Deserialize, Serialize};

use super::tx::Tx;
use super::{Key, Row, Store};
use crate::domain::{Result, Timestamp, UserId};

/// A link that undoes a change of the password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PasswordUndo {
    /// What the table knows its token by.
    pub(crate) hash: String,
    /// The hash of the earlier password, sealed.
    pub(crate) sealed: String,
    /// Until when.
    pub(crate) expires_at: Timestamp,
}

pub(super) fn key(user: UserId, hash: &str) -> Key {
    Key {
        pk: format!("CREDENTIALS#{user}"),
        sk: format!("UNDO#{hash}"),
    }
}

impl Store {
    /// A link that was not used yet. It may have expired.
    pub(crate) async fn password_undo(
        &self,
        user: UserId,
        hash: &str,
    ) -> Result<Option<PasswordUndo>> {
        self.get_readable(&key(user, hash)).await
    }
}

impl Tx<'_> {
    pub(super) fn write_password_undo(self, user: UserId, undo: &PasswordUndo) -> Self {
        let mut row = Row::new(key(user, &undo.hash), undo);
        row.ttl = Some(undo.expires_at.epoch_seconds());
        self.create(&row)
    }
}
