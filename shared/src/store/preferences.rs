//! Her preferences, the secret her webhook is signed with, and the token that stops all messages.

use serde::{Deserialize, Serialize};

use super::{Key, Row, Store};
use crate::domain::{Preferences, Result, Timestamp, UserId};

/// Her preferences with what she is not shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PreferencesRow {
    /// What she chose.
    pub preferences: Preferences,
    /// What calls of her webhook are signed with.
    pub webhook_secret: Option<String>,
    /// Whoever shows this stops all messages.
    pub stop_token: String,
    /// When she chose it.
    pub updated_at: Timestamp,
    /// Told apart from what she chose before.
    pub edition: String,
}

fn key(user: UserId) -> Key {
    Key::user(user, "PREFERENCES")
}

impl Store {
    /// Her preferences, once she has any.
    pub async fn preferences(&self, user: UserId) -> Result<Option<PreferencesRow>> {
        self.get(&key(user)).await
    }

    /// Stores her preferences in place of those of the edition `before`. `false`: somebody was faster,
    /// or she is gone.
    pub async fn set_preferences(
        &self,
        user: UserId,
        before: Option<&str>,
        after: &PreferencesRow,
    ) -> Result<bool> {
        let row = Row::new(key(user), after);
        let tx = self.tx().require(&super::users::account_key(user));
        let tx = match before {
            None => tx.create(&row),
            Some(edition) => tx.put_when(&row, "edition", edition),
        };
        Ok(tx.commit().await?.is_done())
    }
}
